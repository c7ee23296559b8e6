"""A refused attempt, mended or not, once more through the checks of its door."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from multidict import CIMultiDict, CIMultiDictProxy
from sqlalchemy.engine import Connection

from server.answers import CODES
from server.doors import api, hook_lead
from server.doors.verdict import Refused as Verdict
from server.mapping.flatten import flatten
from server.mapping.mapper import Fault, known_fields, map_lead
from server.mapping.numbers import Unreadable as UnreadablePhone
from server.mapping.reading import Body, Unreadable, read_text
from server.mapping.shapes import straightened
from server.request import Request
from server.site import API_PATH, HOOK_PATH
from storage.access import Access, load_access
from storage.changes import record
from storage.errors import NotFound, Refused
from storage.ids import public
from storage.intake import take_in
from storage.leads import IntakeResult, OptIn
from storage.mapping_rules import FIELDS, Pair, Replayed, Rule, Tried
from storage.refused_attempts import RefusedAttempt, record_refused
from storage.replays import Kept, kept, mendable
from storage.store import Store
from storage.times import stamp
from storage.words import SYSTEM, Actor

MENDED = "mended"
"""The member of a hook's body that holds the values a person gave."""


@dataclass(slots=True)
class _Again:
    """An attempt on its second way."""

    row: Kept
    access: Access
    text: str
    said: Mapping[str, str]
    who: Actor
    phone: str = ""
    """Whom it is about, once that is read."""
    number_id: str = ""

    @property
    def changed(self) -> bool:
        """Whether a person mended it."""
        return bool(self.said) or self.text != self.row.body


def replay(
    store: Store,
    attempt_id: int,
    body: str | None,
    who: Actor,
    said: Mapping[str, str] | None = None,
) -> Replayed:
    """Sends a refused attempt through its door's checks again, from the reading of its body on.

    What became of it is a new attempt that names the old one, and an act of the person.

    Args:
        store: Where the attempt is.
        attempt_id: The attempt.
        body: The mended body, or None for the one that was kept.
        who: By whose hand.
        said: Values that a person gives, by field: of `FIELDS` for the hook door, of the body
            for the API door.

    Raises:
        Refused: It was accepted, at first or on another replay, or the integration is off.
        NotFound: There is no such attempt, or no integration.
    """
    return store.do(lambda conn: _replay(conn, attempt_id, body, who, said or {}))


def _replay(
    conn: Connection, attempt_id: int, body: str | None, who: Actor, said: Mapping[str, str]
) -> Replayed:
    row = mendable(conn, attempt_id)
    access = load_access(conn)
    if access.integration_id is None:
        raise NotFound("There is no Opt-In API.", "Add it first: optdesk integration add")
    if not access.active:
        raise Refused(
            "The Opt-In API is switched off, so nothing is taken in.",
            "Switch it on first: optdesk integration on",
        )
    again = _Again(row, access, row.body if body is None else body, said, who)
    judged, request, text = (_at_hook if row.door == hook_lead.DOOR else _at_api)(again)
    record(
        conn,
        who,
        "attempt.replay",
        subject=public("req", attempt_id),
        details={"request": public("req", request.id), "mended": again.changed},
    )
    if isinstance(judged, Verdict):
        record_refused(conn, [_refused(again, request, judged, text)])
        return Replayed(request.id, "refused", judged.code, None, _why(judged))
    return _told(take_in(conn, [_mended(again, judged)])[0], request.id)


def _at_hook(again: _Again) -> tuple[OptIn | Verdict, Request, str]:
    unknown = [name for name in again.said if name not in FIELDS]
    if unknown:
        raise Refused(
            f"There is no field “{unknown[0]}” at the hook door.",
            f"Fields are: {', '.join(FIELDS)}.",
        )
    request = _request(again, "POST", HOOK_PATH)
    knock = hook_lead.Knock(request, again.row.peer, sender=again.row.sender)
    try:
        read = read_text(again.text, again.row.media)
    except Unreadable as error:
        if not again.said:
            return hook_lead.refused(error.code, error.reason), request, again.text
        read = Body({}, again.text)
    access = again.access
    if again.said:
        tree = {MENDED: dict(again.said), "body": read.tree}
        read = Body(tree, json.dumps(tree, ensure_ascii=False))
        rules = [Rule(name, f"{MENDED}/{name}") for name in again.said]
        below = [Rule(rule.field, f"body/{rule.path}") for rule in access.options.rules]
        options = replace(access.options, rules=(*rules, *below))
        access = replace(access, options=options)
    knock.body = read
    judged = hook_lead.judge(knock, access)
    again.phone, again.number_id = knock.phone, knock.number_id
    return judged, request, knock.text()


def _at_api(again: _Again) -> tuple[OptIn | Verdict, Request, str]:
    text = again.text
    if again.said:
        try:
            tree = json.loads(text or "{}")
        except ValueError:
            tree = {}
        text = json.dumps((tree if isinstance(tree, dict) else {}) | dict(again.said))
    request = _request(again, "PUT", API_PATH)
    request.body = text.encode("utf-8", "replace")
    return api.judge(request, again.access, None, again.row.peer), request, text


