"""The API door: the checks of the contract, in their order."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from pydantic import ValidationError

from server.answers import Answer, accepted, refusal
from server.bridge import Bridge
from server.doors.fields import (
    badges_for,
    first_bad_field,
    is_address,
    mended,
    missing_fields,
)
from server.doors.headers import (
    KEY_NAME,
    agent,
    forwarded,
    forwarded_chain,
    json_media,
    key_hash,
    named_request,
    one_key,
    program,
    told,
)
from server.doors.turned_away import TurnedAway
from server.doors.unread import unread
from server.doors.verdict import Refused
from server.keeper import AccessKeeper
from server.mapping.reading import media_of
from server.models import OptInRequest
from server.peers import Proxies, block_of
from server.rates import Rates
from server.request import Request, kept
from server.site import Beginning
from server.strict_json import MalformedJson, read_object
from storage.access import SANDBOX, Access
from storage.errors import StoreError
from storage.intake import take_in
from storage.leads import Idempotency, IntakeResult, OptIn
from storage.phones import parse_e164
from storage.refused_attempts import RefusedAttempt, record_refused
from storage.texts import Outgoing
from storage.times import stamp
from storage.words import UNTEXTED

DOOR = "api"
JSON_MEDIA = "application/json"

TEST_SUCCESS = "+15555550100"
TEST_NUMBERS = {
    "+15555550101": "ALREADY_OPTED_IN",
    "+15555550102": "INVALID_PHONE_FORMAT",
    "+15555550103": "BLOCKED_NUMBER",
}
"""The documented numbers that fail on purpose, and how."""


_KEPT = frozenset(
    (
        *("MALFORMED_JSON", "MISSING_REQUIRED_FIELD", "INVALID_OPT_IN_NUMBER", "INVALID_FIELD"),
        *("INVALID_PHONE_FORMAT", "ALREADY_OPTED_IN", "BLOCKED_NUMBER"),
    )
)
"""Refusals that are a first answer: what is said of a body that was read."""


class ApiDoor:
    """Takes in what a site's own backend reports.

    Args:
        keeper: Who may come in.
        bridge: To the store.
        text_waits: Called when a lead came in that is to be texted.
        per_key: Limits each key.
        per_peer: Limits each address.
        proxies: Whose word about a sender's address counts.
    """

    def __init__(
        self,
        keeper: AccessKeeper,
        bridge: Bridge,
        text_waits: Callable[[Outgoing | None], None],
        per_key: Rates,
        per_peer: Rates,
        proxies: Proxies,
    ) -> None:
        self._keeper = keeper
        self._bridge = bridge
        self._text_waits = text_waits
        self._per_key = per_key
        self._per_peer = per_peer
        self._proxies = proxies
        self._turned_away = TurnedAway(bridge)

    async def answer(self, request: Request) -> Answer:
        """Answers a request, after the commit that holds what is said of it."""
        try:
            answer = await self._answer(request)
        except StoreError:
            return refusal("STORE_UNAVAILABLE", request.id)
        if answer.status == 401:
            self._turned_away.one_more()
        return answer

    async def keep_unread(self, request: Request, code: str, begin: Beginning) -> None:
        """Keeps a request of a known sender in the log whose body could not be read whole."""
        digest = _key_of(request)
        if digest is None:
            return
        with suppress(StoreError):
            key = self._keeper.current.keys.get(digest)
            key = key or (await self._keeper.reread()).keys.get(digest)
            if key is not None:
                request.body = await begin()
                sender = self._sender(request)
                crowded = self._wait(key.id, sender) > 0
                why = unread(request, code)
                await self._refuse(request, key.id, sender, why, aside=crowded)

    async def _answer(self, request: Request) -> Answer:
        digest = _key_of(request)
        if digest is None:
            return refusal("INVALID_API_KEY", request.id)
        access = self._keeper.current
        key = access.keys.get(digest)
        looked = key is None or access.integration_id is None or not access.active
        if looked:
            access = await self._keeper.reread()
            key = access.keys.get(digest)
        if key is None:
            return refusal("INVALID_API_KEY", request.id)
        sender = self._sender(request)
        refused = self._closed(access, key.id, sender)
        if refused is None:
            judged = judge(request, access, key.id, sender)
            if isinstance(judged, Refused) and not looked:
                access = await self._keeper.reread()
                judged = _shut(access, digest) or judge(request, access, key.id, sender)
            if isinstance(judged, OptIn):
                result = await self._bridge.write(take_in, judged)
                if result.code is None and judged.kind not in UNTEXTED:
                    self._text_waits(result.text)
                return _told(result)
            refused = judged
        return await self._refuse(request, key.id, sender, refused)

    def _closed(self, access: Access, key_id: int, sender: str) -> Refused | None:
        """Checks 4 to 6: whether anybody may come in at all, and this one now."""
        if access.integration_id is None:
            return Refused("INTEGRATION_NOT_FOUND")
        wait = self._wait(key_id, sender)
        if wait > 0:
            return Refused("RATE_LIMITED", retry_after=math.ceil(wait))
        return None if access.active else Refused("INTEGRATION_INACTIVE")

    def _sender(self, request: Request) -> str:
        return self._proxies.sender(request.peer, request.once(forwarded))

    def _wait(self, key_id: int, sender: str) -> float:
        """Seconds that a request comes too early; counts one that does not."""
        peer = block_of(sender)
        wait = max(self._per_key.wait(key_id), self._per_peer.wait(peer))
        if wait <= 0:
            self._per_key.count(key_id)
            self._per_peer.count(peer)
        return wait

    async def _refuse(
        self, request: Request, key_id: int, sender: str, why: Refused, *, aside: bool = False
    ) -> Answer:
        """Answers a known sender no, once the attempt is in the intake log.

        Args:
            request: What was sent.
            key_id: With which key.
            sender: Its address.
            why: Why not.
            aside: Without waiting for the store.
        """
        attempt = RefusedAttempt(
            request_id=request.id,
            door=DOOR,
            key_id=key_id,
            code=why.code,
            reason=why.reason,
            body=_shown(request, request.body.decode("utf-8", "replace")),
            peer=sender,
            user_agent=request.once(agent),
            sender=request.once(program),
            media=kept(media_of(request.headers.get("Content-Type", ""))),
            headers=request.once(told),
            idempotency=_once(request) if why.code in _KEPT else None,
            sentence=why.sentence,
            missing=why.missing,
        )
        if aside or why.code == "RATE_LIMITED":
            # Who sends too much must not be able to make the others wait for the store as well.
            self._bridge.note(record_refused, attempt)
        else:
            before = await self._bridge.write(record_refused, attempt)
            if before is not None:
                return _told(before)
        return refusal(
            why.code,
            request.id,
            sentence=why.sentence,
            missing=why.missing,
            retry_after=why.retry_after,
        )


def judge(request: Request, access: Access, key_id: int | None, sender: str) -> OptIn | Refused:
    """Checks 7 to 13: what can be said of a request without the store."""
    if not request.once(json_media):
        return Refused("UNSUPPORTED_MEDIA_TYPE")
    try:
        said = read_object(request.body)
    except MalformedJson as error:
        return Refused("MALFORMED_JSON", str(error))
    try:
        lead = OptInRequest.model_validate(said)
    except ValidationError as error:
        refused = _fault(said, access, error)
        if refused is not None:
            return refused
        lead = mended(said)
    else:
        missing = missing_fields(said)
        if missing:
            return Refused("MISSING_REQUIRED_FIELD", ", ".join(missing), missing)
    if request.once(named_request) is None:
        return _bad_field("Idempotency-Key")
    test = TEST_NUMBERS.get(lead.mobile_phone)
    if test is not None:
        return Refused(test, "test number")
    is_test = lead.mobile_phone == TEST_SUCCESS
    known_number = access.knows_number(lead.opt_in_number_id)
    if not is_test:
        if not known_number:
            return Refused("INVALID_OPT_IN_NUMBER")
        if not is_address(lead.ip_address):
            return _bad_field("ip_address")
    phone = parse_e164(lead.mobile_phone)
    if phone is None:
        return Refused("INVALID_PHONE_FORMAT")
    return OptIn(
        request_id=request.id,
        door=DOOR,
        key_id=key_id,
        phone=phone.e164,
        kind=phone.kind,
        region=phone.region,
        number_id=lead.opt_in_number_id if known_number else SANDBOX,
        first_name=(lead.first_name or "").strip(),
        last_name=(lead.last_name or "").strip(),
        badges=badges_for(lead.ip_address),
        evidence=_evidence(request, lead, sender),
        body=_shown(request, request.body.decode()),
        peer=sender,
        user_agent=request.once(agent),
        idempotency=_once(request),
        test=is_test,
        sender=request.once(program),
        media=JSON_MEDIA,
        headers=request.once(told),
    )


def _told(result: IntakeResult) -> Answer:
    """What the sender reads of the intake's decision."""
    if result.code is not None:
        return refusal(
            result.code, result.request_id, sentence=result.sentence, missing=result.missing
        )
    if result.contact_id is None or result.at is None:
        raise AssertionError("an opt-in was accepted without a contact")
    return accepted(result.request_id, result.contact_id, result.phone, stamp(result.at))


