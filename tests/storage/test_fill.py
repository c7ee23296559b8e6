"""The store that benchmarks fill is one that Optdesk could have written."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from benchmarks.fill import Plan, fill, main
from storage.consent import verify
from storage.errors import Refused
from storage.ids import moment_of
from storage.phones import parse_e164
from storage.search import Search, haystack
from storage.search_index import contacts, pending
from storage.store import Store
from storage.tables import ContactLabel, Label, Message
from storage.words import UNTEXTED, Kind

PLAN = Plan(1500, grouped=0.2)
labels = Label.__table__  # type: ignore[attr-defined]
worn = ContactLabel.__table__  # type: ignore[attr-defined]
messages = Message.__table__  # type: ignore[attr-defined]


def test_a_filled_store_is_whole(any_store_url: str) -> None:
    fill(any_store_url, PLAN)
    store = Store.open(any_store_url)
    with store.read() as conn:
        rows = conn.execute(select(contacts).order_by(contacts.c.id)).all()
        assert len({row.phone for row in rows}) == len(rows) == PLAN.contacts
        report = verify(conn)
        assert (report.events, report.faults) == (PLAN.contacts, ())
        for row in rows:
            assert abs((moment_of(row.id) - row.received_at).total_seconds()) < 0.002
        texted = sum(Kind(row.kind) not in UNTEXTED for row in rows)
        assert conn.scalar(select(func.count()).select_from(messages)) == texted
        tallies = {row.name: row.n for row in conn.execute(text("SELECT name, n FROM tallies"))}
        assert conn.scalar(select(pending.c.contact_id)) is None
        names = {row.id: row.folded for row in conn.execute(select(labels))}
        marks = conn.execute(select(worn.c.contact_id, worn.c.label_id)).all()
    counted = Counter(f"stage:{row.stage}" for row in rows)
    counted.update(f"group:{row.group_id}" for row in rows if row.group_id)
    counted.update(f"label:{mark.label_id}" for mark in marks)
    hours = Counter(int(row.received_at.timestamp()) // 3600 for row in rows)
    counted.update({f"hour:{hour}": n for hour, n in hours.items()})
    assert tallies == counted
    wears: dict[int, list[str]] = {}
    for mark in marks:
        wears.setdefault(mark.contact_id, []).append(names[mark.label_id])
    for row in rows:
        made = haystack(row.first_name, row.last_name, row.phone, wears.get(row.id, ()))
        assert sorted(row.haystack) == sorted(made)
    store.close()


def test_everybody_in_a_filled_store_is_found(any_store_url: str) -> None:
    fill(any_store_url, Plan(300))
    store = Store.open(any_store_url)
    with store.read() as conn:
        for row in conn.execute(select(contacts.c.id, contacts.c.phone)):
            found = Search(conn, row.phone).ids(contacts.c.stage == "queued", limit=9)
            assert found == [row.id]
    store.close()


def test_numbers_are_what_their_plans_say(sqlite_url: str) -> None:
    fill(sqlite_url, PLAN)
    store = Store.open(sqlite_url)
    with store.read() as conn:
        rows = conn.execute(select(contacts.c.phone, contacts.c.kind, contacts.c.region)).all()
    right = 0
    for row in rows:
        phone = parse_e164(row.phone)
        assert phone is not None
        right += phone.e164 == row.phone and (phone.kind, phone.region) == (row.kind, row.region)
    assert right > 0.98 * len(rows)
    store.close()


def test_a_store_that_holds_contacts_is_left_alone(
    sqlite_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(sqlite_url, Plan(5))
    with pytest.raises(Refused, match="already holds contacts"):
        fill(sqlite_url, Plan(5))
    assert main(["--store", sqlite_url, "--contacts", "5"]) == 1
    assert "already holds contacts" in capsys.readouterr().err


def test_the_same_seed_makes_the_same_people(sqlite_url: str, tmp_path: Path) -> None:
    made = []
    for url in (sqlite_url, f"sqlite:///{tmp_path}/second.db"):
        assert main(["--store", url, "--contacts", "50", "--labels", "12"]) == 0
        store = Store.open(url)
        with store.read() as conn:
            people = select(contacts.c.phone, contacts.c.last_name).order_by(contacts.c.id)
            made.append([tuple(row) for row in conn.execute(people)])
        store.close()
    assert made[0] == made[1]
