"""Desks for tests start and idle quickly."""

from tests import pace

pace.parse_styles_once()
pace.wait_in_short_steps()
