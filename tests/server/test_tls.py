"""TLS without a proxy, on real sockets, with certificates made here."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from server import neighbour
from server.settings import ListenerSettings
from server.tls import Certificate
from storage.errors import WrongUsage
from storage.store import Store
from tests.server.served import Served, answers_in, read_all, read_answer, serving
from tests.waiting import PATIENCE, awake, soon


def make(folder: Path, name: str, *more: str) -> tuple[str, str]:
    """A certificate for 127.0.0.1 and its key."""
    cert, key = str(folder / f"{name}.crt"), str(folder / f"{name}.key")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-keyout", key, "-out", cert, "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=IP:127.0.0.1", *(more or ("-nodes",))],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return cert, key


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate and its key."""
    return make(tmp_path_factory.mktemp("tls"), "one")


@pytest.fixture
def served(sqlite_store: Store, pair: tuple[str, str]) -> Iterator[Served]:
    """A listener that speaks HTTPS, with short deadlines."""
    cert, key = pair
    with serving(
        sqlite_store,
        tls_cert=cert,
        tls_key=key,
        header_timeout=1.0,
        idle_timeout=1.0,
        connections_per_peer=40,
    ) as running:
        running.session.verify = cert
        yield running
        running.session.close()


def secure(served: Served, cert: str) -> ssl.SSLSocket:
    """A connection on which both sides agreed on keys."""
    return ssl.create_default_context(cafile=cert).wrap_socket(
        served.connect(), server_hostname="127.0.0.1"
    )


def test_a_lead_comes_in_over_https(served: Served) -> None:
    assert served.url.startswith("https://127.0.0.1:")
    for _ in range(3):
        assert served.put().status_code == 200
    assert served.get("/healthz").json()["product"] == "optdesk"
    assert f"curl -X PUT {served.url}" in served.get("/docs").text


def test_requests_sent_at_once_are_answered_in_order(served: Served, pair: tuple[str, str]) -> None:
    # Together with the last of the keys, as clients in a hurry send them.
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=pair[0])
    agreed = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with served.connect() as line:
        while True:
            try:
                agreed.do_handshake()
                break
            except ssl.SSLWantReadError:
                line.sendall(outgoing.read())
                incoming.write(line.recv(65536))
        agreed.write(served.request(close=False) * 2 + served.request())
        line.sendall(outgoing.read())
        raw = b""
        while part := line.recv(65536):
            incoming.write(part)
            with suppress(ssl.SSLWantReadError):
                while heard := agreed.read(65536):
                    raw += heard
    assert [status for status, _ in answers_in(raw)] == [200, 409, 200]


@pytest.mark.filterwarnings("ignore:.*TLSv1:DeprecationWarning")
def test_old_protocols_are_not_spoken(served: Served) -> None:
    old = ssl.create_default_context()
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with served.connect() as line, pytest.raises(OSError):
        old.wrap_socket(line)


SLOW = {
    "nothing": b"",
    "half a greeting": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
}


@pytest.mark.trial
def test_who_is_slow_to_agree_is_cut_off_in_time_and_holds_up_nobody(
    served: Served, pair: tuple[str, str]
) -> None:
    with ExitStack() as stack:
        began = awake()
        lines = []
        for start in (*SLOW.values(), *SLOW.values()) * 8:
            line = stack.enter_context(served.connect())
            line.sendall(start)
            lines.append(line)
        lines.append(stack.enter_context(secure(served, pair[0])))
        assert served.put().status_code == 200
        assert awake() - began < 1
        for line in lines:
            line.settimeout(PATIENCE)
            read_all(line)
        assert awake() - began < 3
    assert served.put().status_code == 200


def test_who_is_slow_to_agree_counts_as_connected(served: Served) -> None:
    with ExitStack() as stack:
        lines = [stack.enter_context(served.connect()) for _ in range(60)]
        assert served.put().status_code == 200
        closed = 0
        for line in lines:
            line.settimeout(0.01)
            try:
                closed += not line.recv(1)
            except TimeoutError:
                continue
            except ConnectionResetError:
                closed += 1
        assert closed >= 20


def test_plain_http_is_not_answered(served: Served) -> None:
    with served.connect() as line:
        line.sendall(served.request())
        with suppress(ConnectionResetError):
            assert b"HTTP/1.1 2" not in read_all(line)
    assert served.put().status_code == 200


def test_a_neighbour_is_known_over_https_too(served: Served) -> None:
    found = neighbour.ask(*served.address)
    assert found is not None
    assert found.is_optdesk
    assert found.secure


def test_slow_bodies_have_a_deadline_here_too(sqlite_store: Store, pair: tuple[str, str]) -> None:
    with (
        serving(sqlite_store, tls_cert=pair[0], tls_key=pair[1], body_timeout=1.0) as served,
        secure(served, pair[0]) as line,
    ):
        line.sendall(served.request(b"Content-Length: 100", body=b"{"))
        assert read_answer(line)[0] == 408  # type: ignore[arg-type,unused-ignore]


def test_a_renewed_certificate_is_shown_without_a_word(sqlite_store: Store, tmp_path: Path) -> None:
    cert, key = make(tmp_path, "live")
    with serving(sqlite_store, tls_cert=cert, tls_key=key) as served:

        def shown() -> str:
            return ssl.get_server_certificate(served.address)

        first = shown()
        Path(key).write_text("torn")
        time.sleep(1.1)
        # What cannot be used changes nothing.
        assert shown() == first
        new_cert, new_key = make(tmp_path, "new")
        Path(new_cert).replace(cert)
        Path(new_key).replace(key)
        soon(lambda: shown() != first)
        assert shown() == Path(cert).read_text()


def test_what_is_wrong_with_the_files_is_said_with_their_names(tmp_path: Path) -> None:
    cert, key = make(tmp_path, "one")
    _, other = make(tmp_path, "two")
    _, locked = make(tmp_path, "locked", "-passout", "pass:secret")
    missing, empty = str(tmp_path / "missing"), str(tmp_path / "empty")
    Path(empty).touch()
    broken = str(tmp_path / "broken")
    Path(broken).write_text("-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n")
    for (one, two), names, words in (
        ((missing, key), missing, "No such file"),
        ((cert, missing), missing, "No such file"),
        ((str(tmp_path), key), str(tmp_path), "Is a directory"),
        ((empty, key), empty, "holds no certificate"),
        ((cert, empty), empty, "holds no private key"),
        ((key, key), key, "holds no certificate"),
        ((cert, ""), cert, "holds no private key"),
        ((cert, other), other, "does not belong"),
        ((cert, locked), locked, "passphrase"),
        ((broken, key), broken, "cannot be used"),
    ):
        with pytest.raises(WrongUsage) as caught:
            Certificate(one, two)
        assert names in str(caught.value)
        assert words in str(caught.value)
    together = tmp_path / "together"
    together.write_text(Path(cert).read_text() + Path(key).read_text())
    assert Certificate(str(together)).context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_an_address_says_how_it_is_spoken_to() -> None:
    assert ListenerSettings(tls_cert="x", host="::1").url() == "https://[::1]:8765"
    assert ListenerSettings(host="localhost").url(1) == "http://localhost:1"


def test_a_socket_that_leaves_while_agreeing_is_nobodys_problem(served: Served) -> None:
    for _ in range(20):
        with served.connect() as line:
            line.sendall(SLOW["half a greeting"])
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    assert served.put().status_code == 200
