"""The laws of the design, held against whatever people, doors and carriers do in any order."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from storage import phone_index
from storage.engine import store_url
from storage.store import Store
from tests.storage.law_machine import Desk

Stores = Callable[[], tuple[Store, Callable[[], None]]]


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    """Makes one fresh store after the other, each with what closes and removes it."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        path = tmp_path / "laws.db"

        def in_a_file() -> tuple[Store, Callable[[], None]]:
            for left in tmp_path.glob("laws.db*"):
                left.unlink()
            shutil.copyfile(template, path)
            path.chmod(0o600)
            store = Store.open(f"sqlite:///{path}")
            return store, store.close

        return in_a_file
    names = ("pg_server", "pg_template", "pg_admin")
    server, template, admin = (request.getfixturevalue(name) for name in names)

    def on_a_server() -> tuple[Store, Callable[[], None]]:
        name = f"laws_{secrets.token_hex(6)}"
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        url = store_url(server).set(database=name, drivername="postgresql")
        store = Store.open(url.render_as_string(hide_password=False))

        def close() -> None:
            store.close()
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

        return store, close

    return on_a_server


@pytest.fixture(autouse=True)
def small_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers move on from one table of SQLite's to the next after one or two."""
    for name in ("MOST_NEW", "MOST_YOUNG", "STRETCH", "LOOK_AFTER"):
        monkeypatch.setattr(phone_index, name, 1)


def hold(stores: Stores, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        lambda: Desk(*stores()),  # type: ignore[arg-type]
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_the_laws_hold(stores: Stores) -> None:
    hold(stores, examples=4, steps=25)


@pytest.mark.trial
def test_the_laws_hold_for_long(stores: Stores) -> None:
    hold(stores, examples=120, steps=50)
