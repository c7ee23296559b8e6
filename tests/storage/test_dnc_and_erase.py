"""Do Not Contact lists, and erasing for good, on both stores."""

from __future__ import annotations

import csv
import threading
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, delete, event, insert, text

from storage import (
    attempt_index,
    consent,
    dnc_import,
    dnc_pages,
    do_not_contact,
    erase,
    groups,
    labels,
    notes,
    number_lists,
    saved_views,
    suppressions,
    undo,
    undo_stack,
)
from storage.acts import DoNotContact, Move, Star, WriteNote
from storage.bulk import perform
from storage.dnc_pages import Entry
from storage.engine import store_url
from storage.errors import NotFound, Refused
from storage.export import safe_cell
from storage.folding import digits, in_any_spelling
from storage.ids import new_id
from storage.leads import Idempotency
from storage.number_lists import Line, inspect, number_in, read
from storage.profile import profile
from storage.refused_attempts import RefusedAttempt, record_refused
from storage.search import index_pending
from storage.store import Store
from storage.tables import Attempt
from storage.tallies import read_tallies
from storage.times import now
from storage.windows import each_row
from storage.words import GATEWAY, Actor, Place, Stage, Target, View
from tests.factories import lead, make_queued, put, settle_all, switched_on
from tests.pace import examples
from tests.storage.test_acts import assert_counters_are_true, stages


def phone_of(store: Store, ident: int) -> str:
    with store.read() as conn:
        return profile(conn, ident).contact.phone


def test_do_not_contact_empties_queue_and_cancels_texts_in_one_transaction(
    store: Store, me: Actor
) -> None:
    ids = make_queued(store, 2)
    [waiting] = put(store, lead())
    assert waiting.contact_id is not None
    target = Target(ids=(*ids, waiting.contact_id))
    outcome = perform(store, me, DoNotContact("ana", "asked us"), target)
    assert (outcome.done, outcome.sentence) == (3, "suppressed 3 contacts (asked us)")
    assert set(stages(store, list(target.ids))) == {Stage.SUPPRESSED}
    assert settle_all(store) == 0
    assert_counters_are_true(store)
    [again] = put(store, lead(phone=phone_of(store, ids[0])))
    assert again.code == "BLOCKED_NUMBER"
    with pytest.raises(Refused, match="Nothing to undo"):
        undo.undo(store, me)


def test_a_release_needs_a_reason_and_returns_the_contact_to_where_it_stood(
    store: Store, me: Actor
) -> None:
    one, two = make_queued(store, 2)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Move(spring.id), Target(ids=(one,)))
    perform(store, me, DoNotContact("ana"), Target(ids=(one, two)))
    for ident in (one, two):
        phone = phone_of(store, ident)
        with pytest.raises(Refused, match="needs a reason"):
            store.do(lambda conn, phone=phone: do_not_contact.release(conn, me, phone, " "))  # type: ignore[misc]
        store.do(lambda conn, phone=phone: do_not_contact.release(conn, me, phone, "a mistake"))  # type: ignore[misc]
    assert stages(store, [one, two]) == [Stage.GROUPED, Stage.QUEUED]
    assert_counters_are_true(store)


def test_nobody_here_lifts_a_stop(store: Store, me: Actor) -> None:
    [one] = make_queued(store)
    phone = phone_of(store, one)
    store.do(lambda conn: suppressions.add(conn, GATEWAY, [phone], source="stop"))
    store.do(lambda conn: suppressions.add(conn, me, [phone]))
    with pytest.raises(Refused, match="STOP"):
        store.do(lambda conn: do_not_contact.release(conn, me, phone, "please"))
    with store.read() as conn:
        assert len(do_not_contact.entries_of(conn, phone)) == 2
    with pytest.raises(NotFound):
        store.do(lambda conn: do_not_contact.release(conn, me, "+12025559999", "please"))


