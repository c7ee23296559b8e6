"""TLS without a proxy: the certificate, and connections that have yet to agree on keys."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, cast

from server.log import logger
from storage.errors import WrongUsage

if TYPE_CHECKING:
    from server.connection import Connection
    from server.frontdoor import FrontDoor

_LOOK_SECONDS = 1.0
"""How often the files are looked at: who renews a certificate need not tell anybody."""

_log = logger("tls")


class Certificate:
    """A certificate with its key, read again when its files change.

    Args:
        cert: The file with the certificate, and those between it and its root.
        key: The file with the private key; empty where it stands in the same file.

    Raises:
        WrongUsage: A file cannot be used; the sentence names it.
    """

    def __init__(self, cert: str, key: str = "") -> None:
        self._cert = cert
        self._key = key or cert
        self._looked = time.monotonic()
        self._stamp = self._present()
        self._context = _load(self._cert, self._key)

    @property
    def context(self) -> ssl.SSLContext:
        """For the next connection. Files that cannot be used leave the one before in force."""
        if time.monotonic() - self._looked >= _LOOK_SECONDS:
            self._looked = time.monotonic()
            self._look_again()
        return self._context

    def _look_again(self) -> None:
        stamp = self._present()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._context = _load(self._cert, self._key)
        except WrongUsage as error:
            _log.warning("certificate kept", reason=str(error))
        else:
            _log.info("certificate read again", file=self._cert)

    def _present(self) -> tuple[object, ...]:
        """What tells one state of the files from another."""
        found: list[object] = []
        for name in (self._cert, self._key):
            try:
                about = Path(name).stat()
            except OSError:
                found.append(None)
            else:
                found.append((about.st_ino, about.st_size, about.st_mtime_ns))
        return tuple(found)


def _load(cert: str, key: str) -> ssl.SSLContext:
    _check(cert, "CERTIFICATE", "certificate")
    _check(key, "PRIVATE KEY", "private key")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    try:
        # Nobody is there to be asked for a passphrase.
        context.load_cert_chain(cert, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise WrongUsage(
                f"The private key in {key} does not belong to the certificate in {cert}.",
                "Give the two that were made together.",
            ) from None
        reason = (error.reason or "unknown").replace("_", " ").lower()
        raise WrongUsage(
            f"The certificate in {cert} with the private key in {key} cannot be used: {reason}.",
            "Give both in PEM.",
        ) from None
    return context


def _check(name: str, kind: str, words: str) -> None:
    try:
        text = Path(name).read_text("latin-1")
    except OSError as error:
        raise WrongUsage(
            f"The {words} {name} cannot be read: {error.strerror}.",
            "Check the path and who may read it.",
        ) from None
    if f"{kind}-----" not in text:
        raise WrongUsage(f"{name} holds no {words} in PEM.", "Give another file.")
    if kind == "PRIVATE KEY" and "ENCRYPTED" in text:
        raise WrongUsage(
            f"The private key {name} is locked with a passphrase, and nobody is there to type it.",
            "Unlock it: openssl pkey -in KEY -out OPEN_KEY",
        )


class Handshake(asyncio.Protocol):
    """A sender that has yet to agree on keys: counted, and with a deadline, like any other.

    Args:
        front: The server that it belongs to.
        connection: What it becomes.
        certificate: What we show.
    """

    unfinished = True
    served = 0

    def __init__(self, front: FrontDoor, connection: Connection, certificate: Certificate) -> None:
        self._front = front
        self._connection = connection
        self._certificate = certificate
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None
        self.peer = ""
        self.deadline = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Starts to agree on keys where there is room."""
        address = transport.get_extra_info("peername")
        self.peer = str(address[0]) if isinstance(address, tuple) else ""
        here = transport.get_extra_info("socket")
        if self._front.crowd.enter(self):
            # A transport that reads already would keep the first bytes from the one that decrypts.
            self._socket = here.dup()
            loop = asyncio.get_running_loop()
            self.deadline = loop.time() + self._front.settings.header_timeout
            self._task = loop.create_task(self._agree(loop, self._socket))
        else:
            self._front.metrics.turned_away += 1
        cast(asyncio.Transport, transport).abort()

    async def _agree(self, loop: asyncio.AbstractEventLoop, line: socket.socket) -> None:
        patience = self._front.settings.header_timeout
        # Who does not agree, or is gone, or speaks another protocol, needs no answer.
        with suppress(OSError):
            await loop.connect_accepted_socket(
                self._become,
                line,
                ssl=self._certificate.context,
                ssl_handshake_timeout=patience,
                ssl_shutdown_timeout=patience,
            )
        self._front.crowd.leave(self)

    def _become(self) -> Connection:
        self._connection.handshake = self
        return self._connection

    def expire(self) -> None:
        """Ends it: it took too long."""
        self.cut()

    def cut(self) -> None:
        """Ends the connection at once."""
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
