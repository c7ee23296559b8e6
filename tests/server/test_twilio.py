"""Handing texts to Twilio: a small fake for what goes wrong, `emulate` of npm for what goes right.

`emulate` does not model the STOP block 21610, busy answers or pages of HTML: those are the fake's.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from sqlalchemy import update

from server import circuit
from storage import gateway_state, messages, text_log
from storage.integration import SIMULATED_NUMBER
from storage.store import Store
from storage.tables import GatewayState
from storage.tallies import read_tallies, stage_tally
from storage.times import now
from storage.words import Stage, TextView
from tests.factories import lead, next_phone, put, switched_on
from tests.server.served import Served, listening, serving
from tests.server.test_courier import standing
from tests.server.test_gateway_door import ACCOUNT, TOKEN
from tests.waiting import PATIENCE, soon

ROOT = Path(__file__).parents[2]
STATES = GatewayState.__table__  # type: ignore[attr-defined]
CREDENTIALS = {"twilio_account": ACCOUNT, "twilio_token": TOKEN}
Answering = Callable[[dict[str, list[str]]], tuple[int, str]]


@contextmanager
def fake_twilio(answer: Answering) -> Iterator[tuple[str, list[dict[str, list[str]]]]]:
    """Twilio's address, answering as it is told; gives it and what it was sent."""
    sent: list[dict[str, list[str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            sent.append(form)
            status, body = answer(form)
            if status == 0:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", sent
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def sending(store: Store, api: str, **more: Any) -> Iterator[Served]:
    """A listener that sends through an address."""
    with serving(store, gateway="twilio", twilio_api_url=api, **CREDENTIALS, **more) as served:
        yield served
        served.session.close()


LENGTHY = json.dumps({"sid": "SM" + "1" * 32, "status": "queued"}) + " " * 1_000_000
"""Some beginning of an answer without end."""


def taken(_form: dict[str, list[str]]) -> tuple[int, str]:
    """A text that Twilio takes."""
    return 201, json.dumps({"sid": "SM" + "1" * 32, "status": "queued"})


def refusing(code: int, status: int = 400) -> Answering:
    """An error of Twilio's."""
    return lambda _form: (status, json.dumps({"code": code, "message": "no", "status": status}))


@pytest.mark.parametrize(
    ("answer", "stage", "status"),
    [
        (taken, Stage.QUEUED, "accepted"),
        (refusing(21610), Stage.SUPPRESSED, "blocked"),
        (refusing(21614), Stage.QUEUED, "failed"),
        (refusing(21211), Stage.FAILED, "failed"),
        (refusing(20429, 429), Stage.CONFIRMING, "pending"),
        (refusing(20003, 401), Stage.CONFIRMING, "pending"),
        (refusing(20500, 500), Stage.QUEUED, "unknown"),
        (lambda _form: (200, "<html>welcome</html>"), Stage.QUEUED, "unknown"),
        (lambda _form: (407, "<html>who are you</html>"), Stage.CONFIRMING, "pending"),
        (lambda _form: (0, ""), Stage.QUEUED, "unknown"),
        (lambda _form: (201, LENGTHY), Stage.QUEUED, "unknown"),
        *(
            (lambda _form, said=said: (201, said), Stage.QUEUED, "unknown")
            for said in ("{}", "[]", "null", '{"sid": 12}', '{"sid": "SM\\u0000\\ud800"}')
        ),
    ],
)
def test_what_twilio_says_is_sorted(
    sqlite_store: Store, answer: Answering, stage: Stage, status: str
) -> None:
    with fake_twilio(answer) as (api, sent), sending(sqlite_store, api) as served:
        phone = next_phone()
        served.put(served.body(mobile_phone=phone))
        soon(lambda: bool(sent) and standing(sqlite_store, phone) == (stage, status))
        assert sent[0]["To"] == [phone]
        assert sent[0]["From"] == [SIMULATED_NUMBER]
        assert "STOP" in sent[0]["Body"][0]
    # What nobody knows is listed and was not sent twice in silence.
    assert len(sent) == 1
    with sqlite_store.read() as conn:
        assert len(messages.unknown(conn)) == (status == "unknown")


def test_a_provider_in_trouble_opens_the_circuit_and_says_so(sqlite_store: Store) -> None:
    with fake_twilio(refusing(20003, 401)) as (api, sent), sending(sqlite_store, api) as served:
        for _ in range(12):
            served.put()

        def is_open() -> bool:
            with sqlite_store.read() as conn:
                return [one.state for one in gateway_state.circuits(conn)] == ["open"]

        soon(is_open)
        ready = served.get("/readyz")
        assert ready.status_code == 503
        assert "account" in ready.json()["gateway"]["sentence"]
        count = len(sent)
        served.put()
        time.sleep(0.2)
        assert len(sent) <= count + 1


def test_what_was_not_handed_over_to_a_provider_in_trouble_is_not_in_doubt(
    sqlite_store: Store,
) -> None:
    number_id = switched_on(sqlite_store).number_id
    put(sqlite_store, *[lead(number_id=number_id) for _ in range(60)])
    with (
        fake_twilio(refusing(20500, 500)) as (api, sent),
        listening(sqlite_store, gateway="twilio", twilio_api_url=api, **CREDENTIALS),
    ):
        soon(lambda: states(sqlite_store)["unknown"] > 0 and not states(sqlite_store)["sending"])
        assert states(sqlite_store) == {"unknown": len(sent), "pending": 60 - len(sent)}
        assert len(sent) < 30


def circuit_of(store: Store) -> gateway_state.Circuit | None:
    """How Twilio does, as every process shows it."""
    with store.read() as conn:
        return next((one for one in gateway_state.circuits(conn) if one.name == "twilio"), None)


def is_in(store: Store, state: str) -> bool:
    """Whether Twilio's circuit is in a state."""
    found = circuit_of(store)
    return found is not None and found.state == state


def end_pause(store: Store) -> None:
    """Lets the time come for a try."""
    ended = update(STATES).values(until=now() - timedelta(seconds=1))
    store.do(lambda conn: conn.execute(ended))


@contextmanager
def beside(store: Store, api: str) -> Iterator[tuple[Store, str]]:
    """Another listener on a store, in another process as far as it can tell; gives its address."""
    other = Store.open(store.url)
    try:
        with listening(other, gateway="twilio", twilio_api_url=api, **CREDENTIALS) as url:
            yield other, url
    finally:
        other.close()


def readiness(url: str) -> tuple[int, str]:
    """What a listener says of its gateway."""
    answer = requests.get(f"{url}/readyz", timeout=PATIENCE)
    return answer.status_code, answer.json()["gateway"]["sentence"]


def test_a_provider_in_trouble_is_left_alone_by_every_listener(store: Store) -> None:
    said = [refusing(20003, 401)]
    with fake_twilio(lambda form: said[0](form)) as (api, sent), sending(store, api) as first:
        for _ in range(12):
            first.put()
        soon(lambda: is_in(store, "open"))
        tried = len(sent)
        with beside(store, api) as (other, url):
            put(other, lead(number_id=first.number_id))
            soon(lambda: readiness(url)[0] == 503)
            assert "account" in readiness(url)[1]
            time.sleep(0.3)
            assert len(sent) == tried
            end_pause(store)
            soon(lambda: len(sent) == tried + 1)
            soon(lambda: is_in(store, "open"))
            time.sleep(0.3)
            assert len(sent) == tried + 1
            said[0] = taken
            end_pause(store)
            soon(lambda: is_in(store, "closed"))
            soon(lambda: readiness(url) == (200, ""))


def test_a_listener_that_starts_finds_out_that_yesterdays_trouble_is_over(store: Store) -> None:
    until = now() - timedelta(seconds=40)
    store.do(lambda conn: gateway_state.note(conn, "twilio", "open", "no answer", until))
    with fake_twilio(taken) as (api, _), sending(store, api) as served:
        phone = next_phone()
        served.put(served.body(mobile_phone=phone))
        soon(lambda: is_in(store, "closed"))
        soon(lambda: standing(store, phone)[0] is Stage.QUEUED)


def test_a_clock_that_was_set_back_does_not_keep_texts_for_an_hour(store: Store) -> None:
    until = now() + timedelta(hours=1)
    store.do(lambda conn: gateway_state.note(conn, "twilio", "open", "no answer", until))
    with fake_twilio(taken) as (api, _), sending(store, api) as served:
        served.put()
        soon(lambda: is_in(store, "closed"))


def test_a_listener_that_is_alone_in_trouble_keeps_nobody_else_from_sending(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gateway_state, "FIRST_PAUSE", timedelta(seconds=0.1))
    monkeypatch.setattr(gateway_state, "LONGEST_PAUSE", timedelta(seconds=0.2))
    monkeypatch.setattr(circuit, "FIRST_SECONDS", 0.2)
    monkeypatch.setattr(circuit, "LONGEST_SECONDS", 0.2)
    monkeypatch.setattr(messages, "RETRY_AFTER", timedelta(seconds=0.1))
    with (
        fake_twilio(refusing(20003, 401)) as (bad, failed),
        fake_twilio(taken) as (good, _),
        sending(sqlite_store, bad) as first,
    ):
        put(sqlite_store, *[lead(number_id=first.number_id) for _ in range(8)])
        soon(lambda: len(failed) >= 5 and is_in(sqlite_store, "open"))
        with beside(sqlite_store, good) as (other, _):
            soon(lambda: is_in(sqlite_store, "closed"))
            soon(lambda: states(sqlite_store)["accepted"] == 8)
            tried, more = len(failed), 0
            while len(failed) < tried + 2:
                put(other, lead(number_id=first.number_id))
                more += 1
                assert more < 2000
                assert is_in(sqlite_store, "closed")
                time.sleep(0.01)
            soon(lambda: counted(sqlite_store, Stage.QUEUED) == 8 + more)
            assert is_in(sqlite_store, "closed")


def test_trouble_that_goes_on_is_told_since_its_beginning(store: Store) -> None:
    store.do(lambda conn: gateway_state.leave_alone(conn, "twilio", "no answer"))
    first = circuit_of(store)
    assert first is not None
    assert first.until == first.changed_at + gateway_state.FIRST_PAUSE
    store.do(lambda conn: gateway_state.begin_try(conn, "twilio"))
    store.do(lambda conn: gateway_state.leave_alone(conn, "twilio", "no answer"))
    again = circuit_of(store)
    assert again is not None
    assert (again.state, again.changed_at) == ("open", first.changed_at)
    store.do(lambda conn: gateway_state.works(conn, "twilio"))
    well = circuit_of(store)
    assert well is not None
    assert (well.state, well.changed_at > first.changed_at) == ("closed", True)
    with store.read() as conn:
        assert gateway_state.pause_of(conn, "twilio") is None


def counted(store: Store, stage: Stage) -> int:
    """How many contacts stand in a stage."""
    with store.read() as conn:
        return read_tallies(conn, [stage_tally(stage)])[stage_tally(stage)]


def states(store: Store) -> Counter[str]:
    """How many texts stand how."""
    with store.read() as conn:
        return Counter(row.status for row in text_log.page(conn, TextView(), limit=500).rows)


def test_a_provider_that_gives_two_texts_one_id_stops_nobody(store: Store) -> None:
    with fake_twilio(taken) as (api, sent), sending(store, api) as served:
        put(store, *[lead(number_id=served.number_id) for _ in range(5)])
        soon(lambda: states(store)["accepted"] == 5)
        served.put()
        soon(lambda: states(store)["accepted"] == 6)
        assert len(sent) == 6


def have_npm() -> bool:
    """Whether npm is here; said loudly where it is not."""
    return shutil.which("npm") is not None and shutil.which("node") is not None


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the npm packages that the tests use, where npm can bring them."""
    if not have_npm():
        pytest.skip("LOUD: npm is absent: texts and webhooks are not tried with its packages")
    ready = ROOT / ".npm-parts"
    if not (ready / "node_modules").exists():
        pytest.skip("LOUD: .npm-parts is absent: .ci/run brings it with npm")
    return ready


def test_a_text_goes_out_and_is_answered_through_emulate(npm: Path, sqlite_store: Store) -> None:
    playing_at, listening_at = _free_port(), _free_port()
    api, base = f"http://127.0.0.1:{playing_at}", f"http://127.0.0.1:{listening_at}"
    program = npm / "node_modules" / ".bin" / "emulate"
    playing = subprocess.Popen(
        [program, "--service", "twilio", "-p", str(playing_at)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def emulate(path: str, **fields: str) -> None:
        done = requests.post(api + path, data=fields, auth=(ACCOUNT, TOKEN), timeout=PATIENCE)
        assert done.ok, done.text

    try:
        soon(lambda: _answers(playing_at))
        emulate(
            f"/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json",
            PhoneNumber=SIMULATED_NUMBER,
            SmsUrl=f"{base}/gateway/twilio/inbound",
        )
        with sending(sqlite_store, api, public_base_url=base, port=listening_at) as served:
            phone = next_phone()
            served.put(served.body(mobile_phone=phone))
            soon(lambda: standing(sqlite_store, phone)[1] not in ("pending", "sending"))
            with sqlite_store.read() as conn:
                [text] = text_log.page(conn, TextView(), limit=5).rows
            assert text.error == ""
            # What it calls back with, it signs.
            emulate(
                "/_twilio/simulate/message-status", MessageSid=text.provider_id, Status="delivered"
            )
            soon(lambda: standing(sqlite_store, phone) == (Stage.QUEUED, "delivered"))
            emulate(
                "/_twilio/simulate/inbound-message", From=phone, To=SIMULATED_NUMBER, Body="Stop."
            )
            soon(lambda: standing(sqlite_store, phone)[0] is Stage.SUPPRESSED)
    finally:
        playing.terminate()
        playing.wait(PATIENCE)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


VERIFY = """
const { Webhook } = require("standardwebhooks");
let said = "";
process.stdin.on("data", (part) => (said += part)).on("end", () => {
  const { secret, body, headers } = JSON.parse(said);
  new Webhook(secret).verify(body, headers);
  process.stdout.write("genuine");
});
"""


def test_npms_standardwebhooks_believes_what_is_sent(npm: Path) -> None:
    from server.webhooks.letter import Signer, body_of, headers_of
    from storage.deliveries import Parcel
    from storage.times import now

    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    parcel = Parcel(1, 2, 1, 3, "sms.opted_in", 4, "+12025550123", "num_1", None, now())
    body = body_of(parcel, seed=False)
    headers = headers_of(parcel, body, (Signer(secret),), now())
    done = subprocess.run(
        ["node", "-e", VERIFY],
        input=json.dumps({"secret": secret, "body": body.decode(), "headers": headers}),
        capture_output=True,
        text=True,
        cwd=npm,
        check=False,
        timeout=PATIENCE,
    )
    assert done.stdout == "genuine", done.stderr