def test_the_list_is_paged_and_searched(store: Store, me: Actor) -> None:
    phones = [f"+1202555{n:04}" for n in range(25)]
    store.do(lambda conn: suppressions.add(conn, me, phones, reason="old list"))
    seen, behind = [], None
    while True:
        with store.read() as conn:
            found = dnc_pages.page(conn, behind=behind, limit=10)
        seen += [entry.phone for entry in found]
        if len(found) < 10:
            break
        behind = found[-1].place
    assert sorted(seen) == phones  # type: ignore[type-var]
    with store.read() as conn:
        assert [e.phone for e in dnc_pages.page(conn, search="5550003")] == [phones[3]]
        assert len(dnc_pages.page(conn, search="OLD")) == 25
        assert dnc_pages.page(conn, search="%") == []


def test_the_list_is_read_along_its_index_both_ways_and_a_search_in_stretches(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = [f"+1202555{n:04}" for n in range(30)]
    store.do(lambda conn: suppressions.add(conn, me, phones, reason="all at once"))
    store.do(lambda conn: suppressions.add(conn, GATEWAY, phones[:9], source="stop", reason="STOP"))
    asked: list[tuple[str, Any]] = []
    with store.read() as conn:
        whole = dnc_pages.page(conn)
        places = [entry.place for entry in whole]
        assert len(whole) == 39 and places == sorted(places, reverse=True)
        event.listen(conn, "before_cursor_execute", lambda *it: asked.append((it[2], it[3])))
        for number, place in enumerate(places):
            older = dnc_pages.window(conn, before=place, after=None, limit=4)
            newer = dnc_pages.window(conn, before=None, after=place, limit=4)
            assert list(older.rows) == whole[number + 1 : number + 5]
            assert list(newer.rows) == whole[max(0, number - 4) : number]
        if conn.dialect.name == "sqlite":
            for statement, values in tuple(asked):
                plan = conn.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                said = " ".join(row[3] for row in plan)
                assert "ix_suppressions_at ((at,phone_hash,source)" in said, said
                assert "TEMP" not in said, said
    monkeypatch.setattr(dnc_pages, "STRETCH", 5)
    with store.read() as conn:
        found: list[Entry] = []
        on = None
        while True:
            part = dnc_pages.window(
                conn, search="stop", before=on, after=None, limit=3, patience=-1
            )
            found += part.rows
            if (on := part.on) is None:
                break
        assert [entry.phone for entry in found] == [
            entry.phone for entry in whole if entry.source == "stop"
        ]


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("2025550146", "+12025550146"),
        ("(202) 555-0146", "+12025550146"),
        ("+442079460018", "+442079460018"),
        ("2025550146.0", "+12025550146"),
        ("2.025550146E+09", "+12025550146"),
        ("2.03E+09", None),
        ("'+12025550146", "+12025550146"),
        ('="+12025550146"', "+12025550146"),
        ("12025550146", "+12025550146"),
        ("0044 7429 247232", "+447429247232"),
        ("(00) 44-7429-247232", "+447429247232"),
        ("0012025550146", "+12025550146"),
        ("00", None),
        ("000000000000", None),
        ("0044 12", None),
        ("555", None),
        ("hello", None),
    ],
)
def test_a_number_is_read_as_lists_write_it(written: str, number: str | None) -> None:
    assert number_in(written, "US")[0] == number


LISTS = {
    "plain": b"2025550146\n2025550147\n",
    "crlf and bom": b"\xef\xbb\xbf2025550146\r\n2025550147\r\n",
    "area codes": b"area,number\n202,5550146\n202,5550147\n",
    "quoted with a heading": b'name,"phone"\n"Lee, Ann","+1 202 555 0146"\n"x","2025550147"\n',
    "semicolons": b"Telefon;Name\n2025550146;J\xc3\xbcrgen\n2025550147;x\n",
    "tabs": b"x\t2025550146\ny\t2025550147\n",
    "latin-1": b"J\xfcrgen,2025550146\nx,2025550147\n",
    "utf-16": "phone\n2025550146\n2025550147\n".encode("utf-16"),
    "utf-16 without a mark": "2025550146\n2025550147\n".encode("utf-16-le"),
    "spreadsheet": b"phone\n2025550146.0\n2.025550147E+09\n",
    "all on one line": b"2025550146, 2025550147,\n",
    "several on a line": b"+12025550146;2025550147\n",
}


