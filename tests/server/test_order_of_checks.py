"""The fifteen checks of the contract run in their order: the first that fails answers."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from server import listener
from server.rates import Rates
from storage import integration, keys, suppressions
from storage.store import Store
from storage.words import Actor
from tests.factories import lead, next_phone, put
from tests.server.served import PATH, Served, listening, serving
from tests.waiting import PATIENCE

ME = Actor.person("ana")
RATE = 3


@dataclass
class Knock:
    """A good request, to be spoiled."""

    fields: dict[str, Any]
    headers: dict[str, str]
    method: str = "PUT"
    path: str = PATH
    tail: str = ""
    """Added to the body's JSON before its last brace."""
    before: list[Callable[[Served, Knock], None]] = field(default_factory=list)
    """What to do to the store and the listener first."""
    after: list[Callable[[Served], object]] = field(default_factory=list)

    @property
    def body(self) -> bytes:
        """What is sent."""
        return (json.dumps(self.fields)[:-1] + self.tail + "}").encode()


def _use_up_the_rate(served: Served, knock: Knock) -> None:
    good = served.headers(x_api=knock.headers["x-api"])
    for _ in range(RATE):
        served.session.put(served.url + PATH, data=b"{}", headers=good, timeout=PATIENCE)


def _switch(on: bool) -> Callable[[Served], None]:
    return lambda served: _ignore(served.store.do(lambda conn: integration.switch(conn, ME, on=on)))


def _ignore(_result: object) -> None:
    return None


def _spoil_rate(knock: Knock) -> None:
    # Behind what else is done, whose requests would be refused.
    knock.before.append(_use_up_the_rate)


def _spoil_off(knock: Knock) -> None:
    knock.before.insert(0, lambda served, _knock: _switch(False)(served))
    knock.after.append(_switch(True))


def _suppress(served: Served, knock: Knock) -> None:
    served.store.do(lambda conn: suppressions.add(conn, ME, [knock.fields["mobile_phone"]]))


def _opt_in_before(served: Served, knock: Knock) -> None:
    put(served.store, lead(phone=knock.fields["mobile_phone"]))


def _no_key(knock: Knock) -> None:
    # Kept for whoever uses up its rate.
    knock.headers["x-api"], knock.headers["x-api-key"] = knock.headers["x-api"], "another"


CHECKS: dict[int, tuple[str, Callable[[Knock], Any]]] = {
    1: ("NOT_FOUND", lambda knock: setattr(knock, "path", "/v2/public/opt-in")),
    2: ("METHOD_NOT_ALLOWED", lambda knock: setattr(knock, "method", "POST")),
    3: ("PAYLOAD_TOO_LARGE", lambda knock: knock.fields.update(note="x" * 20_000)),
    4: ("INVALID_API_KEY", _no_key),
    5: ("RATE_LIMITED", _spoil_rate),
    6: ("INTEGRATION_INACTIVE", _spoil_off),
    7: (
        "UNSUPPORTED_MEDIA_TYPE",
        lambda knock: knock.headers.update({"Content-Type": "text/plain"}),
    ),
    8: ("MALFORMED_JSON", lambda knock: setattr(knock, "tail", ', "twice": 1, "twice": 2')),
    9: ("MISSING_REQUIRED_FIELD", lambda knock: knock.fields.update(user_agent=" ")),
    10: ("INVALID_PHONE_FORMAT", lambda knock: knock.fields.update(mobile_phone="+15555550102")),
    11: ("INVALID_OPT_IN_NUMBER", lambda knock: knock.fields.update(opt_in_number_id="num_no")),
    12: ("INVALID_FIELD", lambda knock: knock.fields.update(ip_address="nowhere")),
    13: ("INVALID_PHONE_FORMAT", lambda knock: knock.fields.update(mobile_phone="4155550123")),
    14: ("BLOCKED_NUMBER", lambda knock: knock.before.insert(0, _suppress)),
    15: ("ALREADY_OPTED_IN", lambda knock: knock.before.insert(0, _opt_in_before)),
}
SAME_FIELD = {(10, 13), (13, 14), (13, 15)}
"""Pairs that one telephone number cannot fail together."""

PAIRS = [pair for pair in combinations(CHECKS, 2) if pair not in SAME_FIELD]


@pytest.fixture(scope="module")
def busy(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One listener for all pairs; every request comes with a key of its own."""
    path = tmp_path_factory.mktemp("order") / "optdesk.db"
    shutil.copyfile(sqlite_template, path)
    store = Store.open(f"sqlite:///{path}")
    with pytest.MonkeyPatch.context() as patch:
        # A second that is used up is not over before the request that finds it so.
        patch.setattr(listener, "Rates", lambda limit: Rates(limit, lambda: 100.0))
        with serving(store, rate_per_key=RATE) as served:
            yield served
            served.session.close()
    store.close()


def knock_of(served: Served) -> Knock:
    """A good request."""
    made = served.store.do(lambda conn: keys.create(conn, ME, "one"))
    return Knock(
        served.body(mobile_phone=next_phone()),
        {"x-api": made.key, "Content-Type": "application/json"},
        # A store keeps so many live keys at most.
        after=[lambda served: served.store.do(lambda conn: keys.revoke(conn, ME, made.id))],
    )


def answer_to(served: Served, knock: Knock) -> Any:
    """What a request is answered."""
    try:
        for step in knock.before:
            step(served, knock)
        return served.session.request(
            knock.method,
            served.url + knock.path,
            data=knock.body,
            headers=knock.headers,
            timeout=PATIENCE,
        )
    finally:
        for undo in knock.after:
            undo(served)


def test_an_unspoiled_request_is_accepted(busy: Served) -> None:
    assert answer_to(busy, knock_of(busy)).status_code == 200


@pytest.mark.parametrize("check", CHECKS)
def test_each_check_refuses_alone(busy: Served, check: int) -> None:
    code, spoil = CHECKS[check]
    knock = knock_of(busy)
    spoil(knock)
    assert answer_to(busy, knock).json()["error_code"] == code


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_the_earlier_of_two_failing_checks_answers(busy: Served, first: int, second: int) -> None:
    knock = knock_of(busy)
    for check in (second, first):
        CHECKS[check][1](knock)
    if (first, second) == (10, 14):
        knock.fields["mobile_phone"] = "+15555550102"
    assert answer_to(busy, knock).json()["error_code"] == CHECKS[first][0]


def test_without_an_integration_that_is_said_before_all_later_checks(sqlite_store: Store) -> None:
    made = sqlite_store.do(lambda conn: keys.create(conn, ME, "early"))
    with listening(sqlite_store) as url:
        served = Served(sqlite_store, url, made.key, "num_test")
        for check in (7, 8, 9, 10, 11, 12, 13, 14):
            knock = Knock(served.body(), served.headers())
            CHECKS[check][1](knock)
            assert answer_to(served, knock).json()["error_code"] == "INTEGRATION_NOT_FOUND"
        for check in (1, 2, 3, 4):
            knock = Knock(served.body(), served.headers())
            CHECKS[check][1](knock)
            assert answer_to(served, knock).json()["error_code"] == CHECKS[check][0]
        served.session.close()
