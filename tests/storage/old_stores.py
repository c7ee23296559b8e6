"""Stores as older revisions made them, with people in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import MetaData, create_engine, text

from storage import groups, labels, schema
from storage.acts import AddLabel, Delete, Move, Star
from storage.bulk import perform
from storage.engine import sqlite_path, store_url, write_engine
from storage.search_index import index_pending, queue_all
from storage.store import Store
from storage.words import Actor, Target, View
from tests.factories import lead as make_lead
from tests.factories import make_queued, put, settle_all, switched_on

ANA = Actor.person("ana")

STAGES = {"queued": 3, "grouped": 2, "deleted": 1, "suppressed": 2, "failed": 2, "confirming": 2}
"""How many contacts an old store holds in each stage."""

_MADE_ANEW = ("contacts_fts", "attempts_fts", "alembic_version", "search_pending")


_LIVE = " CASE WHEN stage <> 'deleted' THEN 1 END AS live"
"""A column that contacts had until the eighth revision."""


def fill(store: Store) -> None:
    """Contacts in every stage, with labels, stars and a group."""
    switched_on(store)
    ids = make_queued(store, 6, last_name="Queued")
    vip = store.do(lambda conn: labels.ensure(conn, ANA, "VIP"))
    spring = store.do(lambda conn: groups.create(conn, ANA, "Spring"))
    for act, targets in (
        (AddLabel(vip.id), ids[:4]),
        (Star(on=True), ids[1:3]),
        (Move(spring.id), ids[:2]),
        (Delete(), ids[2:3]),
    ):
        perform(store, ANA, act, Target(ids=tuple(targets)), seen=View())
    for status in ("blocked", "failed"):
        put(store, *[make_lead(last_name=status) for _ in range(2)])
        settle_all(store, status)
    put(store, *[make_lead(last_name="Waiting") for _ in range(2)])


def make_old(url: str, new_url: str, revision: str) -> None:
    """Fills a store of today at `new_url` and copies it into an older one at `url`.

    Args:
        url: An empty database, or a file that is not there.
        new_url: A store of today, empty.
        revision: Of the older one.
    """
    full = Store.open(new_url)
    fill(full)
    full.close()
    parsed = store_url(url)
    path = sqlite_path(parsed)
    if path is not None:
        path.touch(0o600)
    engine, source = write_engine(parsed, path), _engine(new_url)
    with engine.begin() as conn:
        schema.run_migrations(conn, revision)
    with engine.begin() as conn, source.connect() as old:
        tables = MetaData()
        tables.reflect(conn)
        for name, table in tables.tables.items():
            if name.startswith(_MADE_ANEW):
                continue
            columns = ", ".join(table.columns.keys())
            said = columns.replace(" live", _LIVE) if name == "contacts" else columns
            rows = old.execute(text(f"SELECT {said} FROM {name}")).all()
            conn.execute(text(f"DELETE FROM {name}"))
            marks = ", ".join(f":{column}" for column in table.columns.keys())  # noqa: SIM118
            for row in rows:
                conn.execute(text(f"INSERT INTO {name} VALUES ({marks})"), _named(table, row))
        queue_all(conn)
        while index_pending(conn):
            pass
    engine.dispose()
    source.dispose()


def _named(table: Any, row: Any) -> dict[str, Any]:
    return dict(zip(table.columns.keys(), row, strict=True))


def _engine(url: str) -> Any:
    path = sqlite_path(store_url(url))
    return write_engine(store_url(url), path) if path else create_engine(store_url(url))


def backups(path: Path | None) -> list[Path]:
    """The backups beside a store, and drafts of them."""
    return [] if path is None else sorted(path.parent.glob(f"{path.name}.before-*"))
