"""Do Not Contact, erasing and exporting on the command line, on both stores."""

from __future__ import annotations

import csv
import json
import stat
from pathlib import Path

import pytest

from storage.ids import public
from tests.app.conftest import Optdesk
from tests.factories import lead, make_queued, put


def test_numbers_are_added_checked_and_released(store, optdesk: Optdesk):
    [one] = make_queued(store, phone="+12025550146")
    assert optdesk("dnc", "add", "+12025550146", "--reason", "asked", "--json").json["added"] == 1
    found = optdesk("dnc", "check", "+1 202 555 0146", "--json").json
    assert found["suppressed"] and found["entries"][0]["reason"] == "asked"
    said = optdesk("dnc", "check", "+12025550146").out
    assert said.startswith("+12025550146 must not be texted: it was put on Do Not Contact by ")
    assert said.endswith("Z (asked).\n")
    assert optdesk("contacts", "list", "--json").rows == []
    refused = optdesk("dnc", "remove", "+12025550146")
    assert refused.code == 1 and "needs a reason" in refused.err
    gone = optdesk("dnc", "remove", "+12025550146", "--reason", "mistake", "--json").json
    assert gone["released"] == 1
    assert optdesk("contacts", "list", "--json").rows[0]["id"] == public("con", one)


def test_contacts_are_put_on_the_list_after_a_question(store, optdesk: Optdesk):
    ids = [public("con", ident) for ident in make_queued(store, 2)]
    assert optdesk("contacts", "dnc", *ids).code == 2
    done = optdesk("contacts", "dnc", *ids, "--reason", "rude", "--yes", "--json").json
    assert done["suppressed"] == 2
    assert len(optdesk("dnc", "list", "--search", "rude", "--json").rows) == 2


def test_a_list_is_imported_with_a_reason_for_every_line_skipped(
    store, optdesk: Optdesk, tmp_path: Path
):
    path, report = tmp_path / "list.csv", tmp_path / "skipped.csv"
    path.write_text("phone\n2025550146\n=cmd()\n2025550147\n")
    done = optdesk("dnc", "import", str(path), "--report", str(report), "--json").json
    assert (done["added"], done["skipped"], done["skipped_lines"][0]["line"]) == (2, 1, 3)
    assert report.read_text().splitlines()[1] == "3,not a phone number,'=cmd()"
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert optdesk("dnc", "import", str(path), "--json").json["added"] == 0
    piped = optdesk("dnc", "import", "-", "--json", given="2025550148\n")
    assert piped.json["added"] == 1
    rows = optdesk("dnc", "imports", "--json").rows
    assert [row["name"] for row in rows] == ["standard input", "list.csv", "list.csv"]
    assert rows[0]["age_days"] == 0


def test_an_export_runs_no_formula_and_is_read_back_exactly(
    store, optdesk: Optdesk, tmp_path: Path
):
    names = ["=1+1", "+1", "-1", "@x", "\ttab", "'quoted", 'a "b", c', "[/x]", "\u202eبعد", "a\nb"]
    names += ["＝1+1", "＠x"]
    for name in names:
        make_queued(store, first_name=name)
    put(store, lead(phone="+15555550100", test=True))
    path = tmp_path / "out.csv"
    done = optdesk("contacts", "export", "--view", "all", "-o", str(path), "--json").json
    assert done["exported"] == len(names)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with path.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＠"))
                   for row in rows for cell in row.values())  # fmt: skip
    assert {row["first_name"] for row in rows} == {
        f"'{name}" if name[0] in "=+-@\t'＝＠" else name for name in names
    }
    done = optdesk("dnc", "import", str(path), "--json").json
    assert (done["added"], done["skipped"]) == (len(names), 0)
    listed = {row["phone"] for row in optdesk("contacts", "list", "--view", "dnc", "--json").rows}
    assert {row["phone"] for row in optdesk("dnc", "list", "--json").rows} == listed
    plain = optdesk("contacts", "export", "--view", "dnc", "--format", "jsonl")
    assert json.loads(plain.out.splitlines()[0])["stage"] == "suppressed"


def test_an_export_to_a_hyphen_is_written_to_standard_output(
    store, optdesk: Optdesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    make_queued(store, first_name="Ada")
    monkeypatch.chdir(tmp_path)
    done = optdesk("contacts", "export", "-o", "-", "--format", "jsonl")
    assert json.loads(done.out)["first_name"] == "Ada"
    assert not (tmp_path / "-").exists()


def test_a_list_is_not_read_as_of_a_region_that_is_none(store, optdesk: Optdesk, tmp_path: Path):
    path = tmp_path / "list.csv"
    path.write_text("2025550146\n")
    refused = optdesk("dnc", "import", str(path), "--region", "XX")
    assert refused.code == 1
    assert "“XX” is no region" in refused.err
    assert optdesk("dnc", "import", str(path), "--region", "us", "--json").json["added"] == 1


def test_erasing_asks_for_the_digits_and_leaves_nothing(store, optdesk: Optdesk):
    [one] = make_queued(store, phone="+12025550146", first_name="Quillon")
    contact = public("con", one)
    assert optdesk("contacts", "erase", contact, "--yes").code == 2
    assert optdesk("contacts", "erase", contact, "--yes", "--digits", "0000").code == 1
    done = optdesk("contacts", "erase", contact, "--yes", "--digits", "0146", "--json").json
    assert done["erased"] == 1 and any("Backups" in each for each in done["remarks"])
    assert optdesk("contacts", "show", contact).code == 1
    assert optdesk("dnc", "check", "+12025550146", "--json").json["entries"][0]["phone"] is None
    assert optdesk("dnc", "check", "+12025550146").out.endswith("Z and is never texted again.\n")
