"""Twilio: texts go out through its API, and its callbacks are believed when it signed them."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import ClientConnectorError, ClientPayloadError, ClientResponse, ClientSession
from multidict import MultiDict
from sqlalchemy.engine import Connection
from twilio.base.exceptions import TwilioRestException, TwilioServiceException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from server.gateways.base import Callbacks, Gateway, Report, StatusReport
from server.gateways.simulated import SimulatedGateway
from server.settings import ListenerSettings
from storage import numbers
from storage.access import SANDBOX
from storage.errors import WrongUsage
from storage.inbound import Inbound
from storage.keywords import Meaning
from storage.phones import parse_e164
from storage.store import Store
from storage.texts import Outgoing, Receipt

NAME = "twilio"
API = "https://api.twilio.com"

_SECONDS = 15.0
"""How long Twilio may take to answer; after that nobody knows whether it took the text."""

_LONGEST_ANSWER = 1 << 18
"""Bytes of an answer; Twilio's have some 2,000."""

_PIECE = 1 << 14

_AT_ONCE = 16

_START_SECONDS = 10.0
"""How long after the claim a text may still be handed over: its answer has to come within what a
claim lasts. What is left goes back, and is claimed again."""

_IN_VAIN = 5
"""Texts in a row without an answer after which the rest of those claimed together goes back."""

_BLOCKED = frozenset({21610})
_LANDLINE = frozenset({21614, 30006})
_BUSY = frozenset({20429, 14107, 30001, 30022, 63038})
"""Twilio took nothing and says to come back later."""
_SHUT = frozenset({20003, 20005, 20008})
"""The account is wrong or suspended: no text goes out before a person mends that."""

_DELIVERED = frozenset({"delivered", "read"})
_LOST = frozenset({"undelivered", "failed", "canceled"})

_SID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SIGNATURE = re.compile(r"[A-Za-z0-9+/]{27}=")


class Unreadable(Exception):
    """Twilio's address answered something that is not Twilio's.

    Args:
        status: The HTTP status.
    """

    def __init__(self, status: int) -> None:
        super().__init__(f"an answer that cannot be read, with status {status}")
        self.status = status


class _Answer(ClientResponse):
    """An answer of which no more is read than Twilio has to say."""

    async def read(self) -> bytes:
        """All of it.

        Raises:
            ClientPayloadError: It has no end, or may have none.
        """
        if self._body is None:
            try:
                self._body = await self._all()
            except BaseException:
                self.close()
                raise
        return self._body

    async def _all(self) -> bytes:
        said = bytearray()
        async for piece in self.content.iter_chunked(_PIECE):
            said += piece
            if len(said) > _LONGEST_ANSWER:
                raise ClientPayloadError("an answer without end")
        return bytes(said)


class _Http(AsyncTwilioHttpClient):  # type: ignore[misc]
    """Twilio's own client, for another address where tests want one."""

    def __init__(self, api: str) -> None:
        super().__init__(pool_connections=False, timeout=_SECONDS)
        self.session = ClientSession(response_class=_Answer)
        self._api = api
        self.logger.disabled = True

    async def request(self, method: str, url: str, **more: Any) -> Any:
        more["timeout"] = _SECONDS
        if auth := more.pop("auth", None):
            # As a header: aiohttp no longer wants to be given it in Twilio's way.
            more["headers"] = {**(more.get("headers") or {}), "Authorization": _basic(*auth)}
        response = await super().request(method, url.replace(API, self._api, 1), **more)
        try:
            json.loads(response.text)
        except ValueError:
            raise Unreadable(response.status_code) from None
        return response


def _basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


@dataclass
class _Turn:
    """Texts that were claimed together."""

    until: float
    """On the loop's clock: none is handed over later."""
    in_vain: int = 0
    """How many in a row were not answered."""


