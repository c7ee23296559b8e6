"""The hook door's checks of one request, from its media type on: what needs no store."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from server.doors.api import TEST_NUMBERS, TEST_SUCCESS
from server.doors.facts import telling
from server.doors.fields import badges_for, is_address
from server.doors.headers import named_request
from server.doors.verdict import Refused
from server.doors.visitor import is_visitor
from server.mapping.charsets import shown
from server.mapping.mapper import Fault, Mapped, map_lead
from server.mapping.numbers import Unreadable as UnreadablePhone
from server.mapping.reading import Body, Unreadable, charset_of, media_of, read_body
from server.mapping.recognise import recognise
from server.request import Request, kept
from storage.access import SANDBOX, Access
from storage.leads import Idempotency, OptIn
from storage.refusals import HOOK_SENTENCES
from storage.refused_attempts import RefusedAttempt

DOOR = "hook"

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(slots=True)
class Knock:
    """A request at the hook door with what is known of it so far."""

    request: Request
    address: str
    """The sender's, as trusted proxies tell it."""
    body: Body | None = None
    sender: str = ""
    """The recognised sender."""
    phone: str = ""
    """Whom it is about, in E.164, once that is read."""
    number_id: str = ""
    """The messaging number that it is for, once that is known."""

    @property
    def media_said(self) -> str:
        """The media type with its parameters."""
        return self.request.headers.get("Content-Type", "")

    def text(self) -> str:
        """The body as the intake log keeps it: readable, and without the secret."""
        if self.body is None and media_of(self.media_said) == "multipart/form-data":
            with suppress(Unreadable):
                self.body = read_body(self.request.body, self.media_said)
        text = (
            self.body.text if self.body else shown(self.request.body, charset_of(self.media_said))
        )
        text = self.request.hide(text)
        return text.replace("\x00", "\ufffd") if "\x00" in text else text

    def refused(self, why: Refused) -> RefusedAttempt:
        """The attempt for the intake log."""
        agent = self.request.said("User-Agent")
        return RefusedAttempt(
            request_id=self.request.id,
            door=DOOR,
            key_id=None,
            code=why.code,
            reason=why.reason,
            body=self.text(),
            peer=self.address,
            user_agent=agent,
            sender=self.sender or recognise(agent, self.body.tree if self.body else None),
            media=kept(media_of(self.media_said)),
            headers=telling(self.request.headers, self.request.secret, self.request.secret_name),
            phone=self.phone,
            number_id=self.number_id,
        )


def judge(knock: Knock, access: Access) -> OptIn | Refused:
    """Checks 7 to 13: what can be said of a request without the store."""
    request = knock.request
    if request.headers.get("Content-Encoding", "identity").strip().lower() != "identity":
        return refused("UNSUPPORTED_MEDIA_TYPE", "the body is compressed")
    if knock.body is None:
        try:
            knock.body = read_body(request.body, knock.media_said)
        except Unreadable as error:
            return refused(error.code, error.reason)
    knock.sender = recognise(request.headers.get("User-Agent", ""), knock.body.tree)
    mapped = map_lead(knock.body.tree, access.options.rules, access.default_region)
    if isinstance(mapped, Fault):
        knock.phone, knock.number_id = mapped.phone, access.number_id
        return fault(mapped)
    return _lead(knock, mapped, access)


def refused(code: str, reason: str = "") -> Refused:
    """A refusal in the hook door's words."""
    return Refused(code, reason, sentence=HOOK_SENTENCES.get(code, ""))


def fault(found: Fault) -> Refused:
    """A refusal for what the mapping could not do."""
    if found.code == "MISSING_REQUIRED_FIELD":
        return Refused(found.code, found.reason, found.fields)
    return Refused(found.code, found.reason, sentence=f"Ambiguous field: {found.fields[0]}")


def _lead(knock: Knock, mapped: Mapped, access: Access) -> OptIn | Refused:
    """Checks 10 to 13."""
    phone, told = mapped.phone, mapped.told
    e164 = "" if isinstance(phone, UnreadablePhone) else phone.e164
    number_id = told.get("opt_in_number_id") or access.number_id
    knock.phone = e164
    knock.number_id = number_id if number_id.isprintable() else ""
    if e164 in TEST_NUMBERS:
        return Refused(TEST_NUMBERS[e164], "test number")
    is_test = e164 == TEST_SUCCESS
    known_number = access.knows_number(number_id)
    if not known_number and not is_test:
        return Refused("INVALID_OPT_IN_NUMBER")
    for name in ("first_name", "last_name"):
        if _CONTROL.search(getattr(mapped, name)):
            return _bad_field(name)
    if mapped.declined:
        return _bad_field("consent")
    named = named_request(knock.request.headers)
    if named is None:
        return _bad_field("Idempotency-Key")
    if isinstance(phone, UnreadablePhone):
        return Refused("INVALID_PHONE_FORMAT", f"phone: {phone.reason}")
    request = knock.request
    claimed = told.get("ip_address", "")
    return OptIn(
        request_id=request.id,
        door=DOOR,
        key_id=None,
        phone=phone.e164,
        kind=phone.kind,
        region=phone.region,
        number_id=number_id if known_number else SANDBOX,
        first_name=mapped.first_name,
        last_name=mapped.last_name,
        badges=badges_for(claimed) if is_address(claimed) else 0,
        evidence=_evidence(knock, mapped),
        body=knock.text(),
        peer=knock.address,
        user_agent=request.said("User-Agent"),
        idempotency=_once(named or told.get("submission_id", ""), phone.e164),
        test=is_test,
        sender=knock.sender,
        media=kept(media_of(knock.media_said)),
        headers=telling(request.headers, request.secret, request.secret_name),
        judged_by=access.seq,
    )


def _bad_field(name: str) -> Refused:
    return Refused("INVALID_FIELD", name, sentence=f"Invalid field: {name}")


def _once(name: str, phone: str) -> Idempotency | None:
    """A submission's name, so that its retries get the first answer.

    It counts together with the phone: what a sender calls a submission may be its form.
    """
    if not name:
        return None
    digest = hashlib.sha256(f"{name}\n{phone}".encode("utf-8", "replace"))
    return Idempotency(f"hook {digest.hexdigest()[:40]}", digest.digest())


def _evidence(knock: Knock, mapped: Mapped) -> dict[str, Any]:
    """What was said and what was seen, kept apart."""
    request, told = knock.request, mapped.told
    evidence: dict[str, Any] = {
        "method": request.method,
        "written_phone": mapped.written_phone,
        "peer": request.peer,
    }
    if knock.address != request.peer:
        evidence["sender"] = knock.address
    forwarded = request.said("X-Forwarded-For")
    if forwarded:
        evidence["forwarded"] = forwarded
    if knock.sender:
        evidence["tool"] = knock.sender
    if "ip_address" in told:
        evidence["claimed_ip"] = told["ip_address"]
    for name in ("user_agent", "source_url", "consent_text", "submission_id"):
        if name in told:
            evidence[name] = told[name]
    if is_visitor(request):
        # The person's own browser: what it says of itself is what a sender else would report.
        evidence.setdefault("user_agent", request.said("User-Agent"))
        page = request.said("Referer")
        if page:
            evidence.setdefault("source_url", page)
    if mapped.more:
        evidence["more"] = mapped.more
    return cast("dict[str, Any]", request.hide_in(evidence))
