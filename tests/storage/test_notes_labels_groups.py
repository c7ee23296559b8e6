"""Notes, labels and groups: what people do to them, and take back."""

from __future__ import annotations

import threading
from functools import partial
from typing import Any

import pytest

from storage import (
    bulk,
    campaigns,
    deleting_campaigns,
    groups,
    labels,
    notes,
    regrouping,
    relabelling,
    renaming_labels,
    undo,
    undo_stack,
)
from storage.acts import AddLabel, Delete, Move, RemoveLabel
from storage.bulk import perform
from storage.errors import NotFound, Refused
from storage.labels import Worn
from storage.profile import profile
from storage.store import Store
from storage.tables import Contact
from storage.windows import each_row
from storage.words import Actor, Outcome, Place, Stage, Target, View
from tests.factories import make_queued
from tests.storage.test_acts import assert_counters_are_true

BO = Actor.person("bo")
CONTACTS: Any = Contact.__table__  # type: ignore[attr-defined]


def bodies(store: Store, contact_id: int) -> list[str]:
    with store.read() as conn:
        return [each.body for each in notes.listing(conn, contact_id)]


def label(store: Store, me: Actor, name: str, ids: list[int] | None = None) -> int:
    made = store.do(lambda conn: labels.ensure(conn, me, name)).id
    if ids:
        perform(store, me, AddLabel(made), Target(ids=tuple(ids)))
    return made


def worn(store: Store, contact_id: int) -> list[str]:
    with store.read() as conn:
        return [tag.name for tag in profile(conn, contact_id).contact.labels]


def found(store: Store, text: str) -> list[int]:
    return [row.id for row in each_row(store, View(Place.ALL, search=text))]


def test_a_note_shows_who_wrote_it_and_when_and_undo_takes_it_back(store: Store, me: Actor) -> None:
    one, two = make_queued(store, 2)
    outcome = perform(store, me, notes.writing(me, "  call\nback  "), Target(ids=(one, two)))
    assert (outcome.done, outcome.sentence) == (2, "wrote a note on 2 contacts")
    with store.read() as conn:
        [written] = notes.listing(conn, one)
        assert (written.author, written.body, written.edited) == ("ana", "call\nback", False)
        assert profile(conn, one).changes[0].verb == "note"
    assert undo.undo(store, me).done == 2
    assert bodies(store, one) == bodies(store, two) == []
    assert undo.redo(store, me).done == 2
    assert bodies(store, two) == ["call\nback"]


def test_only_the_author_changes_or_deletes_a_note_and_both_are_undone(
    store: Store, me: Actor
) -> None:
    [one] = make_queued(store)
    perform(store, me, notes.writing(me, "first"), Target(ids=(one,)))
    with store.read() as conn:
        ident = notes.listing(conn, one)[0].id
    for verb in (
        lambda conn: notes.edit(conn, BO, ident, "mine"),
        lambda conn: notes.remove(conn, BO, ident),
    ):
        with pytest.raises(Refused, match="ana's"):
            store.do(verb)
    store.do(lambda conn: notes.edit(conn, me, ident, "second"))
    store.do(lambda conn: notes.remove(conn, me, ident))
    assert bodies(store, one) == []
    with store.read() as conn:
        said = [act.sentence for act in undo_stack.recent(conn, me, 2)]
    assert said == ["deleted a note on Ada Byron", "changed a note on Ada Byron"]
    assert undo.undo(store, me).sentence == "undid: delete a note on Ada Byron"
    assert bodies(store, one) == ["second"]
    assert undo.undo(store, me).sentence == "undid: change of a note on Ada Byron"
    assert bodies(store, one) == ["first"]
    assert undo.redo(store, me).sentence == "did again: change of a note on Ada Byron"
    assert bodies(store, one) == ["second"]


def test_a_note_is_neither_blank_nor_endless(me: Actor) -> None:
    with pytest.raises(Refused, match="4,000 characters"):
        notes.writing(me, "x" * (notes.LONGEST + 1))
    with pytest.raises(Refused, match="needs some text"):
        notes.writing(me, " \n ")


