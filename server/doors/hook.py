"""The hook door: the secret URL for forms and automation tools."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable
from contextlib import suppress
from hmac import compare_digest

from server.answers import Answer, accepted, refusal
from server.bridge import Bridge
from server.doors.hook_lead import Knock, judge
from server.doors.retired import RetiredUrls
from server.doors.unread import unread
from server.doors.verdict import Refused
from server.doors.visitor import for_visitor, is_visitor
from server.keeper import AccessKeeper
from server.peers import Proxies, block_of
from server.rates import Rates
from server.request import Request
from server.site import HOOK_PATH, Beginning
from storage.access import Access, credential_hash
from storage.errors import StoreError
from storage.intake import STALE, take_in
from storage.leads import IntakeResult, OptIn
from storage.refused_attempts import record_refused
from storage.texts import Outgoing
from storage.times import stamp
from storage.words import UNTEXTED

METHODS = frozenset({"PUT", "POST"})
_ALLOW = b"Allow: POST, PUT\r\n"

_LARGE = 64 * 1024
"""Bytes of a body that is judged aside: to find a person among 300,000 fields takes seconds."""


class HookDoor:
    """Takes in what forms and automation tools post to the secret URL.

    Args:
        keeper: Who may come in.
        bridge: To the store.
        text_waits: Called when a lead came in that is to be texted.
        per_key: Limits the URL.
        per_peer: Limits each address.
        proxies: Whose word about a sender's address counts.
        retired: Answers at URLs that no longer work, or never did.
    """

    def __init__(
        self,
        keeper: AccessKeeper,
        bridge: Bridge,
        text_waits: Callable[[Outgoing | None], None],
        per_key: Rates,
        per_peer: Rates,
        proxies: Proxies,
        retired: RetiredUrls,
    ) -> None:
        self._keeper = keeper
        self._bridge = bridge
        self._text_waits = text_waits
        self._per_key = per_key
        self._per_peer = per_peer
        self._proxies = proxies
        self._retired = retired
        self._aside = asyncio.Lock()

    async def early(self, request: Request) -> Answer | None:
        """Checks 1 and 2, which need no body: the address, then the method."""
        request.secret, request.secret_name = _token(request), "[secret URL]"
        request.credential = credential_hash(request.secret)
        try:
            access = self._keeper.current
            if not _opens(access, request):
                access = await self._keeper.reread()
        except StoreError:
            return refusal("STORE_UNAVAILABLE", request.id)
        if not _opens(access, request):
            return await self._retired.answer(request)
        if request.method not in METHODS:
            return refusal("METHOD_NOT_ALLOWED", request.id, extra=_ALLOW)
        return None

    async def answer(self, request: Request) -> Answer:
        """Answers a request, after the commit that holds what is said of it."""
        try:
            return await self._answer(request)
        except StoreError:
            return refusal("STORE_UNAVAILABLE", request.id)

    async def keep_unread(self, request: Request, code: str, begin: Beginning) -> None:
        """Keeps a request at the live URL in the log whose body could not be read whole."""
        # Whoever came so far was let in by `early`.
        request.body = await begin()
        address = self._sender(request)
        knock = Knock(request, address)
        crowded = self._wait(self._keeper.current, address) > 0
        with suppress(StoreError):
            await self._refuse(knock, unread(request, code), aside=crowded)

    def dress(self, request: Request, answer: Answer) -> Answer:
        """A page instead of JSON for a person whose browser posted a form."""
        if not is_visitor(request):
            return answer
        missing: tuple[str, ...] = ()
        if answer.code == "MISSING_REQUIRED_FIELD":
            missing = tuple(json.loads(answer.body).get("missing_fields", ()))
        return for_visitor(answer, self._keeper.current.options, missing)

    async def _answer(self, request: Request) -> Answer:
        access, looked = self._keeper.current, False
        if not (_opens(access, request) and access.active):
            access, looked = await self._keeper.reread(), True
        if not _opens(access, request):
            # While the body arrived, the URL was regenerated.
            return await self._retired.answer(request)
        address = self._sender(request)
        knock = Knock(request, address)
        refused = self._closed(access, address)
        if refused is not None:
            return await self._refuse(knock, refused)
        return await self._judged(knock, access, looked=looked)

    async def _judged(self, knock: Knock, access: Access, *, looked: bool) -> Answer:
        """Checks 7 to 15, by what is true when the store decides."""
        while True:
            if not access.active:
                refused: OptIn | Refused = Refused("INTEGRATION_INACTIVE")
            elif len(knock.request.body) < _LARGE:
                refused = judge(knock, access)
            else:
                refused = await self._judge_aside(knock, access)
            if isinstance(refused, OptIn):
                result = await self._bridge.write(take_in, refused)
                if result.code is None and refused.kind not in UNTEXTED:
                    self._text_waits(result.text)
                if result.code not in (STALE, "INTEGRATION_NOT_FOUND"):
                    return told(result)
            elif looked:
                return await self._refuse(knock, refused)
            access, looked = await self._keeper.reread(), True
            if not _opens(access, knock.request):
                return await self._retired.answer(knock.request)

    async def _judge_aside(self, knock: Knock, access: Access) -> OptIn | Refused:
        """Judges in a thread what takes long, one after the other, while others are answered."""
        async with self._aside:
            return await asyncio.get_running_loop().run_in_executor(None, judge, knock, access)

    def _closed(self, access: Access, address: str) -> Refused | None:
        """Checks 5 and 6: whether anybody may come in now, and this one."""
        wait = self._wait(access, address)
        if wait > 0:
            return Refused("RATE_LIMITED", retry_after=math.ceil(wait))
        return None if access.active else Refused("INTEGRATION_INACTIVE")

    def _sender(self, request: Request) -> str:
        return self._proxies.sender(request.peer, request.headers.getall("X-Forwarded-For", ()))

    def _wait(self, access: Access, address: str) -> float:
        """Seconds that a request comes too early; counts one that does not."""
        url, peer = ("hook", access.integration_id), block_of(address)
        wait = max(self._per_key.wait(url), self._per_peer.wait(peer))
        if wait <= 0:
            self._per_key.count(url)
            self._per_peer.count(peer)
        return wait

    async def _refuse(self, knock: Knock, why: Refused, *, aside: bool = False) -> Answer:
        """Answers no, once the attempt is in the intake log.

        Args:
            knock: The request.
            why: Why not.
            aside: Without waiting for the store.
        """
        attempt = knock.refused(why)
        if aside or why.code == "RATE_LIMITED":
            # Who sends too much must not be able to make the others wait for the store as well.
            self._bridge.note(record_refused, attempt)
        else:
            await self._bridge.write(record_refused, attempt)
        return refusal(
            why.code,
            knock.request.id,
            sentence=why.sentence,
            missing=why.missing,
            retry_after=why.retry_after,
        )


def told(result: IntakeResult) -> Answer:
    """What the sender reads of the intake's decision: a duplicate is a success here."""
    duplicate = result.code == "ALREADY_OPTED_IN"
    if result.code is not None and not duplicate:
        return refusal(result.code, result.request_id)
    if result.contact_id is None or result.at is None:
        raise AssertionError("an opt-in was accepted without a contact")
    return accepted(
        result.request_id, result.contact_id, result.phone, stamp(result.at), duplicate=duplicate
    )


def _token(request: Request) -> str:
    return request.path.removeprefix(HOOK_PATH).removesuffix("/")


def _opens(access: Access, request: Request) -> bool:
    """Whether a request has the live secret. Hashes are compared, which leaks no timing."""
    return access.token_hash is not None and compare_digest(access.token_hash, request.credential)
