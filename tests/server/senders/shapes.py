"""Every body that a builder or a tool is known to post."""

from __future__ import annotations

from tests.server.senders import (
    ads,
    automation,
    crm,
    hosted_forms,
    pages,
    spellings,
    variants,
    wordpress,
)
from tests.server.senders.recorded import RECORDED

SHAPES = [
    *automation.SHAPES,
    *hosted_forms.SHAPES,
    *wordpress.SHAPES,
    *pages.SHAPES,
    *ads.SHAPES,
    *crm.SHAPES,
    *spellings.SHAPES,
    *variants.VARIANTS,
    *RECORDED,
]
