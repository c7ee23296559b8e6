"""Draws the README's picture from a real desk: `python -m tests.app.picture`.

The people are invented and their numbers belong to nobody. Ages are told from now on, so that
the picture looks the same whenever it is drawn.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import time_machine
from textual.pilot import Pilot

from app.background import Background
from app.desk import Desk
from app.options import DeskOptions
from screens.backstage import ListenerChanged, ListenerKind, ListenerReport
from storage import groups, integration, labels, notes
from storage.acts import AddLabel, Move, Star
from storage.bulk import perform
from storage.inbound import Inbound, receive
from storage.store import Store
from storage.words import Actor, Target
from tests.factories import lead, put, settle_all

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "queue.svg"
SIZE = (146, 34)
ANA, BEN = Actor.person("ana"), Actor.person("ben")

PEOPLE = (
    # Minutes ago, first and last name, number, labels, whether it is a favorite.
    (4310, "Noémie", "Tremblay", "+15145550142", "", False),
    (4020, "Owen", "Brooks", "+12025550188", "", False),
    (3890, "Käthe", "Jäger", "+13065550110", "", False),
    (2950, "Priya", "Singh", "+16045550117", "", False),
    (2800, "Jack", "Wilson", "+61491570156", "", False),
    (1500, "Elsa", "Lindström", "+46701740612", "", False),
    (1490, "Nora", "Foster", "+15035550173", "", False),
    (1482, "Arthur", "Evans", "+61491573770", "", False),
    (1460, "Théo", "Moreau", "+15145550121", "French", False),
    (1310, "Leo", "Ramirez", "+13125550164", "", False),
    (1190, "Freya", "Llewellyn", "+14165550136", "VIP", True),
    (1120, "Lucas", "Gagnon", "+18195550128", "French", False),
    (1030, "Ruby", "Price", "+15055550111", "", False),
    (910, "Amelia", "Khan", "+442079460812", "", False),
    (655, "Jürgen", "Großmann", "+19045550160", "", False),
    (540, "Mia", "Okafor", "+14045550129", "hot", False),
    (431, "Camille", "Dubois", "+14385550177", "French", False),
    (388, "Maja", "Åkesson", "+46701740687", "", False),
    (352, "Jacob", "Roy", "+17805550168", "call", False),
    (305, "Niamh", "O'Brien", "+61491570158", "", False),
    (244, "Ethan", "Howard", "+12065550193", "call", False),
    (180, "Björn", "Håkansson", "+46701740655", "", False),
    (121, "Zoe", "Carter", "+16175550171", "hot", True),
    (94, "Hugo", "Lefèvre", "+16135550109", "French", False),
    (61, "Maya", "Ward", "+14255550156", "", False),
    (47, "Matilda", "Chen", "+61491575789", "call", False),
    (33, "Liam", "Nguyen", "+17135550138", "", False),
    (21, "Ava", "Bennett", "+12125550147", "hot", True),
    (12, "Özlem", "Yılmaz", "+4930231252", "", False),
    (6, "Sam", "Diaz", "+13055550182", "", False),
    (2, "Grace", "Kim", "+12135550165", "", False),
)
OPENED = "Ava"


def fill(store: Store) -> None:
    """A store at work: a queue with labels and stars, groups, a conversation, a note."""
    moment = datetime.now(UTC)
    with time_machine.travel(moment - timedelta(days=4), tick=False) as clock:
        made = store.do(lambda conn: integration.add(conn, ANA, brand="Juniper & Co"))
        marks = {
            name: store.do(lambda conn, name=name: labels.create(conn, ANA, name)).id  # type: ignore[misc]
            for name in ("hot", "call", "VIP", "French")
        }
        spring, back = (
            store.do(lambda conn, name=name: groups.create(conn, ANA, name))  # type: ignore[misc]
            for name in ("Spring offer", "Call back")
        )
        ids: list[int] = []
        for ago, first, last, phone, label, star in PEOPLE:
            clock.move_to(moment - timedelta(minutes=ago))
            evidence = {
                "ip_address": "203.0.113.24",
                "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X)",
                "source_url": "https://juniper.example/spring",
                "consent_text": "I agree to receive SMS. Text STOP to unsubscribe.",
            }
            fields = {"first_name": first, "last_name": last, "phone": phone}
            sent = lead(**fields, number_id=made.number_id, evidence=evidence)
            (taken,) = put(store, sent)
            settle_all(store, "delivered")
            assert taken.contact_id is not None
            ids.append(taken.contact_id)
            one = Target(ids=(taken.contact_id,))
            if label:
                perform(store, ANA, AddLabel(marks[label]), one)
            if star:
                perform(store, ANA, Star(True), one)
            if first == OPENED:
                _talk(store, taken.contact_id, phone, clock, moment)
        clock.move_to(moment - timedelta(minutes=1))
        perform(store, ANA, Move(spring.id), Target(ids=tuple(ids[:4])))
        perform(store, BEN, Move(back.id), Target(ids=tuple(ids[4:5])))


def _talk(
    store: Store, contact_id: int, phone: str, clock: time_machine.Traveller, moment: datetime
) -> None:
    clock.move_to(moment - timedelta(minutes=18))
    text = Inbound("simulated", "", phone, "", "Great! Is the offer valid on Sunday too?")
    store.do(partial(receive, text=text))
    clock.move_to(moment - timedelta(minutes=15))
    body = "Wants the Sunday slot: call after 5 pm."
    perform(store, BEN, notes.writing(BEN, body), Target(ids=(contact_id,)))


async def press(pilot: Pilot[None]) -> None:
    """Marks two, opens one."""
    desk = pilot.app
    assert isinstance(desk, Desk)
    while not (desk.main.overview.known and desk.backstage.listener.answers):
        await pilot.pause(0.05)
    await pilot.pause(0.5)
    for key in ("space", "space", "j", "enter"):
        await pilot.press(key)
        await pilot.pause(0.3)
    await pilot.pause(0.5)


def _listen(self: Background, *_: object) -> None:
    self.listener = ListenerReport(ListenerKind.LISTENING, "http://127.0.0.1:8765")
    self._tell(ListenerChanged(self.listener))


def draw() -> str:
    """The picture as SVG."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("STATE", "CONFIG", "DATA"):
            os.environ[f"XDG_{name}_HOME"] = f"{folder}/{name.lower()}"
        os.environ["TZ"] = "UTC"
        time.tzset()
        url = f"sqlite:///{folder}/optdesk.db"
        store = Store.open(url)
        fill(store)
        store.close()
        Background._listen = _listen  # type: ignore[method-assign, assignment]

        async def shoot() -> str:
            desk = Desk(DeskOptions(store_url=url, port=0, actor="ana"))
            async with desk.run_test(size=SIZE) as pilot:
                await press(pilot)
                drawn = desk.export_screenshot(title="Optdesk", simplify=True)
            await asyncio.to_thread(desk.backstage.close)
            return drawn

        return asyncio.run(shoot())


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
