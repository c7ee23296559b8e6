"""The documents say what the program does."""

from __future__ import annotations

import re

import pytest

from tests.app.documents import REGIONS, ROOT, renewed

PLACES = [(document, name) for document, places in REGIONS.items() for name in places]


@pytest.mark.parametrize(("document", "name"), PLACES)
def test_what_is_made_from_the_program_is_up_to_date(document, name):
    text = (ROOT / document).read_text(encoding="utf-8")
    # Renew it with: .venv/bin/python -m tests.app.documents
    assert renewed(text, name, REGIONS[document][name]()) == text


@pytest.mark.parametrize(
    "document", ["ARCHITECTURE.md", "CHANGELOG.md", "docs/production.md", *REGIONS]
)
def test_every_link_between_documents_leads_somewhere(document):
    path = ROOT / document
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_the_architecture_names_only_modules_that_exist():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for module in re.findall(r"`((?:app|screens|widgets|storage|server)/[\w/]+\.py)`", text):
        assert (ROOT / module).exists(), module
