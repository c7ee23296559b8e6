"""Notes, labels and groups on the command line, on both stores."""

from __future__ import annotations

import pytest

from storage.ids import public
from tests.app.conftest import Optdesk
from tests.factories import make_queued, refuse, switched_on


@pytest.fixture
def queue(store) -> list[str]:
    """Three contacts in the queue, the oldest first."""
    return [public("con", ident) for ident in make_queued(store, 3)]


def test_notes_are_written_shown_changed_and_deleted(queue, optdesk: Optdesk):
    assert optdesk("contacts", "note", queue[0], queue[1], "call back", "--json").json["noted"] == 2
    piped = optdesk("contacts", "note", queue[2], "-", "--json", given="from\na pipe\n")
    assert piped.json["noted"] == 1
    [written] = optdesk("contacts", "show", queue[0], "--json").json["notes"]
    assert (written["body"], written["edited_at"]) == ("call back", None)
    shown = optdesk("contacts", "show", queue[0]).out
    assert "call back" in shown and written["id"] in shown
    changed = optdesk("contacts", "edit-note", written["id"], "done", "--json").json
    assert changed["body"] == "done" and changed["edited_at"]
    refused = optdesk("contacts", "delete-note", written["id"], "--as", "bo")
    assert refused.code == 1 and "only its author" in refused.err
    assert optdesk("contacts", "delete-note", written["id"]).code == 0
    assert optdesk("contacts", "undo", "--json").json["undone"] == 1
    assert optdesk("contacts", "show", queue[0], "--json").json["notes"][0]["body"] == "done"


def test_labels_have_all_their_verbs(queue, optdesk: Optdesk):
    optdesk("labels", "create", "hot", "--colour", "red", "--letter", "h")
    optdesk("contacts", "label", "hot", *queue)
    assert optdesk("labels", "rename", "hot", "Very hot", "--json").json["name"] == "Very hot"
    assert optdesk("labels", "colour", "very hot", "blue", "--json").json["colour"] == "blue"
    assert optdesk("labels", "letter", "very hot", "v", "--json").json["letter"] == "v"
    optdesk("labels", "create", "warm")
    assert optdesk("labels", "merge", "very hot", "warm", "--json").json["merged"] == 3
    assert optdesk("labels", "delete", "warm", "--json").json["unlabelled"] == 3
    assert optdesk("labels", "list", "--json").rows == []
    assert "delete label “warm”" in optdesk("contacts", "undo").out
    assert optdesk("labels", "list", "--json").rows[0]["contacts"] == 3


def test_groups_have_all_their_verbs(queue, optdesk: Optdesk):
    optdesk("groups", "create", "Spring")
    optdesk("contacts", "move", "--to", "Autumn", queue[0])
    assert optdesk("groups", "rename", "spring", "Summer", "--json").json["name"] == "Summer"
    assert optdesk("groups", "merge", "Autumn", "Summer", "--json").json["moved"] == 1
    refused = optdesk("groups", "delete", "Summer")
    assert refused.code == 1 and "holds 1 contact" in refused.err
    assert optdesk("groups", "show", "Summer", "--json").json["contacts"] == 1
    optdesk("groups", "create", "Empty")
    assert optdesk("groups", "delete", "Empty").code == 0
    assert [row["name"] for row in optdesk("groups", "list", "--json").rows] == ["Summer"]


def test_what_tests_left_behind_goes_in_one_act_and_comes_back(store, queue, optdesk: Optdesk):
    tests = [public("con", ident) for ident in make_queued(store, 3, test=True)]
    optdesk("contacts", "move", "--to", "Spring", tests[0])
    optdesk("contacts", "dnc", tests[1], "--yes")
    assert optdesk("contacts", "purge-test", "--json").json["purged"] == 3
    left = {row["id"] for row in optdesk("contacts", "list", "--view", "all", "--json").rows}
    assert left == set(queue)
    assert "nothing to change" in optdesk("contacts", "purge-test").out.lower()
    assert optdesk("contacts", "undo", "--json").json["undone"] == 2


