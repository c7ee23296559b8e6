"""What people do to contacts, and take back."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import Connection, select

from storage import bulk, groups, labels, suppressions, undo, undo_stack
from storage.acts import Act, AddLabel, Delete, DoNotContact, Move, RemoveLabel, Star, WriteNote
from storage.bulk import perform
from storage.changes import record
from storage.contact_rows import rows_of
from storage.counts import counts
from storage.errors import NotFound, Refused
from storage.profile import profile
from storage.store import Store
from storage.tables import Contact, Message
from storage.tallies import read_tallies
from storage.words import Actor, Order, Place, Stage, Target, View
from tests.factories import lead, make_queued, put, settle_all

QUEUE = View()


def stages(store: Store, ids: list[int]) -> list[Stage]:
    with store.read() as conn:
        return [profile(conn, ident).contact.stage for ident in ids]


def true_counts(store: Store) -> dict[str, int]:
    """Every counter of stages and groups as it should be, counted row by row."""
    table = Contact.__table__  # type: ignore[attr-defined]
    found: dict[str, int] = {}
    with store.read() as conn:
        for stage, group_id in conn.execute(select(table.c.stage, table.c.group_id)):
            for name in (f"stage:{stage}", f"group:{group_id}" if group_id else ""):
                found[name] = found.get(name, 0) + bool(name)
    found.pop("", None)
    return found


def assert_counters_are_true(store: Store) -> None:
    truth = true_counts(store)
    with store.read() as conn:
        names = {f"stage:{stage}" for stage in Stage} | set(truth)
        assert {name: n for name, n in read_tallies(conn, names).items() if n} == truth


def test_moving_takes_a_contact_out_of_the_queue_in_the_same_transaction(
    store: Store, me: Actor
) -> None:
    ids = make_queued(store, 3)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    outcome = perform(store, me, Move(spring.id), Target(ids=tuple(ids[:2])), seen=QUEUE)
    assert (outcome.done, outcome.gone_count, outcome.sentence) == (
        2,
        0,
        "moved 2 contacts to “Spring”",
    )
    with store.read() as conn:
        now = counts(conn)
    assert (now.queue, now.groups[0].count) == (1, 2)
    assert_counters_are_true(store)


def test_who_is_in_the_group_already_is_not_told_of_as_gone(store: Store, me: Actor) -> None:
    ids = tuple(make_queued(store, 2))
    spring = store.do(lambda conn: groups.create(conn, me, "Spring")).id
    assert perform(store, me, Move(spring), Target(ids=ids[:1])).done == 1
    outcome = perform(store, me, Move(spring), Target(ids=ids))
    assert (outcome.done, outcome.unchanged, outcome.gone_count) == (1, 1, 0)


def test_no_act_of_people_puts_a_contact_in_the_queue(store: Store, me: Actor) -> None:
    moved, gone, stopped = make_queued(store, 3)
    spring, autumn = (
        store.do(lambda conn, name=name: groups.create(conn, me, name)).id  # type: ignore[misc]
        for name in ("Spring", "Autumn")
    )
    hot = store.do(lambda conn: labels.create(conn, me, "hot")).id
    perform(store, me, Move(spring), Target(ids=(moved,)))
    perform(store, me, Delete(), Target(ids=(gone,)))
    perform(store, me, DoNotContact("ana"), Target(ids=(stopped,)))
    [failing] = put(store, lead())
    settle_all(store, "failed")
    [waiting] = put(store, lead())
    assert failing.contact_id is not None and waiting.contact_id is not None
    ids = [moved, gone, stopped, failing.contact_id, waiting.contact_id]
    assert stages(store, ids) == [
        *(Stage.GROUPED, Stage.DELETED, Stage.SUPPRESSED, Stage.FAILED, Stage.CONFIRMING),
    ]
    undoable: list[Act] = [Star(True), Star(False), AddLabel(hot), RemoveLabel(hot)]
    undoable += [WriteNote("ana", "call back"), Move(autumn), Delete()]
    for act in (*undoable, DoNotContact("ana")):
        outcome = perform(store, me, act, Target(ids=tuple(ids)))
        assert Stage.QUEUED not in stages(store, ids), act
        if outcome.done and act.undoable:
            undo.undo(store, me)
            assert Stage.QUEUED not in stages(store, ids), act
    with store.read() as conn:
        assert counts(conn).queue == 0
    assert_counters_are_true(store)


def test_of_two_people_each_contact_is_moved_once_and_the_loser_is_told_who(
    any_store_url: str,
) -> None:
    one, two = Store.open(any_store_url), Store.open(any_store_url)
    try:
        ids = tuple(make_queued(one, 60))
        ana, bo = Actor.person("ana"), Actor.person("bo")
        spring = one.do(lambda conn: groups.create(conn, ana, "Spring"))
        autumn = one.do(lambda conn: groups.create(conn, bo, "Autumn"))
        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(perform, one, ana, Move(spring.id), Target(ids=ids), seen=QUEUE)
            second = pool.submit(perform, two, bo, Move(autumn.id), Target(ids=ids), seen=QUEUE)
        outcomes = [first.result(), second.result()]
        assert sum(outcome.done for outcome in outcomes) == 60
        assert sum(outcome.gone_count for outcome in outcomes) == 60
        [loser] = [outcome for outcome in outcomes if outcome.gone]
        assert any(
            f"moved to “{name}” by {who}" in loser.gone[0].why
            for name, who in (("Spring", "ana"), ("Autumn", "bo"))
        )
        assert_counters_are_true(one)
    finally:
        one.close()
        two.close()


def test_undo_puts_moved_contacts_back_and_redo_moves_them_again(store: Store, me: Actor) -> None:
    ids = make_queued(store, 4)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Move(spring.id), Target(ids=tuple(ids)), seen=QUEUE)
    with store.read() as conn:
        assert undo_stack.peek(conn, me) == ("move 4 contacts to “Spring”", None)
    assert undo.undo(store, me).done == 4
    assert stages(store, ids) == [Stage.QUEUED] * 4
    with store.read() as conn:
        assert undo_stack.peek(conn, me) == (
            "make group “Spring”",
            "move 4 contacts to “Spring”",
        )
    assert undo.redo(store, me).done == 4
    assert stages(store, ids) == [Stage.GROUPED] * 4
    assert_counters_are_true(store)


def test_undo_refuses_to_trample_a_later_change_and_says_whose(store: Store, me: Actor) -> None:
    first, second = make_queued(store, 2)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    autumn = store.do(lambda conn: groups.create(conn, me, "Autumn"))
    perform(store, me, Move(spring.id), Target(ids=(first, second)), seen=QUEUE)
    perform(store, Actor.person("bo"), Move(autumn.id), Target(ids=(second,)))
    outcome = undo.undo(store, me)
    assert (outcome.done, outcome.gone_count) == (1, 1)
    assert outcome.gone[0].why.startswith("moved to “Autumn” by bo")
    assert stages(store, [first, second]) == [Stage.QUEUED, Stage.GROUPED]
    assert_counters_are_true(store)


def test_undo_of_a_star_or_a_label_spares_what_others_did_since(store: Store, me: Actor) -> None:
    bo = Actor.person("bo")
    first, second = make_queued(store, 2)
    hot = store.do(lambda conn: labels.create(conn, me, "hot")).id
    star = perform(store, me, Star(True), Target(ids=(first, second)))
    mark = perform(store, me, AddLabel(hot), Target(ids=(first, second)))
    for act in (Star(False), Star(True), RemoveLabel(hot), AddLabel(hot)):
        perform(store, bo, act, Target(ids=(first,)))
    for change, what in ((mark, "labelled “hot” by bo"), (star, "starred by bo")):
        outcome = undo.undo(store, me, change.change_id)
        assert (outcome.done, outcome.gone_count) == (1, 1)
        assert outcome.gone[0].why.startswith(what), outcome.gone
    with store.read() as conn:
        assert rows_of(conn, [first])[0].favorite and not rows_of(conn, [second])[0].favorite


def test_what_was_undone_tells_by_whom_and_when(store: Store, me: Actor) -> None:
    [ident] = make_queued(store, 1)
    perform(store, me, Star(True), Target(ids=(ident,)))
    undo.undo(store, me)
    with store.read() as conn:
        starred = profile(conn, ident).changes[0]
    assert (starred.verb, starred.undone, starred.undone_by) == ("star", True, me.name)
    assert starred.undone_at is not None and starred.undone_at >= starred.at


def test_each_person_has_their_own_stack_and_it_outlives_a_restart(any_store_url: str) -> None:
    ana, bo = Actor.person("ana"), Actor.person("bo")
    store = Store.open(any_store_url)
    ids = make_queued(store, 2)
    perform(store, ana, Star(True), Target(ids=(ids[0],)))
    perform(store, bo, Star(True), Target(ids=(ids[1],)))
    store.close()
    store = Store.open(any_store_url)
    try:
        assert undo.undo(store, ana).sentence == "undid: star Ada Byron"
        with store.read() as conn:
            assert [profile(conn, ident).contact.favorite for ident in ids] == [False, True]
        with pytest.raises(Refused, match="Nothing to undo"):
            undo.undo(store, ana)
    finally:
        store.close()


def test_a_new_act_ends_what_could_be_done_again(store: Store, me: Actor) -> None:
    ids = make_queued(store, 2)
    perform(store, me, Star(True), Target(ids=(ids[0],)))
    undo.undo(store, me)
    perform(store, me, Star(True), Target(ids=(ids[1],)))
    with pytest.raises(Refused, match="Nothing to redo"):
        undo.redo(store, me)


def test_what_was_undone_last_is_done_again_and_nothing_older_than_an_act_since(
    store: Store, me: Actor
) -> None:
    def next_again() -> str | None:
        with store.read() as conn:
            again = undo_stack.peek(conn, me)[1]
            coming = undo_stack.next_redo(conn, me)
        assert again == (coming and coming.name)
        return again

    ids = tuple(make_queued(store, 2))
    perform(store, me, Star(True), Target(ids=ids))
    undo.undo(store, me)
    hot = store.do(lambda conn: labels.create(conn, me, "hot"))
    perform(store, me, AddLabel(hot.id), Target(ids=ids))
    undo.undo(store, me)
    assert next_again() == "label 2 contacts “hot”"
    undo.undo(store, me)
    assert undo.redo(store, me).sentence == "did again: make label “hot”"
    assert undo.redo(store, me).sentence == "did again: label 2 contacts “hot”"
    assert next_again() is None
    with pytest.raises(Refused, match="Nothing to redo"):
        undo.redo(store, me)


def test_an_act_that_was_undone_by_name_can_be_done_again(store: Store, me: Actor) -> None:
    ids = tuple(make_queued(store, 2))
    star = perform(store, me, Star(True), Target(ids=ids[:1]))
    perform(store, me, Delete(), Target(ids=ids[1:]))
    undo.undo(store, me, star.change_id)
    assert undo.redo(store, me).done == 1


def test_several_acts_are_undone_and_done_again_in_turn(store: Store, me: Actor) -> None:
    ids = tuple(make_queued(store, 3))
    hot = store.do(lambda conn: labels.create(conn, me, "hot"))
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Star(True), Target(ids=ids))
    perform(store, me, AddLabel(hot.id), Target(ids=ids))
    perform(store, me, Move(spring.id), Target(ids=ids), seen=QUEUE)
    perform(store, me, Delete(), Target(ids=ids))
    assert [undo.undo(store, me).done for _ in range(4)] == [3] * 4
    with store.read() as conn:
        contact = profile(conn, ids[0]).contact
    assert (contact.stage, contact.favorite, contact.labels) == (Stage.QUEUED, False, ())
    assert [undo.redo(store, me).done for _ in range(4)] == [3] * 4
    assert stages(store, list(ids)) == [Stage.DELETED] * 3
    assert_counters_are_true(store)


def test_deleting_can_be_undone_unless_the_number_came_in_again(store: Store, me: Actor) -> None:
    first, second = make_queued(store, 1, phone="+12025550190") + make_queued(
        store, 1, phone="+12025550191"
    )
    perform(store, me, Delete(), Target(ids=(first, second)))
    put(store, lead(phone="+12025550190"))
    outcome = undo.undo(store, me)
    assert (outcome.done, outcome.gone_count) == (1, 1)
    assert stages(store, [first, second]) == [Stage.DELETED, Stage.QUEUED]
    assert_counters_are_true(store)


def test_no_undo_lifts_a_stop(store: Store, me: Actor) -> None:
    [ident] = make_queued(store, 1, phone="+12025550192")
    perform(store, me, Delete(), Target(ids=(ident,)))
    store.do(lambda conn: suppressions.add(conn, me, ["+12025550192"], source="stop"))
    assert undo.undo(store, me).done == 0
    assert stages(store, [ident]) == [Stage.DELETED]


def test_a_suppressed_number_leaves_queue_and_group_and_its_text_is_cancelled(
    store: Store, me: Actor
) -> None:
    [queued] = make_queued(store, 1, phone="+12025550193")
    [grouped] = make_queued(store, 1, phone="+12025550194")
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Move(spring.id), Target(ids=(grouped,)))
    [waiting] = put(store, lead(phone="+12025550195"))
    added = store.do(
        lambda conn: suppressions.add(conn, me, ["+12025550193", "+12025550194", "+12025550195"])
    )
    assert added == 3
    assert stages(store, [queued, grouped, waiting.contact_id or 0]) == [Stage.SUPPRESSED] * 3
    table = Message.__table__  # type: ignore[attr-defined]
    with store.read() as conn:
        status = conn.execute(
            select(table.c.status).where(table.c.contact_id == waiting.contact_id)
        ).scalar_one()
    assert status == "cancelled"
    assert settle_all(store) == 0
    assert_counters_are_true(store)


def test_deleting_before_the_text_is_sent_cancels_it_and_undo_sends_it_after_all(
    store: Store, me: Actor
) -> None:
    make_queued(store, 1)
    [answer] = put(store, lead())
    ident = answer.contact_id or 0
    perform(store, me, Delete(), Target(ids=(ident,)))
    assert settle_all(store) == 0
    undo.undo(store, me)
    assert stages(store, [ident]) == [Stage.CONFIRMING]
    assert settle_all(store) == 1
    assert stages(store, [ident]) == [Stage.QUEUED]
    assert_counters_are_true(store)


def test_a_contact_that_waits_for_its_text_cannot_be_moved(store: Store, me: Actor) -> None:
    make_queued(store, 1)
    [answer] = put(store, lead())
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    outcome = perform(store, me, Move(spring.id), Target(ids=(answer.contact_id or 0,)))
    assert (outcome.done, outcome.gone[0].why) == (0, "its compliance text is still on the way")


def test_labels_are_found_by_search_and_no_longer_once_taken_off(store: Store, me: Actor) -> None:
    ids = tuple(make_queued(store, 2))
    hot = store.do(lambda conn: labels.create(conn, me, "Très chaud"))
    perform(store, me, AddLabel(hot.id), Target(ids=ids[:1]))
    everything = Target(view=QUEUE.searching("tres chaud"))
    assert perform(store, me, Star(True), everything).done == 1
    perform(store, me, RemoveLabel(hot.id), Target(ids=ids))
    assert perform(store, me, Star(False), everything).done == 0


def test_labelling_counts_only_those_that_changed(store: Store, me: Actor) -> None:
    ids = tuple(make_queued(store, 3))
    hot = store.do(lambda conn: labels.create(conn, me, "hot"))
    perform(store, me, AddLabel(hot.id), Target(ids=ids[:1]))
    outcome = perform(store, me, AddLabel(hot.id), Target(ids=ids))
    assert (outcome.done, outcome.unchanged, outcome.gone_count) == (2, 1, 0)
    with store.read() as conn:
        assert labels.listing(conn)[0].count == 3
        assert labels.worn_by(conn, ids) == {hot.id: 3}


def test_all_that_match_are_moved_in_chunks_but_not_those_that_arrive_meanwhile(
    sqlite_store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However fast the machine is: otherwise chunks follow it.
    monkeypatch.setattr(bulk, "LARGEST", bulk.SMALLEST)
    ids = make_queued(sqlite_store, 2500)
    spring = sqlite_store.do(lambda conn: groups.create(conn, me, "Spring"))
    told: list[tuple[int, int]] = []
    late: list[int] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        late.extend(make_queued(sqlite_store, 1))

    target = Target(view=QUEUE, top=ids[-1], spared=frozenset(ids[:2]))
    outcome = perform(sqlite_store, me, Move(spring.id), target, seen=QUEUE, progress=progress)
    assert outcome.done == 2498
    assert told[-1] == (2498, 2498)
    # A thousand at first; of the last, two are spared.
    assert told == [(done, 2498) for done in (1000, 1500, 2000, 2498)]
    assert stages(sqlite_store, late + ids[:2]) == [Stage.QUEUED] * (len(late) + 2)
    assert_counters_are_true(sqlite_store)


def test_marks_in_any_order_are_each_moved_once_and_all_put_back(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CHUNK", "SMALLEST", "LARGEST"):
        monkeypatch.setattr(bulk, name, 10)
    ids = make_queued(store, 40)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    autumn = store.do(lambda conn: groups.create(conn, me, "Autumn"))
    perform(store, me, Move(autumn.id), Target(ids=tuple(ids[5:40:7])))
    marks = tuple(ids[place * 7 % 40] for place in range(40))
    outcome = perform(store, me, Move(spring.id), Target(ids=marks + marks[:5]), seen=QUEUE)
    assert (outcome.done, outcome.gone_count) == (35, 5)
    assert_counters_are_true(store)
    later = perform(store, Actor.person("bo"), Move(autumn.id), Target(ids=(ids[3], ids[20])))
    assert later.done == 2
    assert undo.undo(store, me).done == 33
    with store.read() as conn:
        assert [group.count for group in counts(conn).groups] == [7, 0]
    assert_counters_are_true(store)


def test_a_bulk_knows_whether_anybody_wrote_between_its_chunks(store: Store, me: Actor) -> None:
    pace = bulk.Pace(1000)
    calm: list[bool] = []
    for disturbed in (False, False, True, False):
        if disturbed:
            store.do(lambda conn: groups.create(conn, me, "Spring"))
        store.do(lambda conn: _write_for(conn, pace, me))
        calm.append(pace.calm)
    assert calm == [False, True, False, True]


def _write_for(conn: Connection, pace: bulk.Pace, who: Actor) -> None:
    pace.begin(conn)
    record(conn, who, "star")


@pytest.mark.parametrize("twice", [False, True])
def test_the_end_of_a_bulk_has_all_of_it_on_the_disk(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch, *, twice: bool
) -> None:
    ids = make_queued(store, 130)
    monkeypatch.setattr(bulk, "CHUNK", 60)
    lasting: list[bool] = []

    def noted(verb: Any, **how: bool) -> Any:
        lasting.append(how.get("lasting", True))
        return done(verb, **how)

    done = store.do
    monkeypatch.setattr(store, "do", noted)
    # Named twice, they are through before as many are as were named.
    perform(store, me, Star(True), Target(ids=(*ids, *ids) if twice else tuple(ids)))
    assert len(lasting) == (3 if twice else 2)
    assert [not each for each in lasting[:-1]] == [True] * len(lasting[:-1])
    assert lasting[-1]


def test_a_cancelled_bulk_keeps_what_is_done_as_one_undoable_change(
    sqlite_store: Store, me: Actor
) -> None:
    make_queued(sqlite_store, 2500)
    spring = sqlite_store.do(lambda conn: groups.create(conn, me, "Spring"))
    stop = threading.Event()
    outcome = perform(
        sqlite_store,
        me,
        Move(spring.id),
        Target(view=QUEUE),
        seen=QUEUE,
        progress=lambda _done, _total: stop.set(),
        cancel=stop,
    )
    assert (outcome.done, outcome.cancelled) == (1000, True)
    assert undo.undo(sqlite_store, me).done == 1000
    with sqlite_store.read() as conn:
        assert counts(conn).queue == 2500


def test_a_contact_seen_in_one_group_is_not_deleted_from_another(store: Store, me: Actor) -> None:
    [ident] = make_queued(store, 1)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Move(spring.id), Target(ids=(ident,)))
    outcome = perform(store, Actor.person("bo"), Delete(), Target(ids=(ident,)), seen=QUEUE)
    assert (outcome.done, outcome.gone_count) == (0, 1)
    seen = View(Place.GROUP, spring.id, "Spring", order=Order.OLDEST)
    assert perform(store, me, Delete(), Target(ids=(ident,)), seen=seen).done == 1


def test_moving_to_a_group_that_is_gone_is_refused_before_anything_happens(
    store: Store, me: Actor
) -> None:
    ids = make_queued(store, 1)
    with pytest.raises(NotFound):
        perform(store, me, Move(4711), Target(ids=tuple(ids)))
    assert stages(store, ids) == [Stage.QUEUED]


def test_every_change_has_an_actor_and_a_time(store: Store, me: Actor) -> None:
    [ident] = make_queued(store, 1)
    perform(store, me, Star(True), Target(ids=(ident,)))
    with store.read() as conn:
        [change] = profile(conn, ident).changes
    assert (change.actor, change.verb, change.at.utcoffset().total_seconds()) == ("ana", "star", 0)  # type: ignore[union-attr]


@pytest.mark.parametrize("step", ["act", "undo"])
def test_an_act_counts_once_though_it_shares_a_transaction_with_a_verb_that_fails(
    store: Store, me: Actor, step: str
) -> None:
    ids = make_queued(store, 3)
    star = partial(perform, store, me, Star(True), Target(ids=tuple(ids)))
    if step == "undo":
        star()
    gate = threading.Event()
    store.write(lambda _conn: gate.wait(30))

    def refused(_conn: Connection) -> None:
        raise Refused("No.")

    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(star if step == "act" else partial(undo.undo, store, me))
        while True:
            # One of them shares each transaction of the act, whenever that comes.
            failing = [store.write(refused) for _ in range(20)]
            gate.set()
            assert {type(each.exception(30)) for each in failing} == {Refused}
            if acting.done():
                break
    assert acting.result().done == 3
    with store.read() as conn:
        assert {row.favorite for row in rows_of(conn, ids)} == {step == "act"}
    if step == "act":
        assert undo.undo(store, me).done == 3
