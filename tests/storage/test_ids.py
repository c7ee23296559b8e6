"""Ids follow arrival, whatever the clock shows."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage.ids import LARGEST, IdMint, id_at, moment_of

_MOMENT = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_NOW = int(_MOMENT.timestamp() * 1000)


def _ms(year: int) -> int:
    return int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize("year", [1970, 2000, 2025, 2030, 2090, 2106, 9999])
def test_a_clock_that_jumps_makes_no_id_that_a_store_cannot_take_or_that_is_out_of_order(
    year: int,
) -> None:
    mint = IdMint()
    clock = (_NOW, _ms(year), _ms(year) + 1, _NOW + 1, _NOW + 2)
    made = [ident for at in clock for ident in mint.take_many(3, at)]
    assert made == sorted(set(made))
    assert made[-1] <= LARGEST


def test_a_clock_that_is_mad_from_the_start_makes_ids_that_a_store_can_take() -> None:
    mad, other = IdMint(), IdMint()
    made = [*mad.take_many(3, _ms(2101)), *other.take_many(3, _ms(2101))]
    assert min(made) > 0
    assert max(made) <= LARGEST
    assert len(set(made)) == 6


def test_the_first_id_of_a_moment_is_one_that_a_store_can_be_asked_for() -> None:
    assert moment_of(id_at(_MOMENT)) == _MOMENT
    assert id_at(datetime(1999, 1, 1, tzinfo=UTC)) == 0
    assert id_at(datetime(9999, 1, 1, tzinfo=UTC)) == LARGEST
