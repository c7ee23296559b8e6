"""How often something is done that nobody could follow at any pace."""

from __future__ import annotations

import pytest

from widgets import allowance
from widgets.allowance import Allowance


def test_a_few_go_at_once_and_then_so_many_a_second(monkeypatch: pytest.MonkeyPatch):
    clock = [100.0]
    monkeypatch.setattr(allowance, "monotonic", lambda: clock[0])
    told = Allowance(3, 10)
    assert [told.wait() for _ in range(3)] == [0, 0, 0]
    assert told.wait() == pytest.approx(0.1)
    clock[0] += 0.125
    assert told.wait() == 0
    assert told.wait() > 0
    clock[0] += 60
    assert [told.wait() > 0 for _ in range(4)] == [False, False, False, True]
