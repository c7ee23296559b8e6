"""Secret URLs that no longer work say why, and who still uses them is counted."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert, select

from storage.access import credential_hash, touch_access
from storage.store import Store
from storage.tables import RetiredToken
from storage.times import now
from tests.server.served import Served, answers_in
from tests.server.test_hook_door import token_of
from tests.waiting import PATIENCE, soon

_retired: Any = RetiredToken.__table__  # type: ignore[attr-defined]


def retire(store: Store, token: str, why: str) -> None:
    """Makes a token one that no longer works."""

    def verb(conn: Any) -> None:
        conn.execute(
            insert(_retired),
            {
                "token_hash": credential_hash(token),
                "why": why,
                "retired_at": now(),
                "hits": 0,
                "last_sender": "",
            },
        )
        touch_access(conn)

    store.do(verb)


@pytest.mark.parametrize(
    ("why", "code"), [("regenerated", "URL_REGENERATED"), ("deleted", "INTEGRATION_DELETED")]
)
def test_a_retired_url_says_why_at_once_in_every_process(
    served_by_any: Served, why: str, code: str
) -> None:
    other = Store.open(served_by_any.store.url)
    try:
        path = "/hooks/opt-in/old-token"
        assert served_by_any.put(path=path).json()["error_code"] == "NOT_FOUND"
        retire(other, "old-token", why)
        for method in ("PUT", "POST", "GET"):
            for slash in ("", "/"):
                answer = served_by_any.session.request(
                    method,
                    served_by_any.url + path + slash,
                    data=b"name=Ana",
                    headers={"User-Agent": f"Zapier {method}"},
                    timeout=PATIENCE,
                )
                assert answer.status_code == 410
                assert answer.json()["error_code"] == code
                assert answer.headers["X-Request-Id"] == answer.json()["request_id"]

        def counted() -> Any:
            with other.read() as conn:
                return conn.execute(select(_retired)).one()

        soon(lambda: counted().hits == 6)
        row = counted()
        assert row.last_sender == "zapier"
        assert row.last_hit_at is not None
    finally:
        other.close()


@pytest.mark.parametrize("token", ["", "/", "unknown", "a/b", "%2e%2e", "x" * 5000])
def test_an_unknown_url_is_not_found(lasting: Served, token: str) -> None:
    assert lasting.put(path=f"/hooks/opt-in/{token}").json()["error_code"] == "NOT_FOUND"


@pytest.mark.parametrize("method", ["PURGEX", "put"])
def test_a_method_that_nobody_knows_is_judged_after_the_url(
    served_by_any: Served, method: str
) -> None:
    def ask(token: str) -> tuple[int, str, bytes]:
        line = f"{method} /hooks/opt-in/{token} HTTP/1.1\r\nHost: x\r\n\r\n"
        raw = served_by_any.raw(line.encode())
        ((status, said),) = answers_in(raw)
        return status, said["error_code"], raw

    retire(served_by_any.store, "old-token", "regenerated")
    for tail in ("", "/", "?a=b"):
        assert ask(f"old-token{tail}")[:2] == (410, "URL_REGENERATED")
        assert ask(f"unknown{tail}")[:2] == (404, "NOT_FOUND")
        status, code, raw = ask(token_of(served_by_any.store) + tail)
        assert (status, code) == (405, "METHOD_NOT_ALLOWED")
        assert b"\r\nAllow: POST, PUT\r\n" in raw