def _request(again: _Again, method: str, path: str) -> Request:
    """The request as the intake log knows it."""
    row = again.row
    try:
        said = json.loads(row.headers or "{}")
    except ValueError:
        said = {}
    headers = CIMultiDict({str(name): str(value) for name, value in dict(said).items()})
    # It is a person who sends it now, once, and JSON or a form as it was kept.
    for name in ("Content-Encoding", "Idempotency-Key", "X-Api", "X-Api-Key"):
        headers.popall(name, None)
    headers["Content-Type"] = row.media or "application/json"
    if path == API_PATH:
        headers["Content-Type"] = "application/json"
    if row.user_agent:
        headers["User-Agent"] = row.user_agent
    return Request(method, path, CIMultiDictProxy(headers), row.peer)


def _mended(again: _Again, lead: OptIn) -> OptIn:
    row = again.row
    evidence = lead.evidence | {
        "replay_of": public("req", row.id),
        "received_at": stamp(row.at),
        "replayed_by": again.who.name,
        "mended": again.changed,
    }
    return replace(
        lead,
        evidence=evidence,
        sender=row.sender,
        media=row.media,
        headers=row.headers,
        idempotency=None,
        judged_by=None,
        replay_of=row.id,
    )


def _refused(again: _Again, request: Request, why: Verdict, text: str) -> RefusedAttempt:
    row = again.row
    return RefusedAttempt(
        request_id=request.id,
        door=row.door,
        key_id=None,
        code=why.code,
        reason=why.reason,
        body=text.replace("\x00", "\ufffd"),
        peer=row.peer,
        user_agent=row.user_agent,
        sender=row.sender,
        media=row.media,
        headers=row.headers,
        replay_of=row.id,
        phone=again.phone,
        number_id=again.number_id,
    )


def _told(result: IntakeResult, request_id: int) -> Replayed:
    if result.code not in (None, "ALREADY_OPTED_IN"):
        sentence = f"Still refused: {CODES[str(result.code)].sentence}."
        return Replayed(request_id, "refused", str(result.code), None, sentence)
    known = result.code is not None
    sentence = f"{result.phone} had opted in already." if known else f"{result.phone} is taken in."
    return Replayed(request_id, result.outcome, result.code or "", result.contact_id, sentence)


def _why(judged: Verdict) -> str:
    """A refusal as a sentence. The reason may name fields; it never quotes a sender."""
    sentence = judged.sentence or CODES[judged.code].sentence
    if judged.missing:
        return f"Still refused: {CODES[judged.code].sentence}{', '.join(judged.missing)}."
    told = judged.reason.casefold() in sentence.casefold()
    about = "" if told else f" ({judged.reason})"
    return f"Still refused: {sentence}{about}."


def _bare(judged: Verdict) -> str:
    """The same for what was not refused before."""
    return _why(judged).removeprefix("Still refused: ")


# Mapping by example.


def pairs(body: str, media: str, region: str = "US") -> list[Pair]:
    """Every value in a captured body, in its order; none where it cannot be read."""
    try:
        tree = read_text(body, media).tree
    except Unreadable:
        return []
    leaves = flatten(straightened(tree))
    known = known_fields(leaves, region)
    return [
        Pair(leaf.path, leaf.names[0] if leaf.names else "", leaf.text, known.get(id(leaf), ""))
        for leaf in leaves
    ]


def try_rules(store: Store, rules: Sequence[Rule], attempts: Sequence[int]) -> list[Tried]:
    """What the hook door would make of captured attempts under other rules. Changes nothing."""
    with store.read() as conn:
        access = load_access(conn)
        found = kept(conn, attempts)
    return [_try(row, rules, access) for row in found if row.door == hook_lead.DOOR]


def _try(row: Kept, rules: Sequence[Rule], access: Access) -> Tried:
    try:
        tree = read_text(row.body, row.media).tree
    except Unreadable as error:
        return Tried(row.id, False, "", "", "", f"The body cannot be read: {error.reason}.")
    mapped = map_lead(tree, rules, access.default_region)
    if isinstance(mapped, Fault):
        return Tried(row.id, False, "", "", "", _bare(hook_lead.fault(mapped)))
    first, last = mapped.first_name, mapped.last_name
    if isinstance(mapped.phone, UnreadablePhone):
        sentence = f"The phone cannot be read: {mapped.phone.reason}."
        return Tried(row.id, False, first, last, "", sentence)
    phone = mapped.phone.e164
    options = replace(access.options, rules=tuple(rules))
    judged, *_ = _at_hook(_Again(row, replace(access, options=options), row.body, {}, SYSTEM))
    if isinstance(judged, Verdict):
        return Tried(row.id, False, first, last, phone, _bare(judged))
    return Tried(row.id, True, first, last, phone, f"{first} {last}, {phone}")