def _once(request: Request) -> Idempotency | None:
    """What the sender calls the request, with a hash of its body; None where it has no name."""
    named = request.once(named_request)
    return Idempotency(named, hashlib.sha256(request.body).digest()) if named else None


def _shown(request: Request, body: str) -> str:
    """A body as the intake log keeps it: as any store takes it, and without the sender's key."""
    body = request.hide(body)
    return body.replace("\x00", "\ufffd") if "\x00" in body else body


def _key_of(request: Request) -> bytes | None:
    """The hash of the API key, which itself nothing that is kept may hold from here on."""
    request.secret, request.secret_name = request.once(one_key) or "", KEY_NAME
    return request.once(key_hash)


def _shut(access: Access, digest: bytes) -> Refused | None:
    """Checks 4 and 6 again, for whom a later check would turn away by an older snapshot."""
    if digest not in access.keys:
        return Refused("INVALID_API_KEY")
    if access.integration_id is None:
        return Refused("INTEGRATION_NOT_FOUND")
    return None if access.active else Refused("INTEGRATION_INACTIVE")


def _fault(said: dict[str, Any], access: Access, error: ValidationError) -> Refused | None:
    """Checks 9 to 13 where the body is not of the documented shape.

    Returns:
        Why it is refused; None for the test number that succeeds every time.
    """
    missing = missing_fields(said)
    if missing:
        return Refused("MISSING_REQUIRED_FIELD", ", ".join(missing), missing)
    phone, number_id = said["mobile_phone"], said["opt_in_number_id"]
    if isinstance(phone, str) and phone in TEST_NUMBERS:
        return Refused(TEST_NUMBERS[phone], "test number")
    if phone == TEST_SUCCESS:
        return None
    if not isinstance(number_id, str) or not access.knows_number(number_id):
        return Refused("INVALID_OPT_IN_NUMBER")
    faults = [str(fault["loc"][0]) for fault in error.errors(include_input=False) if fault["loc"]]
    bad = first_bad_field(said, faults)
    return _bad_field(bad) if bad else Refused("INVALID_PHONE_FORMAT")


def _bad_field(name: str) -> Refused:
    return Refused("INVALID_FIELD", name, sentence=f"Invalid field: {name}")


def _evidence(request: Request, lead: OptInRequest, sender: str) -> dict[str, Any]:
    """What was said and what was seen, kept apart."""
    chain = request.once(forwarded_chain)
    evidence: dict[str, Any] = {
        "written_phone": lead.mobile_phone,
        "claimed_ip": lead.ip_address,
        "user_agent": lead.user_agent,
        "peer": request.peer,
    }
    if sender != request.peer:
        evidence["sender"] = sender
    if chain:
        evidence["forwarded"] = chain
    if lead.source_url:
        evidence["source_url"] = lead.source_url
    if lead.consent_text:
        evidence["consent_text"] = lead.consent_text
    if lead.model_extra:
        evidence["more"] = lead.model_extra
    return cast("dict[str, Any]", request.hide_in(evidence))
