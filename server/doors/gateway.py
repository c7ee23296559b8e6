"""The gateway door: what the provider tells of texts, and the texts that people send.

It is never off. Whatever comes in is believed only when the provider signed it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl

from multidict import MultiDict
from sqlalchemy.engine import Connection

from server.answers import Answer, refusal
from server.bridge import Bridge
from server.gateways.base import Callbacks, StatusReport
from server.request import Request
from server.site import Route
from storage.errors import StoreError
from storage.inbound import Inbound, Received, receive
from storage.jobs import urgent
from storage.messages import message_of, settle
from storage.texts import Outgoing, Receipt

_MOST_FIELDS = 200
_LOOKS = (0.0, 0.2, 0.8)
"""Pauses before a report is looked for again: it may be quicker than what it reports on."""

_EMPTY = b'<?xml version="1.0" encoding="UTF-8"?><Response/>'
_XML = b"text/xml; charset=utf-8"
_POST = frozenset({"POST"})


@urgent
def receive_all(conn: Connection, texts: Sequence[Inbound]) -> Sequence[Received]:
    """Takes texts in; who says STOP waits for nobody. A batch verb."""
    return [receive(conn, text) for text in texts]


def settle_reports(conn: Connection, reports: Sequence[StatusReport]) -> Sequence[bool]:
    """Moves texts on as reported; returns for each whether it is about a text of ours."""
    found = [
        message_of(conn, report.gateway, report.provider_id, report.phone) for report in reports
    ]
    receipts = [
        Receipt(ident, report.status, report.provider_id, report.error, report.gateway)
        for ident, report in zip(found, reports, strict=True)
        if ident is not None
    ]
    # One by one, in the order they came: several may be about the same text.
    for receipt in receipts:
        settle(conn, [receipt])
    return [ident is not None for ident in found]


class GatewayDoor:
    """Answers the provider.

    Args:
        name: The gateway's.
        callbacks: Knows its signature and its words.
        bridge: To the store.
        base_url: The address that the provider calls and signs.
        text_waits: Called when an answer is to be sent.
    """

    def __init__(
        self,
        name: str,
        callbacks: Callbacks,
        bridge: Bridge,
        base_url: str,
        text_waits: Callable[[Outgoing | None], None],
    ) -> None:
        self._name = name
        self._callbacks = callbacks
        self._bridge = bridge
        self._base_url = base_url
        self._text_waits = text_waits

    def routes(self) -> dict[str, Route]:
        """Its addresses."""
        return {
            f"/gateway/{self._name}/status": Route("gateway", _POST, self._status),
            f"/gateway/{self._name}/inbound": Route("gateway", _POST, self._inbound),
        }

    def _read(self, request: Request) -> MultiDict[str] | Answer:
        """The fields of a genuine request, or why it is turned away."""
        signatures = request.headers.getall(self._callbacks.signature_header, [])
        if len(signatures) != 1:
            return refusal("INVALID_SIGNATURE", request.id)
        try:
            pairs = parse_qsl(
                request.body.decode(),
                keep_blank_values=True,
                max_num_fields=_MOST_FIELDS,
                errors="strict",
            )
        except ValueError:
            return refusal("INVALID_SIGNATURE", request.id)
        fields = MultiDict(pairs)
        base = self._base_url or "http://" + request.said("Host")
        if not self._callbacks.genuine(base + request.path + request.query, signatures[0], fields):
            return refusal("INVALID_SIGNATURE", request.id)
        return MultiDict(
            (name, value.encode("utf-8", "replace").decode().replace("\x00", "\ufffd"))
            for name, value in pairs
        )

    async def _status(self, request: Request) -> Answer:
        fields = self._read(request)
        if isinstance(fields, Answer):
            return fields
        report = self._callbacks.status_of(fields)
        if report is not None:
            try:
                await self._settle(report)
            except StoreError:
                return refusal("STORE_UNAVAILABLE", request.id)
        return Answer(200, _EMPTY, request.id, content_type=_XML)

    async def _settle(self, report: StatusReport) -> None:
        for pause in _LOOKS:
            await asyncio.sleep(pause)
            if await self._bridge.write(settle_reports, report):
                return

    async def _inbound(self, request: Request) -> Answer:
        fields = self._read(request)
        if isinstance(fields, Answer):
            return fields
        text = self._callbacks.inbound_of(fields)
        if text is not None:
            try:
                received = await self._bridge.write(receive_all, text)
            except StoreError:
                return refusal("STORE_UNAVAILABLE", request.id)
            if received.reply or received.changed:
                self._text_waits(None)
        return Answer(200, _EMPTY, request.id, content_type=_XML)