def test_a_renamed_label_is_found_by_its_new_name_alone(store: Store, me: Actor) -> None:
    one, two = make_queued(store, 2)
    hot = label(store, me, "hot", [one, two])
    renaming_labels.rename(store, me, hot, "Größer")
    assert worn(store, one) == ["Größer"]
    assert (found(store, "grosser"), found(store, "hot")) == ([two, one], [])
    undo.undo(store, me)
    assert (found(store, "grosser"), found(store, "hot")) == ([], [two, one])
    undo.redo(store, me)
    assert worn(store, two) == ["Größer"]
    label(store, me, "cold")
    with pytest.raises(Refused, match="already"):
        renaming_labels.rename(store, me, hot, "COLD")


def test_renaming_a_label_tells_how_far_it_is_and_goes_back_when_it_is_stopped(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bound in ("CHUNK", "SMALLEST", "LARGEST"):
        monkeypatch.setattr(bulk, bound, 10)
    ids = make_queued(store, 25)
    hot = label(store, me, "hot", ids)
    cancel, told = threading.Event(), []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        if done == 20:
            cancel.set()

    outcome = renaming_labels.rename(store, me, hot, "warm", progress=progress, cancel=cancel)
    assert (outcome.done, outcome.cancelled) == (0, True)
    assert told[:2] == [(10, 25), (20, 25)] and told[-1][0] == 0
    assert worn(store, ids[0]) == ["hot"]
    assert (len(found(store, "hot")), found(store, "warm")) == (25, [])
    told.clear()
    undo.redo(store, me, progress=lambda *at: told.append(at))
    assert told == [(10, 25), (20, 25), (25, 25)]
    assert (found(store, "hot"), len(found(store, "warm"))) == ([], 25)
    cancel.set()
    undone = undo.undo(store, me, cancel=cancel)
    assert (undone.done, undone.cancelled) == (0, True)
    assert (found(store, "hot"), len(found(store, "warm"))) == ([], 25)
    undo.undo(store, me)
    assert (len(found(store, "hot")), found(store, "warm")) == (25, [])


def test_a_deleted_label_comes_back_with_everybody_who_wore_it(store: Store, me: Actor) -> None:
    one, two, three = make_queued(store, 3)
    hot = label(store, me, "hot", [one, two])
    outcome = relabelling.delete(store, me, hot)
    assert outcome.done == 2
    assert worn(store, one) == [] and found(store, "hot") == []
    with pytest.raises(NotFound):
        store.do(lambda conn: labels.find(conn, "hot"))
    undo.undo(store, me)
    assert worn(store, one) == ["hot"] and worn(store, three) == []
    assert found(store, "hot") == [two, one]
    undo.redo(store, me)
    assert worn(store, two) == []


def test_merged_labels_part_again_as_they_were(store: Store, me: Actor) -> None:
    one, two, three = make_queued(store, 3)
    hot = label(store, me, "hot", [one, two])
    warm = label(store, me, "warm", [two, three])
    assert relabelling.merge(store, me, hot, warm).done == 2
    assert [worn(store, each) for each in (one, two, three)] == [["warm"]] * 3
    with store.read() as conn:
        [row] = labels.listing(conn)
    assert (row.name, row.count) == ("warm", 3)
    undo.undo(store, me)
    assert [worn(store, each) for each in (one, two, three)] == [["hot"], ["hot", "warm"], ["warm"]]
    with pytest.raises(Refused, match="itself"):
        relabelling.merge(store, me, hot, hot)


def test_an_act_whose_label_is_gone_does_not_bar_the_way_of_undo(store: Store, me: Actor) -> None:
    [one] = make_queued(store)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Move(spring.id), Target(ids=(one,)))
    hot = label(store, me, "hot", [one])
    relabelling.delete(store, BO, hot)
    for left in ("label Ada Byron “hot”", "make label “hot”"):
        with pytest.raises(Refused, match=f"does not exist any more.* “{left}” was left as it is"):
            undo.undo(store, me)
    assert undo.undo(store, me).sentence == "undid: move Ada Byron to “Spring”"


