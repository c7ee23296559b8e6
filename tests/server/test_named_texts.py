"""What a courier knows to wait is claimed by name, and the rest is looked for now and then."""

from __future__ import annotations

from server import named_texts
from server.named_texts import LOOK_SECONDS, NamedTexts
from storage.texts import Outgoing


def text(number: int) -> Outgoing:
    return Outgoing(number, number, f"+1415555{number:04}", "num_1", "Reply STOP to opt out.")


def looked(*texts: Outgoing) -> NamedTexts:
    """Those that were told of, to a courier that looked at the moment 10."""
    known = NamedTexts()
    assert known.take(8, 10.0) == []
    for one in texts:
        known.add(one)
    return known


def test_a_courier_looks_first_for_whatever_is_due() -> None:
    known = NamedTexts()
    known.add(text(1))
    assert known.take(8, 10.0) == []
    assert known.found([text(1)]) == 1
    assert not known
    known.add(text(2))
    assert known.take(8, 10.0) == [text(2)]


def test_texts_go_in_the_order_they_came_as_many_as_there_is_room_for() -> None:
    known = looked(text(1), text(2), text(3))
    assert known.take(2, 10.1) == [text(1), text(2)]
    assert len(known) == 1
    assert known.take(2, 10.2) == [text(3)]
    assert known.take(2, 10.3) == []


def test_whatever_else_is_due_is_looked_for_now_and_then_however_many_leads_come() -> None:
    known = looked()
    for tenth in range(1, 25):
        known.add(text(tenth))
        late = tenth in (11, 22)
        assert known.take(8, 10 + tenth * LOOK_SECONDS / 10) == ([] if late else [text(tenth)])
        if late:
            assert known.found([text(tenth)]) == 1


def test_one_that_is_not_known_has_the_next_claim_look() -> None:
    known = looked(text(1))
    known.add(None)
    known.add(text(2))
    assert known.take(8, 10.1) == []
    assert known.found([text(1), text(7)]) == 1
    assert known.take(8, 10.2) == [text(2)]
    assert known.take(8, 10.3) == []


def test_after_trouble_nothing_is_known_any_more() -> None:
    known = looked(text(1))
    known.look()
    assert not known
    assert known.take(8, 10.1) == []
    known.add(text(2))
    assert known.take(8, 10.2) == [text(2)]


def test_one_that_was_found_before_it_was_told_of_is_not_claimed_again() -> None:
    known = looked(text(1))
    known.add(None)
    assert known.take(8, 10.1) == []
    assert known.found([text(1), text(2), text(3)]) == 1
    assert not known.add(text(2))
    assert not known
    assert known.add(text(4))
    assert not known.add(text(3))
    assert known.take(8, 10.2) == [text(4)]


def test_no_more_are_remembered_than_a_courier_can_have_missed() -> None:
    known = looked(*(text(number) for number in range(named_texts._MOST)))
    assert len(known) == named_texts._MOST
    known.add(text(9_999))
    assert len(known) == named_texts._MOST
    assert known.take(8, 10.1) == []
    known.found(text(number) for number in range(5_000, 5_000 + 2 * named_texts._MOST))
    assert len(known._early) == named_texts._MOST
    assert not known.add(text(5_000 + 2 * named_texts._MOST - 1))