@pytest.mark.parametrize("form", LISTS)
def test_every_form_of_list_is_taken_in(
    sqlite_store: Store, me: Actor, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(LISTS[form])
    done = dnc_import.take_in_list(sqlite_store, me, path)
    assert (done.added, done.known) == (2, 0)
    with sqlite_store.read() as conn:
        found = {entry.phone for entry in dnc_pages.page(conn)}
    assert found == {"+12025550146", "+12025550147"}


def test_a_list_on_few_lines_goes_on_behind_a_whole_line(
    sqlite_store: Store, me: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dnc_import, "CHUNK", 3)
    path = tmp_path / "list.csv"
    path.write_text("\n".join(",".join(f"2025550{n}{i}" for i in range(10, 17)) for n in (1, 2)))
    stop = threading.Event()
    stop.set()
    done = dnc_import.take_in_list(sqlite_store, me, path, cancel=stop)
    assert (done.cancelled, done.added, done.lines) == (True, 7, 1)
    assert dnc_import.take_in_list(sqlite_store, me, path).added == 14


def test_beside_other_things_a_line_is_about_one_number(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("2025550146,Ann Lee\n")
    known = inspect(path, "US")
    assert [line.phone for line in read(known, "US")] == ["+12025550146"]


@pytest.mark.parametrize(
    ("text", "taken", "left_out"),
    [
        ("2025550146,2025550147,Ann Lee\n", ["+12025550146"], 1),
        ("Lee,2025550146,2025550147,Ann,2025550148,12\n", ["+12025550146"], 2),
        ("2025550146,Ann,+1 202 555 0146\n", ["+12025550146"], 0),
        ("name,phone,mobile\nAnn,2025550146,2025550147\nBo,2025550148,\n", None, 1),
        ("phone,order number\n2025550146,1234567890\n", ["+12025550146"], 0),
        ("name,phone,work\nAnn,2025550146,2025550147\nBo,2025550148,\n", None, 1),
        ("name,phone,work\nAnn,2025550146,\nBo,2025550148,(202) 555-0147\n", None, 1),
        ("phone,since\n2025550146,20240131\n2025550147,1700000000\n", None, 0),
        ("phone,room\n2025550146,2025550147\n2025550148,12\n", None, 0),
    ],
)
def test_a_number_that_is_not_taken_in_is_told_of(
    sqlite_store: Store,
    me: Actor,
    tmp_path: Path,
    text: str,
    taken: list[str] | None,
    left_out: int,
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(text)
    skipped: list[Line] = []
    done = dnc_import.take_in_list(sqlite_store, me, path, skipped=skipped.append)
    assert (done.added, done.skipped) == (len(taken or ["Ann", "Bo"]), left_out)
    assert all(line.reason == number_lists.LEFT_OUT and line.text for line in skipped)
    with sqlite_store.read() as conn:
        found = [entry.phone for entry in dnc_pages.page(conn)]
    assert taken is None or found == taken


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_export_that_a_spreadsheet_saved_anew_gives_the_same_numbers(
    tmp_path: Path, delimiter: str, encoding: str
) -> None:
    phones, path = ["+12025550146", "+4915112345678"], tmp_path / "again.csv"
    for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_ALL):
        with path.open("w", newline="", encoding=encoding) as stream:
            table = csv.writer(stream, delimiter=delimiter, quoting=quoting)
            rows = [[f"con_{n}", safe_cell(each), "=1+1"] for n, each in enumerate(phones)]
            damaged = ["con_9", "2,02555E+09", "x"]
            table.writerows([["id", "phone", "first_name"], *rows, damaged])
        lines = list(read(inspect(path, "US"), "US"))
        assert [line.phone for line in lines] == [*phones, None]
        assert lines[-1].reason == "rounded by a spreadsheet: digits are missing"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("'=1", "''=1"),
        ("Ada;=1+1", "Ada;'=1+1"),
        ("Ada; ;  ＋1", "Ada; ;'  ＋1"),
        ("Ada\t@x", "Ada\t'@x"),
        ("a;'b", "a;''b"),
        ("hot; cold", "hot; cold"),
    ],
)
def test_no_cell_holds_a_formula_whichever_sign_a_spreadsheet_divides_lines_at(
    text: str, cell: str
) -> None:
    assert safe_cell(text) == cell