def test_an_act_that_others_changed_since_does_not_bar_the_way_of_undo(
    store: Store, me: Actor
) -> None:
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    store.do(lambda conn: groups.rename(conn, me, spring.id, "May"))
    store.do(lambda conn: groups.rename(conn, BO, spring.id, "June"))
    with pytest.raises(Refused, match="renamed again since by bo") as refused:
        undo.undo(store, me)
    assert "“rename group “Spring” to “May”” was left as it is." in refused.value.sentence
    assert refused.value.next_step == "Undoing once more goes on to: make group “Spring”."
    with store.read() as conn:
        [passed] = [act for act in undo_stack.recent(conn, me) if act.verb == "group.rename"]
    assert passed.undoable
    assert not passed.undone
    undo.undo(store, BO)
    # Nothing stands in its way any more: by name it can be undone, and done again.
    undo.undo(store, me, passed.id)
    undo.redo(store, me)
    with store.read() as conn:
        assert [row.name for row in groups.listing(conn)] == ["May"]
        assert undo_stack.next_undo(conn, me) == passed


def test_a_redo_that_others_bar_does_not_bar_the_others(store: Store, me: Actor) -> None:
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    offer = store.do(lambda conn: campaigns.create(conn, me, "Offer"))
    store.do(lambda conn: groups.rename(conn, me, spring.id, "May"))
    deleting_campaigns.delete(store, me, offer.id)
    undo.undo(store, me)
    undo.undo(store, me)
    store.do(lambda conn: groups.rename(conn, BO, spring.id, "June"))
    store.do(lambda conn: campaigns.switch(conn, BO, offer, True))
    for following in ("Redoing once more goes on to: delete campaign", "nothing else to redo"):
        with pytest.raises(Refused) as refused:
            undo.redo(store, me)
        assert following in refused.value.next_step
    with pytest.raises(Refused, match="Nothing to redo"):
        undo.redo(store, me)


def test_labels_have_colours_and_letters_of_their_own(store: Store, me: Actor) -> None:
    hot = store.do(lambda conn: labels.create(conn, me, "hot", "red", "H"))
    assert (hot.colour, hot.letter) == ("red", "h")
    cold = label(store, me, "cold")
    with pytest.raises(Refused, match="letter of the label “hot”"):
        store.do(lambda conn: labels.set_letter(conn, me, cold, "h"))
    with pytest.raises(Refused, match="no colour"):
        store.do(lambda conn: labels.recolour(conn, me, cold, "mauve"))
    assert store.do(lambda conn: labels.recolour(conn, me, cold, "blue")).colour == "blue"
    assert store.do(lambda conn: labels.set_letter(conn, me, cold, "c")).letter == "c"
    undo.undo(store, me)
    with store.read() as conn:
        assert labels.by_id(conn, cold).letter == ""


def test_a_picker_knows_which_of_the_marked_wear_a_label(store: Store, me: Actor) -> None:
    ids = make_queued(store, 4)
    everybody, some, nobody = (label(store, me, name) for name in ("all", "some", "none"))
    perform(store, me, AddLabel(everybody), Target(ids=tuple(ids)))
    perform(store, me, AddLabel(some), Target(ids=tuple(ids[:1])))
    for target in (Target(ids=tuple(ids)), Target(view=View())):
        with store.read() as conn:
            marked = labels.marked_with(conn, target)
        assert (marked[everybody].worn, marked[everybody].count) == (Worn.ALL, 4)
        assert (marked[some].worn, marked[some].count) == (Worn.SOME, 1)
        assert marked[nobody].worn is Worn.NONE


def test_of_very_many_a_picker_knows_all_some_or_none(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labels, "MOST_COUNTED", 2)
    ids = make_queued(store, 6)
    old, new, every = (label(store, me, name) for name in ("old", "new", "every"))
    perform(store, me, AddLabel(old), Target(ids=tuple(ids[:1])))
    perform(store, me, AddLabel(new), Target(ids=tuple(ids[-3:])))
    perform(store, me, AddLabel(every), Target(ids=tuple(ids)))
    with store.read() as conn:
        marked = labels.marked_with(conn, Target(view=View()))
        spared = labels.marked_with(conn, Target(view=View(), spared=frozenset(ids[:1])))
    assert [marked[each].worn for each in (old, new, every)] == [Worn.SOME, Worn.SOME, Worn.ALL]
    assert spared[old].worn is Worn.NONE


def test_a_bulk_takes_a_label_off_those_who_wear_it(store: Store, me: Actor) -> None:
    ids = make_queued(store, 3)
    hot = label(store, me, "hot", ids[:2])
    outcome = perform(store, me, RemoveLabel(hot), Target(ids=tuple(ids)))
    assert (outcome.done, outcome.unchanged) == (2, 1)


