"""The gateway door: what the provider signed is believed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
from multidict import MultiDict
from sqlalchemy import update
from twilio.request_validator import RequestValidator

from storage import integration, messages, scripts
from storage.profile import MessageRow, find_contact, profile
from storage.store import Store
from storage.tables import Message
from storage.words import Actor, Kind, Stage
from tests.factories import lead, make_queued, next_phone, put
from tests.server.served import Served, serving
from tests.waiting import PATIENCE, awake, soon

MESSAGES = Message.__table__  # type: ignore[attr-defined]
TOKEN = "twilio_test_auth_token"
ACCOUNT = "AC" + "0" * 32
BASE = "https://leads.example.com"


@pytest.fixture
def twilio(store: Store) -> Iterator[Served]:
    """A listener with Twilio as its gateway, which is not reached."""
    with serving(
        store,
        gateway="twilio",
        twilio_account=ACCOUNT,
        twilio_token=TOKEN,
        twilio_api_url="http://127.0.0.1:9",
        public_base_url=BASE,
    ) as running:
        yield running
        running.session.close()


def call(
    served: Served, what: str, signature: str | None = None, token: str = TOKEN, **fields: Any
) -> requests.Response:
    """What the provider does: a signed form. The address is signed with its query."""
    pairs = MultiDict(fields)
    path = f"/gateway/twilio/{what}"
    signed = RequestValidator(token).compute_signature(BASE + path, pairs)
    return served.session.post(
        served.url + path,
        data=urlencode(list(pairs.items())),
        headers={
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Twilio-Signature": signed if signature is None else signature,
        },
        timeout=PATIENCE,
    )


def stage(store: Store, phone: str) -> Stage:
    """Where a contact stands."""
    with store.read() as conn:
        return profile(conn, find_contact(conn, phone)).contact.stage


def handed_over(store: Store, sid: str, status: str = "sent") -> tuple[str, int]:
    """A lead whose text the provider has taken, without a word of it since."""
    phone = next_phone()
    store.do(lambda conn: scripts.script(conn, phone, "silent"))
    [result] = put(store, lead(phone=phone))

    def text() -> MessageRow:
        with store.read() as conn:
            return profile(conn, result.contact_id or 0).messages[0]

    soon(lambda: text().status == "sent")
    taken = update(MESSAGES).where(MESSAGES.c.id == text().id)
    store.do(
        lambda conn: conn.execute(
            taken.values(status=status, provider_id=sid, gateway="twilio" if sid else "")
        )
    )
    return phone, text().id


def test_a_stop_takes_effect_within_a_second_also_while_it_is_off(twilio: Served) -> None:
    [ident] = make_queued(twilio.store)
    with twilio.store.read() as conn:
        phone = profile(conn, ident).contact.phone
    twilio.store.do(lambda conn: integration.switch(conn, Actor.person("ana"), on=False))
    began = awake()
    answer = call(
        twilio, "inbound", From=phone, To="+12025550123", Body="STOP", MessageSid="SM1", Odd="é"
    )
    assert awake() - began < 1
    assert answer.status_code == 200
    assert answer.text.endswith("<Response/>")
    assert stage(twilio.store, phone) is Stage.SUPPRESSED
    assert call(twilio, "inbound", From=phone, Body="STOP", MessageSid="SM1").status_code == 200


def test_an_address_with_a_query_is_signed_whole(twilio: Served) -> None:
    [ident] = make_queued(twilio.store, kind=Kind.LANDLINE)
    with twilio.store.read() as conn:
        phone = profile(conn, ident).contact.phone
    path = "/gateway/twilio/inbound"
    stop = {"From": phone, "Body": "STOP", "MessageSid": "SM1"}
    plain = RequestValidator(TOKEN).compute_signature(BASE + path, MultiDict(stop))
    forged = twilio.session.post(
        f"{twilio.url}{path}?a=1",
        data=stop,
        headers={"X-Twilio-Signature": plain},
        timeout=PATIENCE,
    )
    assert forged.status_code == 403
    assert call(twilio, "inbound?a=1&b=%C3%A9/", **stop).status_code == 200
    assert stage(twilio.store, phone) is Stage.SUPPRESSED


@pytest.mark.parametrize(
    "signature", ["", "not base64", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "é", "a" * 400]
)
def test_a_forged_text_is_not_believed(sqlite_store: Store, signature: str) -> None:
    with serving(
        sqlite_store, gateway="twilio", twilio_account=ACCOUNT, twilio_token=TOKEN,
        twilio_api_url="http://127.0.0.1:9", public_base_url=BASE,
    ) as served:  # fmt: skip
        # A landline waits for no text, so that the courier has no part in where it stands.
        [ident] = make_queued(sqlite_store, kind=Kind.LANDLINE)
        with sqlite_store.read() as conn:
            phone = profile(conn, ident).contact.phone
        fields = {"From": phone, "Body": "STOP", "MessageSid": "SM1"}
        answers = [
            call(served, "inbound", signature.encode().decode("latin-1"), **fields),
            call(served, "inbound", token="another", **fields),
            served.session.post(
                served.url + "/gateway/twilio/inbound", data=fields, timeout=PATIENCE
            ),
            served.session.post(
                served.url + "/gateway/twilio/inbound", data=b"\xff=%ff", timeout=PATIENCE
            ),
        ]
        served.session.close()
        for answer in answers:
            assert answer.status_code == 403, answer.text
            assert answer.json()["error_code"] == "INVALID_SIGNATURE"
        assert stage(sqlite_store, phone) is Stage.QUEUED


def test_a_status_only_moves_forward_whatever_the_order(twilio: Served) -> None:
    phone, ident = handed_over(twilio.store, "SM7")
    for status in ("delivered", "sent", "queued", "delivered", "nonsense", "undelivered"):
        call(twilio, "status", MessageSid="SM7", MessageStatus=status, To=phone)
    with twilio.store.read() as conn:
        [text] = profile(conn, find_contact(conn, phone)).messages
    assert (text.id, text.status) == (ident, "delivered")


def test_a_report_resolves_a_text_whose_answer_was_lost(twilio: Served) -> None:
    phone, _ = handed_over(twilio.store, "", "unknown")
    assert call(twilio, "status", SmsSid="SM8", SmsStatus="delivered", To=phone).status_code == 200
    with twilio.store.read() as conn:
        assert messages.unknown(conn) == []


def test_a_block_at_the_carrier_suppresses(twilio: Served) -> None:
    phone, _ = handed_over(twilio.store, "SM9")
    call(twilio, "status", MessageSid="SM9", MessageStatus="failed", ErrorCode="21610", To=phone)
    assert stage(twilio.store, phone) is Stage.SUPPRESSED


def test_what_is_signed_but_says_nothing_is_answered(twilio: Served) -> None:
    for what in ("status", "inbound"):
        assert call(twilio, what).status_code == 200
        assert call(twilio, what, From="32665", MessageSid="x" * 900).status_code == 200
    assert twilio.get("/gateway/twilio/status").status_code == 405
    assert call(twilio, "nothing").status_code == 404


def test_the_simulated_gateway_has_no_door(served: Served) -> None:
    answer = served.session.post(served.url + "/gateway/simulated/inbound", timeout=PATIENCE)
    assert answer.status_code == 404