def test_of_a_line_without_end_no_more_is_held_than_shows_that_it_is_none(
    tmp_path: Path,
) -> None:
    path = tmp_path / "long.csv"
    path.write_bytes(b"phone\n" + b"1" * 40_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(Refused, match=r"Line 2 .* is too long"):
            inspect(path, "US")
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "holds no phone number: it is empty"),
        (b"dear sir\nhello\n", "its first line is"),
        (b"PK\x03\x04rest", "a spreadsheet's own file"),
        (b'2025550146\n"202555', "Line 2 .* begins a quotation"),
        (b"2025550146\n\x00\x01\x02 202\n", "Line 2 .* is no text"),
        ("2025550146\n2025550147".encode("utf-16")[:-1], "no UTF-16|no list|half"),
        (b"2025550146\nJ\xc3", "ends within a character, in line 2"),
    ],
)
def test_what_is_no_list_changes_nothing(
    sqlite_store: Store, me: Actor, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(Refused, match=sentence):
        dnc_import.take_in_list(sqlite_store, me, path)
    with sqlite_store.read() as conn:
        assert dnc_pages.page(conn) == [] and dnc_import.imports(conn) == []


def test_an_import_empties_the_queue_says_why_it_skips_and_goes_on_after_a_cut(
    store: Store, me: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dnc_import, "CHUNK", 3)
    [one] = make_queued(store)
    path = tmp_path / "list.csv"
    lines = [phone_of(store, one), "rubbish", *(f"202555{n:04}" for n in range(8)), "2025550001"]
    path.write_text("\n".join(lines))
    cancel = threading.Event()
    skipped: list[Line] = []
    cancel.set()
    first = dnc_import.take_in_list(store, me, path, skipped=skipped.append, cancel=cancel)
    assert first.cancelled and (first.lines, first.added, first.skipped) == (3, 2, 1)
    assert [(line.number, line.reason) for line in skipped] == [(2, "no number in it")]
    assert stages(store, [one]) == [Stage.SUPPRESSED]
    second = dnc_import.take_in_list(store, me, path)
    assert (second.id, second.resumed, second.added, second.known) == (first.id, 3, 9, 1)
    third = dnc_import.take_in_list(store, me, path)
    assert (third.added, third.known, third.skipped) == (0, 10, 1)
    with store.read() as conn:
        assert [row.done for row in dnc_import.imports(conn)] == [True, True]
        assert dnc_import.imports(conn)[0].age.days == 0


SURNAME = "Zyxwvutsky"


def test_an_erased_person_is_nowhere_in_the_store(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    switched_on(store)
    phone = "+12025557391"
    spoken = '{"mobile_phone":"(202) 555-7391","first_name":"Quillon"}'
    [taken] = put(
        store,
        lead(phone=phone, first_name="Quillon", last_name=SURNAME, body=spoken,
             peer="198.51.100.77", idempotency=Idempotency(f"key-{phone[1:]}", b"x"),
             user_agent="erasable agent"),
    )  # fmt: skip
    put(store, lead(phone=phone, first_name="Quillon", last_name=SURNAME, body=spoken))
    others = make_queued(store, 30)
    refused = RefusedAttempt(new_id(), "hook", None, "X", body=spoken, phone=phone)
    store.do(lambda conn: record_refused(conn, [refused]))
    monkeypatch.setattr(attempt_index, "STRETCH", 4)
    while store.do(attempt_index.index_some):
        pass
    ident = taken.contact_id
    assert ident is not None
    perform(store, me, WriteNote("ana", f"call {SURNAME} on {phone}"), Target(ids=(ident,)))
    with store.read() as conn:
        [note] = notes.listing(conn, ident)
    store.do(lambda conn: notes.remove(conn, me, note.id))
    for slot, search in enumerate((SURNAME, "2025557391"), 1):
        store.do(lambda conn, s=slot, t=search: saved_views.save(conn, me, s, View(search=t)))  # type: ignore[misc]
        store.do(lambda conn, s=slot: saved_views.forget(conn, me, s))  # type: ignore[misc]
    store.do(lambda conn: suppressions.add(conn, me, [phone], reason=f"{SURNAME} asked"))
    with pytest.raises(Refused, match="last four digits"):
        erase.erase(store, me, ident, "0000")
    store.do(lambda conn: index_pending(conn))
    done = erase.erase(store, me, ident, "7391")
    assert done.contacts == 1 and done.attempts == 3 and "Backups" in done.remarks[0]
    assert_gone(
        store, [phone[1:], phone[2:], "555-7391", SURNAME, "Quillon", "198.51.100.77", "erasable"]
    )
    with store.read() as conn:
        assert consent.verify(conn).faults == ()
        assert [e.source for e in do_not_contact.entries_of(conn, phone)].count("erasure") == 1
    assert [row.id for row in each_row(store, View(Place.ALL, search=SURNAME))] == []
    assert len(list(each_row(store, View(Place.ALL)))) == len(others)
    [again] = put(store, lead(phone=phone))
    assert again.code == "BLOCKED_NUMBER"
    assert_counters_are_true(store)


def test_saved_views_go_with_whom_they_were_kept_for_and_others_are_told_of(
    store: Store, me: Actor
) -> None:
    [zoe] = make_queued(store, phone="+12025557391", first_name="Zoë", last_name="Żółw")
    make_queued(store, first_name="Zoë", last_name="Other")
    store.do(lambda conn: labels.create(conn, me, "call Zoe Zolw"))
    views = {
        1: View(search="Zoë Żółw"),
        2: View(search="zolw"),
        3: View(search="zoe"),
        4: View(search="(202) 555-7391"),
        5: View(search="label:vip"),
    }
    for slot, view in views.items():
        store.do(lambda conn, s=slot, v=view: saved_views.save(conn, me, s, v))  # type: ignore[misc]
    store.do(lambda conn: saved_views.save(conn, me, 6, View(Place.ALL), "Żółw, Zoë's turtle"))
    store.do(lambda conn: saved_views.save(conn, Actor.person("bo"), 1, View(search="żółw")))
    done = erase.erase(store, me, zoe, "7391")
    with store.read() as conn:
        assert [one.slot for one in saved_views.listing(conn, me)] == [3, 5, 6]
        assert not saved_views.listing(conn, Actor.person("bo"))
    said = " ".join(done.remarks)
    assert "4 saved views that were about nobody else went too." in said
    assert f"may be about others: see 3 of {me.name}, 6 of {me.name}." in said
    assert "A label is named after the person" in said


def test_acts_on_one_contact_call_it_by_name_until_it_is_erased(store: Store, me: Actor) -> None:
    def said() -> list[str | None]:
        with store.read() as conn:
            shown = profile(conn, ada).changes if known else ()
            listed = [*undo_stack.recent(conn, me), *undo_stack.stack(conn, me)]
            stars = [act for act in (*listed, *shown) if act.verb == "star"]
            names = [each for act in stars for each in (act.name, act.sentence)]
            return [*undo_stack.peek(conn, me), *names]

    [ada] = make_queued(store, first_name="Ada", last_name=SURNAME)
    long, nameless = make_queued(store, first_name="Bo" + 90 * "o"), make_queued(store)
    phone, known = phone_of(store, ada), True
    perform(store, me, Star(True), Target(ids=(ada,)))
    assert said()[:2] == [f"star Ada {SURNAME}", None]
    assert all(each is None or SURNAME in each for each in said())
    assert undo.undo(store, me).sentence == f"undid: star Ada {SURNAME}"
    assert said()[:2] == [None, f"star Ada {SURNAME}"]
    assert undo.redo(store, me).sentence == f"did again: star Ada {SURNAME}"
    erase.erase(store, me, ada, phone[-4:])
    known = False
    assert said()[:2] == ["star 1 contact", None]
    assert not any(each and SURNAME in each for each in said())
    assert_gone(store, [SURNAME])
    perform(store, me, Star(True), Target(ids=tuple(long)))
    assert said()[0] == f"star Bo{37 * 'o'}…"
    perform(store, me, Star(True), Target(ids=(*long, *nameless)))
    assert said()[0] == "star Ada Byron"


def assert_gone(store: Store, traces: list[str]) -> None:
    """No row of any table and no byte of their files holds a trace."""
    with store.read() as conn:
        if store.path is None:
            names = conn.execute(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            ).scalars()
        else:
            names = conn.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'table'"
                     " AND name NOT LIKE '%_fts%'")
            ).scalars()  # fmt: skip
        for name in list(names):
            for row in conn.execute(text(f"SELECT * FROM {name}")):
                for trace in traces:
                    assert trace not in str(tuple(row)), (name, trace)
    for path in files_of(store):
        held = path.read_bytes()
        for trace in traces:
            assert trace.encode() not in held, (path.name, trace)
            assert trace.lower().encode() not in held, (path.name, trace)
        assert store.path is None or b"zyx" not in held, path.name


