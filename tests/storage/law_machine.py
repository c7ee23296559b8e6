"""A desk in many hands, and the laws that hold whatever they do in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from sqlalchemy import func, select

from storage import (
    consent,
    groups,
    integration,
    labels,
    messages,
    phone_index,
    suppressions,
    undo,
)
from storage.acts import Act, AddLabel, Delete, Move, RemoveLabel, Star
from storage.bulk import perform
from storage.double_opt_in import expire
from storage.double_opt_in import switch as switch_double
from storage.errors import Refused
from storage.holding import ARRIVED, OPENING
from storage.inbound import Inbound, receive
from storage.keywords import Meaning, fold, meaning_of
from storage.reviews import confirm_review, dismiss_review, reviews
from storage.store import Store
from storage.tables import Contact, ContactLabel, Message, Suppression
from storage.tallies import read_tallies
from storage.texts import Outgoing, Receipt
from storage.words import Actor, Place, Stage, Target, View
from tests.factories import claim_pending, lead, put, switched_on

CONTACTS = Contact.__table__  # type: ignore[attr-defined]
MESSAGES = Message.__table__  # type: ignore[attr-defined]
SUPPRESSED = Suppression.__table__  # type: ignore[attr-defined]
WORN = ContactLabel.__table__  # type: ignore[attr-defined]

PEOPLE = st.sampled_from([Actor.person("ana"), Actor.person("bo")])
ALL_PHONES = ["+12025550110", "+12025550111", "+442079460018"]
PHONES = st.sampled_from(ALL_PHONES)
PLACES = st.sampled_from([None, Place.QUEUE, Place.ALL])
CHOSEN = st.lists(st.integers(0, 50), min_size=1, max_size=3)
SAID = st.sampled_from(["STOP", "stop!", "START", "YES", "HELP", "pls stop txting me", "hello"])
ANSWERS = ["accepted", "delivered", "failed", "blocked", "landline", "unknown", "retry", "sent"]


class Desk(RuleBasedStateMachine):
    """A store in the hands of two people, a door and a carrier."""

    def __init__(self, store: Store, close: Callable[[], None]) -> None:
        super().__init__()
        self.store = store
        self.close = close
        # Nobody of those who undo made what the moves and marks need.
        maker = Actor.person("cleo")
        switched_on(self.store)
        self.groups = [
            self.store.do(lambda conn, name=name: groups.create(conn, maker, name)).id  # type: ignore[misc]
            for name in ("Spring", "Autumn")
        ]
        self.label = self.store.do(lambda conn: labels.create(conn, maker, "hot")).id
        self.let_in: set[int] = set()
        """Contacts that a door has put into the queue at some time."""
        self.stopped: set[str] = set()
        """Numbers that said STOP last, and not START."""
        self.on_the_way: list[Outgoing] = []
        self.handed_over: list[Outgoing] = []
        self.all: list[int] = []
        for phone in ALL_PHONES:
            self.arrives(phone)

    def teardown(self) -> None:
        self.close()

    # What happens.

    @rule(phone=PHONES)
    def arrives(self, phone: str) -> None:
        [answer] = put(self.store, lead(phone=phone))
        if answer.outcome == "accepted" and answer.contact_id is not None:
            self.all.append(answer.contact_id)
            if self.stage(answer.contact_id) is Stage.QUEUED:
                self.let_in.add(answer.contact_id)

    @rule()
    def the_courier_claims(self) -> None:
        texts = self.store.do(lambda conn: claim_pending(conn, "test", 100))
        for text in texts:
            assert not self.is_suppressed(text.phone), "a suppressed number was about to be texted"
        self.on_the_way += texts
        self.handed_over += texts
        with self.store.read() as conn:
            # Who had the text of the day already enters without another one.
            self.let_in.update(
                conn.execute(
                    select(MESSAGES.c.contact_id).where(
                        MESSAGES.c.error.like("%within a day"),
                        MESSAGES.c.purpose == "compliance",
                    )
                ).scalars()
            )

    @rule(status=st.sampled_from(ANSWERS))
    def the_carrier_answers(self, status: str) -> None:
        texts, self.on_the_way = self.on_the_way, []
        self.carrier_says(texts, status)

    @rule(which=st.integers(0, 50), status=st.sampled_from(ANSWERS))
    def the_carrier_answers_late_or_again(self, which: int, status: str) -> None:
        if self.handed_over:
            text = self.handed_over[which % len(self.handed_over)]
            if text not in self.on_the_way:
                self.carrier_says([text], status)

    def carrier_says(self, texts: list[Outgoing], status: str) -> None:
        receipts = [Receipt(text.message_id, status) for text in texts]
        self.store.do(lambda conn: messages.settle(conn, receipts))
        for text in texts:
            # Also one deleted meanwhile: it may come to the queue by undo.
            if status == "landline" and text.purpose in OPENING:
                self.let_in.add(text.contact_id)
            if status in ("accepted", "delivered", "unknown") and text.purpose == "compliance":
                self.let_in.add(text.contact_id)
        if status == "blocked":
            self.stopped.update(text.phone for text in texts if self.is_stopped(text.phone))
        if status == "retry":
            # In fifteen seconds, which nobody waits for here.
            again = MESSAGES.update().where(MESSAGES.c.status == "pending")
            self.store.do(
                lambda conn: conn.execute(again.values(due_at=MESSAGES.c.created_at)).rowcount
            )

    @rule(phone=PHONES, words=SAID)
    def a_person_texts(self, phone: str, words: str) -> None:
        text = Inbound("simulated", "", phone, "", words)
        done = self.store.do(lambda conn: receive(conn, text))
        meaning = meaning_of(words)
        if meaning is Meaning.STOP:
            self.stopped.add(phone)
        if meaning is Meaning.START and done.changed and done.contact_id is not None:
            self.stopped.discard(phone)
            if fold(words) == "yes":
                self.let_in.add(done.contact_id)

    @rule(who=PEOPLE, agree=st.booleans())
    def somebody_judges(self, who: Actor, agree: bool) -> None:
        with self.store.read() as conn:
            waiting = reviews(conn)
        if waiting:
            verb = confirm_review if agree else dismiss_review
            self.store.do(lambda conn: verb(conn, who, waiting[0].message_id))
            if agree:
                self.stopped.add(waiting[0].phone)

    @rule(who=PEOPLE, on=st.booleans())
    def somebody_switches_double_opt_in(self, who: Actor, on: bool) -> None:
        self.store.do(lambda conn: switch_double(conn, who, on=on))

    @rule()
    def the_house_is_kept(self) -> None:
        self.store.do(messages.sweep)
        self.store.do(expire)

    @rule(who=PEOPLE, chosen=CHOSEN, group=st.integers(0, 1), place=PLACES)
    def somebody_moves(
        self, who: Actor, chosen: list[int], group: int, place: Place | None
    ) -> None:
        self.perform(who, Move(self.groups[group]), chosen, place)

    @rule(who=PEOPLE, chosen=CHOSEN, place=PLACES)
    def somebody_deletes(self, who: Actor, chosen: list[int], place: Place | None) -> None:
        self.perform(who, Delete(), chosen, place)

    @rule(who=PEOPLE, chosen=CHOSEN, what=st.integers(0, 3))
    def somebody_marks(self, who: Actor, chosen: list[int], what: int) -> None:
        acts: list[Act] = [Star(True), Star(False), AddLabel(self.label), RemoveLabel(self.label)]
        self.perform(who, acts[what], chosen, None)

    def perform(self, who: Actor, act: Act, chosen: list[int], place: Place | None) -> None:
        seen = None if place is None else View(place)
        ids = {self.all[n % len(self.all)] for n in chosen}
        outcome = perform(self.store, who, act, Target(ids=tuple(ids)), seen=seen)
        assert outcome.done + outcome.unchanged + outcome.gone_count == len(ids)

    @rule(who=PEOPLE)
    def somebody_undoes(self, who: Actor) -> None:
        try:
            undo.undo(self.store, who)
        except Refused:
            return

    @rule(who=PEOPLE)
    def somebody_does_it_again(self, who: Actor) -> None:
        try:
            undo.redo(self.store, who)
        except Refused:
            return

    @rule(who=PEOPLE, phone=PHONES)
    def somebody_suppresses(self, who: Actor, phone: str) -> None:
        self.store.do(lambda conn: suppressions.add(conn, who, [phone]))

    @rule(who=PEOPLE, phone=PHONES)
    def somebody_arrives_while_it_is_off(self, who: Actor, phone: str) -> None:
        self.store.do(lambda conn: integration.switch(conn, who, on=False))
        [answer] = put(self.store, lead(phone=phone))
        assert answer.code == "INTEGRATION_INACTIVE"
        self.store.do(lambda conn: integration.switch(conn, who, on=True))

    # What must hold.

    def stage(self, ident: int) -> Stage:
        with self.store.read() as conn:
            return Stage(
                conn.execute(select(CONTACTS.c.stage).where(CONTACTS.c.id == ident)).scalar_one()
            )

    def is_stopped(self, phone: str) -> bool:
        with self.store.read() as conn:
            query = select(SUPPRESSED).where(
                SUPPRESSED.c.phone == phone, SUPPRESSED.c.source == "stop"
            )
            return conn.execute(query).first() is not None

    def is_suppressed(self, phone: str) -> bool:
        with self.store.read() as conn:
            return (
                conn.execute(select(SUPPRESSED).where(SUPPRESSED.c.phone == phone)).first()
                is not None
            )

    @invariant()
    def only_a_door_puts_a_contact_in_the_queue(self) -> None:
        with self.store.read() as conn:
            queued = set(
                conn.execute(select(CONTACTS.c.id).where(CONTACTS.c.stage == "queued")).scalars()
            )
        assert queued <= self.let_in

    @invariant()
    def a_suppressed_number_is_in_no_queue_and_no_group(self) -> None:
        with self.store.read() as conn:
            found = conn.execute(
                select(CONTACTS.c.stage)
                .join(SUPPRESSED, SUPPRESSED.c.phone == CONTACTS.c.phone)
                .where(CONTACTS.c.stage.in_(["queued", "grouped", "confirming", "awaiting"]))
            ).all()
        assert found == []

    @invariant()
    def one_number_is_one_contact(self) -> None:
        with self.store.read() as conn:
            twice = conn.execute(
                select(CONTACTS.c.phone)
                .where(CONTACTS.c.stage != "deleted")
                .group_by(CONTACTS.c.phone)
                .having(func.count() > 1)
            ).all()
        assert twice == []

    @invariant()
    def a_number_leads_to_its_contact_and_to_nobody_else(self) -> None:
        with self.store.read() as conn:
            assert phone_index.faults(conn, most=9) == []

    @invariant()
    def a_contact_is_in_a_group_exactly_when_it_is_grouped(self) -> None:
        with self.store.read() as conn:
            odd = conn.execute(
                select(CONTACTS.c.id).where(
                    (CONTACTS.c.stage == "grouped") != CONTACTS.c.group_id.is_not(None)
                )
            ).all()
        assert odd == []

    @invariant()
    def every_counter_is_true(self) -> None:
        truth: dict[str, int] = {}
        with self.store.read() as conn:
            for stage, group_id in conn.execute(select(CONTACTS.c.stage, CONTACTS.c.group_id)):
                truth[f"stage:{stage}"] = truth.get(f"stage:{stage}", 0) + 1
                if group_id:
                    truth[f"group:{group_id}"] = truth.get(f"group:{group_id}", 0) + 1
            worn = conn.execute(select(func.count()).select_from(WORN)).scalar_one()
            names = {f"stage:{stage}" for stage in Stage} | {
                f"group:{ident}" for ident in self.groups
            }
            counted = {name: n for name, n in read_tallies(conn, names).items() if n}
            assert counted == truth, (counted, truth)
            assert read_tallies(conn, [f"label:{self.label}"])[f"label:{self.label}"] == worn

    @invariant()
    def no_number_is_texted_twice_a_day(self) -> None:
        with self.store.read() as conn:
            rows = conn.execute(
                select(CONTACTS.c.phone, MESSAGES.c.id)
                .join(CONTACTS, CONTACTS.c.id == MESSAGES.c.contact_id)
                .where(
                    MESSAGES.c.purpose.in_(OPENING),
                    MESSAGES.c.direction == "out",
                    MESSAGES.c.status.in_(ARRIVED),
                )
            ).all()
        assert all(n == 1 for n in Counter(row.phone for row in rows).values()), rows

    @invariant()
    def nothing_but_a_start_lifts_a_stop(self) -> None:
        assert all(self.is_stopped(phone) for phone in self.stopped)

    @invariant()
    def nobody_waits_for_a_text_that_does_not_come(self) -> None:
        with self.store.read() as conn:
            under_way = select(MESSAGES.c.contact_id).where(
                MESSAGES.c.direction == "out",
                MESSAGES.c.status.in_(["pending", "sending", "sent"]),
            )
            stuck = conn.execute(
                select(CONTACTS.c.id).where(
                    CONTACTS.c.stage == "confirming", CONTACTS.c.id.not_in(under_way)
                )
            ).all()
        assert stuck == []

    @invariant()
    def the_consent_chain_verifies(self) -> None:
        with self.store.read() as conn:
            assert consent.verify(conn).faults == ()