def test_kept_views_are_listed_saved_used_and_removed(queue, optdesk: Optdesk):
    optdesk("contacts", "star", queue[1])
    kept = optdesk(
        "views", "save", "Best", "--search", "is:favorite", "--order", "oldest", "--json"
    )
    assert (kept.json["key"], kept.json["name"], kept.json["order"]) == (1, "Best", "oldest")
    assert optdesk("views", "save", "--view", "all", "--key", "7").code == 0
    assert [row["key"] for row in optdesk("views", "list", "--json").rows] == [1, 7]
    assert optdesk("views", "list", "--as", "bo", "--json").rows == []
    for way in (("--saved", "best"), ("--saved", "1"), ("--view", "saved:best")):
        rows = optdesk("contacts", "list", *way, "--json").rows
        assert [row["id"] for row in rows] == [queue[1]], way
    assert (
        optdesk("contacts", "label", "hot", "--view", "saved:best", "--json").json["labelled"] == 1
    )
    assert optdesk("views", "remove", "best").code == 0
    refused = optdesk("contacts", "list", "--saved", "best")
    assert refused.code == 1 and "You keep no view “best”" in refused.err


def test_any_act_is_undone_by_its_id_and_the_list_says_by_whom(queue, optdesk: Optdesk):
    optdesk("contacts", "star", queue[0])
    optdesk("contacts", "delete", queue[1])
    star = optdesk("contacts", "changes", "--mine", "--json").rows[1]
    assert optdesk("contacts", "undo", star["id"], "--json").json["undone"] == 1
    told = {row["id"]: row["undone_by"] for row in optdesk("contacts", "changes", "--json").rows}
    assert told[star["id"]] and "undone by" in optdesk("contacts", "changes").out
    assert optdesk("contacts", "undo", star["id"]).code == 1
    assert optdesk("contacts", "undo", "nonsense").code == 1


def test_where_a_senders_fields_stand_is_said_shown_and_taken_back(queue, optdesk: Optdesk):
    said = optdesk("integration", "map", "phone=data/Mobile", "last_name=data/Name", "--json").json
    assert {rule["field"]: rule["path"] for rule in said["rules"]} == {
        "phone": "data/Mobile",
        "last_name": "data/Name",
    }
    more = optdesk("integration", "map", "phone=Cell", "--json").json["rules"]
    phones = [rule["path"] for rule in more if rule["field"] == "phone"]
    assert phones == ["Cell", "data/Mobile"], "the newest word first; older ones serve others"
    left = optdesk("integration", "map", "--clear", "phone", "--json").json["rules"]
    assert [rule["field"] for rule in left] == ["last_name"]
    assert optdesk("integration", "map", "shoe=data/Size").code == 2
    tried = optdesk("integration", "test", "--port", "9")
    assert tried.code == 1 and "cannot be reached" in tried.err


def test_a_request_is_mapped_by_example_tried_and_sent_again(store, optdesk: Optdesk):
    switched_on(store)
    body = '{"value1": "Ada", "value2": "Byron", "value3": "(202) 555-0146", "x": "\\u001b[31m"}'
    request = public("req", refuse(store, body=body))
    step = optdesk("attempts", "show", request, "--json").json["next_step"]
    assert f"optdesk integration map --of {request}" in step
    values = optdesk("integration", "map", "--of", request, "--json").rows
    assert [row["path"] for row in values] == ["value1", "value2", "value3", "x"]
    assert "\x1b" not in optdesk("integration", "map", "--of", request).out
    rules = ("first_name=value1", "last_name=value2", "phone=value3")
    [tried] = optdesk("integration", "map", *rules, "--try", "--json").rows
    assert (tried["taken"], tried["says"]) == (True, "Ada Byron, +12025550146")
    assert optdesk("integration", "map", "--json").json["rules"] == [], "nothing was changed"
    optdesk("integration", "map", *rules)
    assert optdesk("integration", "map", "--of", request, "--json").rows[2]["field"] == "phone"
    assert optdesk("attempts", "replay", request, "--json").json["outcome"] == "accepted"


def test_every_command_takes_a_number_as_people_write_it(store, optdesk: Optdesk):
    make_queued(store, 1, phone="+12025550147")
    written = "(202) 555-0147"
    assert optdesk("contacts", "label", "hot", written, "--json").json["labelled"] == 1
    assert optdesk("contacts", "star", "202.555.0147", "--json").json["starred"] == 1
    piped = optdesk("contacts", "star", "-", "--json", given=f"{written}\n")
    assert piped.code == 0
    shown = optdesk("contacts", "show", written, "--json").json
    assert (shown["phone"], shown["labels"], shown["favorite"]) == ("+12025550147", ["hot"], True)
    assert "in the Opt-in queue" in optdesk("contacts", "why", written).out
    assert optdesk("dnc", "add", written).code == 0
    assert optdesk("dnc", "check", written, "--json").json["suppressed"]
    released = optdesk("dnc", "remove", written, "--reason", "a mistake", "--json").json
    assert released == {"released": 1, "phone": "+12025550147"}
    refused = optdesk("dnc", "add", "12")
    assert refused.code == 1 and "no phone number" in refused.err