def files_of(store: Store) -> list[Path]:
    """The files in which a store is; of PostgreSQL those of its tables and indexes."""
    if store.path is not None:
        return list(store.path.parent.glob(store.path.name + "*"))
    with store.read() as conn:
        folder, ident = conn.execute(
            text("SELECT current_setting('data_directory'), oid FROM pg_database"
                 " WHERE datname = current_database()")
        ).one()  # fmt: skip
    engine = create_engine(store_url(store.url), isolation_level="AUTOCOMMIT")
    with engine.connect() as conn:
        conn.execute(text("CHECKPOINT"))
    engine.dispose()
    return list(Path(folder, "base", str(ident)).iterdir())


BITS = st.sampled_from(
    [
        *("+1 202-555-0123", "(202) 555 01 23", "2025550123", "202555012", "5550123", "Zoë", "zoe"),
        *("Zoe Lee", "ZOË\tLEE", "lee", "zoe.lee", "ﬁ", "ı", "%", "_", "\\", "{", '"', ",", " "),
    ]
)


@pytest.mark.deep
@given(
    texts=st.lists(
        st.lists(st.one_of(BITS, st.text(max_size=6)), max_size=6).map("".join), max_size=8
    ),
    name=st.sampled_from(["zoe lee", "łukasz wojcik", "a_b c%d", "李 小龍"]),
)
@settings(
    max_examples=examples(40),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_request_that_tells_of_a_person_is_found(
    store: Store, texts: list[str], name: str
) -> None:
    bodies = [
        text.replace("\0", "").encode("utf-8", "replace").decode()
        for text in [*texts, name.upper()]
    ]
    attempts = Attempt.__table__  # type: ignore[attr-defined]
    rows = [
        {
            "id": new_id(), "at": now(), "door": "api", "outcome": "refused", "code": "X",
            "reason": "", "peer": "", "user_agent": "", "body": body,
        }
        for body in bodies
    ]  # fmt: skip
    store.do(lambda conn: (conn.execute(delete(attempts)), conn.execute(insert(attempts), rows)))
    person = erase._Person("+12025550123", (name,), [], [], [], [])
    expected = {row["id"] for row in rows if person.is_in(str(row["body"]))}
    assert set(erase._attempts_about(store, person)) == expected


@given(st.text(alphabet="0123456789 -+().x\n", max_size=40))
def test_a_number_is_seen_whatever_stands_between_its_digits(written: str) -> None:
    for phone in ("+4930123", "+12025550123"):
        naive = digits(phone)[-10:] in digits(written)
        assert bool(in_any_spelling(phone).search(written)) is naive


def test_who_is_suppressed_is_no_longer_counted_in_its_group(store: Store, me: Actor) -> None:
    ids = make_queued(store, 3)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring")).id
    perform(store, me, Move(spring), Target(ids=tuple(ids[:2])))
    with store.read() as conn:
        phones = [profile(conn, ident).contact.phone for ident in ids[1:]]
    assert store.do(lambda conn: suppressions.suppress_contacts(conn, me, phones, "asked")) == 2
    # Those two already are, and of the third nobody knows.
    phones.append("+12025550999")
    assert store.do(lambda conn: suppressions.suppress_contacts(conn, me, phones, "asked")) == 0
    assert store.do(lambda conn: suppressions.suppress_contacts(conn, me, [], "asked")) == 0
    with store.read() as conn:
        assert read_tallies(conn, [f"group:{spring}"]) == {f"group:{spring}": 1}
    assert_counters_are_true(store)
