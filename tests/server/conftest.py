"""A listener for tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.store import Store
from tests.server.served import Served, serving


@pytest.fixture
def served(sqlite_store: Store) -> Iterator[Served]:
    """A listener on a SQLite store."""
    with serving(sqlite_store) as running:
        yield running
        running.session.close()


@pytest.fixture
def served_by_any(store: Store) -> Iterator[Served]:
    """A listener, once on each kind of store."""
    with serving(store) as running:
        yield running
        running.session.close()


@pytest.fixture(scope="module")
def lasting(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A listener for all tests of a module that do not mind what is in the store."""
    path = tmp_path_factory.mktemp("lasting") / "optdesk.db"
    shutil.copyfile(sqlite_template, path)
    store = Store.open(f"sqlite:///{path}")
    with serving(store) as running:
        yield running
        running.session.close()
    store.close()