@pytest.mark.parametrize("made", [groups.create, labels.create, campaigns.create])
def test_a_name_holds_no_control_characters(sqlite_store: Store, me: Actor, made: Any) -> None:
    row = sqlite_store.do(lambda conn: made(conn, me, "\x1b[31mRed\x00 \x9b2Jteam\n"))
    assert row.name == "[31mRed 2Jteam"


def test_groups_are_renamed_merged_and_deleted_and_all_is_undone(store: Store, me: Actor) -> None:
    one, two, three = make_queued(store, 3)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    autumn = store.do(lambda conn: groups.create(conn, me, "Autumn"))
    perform(store, me, Move(spring.id), Target(ids=(one, two)))
    perform(store, me, Move(autumn.id), Target(ids=(three,)))
    store.do(lambda conn: groups.rename(conn, me, spring.id, "Summer"))
    with pytest.raises(Refused, match="holds 2 contacts"):
        store.do(lambda conn: groups.delete(conn, me, spring.id))
    assert regrouping.merge(store, me, spring.id, autumn.id).done == 2
    with store.read() as conn:
        [row] = groups.listing(conn)
        assert (row.name, row.count) == ("Autumn", 3)
        assert profile(conn, one).contact.group == "Autumn"
    assert_counters_are_true(store)
    undo.undo(store, me)
    with store.read() as conn:
        assert [(row.name, row.count) for row in groups.listing(conn)] == [
            ("Autumn", 1),
            ("Summer", 2),
        ]
    assert_counters_are_true(store)
    undo.undo(store, me)
    with store.read() as conn:
        assert groups.by_id(conn, spring.id).name == "Spring"
    perform(store, me, Delete(), Target(ids=(three,)))
    store.do(lambda conn: groups.delete(conn, me, autumn.id))
    undo.undo(store, me)
    with store.read() as conn:
        assert groups.by_id(conn, autumn.id).name == "Autumn"


def test_undo_never_puts_a_contact_into_a_group_that_is_gone(store: Store, me: Actor) -> None:
    [one] = make_queued(store)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    autumn = store.do(lambda conn: groups.create(conn, me, "Autumn"))
    perform(store, me, Move(spring.id), Target(ids=(one,)))
    perform(store, me, Move(autumn.id), Target(ids=(one,)))
    store.do(lambda conn: groups.delete(conn, BO, spring.id))
    outcome = undo.undo(store, me)
    assert (outcome.done, outcome.gone_count) == (0, 1)
    with store.read() as conn:
        contact = profile(conn, one).contact
    assert (contact.stage, contact.group) == (Stage.GROUPED, "Autumn")


def test_the_stack_has_names_and_the_last_act_can_be_repeated(store: Store, me: Actor) -> None:
    one, two = make_queued(store, 2)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    perform(store, me, Move(spring.id), Target(ids=(one,)))
    label(store, me, "hot", [two])
    with store.read() as conn:
        names = [(each.verb, each.name) for each in undo_stack.stack(conn, me)]
        act = undo_stack.last_act(conn, me)
        assert undo_stack.last_act(conn, BO) is None
    assert names == [
        ("label", "label Ada Byron “hot”"),
        ("label.create", "make label “hot”"),
        ("move", "move Ada Byron to “Spring”"),
        ("group.create", "make group “Spring”"),
    ]
    assert act == AddLabel(act.label_id)  # type: ignore[union-attr]


