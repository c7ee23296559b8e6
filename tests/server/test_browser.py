"""A plain HTML form, posted by a real browser without a screen."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from storage.mapping_rules import Options
from storage.tables import Contact
from tests.factories import next_phone
from tests.server.served import Served
from tests.server.test_hook_door import set_options, token_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="NO CHROMIUM HERE: the form in a real browser was not tried"
)

_contacts: Any = Contact.__table__  # type: ignore[attr-defined]

PAGE = """<!doctype html><meta charset=utf-8><title>Join</title>
<form method=post action="{action}" enctype="{enctype}">
<label>Voornaam <input name="First name" value="{first}"></label>
<label>Last <input name="Last name" value="Ångström"></label>
<label>Mobile <input name="Mobile" type=tel value="{phone}"></label>
<input type=hidden name=redirect value="https://evil.example/">
</form><script>document.forms[0].submit()</script>"""


def post(served: Served, folder: Path, **fields: str) -> str:
    """Lets the browser submit the form; gives the page that its person then sees."""
    said = {"first": "Zoé", "phone": next_phone(), "enctype": "application/x-www-form-urlencoded"}
    action = f"{served.url}/hooks/opt-in/{token_of(served.store)}"
    page = folder / "form.html"
    page.write_text(PAGE.format(action=action, **(said | fields)), encoding="utf-8")
    assert CHROMIUM is not None
    done = subprocess.run(
        [
            CHROMIUM,
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
            *("--disable-dev-shm-usage", f"--user-data-dir={folder / 'profile'}"),
            *("--virtual-time-budget=3000", "--dump-dom", page.as_uri()),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout


def test_a_form_in_a_browser_becomes_a_lead_and_a_page(served: Served, tmp_path: Path) -> None:
    shown = post(served, tmp_path)
    assert "Thank you" in shown
    shown = post(served, tmp_path, enctype="multipart/form-data", first="Ada")
    assert "Thank you" in shown
    shown = post(served, tmp_path, enctype="text/plain", first="Bea")
    assert "Thank you" in shown
    assert "first name" in post(served, tmp_path, first="")
    set_options(served.store, Options(redirect=f"{served.url}/docs"))
    assert "Optdesk API" in post(served, tmp_path, first="Eve")
    with served.store.read() as conn:
        found = conn.execute(select(_contacts.c.first_name, _contacts.c.last_name)).all()
    assert {tuple(row) for row in found} == {
        (name, "Ångström") for name in ("Zoé", "Ada", "Bea", "Eve")
    }
