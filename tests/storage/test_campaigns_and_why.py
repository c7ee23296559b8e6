"""Campaigns, the whereabouts of a person, and many hands, on both stores."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from storage import (
    campaign_acts,
    campaigns,
    deleting_campaigns,
    groups,
    numbers,
    suppressions,
    undo,
)
from storage.acts import Delete, DoNotContact, Move
from storage.bulk import perform
from storage.erase import erase
from storage.errors import Refused
from storage.fates import Answer, in_words, where_is
from storage.refused_attempts import RefusedAttempt, record_refused
from storage.store import Store
from storage.words import GATEWAY, Actor, Target
from tests.factories import lead, make_queued, put, settle_all, switched_on
from tests.storage.test_acts import QUEUE, assert_counters_are_true

SENTENCE = "Contacts sitting in the Opt-in queue cannot be added to active campaigns"


def test_a_queued_contact_joins_no_campaign_until_it_is_moved(store: Store, me: Actor) -> None:
    one, two = make_queued(store, 2)
    offer = store.do(lambda conn: campaigns.create(conn, me, "Offer"))
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    store.do(lambda conn: campaigns.switch(conn, me, offer, True))
    with pytest.raises(Refused, match=SENTENCE):
        campaign_acts.add(store, me, offer.id, Target(ids=(one,)))
    perform(store, me, Move(spring.id), Target(ids=(one,)))
    with pytest.raises(Refused, match=SENTENCE):
        campaign_acts.add(store, me, offer.id, Target(ids=(one, two)))
    assert campaign_acts.add(store, me, offer.id, Target(ids=(one,))).done == 1
    assert undo.undo(store, me).done == 1
    with store.read() as conn:
        assert campaigns.eligible(conn, offer) == 0
    assert undo.redo(store, me).done == 1
    with store.read() as conn:
        assert campaigns.eligible(conn, offer) == 1
    perform(store, me, DoNotContact("ana"), Target(ids=(one,)))
    with store.read() as conn:
        assert campaigns.eligible(conn, offer) == 0


def test_taking_out_says_whom_a_group_still_brings_in(store: Store, me: Actor) -> None:
    one, two, three = make_queued(store, 3)
    offer = store.do(lambda conn: campaigns.create(conn, me, "Offer"))
    spring, autumn = (
        store.do(lambda conn, name=name: groups.create(conn, me, name))  # type: ignore[misc]
        for name in ("Spring", "Autumn")
    )
    perform(store, me, Move(spring.id), Target(ids=(one, two)))
    perform(store, me, Move(autumn.id), Target(ids=(three,)))

    def taken_out(*ids: int) -> str:
        campaign_acts.add(store, me, offer.id, Target(ids=ids))
        leave = campaign_acts.LeaveCampaign(offer.id)
        return perform(store, me, leave, Target(ids=ids)).sentence

    assert taken_out(one) == "took 1 contact out of the campaign “Offer”"
    store.do(lambda conn: campaigns.attach(conn, me, offer, spring.id))
    out = "took {} out of the campaign “Offer”; {}"
    assert taken_out(one) == out.format("1 contact", "its group “Spring” still brings it in")
    assert taken_out(three) == "took 1 contact out of the campaign “Offer”"
    assert taken_out(one, two) == out.format("2 contacts", "groups still bring in all of them")
    assert taken_out(one, two, three) == out.format("3 contacts", "groups still bring in 2 of them")


def test_a_campaign_draws_on_groups_and_leaves_test_numbers_out(store: Store, me: Actor) -> None:
    ids = make_queued(store, 2)
    [test] = put(store, lead(phone="+15555550100", test=True))
    assert test.contact_id is not None
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Move(spring.id), Target(ids=(*ids, test.contact_id)))
    offer = store.do(lambda conn: campaigns.create(conn, me, "Offer"))
    with pytest.raises(Refused, match="already"):
        store.do(lambda conn: campaigns.create(conn, me, "OFFER"))
    assert store.do(lambda conn: campaigns.attach(conn, me, offer, spring.id))
    assert not store.do(lambda conn: campaigns.attach(conn, me, offer, spring.id))
    with store.read() as conn:
        [row] = campaigns.listing(conn)
        assert [group.name for group in row.groups] == ["Spring"]
        assert campaigns.eligible(conn, offer) == 2
    perform(store, me, Delete(), Target(ids=tuple(ids)))
    with pytest.raises(Refused, match="holds 1 contact"):
        store.do(lambda conn: groups.delete(conn, me, spring.id))
    perform(store, me, Delete(), Target(ids=(test.contact_id,)))
    with pytest.raises(Refused, match="draws on"):
        store.do(lambda conn: groups.delete(conn, me, spring.id))
    assert store.do(lambda conn: campaigns.detach(conn, me, offer, spring.id))
    store.do(lambda conn: groups.delete(conn, me, spring.id))


def test_attaching_and_switching_a_campaign_are_undone_and_done_again(
    store: Store, me: Actor
) -> None:
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    offer = store.do(lambda conn: campaigns.create(conn, me, "Offer"))

    def now_is(drawing: bool, active: bool) -> bool:
        with store.read() as conn:
            [row] = campaigns.listing(conn)
        return (bool(row.groups), row.active) == (drawing, active)

    store.do(lambda conn: campaigns.attach(conn, me, offer, spring.id))
    store.do(lambda conn: campaigns.switch(conn, me, offer, True))
    assert now_is(True, True)
    undo.undo(store, me)
    assert now_is(True, False)
    undo.undo(store, me)
    assert now_is(False, False)
    undo.redo(store, me)
    assert now_is(True, False)
    store.do(lambda conn: campaigns.detach(conn, me, offer, spring.id))
    assert undo.undo(store, me).sentence == "undid: detach “Spring” from “Offer”"
    assert now_is(True, False)
    store.do(lambda conn: campaigns.switch(conn, me, offer, True))
    bo = Actor.person("bo")
    store.do(lambda conn: campaigns.switch(conn, bo, offer, False))
    with pytest.raises(Refused, match=r"switched again since by bo \d s ago"):
        undo.undo(store, me)


def asked(store: Store, text: str) -> Answer:
    with store.read() as conn:
        return where_is(conn, text)


def test_a_campaign_is_renamed_and_deleted_where_it_is_not_active_and_comes_back_whole(
    store: Store, me: Actor
) -> None:
    one, two = make_queued(store, 2)
    offer = store.do(lambda conn: campaigns.create(conn, me, "Offer"))
    store.do(lambda conn: campaigns.create(conn, me, "Other"))
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Move(spring.id), Target(ids=(one, two)))
    store.do(lambda conn: campaigns.attach(conn, me, offer, spring.id))
    campaign_acts.add(store, me, offer.id, Target(ids=(one,)))
    with pytest.raises(Refused, match="already"):
        store.do(lambda conn: campaigns.rename(conn, me, offer, "OTHER"))
    assert store.do(lambda conn: campaigns.rename(conn, me, offer, "May offer")).name == "May offer"
    undo.undo(store, me)
    store.do(lambda conn: campaigns.switch(conn, me, offer, True))
    with pytest.raises(Refused, match="is active"):
        deleting_campaigns.delete(store, me, offer.id)
    store.do(lambda conn: campaigns.switch(conn, me, offer, False))
    number = store.do(lambda conn: numbers.add(conn, me, "+12025550147"))
    store.do(lambda conn: numbers.set_campaign(conn, me, number.id, offer.public_id))
    with pytest.raises(Refused, match=r"\+12025550147 belongs to"):
        deleting_campaigns.delete(store, me, offer.id)
    store.do(lambda conn: numbers.set_campaign(conn, me, number.id, None))

    def there() -> list[tuple[str, int, int]]:
        with store.read() as conn:
            return [(row.name, len(row.groups), row.contacts) for row in campaigns.listing(conn)]

    whole = [("Offer", 1, 1), ("Other", 0, 0)]
    assert there() == whole
    assert deleting_campaigns.delete(store, me, offer.id).sentence == "deleted the campaign “Offer”"
    assert there() == whole[1:]
    undo.undo(store, me)
    assert there() == whole
    undo.redo(store, me)
    assert there() == whole[1:]
    store.do(lambda conn: campaigns.create(conn, Actor.person("bo"), "Offer"))
    with pytest.raises(Refused, match="already"):
        undo.undo(store, me)


def test_everybody_can_be_asked_for_and_every_fate_names_who_and_when(
    store: Store, me: Actor
) -> None:
    spring_ids = [make_queued(store, phone=f"+1202555014{n}")[0] for n in range(5)]
    moved, gone, stopped, barred, queued = spring_ids
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Move(spring.id), Target(ids=(moved,)))
    perform(store, Actor.person("bo"), Delete(), Target(ids=(gone,)))
    store.do(lambda conn: suppressions.add(conn, GATEWAY, ["+12025550142"], source="stop"))
    perform(store, me, DoNotContact("ana", "rude"), Target(ids=(barred,)))
    refusal = RefusedAttempt(7, "api", None, "MISSING_REQUIRED_FIELD",
                             body='{"mobile_phone": "(202) 555-7777"}')  # fmt: skip
    store.do(lambda conn: record_refused(conn, [refusal]))
    [erased] = make_queued(store, phone="+12025550189")
    erase(store, me, erased, "0189")
    put(store, lead(phone="+12025550188"))
    said = {
        "(202) 555-0140": "was moved to “Spring” by ana 0 s ago",
        "+1 202 555 0141": "was deleted by bo",
        "202.555.0142": "opted out by STOP",
        "2025550143": "was put on Do Not Contact by ana 0 s ago (rude)",
        "2025550144": "is in the Opt-in queue",
        "2025550189": "was erased by ana 0 s ago and is never texted again.",
        "202-555-7777": "was refused at the API door 0 s ago: Missing required field",
        "2025550188": "waits for its compliance text",
    }
    for text, sentence in said.items():
        assert sentence.removesuffix(" 0 s ago").split(" 0 s ago")[0] in in_words(
            asked(store, text), text
        ), text
    assert moved and stopped and queued


def test_who_opts_in_again_is_told_how_often(store: Store, me: Actor) -> None:
    [one] = make_queued(store, phone="+12025550140")
    put(store, lead(phone="+12025550140"))
    said = in_words(asked(store, "2025550140"), "")
    assert "received 0 s ago; opted in again once 0 s ago, which changed nothing." in said
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Move(spring.id), Target(ids=(one,)))
    put(store, lead(phone="+12025550140"))
    said = in_words(asked(store, "2025550140"), "")
    assert "“Spring” by ana 0 s ago; opted in again 2 times, last 0 s ago, which" in said


def test_who_was_refused_at_the_door_is_found_by_name(store: Store) -> None:
    body = "first_name=Olga&last_name=Petrova&phone=555-CALL"
    refusal = RefusedAttempt(8, "hook", None, "INVALID_PHONE_FORMAT", body=body)
    store.do(lambda conn: record_refused(conn, [refusal]))
    answer = asked(store, "Olga Petrova")
    assert [fate.what for fate in answer.fates] == ["refused"]
    assert "Olga Petrova was refused at the hook door" in in_words(answer, "Olga Petrova")
    assert not asked(store, "Olga Ivanova").seen


def test_who_is_misspelled_is_suggested_and_who_is_unknown_was_never_seen(
    store: Store, me: Actor
) -> None:
    [one] = make_queued(store, phone="+12025550146", first_name="Katarzyna", last_name="Wójcik")
    assert asked(store, "katarzyna wojcik").fates[0].contact_id == one
    near = asked(store, "Katarzina Wojcik")
    assert not near.seen and near.suggestions[0].contact_id == one
    assert asked(store, "2025550164").suggestions[0].contact_id == one
    assert asked(store, "2025550147").suggestions[0].contact_id == one
    nobody = asked(store, "+442079460018")
    assert not nobody.seen and not nobody.suggestions
    assert "never seen" in in_words(nobody, "+442079460018")
    for text in ('"', "", "label:", "%", "con_0000000000000001", "٣٤٥ ٣٤٥ ٣٤٥"):
        asked(store, text)


def test_five_hundred_moved_by_two_desks_at_once_are_moved_once_each(any_store_url: str) -> None:
    one, two = Store.open(any_store_url), Store.open(any_store_url)
    try:
        switched_on(one)
        ids = make_queued(one, 500)
        settle_all(one)
        ana, bo = Actor.person("ana"), Actor.person("bo")
        spring = one.do(lambda conn: groups.create(conn, ana, "Spring"))
        autumn = one.do(lambda conn: groups.create(conn, bo, "Autumn"))
        jobs = [
            (store, who, group, tuple(part[start : start + 50]))
            for store, who, group, part in (
                (one, ana, spring.id, ids), (two, bo, autumn.id, ids[::-1]),
            )
            for start in range(0, 500, 50)
        ]  # fmt: skip
        with ThreadPoolExecutor(4) as pool:
            outcomes = list(
                pool.map(
                    lambda job: perform(
                        job[0], job[1], Move(job[2]), Target(ids=job[3]), seen=QUEUE
                    ),
                    jobs,
                )
            )
        assert sum(outcome.done for outcome in outcomes) == 500
        assert sum(outcome.gone_count for outcome in outcomes) == 500
        with one.read() as conn:
            assert sum(row.count for row in groups.listing(conn)) == 500
        assert_counters_are_true(one)
    finally:
        one.close()
        two.close()