def test_merging_and_deleting_are_stopped_between_chunks_and_stay_true(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 10)
    monkeypatch.setattr(bulk, "SMALLEST", 10)
    monkeypatch.setattr(bulk, "LARGEST", 10)
    ids = make_queued(store, 25)
    hot, warm = (store.do(lambda conn, n=n: labels.create(conn, me, n)).id for n in "hw")  # type: ignore[misc]
    spring, autumn = (store.do(lambda conn, n=n: groups.create(conn, me, n)).id for n in "sa")  # type: ignore[misc]
    perform(store, me, AddLabel(hot), Target(ids=tuple(ids)))
    perform(store, me, Move(spring), Target(ids=tuple(ids)))

    def stopped(run: Any) -> Outcome:
        cancel, told = threading.Event(), []

        def progress(done: int, total: int) -> None:
            told.append((done, total))
            cancel.set()

        outcome: Outcome = run(progress=progress, cancel=cancel)
        assert told == [(10, 25)]
        assert (outcome.done, outcome.cancelled) == (10, True)
        return outcome

    def counts() -> tuple[int, ...]:
        with store.read() as conn:
            return (
                *(row.count for row in labels.listing(conn)),
                *(row.count for row in groups.listing(conn)),
            )

    stopped(partial(relabelling.merge, store, me, hot, warm))
    assert counts() == (15, 10, 0, 25)
    assert [undo.undo(store, me).done for _ in range(2)] == [10, 10]
    stopped(partial(relabelling.delete, store, me, hot))
    assert counts() == (15, 0, 0, 25)
    stopped(partial(regrouping.merge, store, me, spring, autumn))
    assert counts() == (15, 0, 10, 15)
    assert undo.undo(store, me).done == 10
    assert undo.undo(store, me).done == 10
    assert relabelling.merge(store, me, hot, warm).done == 25
    assert undo.undo(store, me).done == 25
    assert counts() == (25, 0, 0, 25)


def _stop(cancel: threading.Event, *_: int) -> None:
    cancel.set()


def test_undoing_a_merge_or_a_deletion_can_be_stopped_and_gone_on_with(
    store: Store, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (relabelling, undo):
        monkeypatch.setattr(module, "CHUNK", 10)
    ids = make_queued(store, 25)
    hot, warm = label(store, me, "hot", ids), label(store, me, "warm", ids[:5])
    spring = store.do(lambda conn: groups.create(conn, me, "Spring")).id
    autumn = store.do(lambda conn: groups.create(conn, me, "Autumn")).id
    perform(store, me, Move(spring), Target(ids=tuple(ids)))

    def counts() -> tuple[int, ...]:
        with store.read() as conn:
            counted = [row.count for row in labels.listing(conn)]
            return (*counted, *(row.count for row in groups.listing(conn)))

    before = counts()
    assert before == (25, 5, 0, 25)
    for act in (
        partial(relabelling.merge, store, me, hot, warm),
        partial(relabelling.delete, store, me, hot),
        partial(regrouping.merge, store, me, spring, autumn),
    ):
        act()
        cancel = threading.Event()
        outcome = undo.undo(store, me, progress=partial(_stop, cancel), cancel=cancel)
        assert (outcome.done, outcome.cancelled) == (10, True)
        outcome = undo.undo(store, me)
        assert (outcome.done, outcome.gone_count, outcome.cancelled) == (15, 0, False)
        assert counts() == before
    assert_counters_are_true(store)


def test_what_was_made_is_unmade_unless_it_is_in_use(store: Store, me: Actor) -> None:
    [one] = make_queued(store)
    spring = store.do(lambda conn: groups.create(conn, me, "Spring"))
    hot = store.do(lambda conn: labels.create(conn, me, "hot", "pink", "h"))
    offer = store.do(lambda conn: campaigns.create(conn, me, "Offer"))
    for _ in range(3):
        undo.undo(store, me)
    with store.read() as conn:
        assert not (groups.listing(conn) or labels.listing(conn) or campaigns.listing(conn))
    for _ in range(3):
        undo.redo(store, me)
    with store.read() as conn:
        assert groups.listing(conn) == [spring]
        assert labels.listing(conn) == [hot]
        assert campaigns.listing(conn) == [offer]
        made = {act.verb: act.id for act in undo_stack.stack(conn, me)}
    perform(store, BO, Move(spring.id), Target(ids=(one,)))
    perform(store, BO, AddLabel(hot.id), Target(ids=(one,)))
    store.do(lambda conn: campaigns.switch(conn, BO, offer, True))
    with pytest.raises(Refused, match="in use"):
        undo.undo(store, me, made["group.create"])
    with store.read() as conn:
        assert len(undo_stack.stack(conn, me)) == 3
    for _ in range(3):
        with pytest.raises(Refused, match=r"is in use.*was left as it is"):
            undo.undo(store, me)
    with pytest.raises(Refused, match="Nothing to undo"):
        undo.undo(store, me)