class TwilioGateway(Gateway, Callbacks):
    """Hands texts to Twilio.

    Args:
        store: Knows our numbers.
        settings: Account, secret and addresses.
    """

    name = NAME

    def __init__(self, store: Store, settings: ListenerSettings) -> None:
        if not (settings.twilio_account and settings.twilio_token):
            raise WrongUsage(
                "The gateway twilio needs an account and its secret.",
                "Set twilio_account, and OPTDESK_TWILIO_TOKEN or twilio_token_file.",
            )
        self._store = store
        self._account = settings.twilio_account
        self._token = settings.twilio_token
        self._api = settings.twilio_api_url
        self._callback = (
            f"{settings.public_base_url}/gateway/{NAME}/status" if settings.public_base_url else ""
        )
        self._validator = RequestValidator(settings.twilio_token)
        self._sandbox = SimulatedGateway(store)
        self._client: Any = None
        self._http: _Http | None = None
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def open(self, report: Report) -> None:
        """Begins."""
        await self._sandbox.open(report)
        self._http = _Http(self._api)
        self._client = Client(self._account, self._token, http_client=self._http)

    async def close(self) -> None:
        """Ends."""
        await self._sandbox.close()
        if self._http is not None:
            await self._http.close()

    def consult(self, conn: Connection) -> None:
        """Test numbers are the sandbox's."""
        self._sandbox.consult(conn)

    async def hand_over(self, texts: Sequence[Outgoing]) -> list[Receipt]:
        """Sends texts; those of the sandbox number go to the simulated gateway."""
        simulated = [text for text in texts if text.number_id == SANDBOX]
        real = [text for text in texts if text.number_id != SANDBOX]
        if not real:
            return await self._sandbox.hand_over(simulated)
        ours = await asyncio.get_running_loop().run_in_executor(None, self._numbers)
        turn = _Turn(asyncio.get_running_loop().time() + _START_SECONDS)
        receipts = list(
            await asyncio.gather(
                *[self._in_turn(turn, text, ours.get(text.number_id)) for text in real]
            )
        )
        return receipts + (await self._sandbox.hand_over(simulated) if simulated else [])

    def _numbers(self) -> dict[str, str]:
        with self._store.read() as conn:
            return {row.id: row.phone for row in numbers.listing(conn)}

    async def _in_turn(self, turn: _Turn, text: Outgoing, sender: str | None) -> Receipt:
        async with self._turns:
            if turn.in_vain >= _IN_VAIN or asyncio.get_running_loop().time() > turn.until:
                return _receipt(text, "kept")
            receipt = await self._send(text, sender)
        turn.in_vain = turn.in_vain + 1 if receipt.status in ("retry", "unknown") else 0
        return receipt

    async def _send(self, text: Outgoing, sender: str | None) -> Receipt:
        if sender is None:
            return _receipt(text, "failed", error="the messaging number was removed")
        said: dict[str, str] = {"to": text.phone, "from_": sender, "body": text.body}
        if self._callback:
            said["status_callback"] = self._callback
        try:
            made = await self._client.messages.create_async(**said)
        except (TwilioRestException, TwilioServiceException) as error:
            return _refused(text, error)
        except Unreadable as error:
            # A proxy's page. What it refused never reached Twilio; else nobody can tell.
            status = "retry" if 400 <= error.status < 500 else "unknown"
            return _receipt(text, status, error=str(error))
        except ClientConnectorError as error:
            return _receipt(text, "retry", error=f"no connection: {type(error).__name__}")
        except Exception as error:  # noqa: BLE001 - whatever the library raises concerns this text alone
            return _receipt(text, "unknown", error=f"the answer was lost: {_named(error)}")
        if not (isinstance(made.sid, str) and _SID.fullmatch(made.sid)):
            return _receipt(text, "unknown", error="an answer that names no text")
        # Where nobody can call back, that Twilio took it has to do.
        return _receipt(text, "sent" if self._callback else "accepted", made.sid)

    # What Twilio tells.

    def genuine(self, url: str, signature: str, fields: MultiDict[str]) -> bool:
        """Whether Twilio signed a request."""
        return bool(
            _SIGNATURE.fullmatch(signature) and self._validator.validate(url, fields, signature)
        )

    signature_header = "X-Twilio-Signature"

    def status_of(self, fields: MultiDict[str]) -> StatusReport | None:
        """What a status callback says, or None where it moves nothing."""
        sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
        said = (fields.get("MessageStatus") or fields.get("SmsStatus") or "").lower()
        code = _number(fields.get("ErrorCode", ""))
        if not sid or len(sid) > 64:
            return None
        if said in _DELIVERED:
            status = "delivered"
        elif said in _LOST:
            status = _sorted(code)
        else:
            return None
        error = f"Twilio error {code}" if code else ("" if status == "delivered" else said)
        return StatusReport(NAME, sid, fields.get("To", "")[:20], status, error)

    def inbound_of(self, fields: MultiDict[str]) -> Inbound | None:
        """The text that a callback brings, or None where nobody can be answered."""
        phone = parse_e164(fields.get("From", "").strip())
        sid = fields.get("MessageSid") or fields.get("SmsSid") or ""
        if phone is None or not sid or len(sid) > 64:
            return None
        meant = fields.get("OptOutType", "").lower()
        return Inbound(
            NAME,
            sid,
            phone.e164,
            fields.get("To", "")[:20],
            fields.get("Body", ""),
            Meaning(meant) if meant in ("stop", "start", "help") else None,
        )


def _refused(text: Outgoing, error: Any) -> Receipt:
    """What an error of Twilio's means for a text."""
    code, status = _number(str(error.code or "")), int(error.status or 0)
    reason = f"Twilio error {code or status}"
    if code in _SHUT or status == 401:
        return _receipt(text, "retry", error=f"{reason}: the account or its secret is refused")
    if code in _BUSY or status in (429, 503):
        return _receipt(text, "retry", error=f"{reason}: busy")
    if status >= 500:
        return _receipt(text, "unknown", error=f"{reason}: the answer was lost")
    return _receipt(text, _sorted(code), error=reason)


def _sorted(code: int) -> str:
    if code in _BLOCKED:
        return "blocked"
    return "landline" if code in _LANDLINE else "failed"


def _receipt(text: Outgoing, status: str, sid: str = "", error: str = "") -> Receipt:
    return Receipt(text.message_id, status, sid, error, NAME)


def _number(written: str) -> int:
    return int(written) if written.isascii() and written.isdigit() and len(written) < 9 else 0


def _named(error: Exception) -> str:
    return "no answer in time" if isinstance(error, TimeoutError) else type(error).__name__
