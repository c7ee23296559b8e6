"""Triage on the command line, on both stores."""

from __future__ import annotations

import array
import fcntl
import json
import subprocess
import termios
import threading
import time

import pytest

from storage.ids import SERIAL_BITS, _mint, new_id, public
from tests import programs
from tests.app.conftest import Optdesk
from tests.factories import lead, make_queued, put, settle_all, switched_on
from tests.waiting import PATIENCE

KEYS = {
    "id",
    "phone",
    "first_name",
    "last_name",
    "stage",
    "favorite",
    "labels",
    "group",
    "kind",
    "received_at",
    "badges",
}


@pytest.fixture
def queue(store) -> list[str]:
    """Five contacts in the queue, the oldest first."""
    return [public("con", ident) for ident in make_queued(store, 5)]


def listed(optdesk: Optdesk, *words: str) -> list[str]:
    return [row["id"] for row in optdesk("contacts", "list", "--json", *words).rows]


def test_a_contact_has_what_programs_need(queue, optdesk: Optdesk):
    row = optdesk("contacts", "list", "--json").rows[0]
    assert set(row) >= KEYS
    assert row["stage"] == "queued"
    assert row["favorite"] is False
    assert row["received_at"].endswith("Z")


def test_lists_come_newest_first_or_as_asked(queue, optdesk: Optdesk):
    assert listed(optdesk) == queue[::-1]
    assert listed(optdesk, "--order", "oldest") == queue
    assert optdesk("contacts", "star", queue[1], "--json").json["starred"] == 1
    assert listed(optdesk, "--order", "favorite", "--limit", "2") == [queue[1], queue[4]]


def test_a_list_is_narrowed_by_view_and_search(store, optdesk: Optdesk):
    ids = make_queued(store, 3) + make_queued(store, 1, first_name="Zoë", last_name="Ōkami")
    assert listed(optdesk, "--search", "okami") == [public("con", ids[-1])]
    assert listed(optdesk, "--search", "100%") == []
    optdesk("contacts", "move", "--to", "Spring Sale", public("con", ids[0]))
    assert listed(optdesk, "--view", "group:spring sale") == [public("con", ids[0])]
    assert len(listed(optdesk, "--view", "queue")) == 3
    assert len(listed(optdesk, "--view", "all")) == 4


def test_people_get_an_aligned_table_and_a_word_when_it_is_empty(queue, optdesk: Optdesk):
    answer = optdesk("contacts", "list")
    heading, *rows = answer.out.splitlines()
    place = heading.index("received")
    assert all(row[place : place + 2] == "20" and row[place - 1] == " " for row in rows)
    assert "\x1b" not in answer.out
    nothing = optdesk("contacts", "list", "--search", "nobody")
    assert (nothing.out, nothing.err) == (
        "",
        "Nobody here: Opt-in queue matching “nobody”, newest first.\n",
    )


def test_a_move_makes_the_group_and_empties_the_queue(queue, optdesk: Optdesk):
    moved = optdesk("contacts", "move", "--to", "Spring", "--view", "queue", "--json").json
    assert (moved["moved"], moved["gone"], moved["group"]) == (5, 0, "Spring")
    assert listed(optdesk, "--view", "queue") == []
    assert optdesk("groups", "list", "--json").rows[0]["contacts"] == 5


def test_contacts_are_named_by_id_or_by_number_in_any_spelling(queue, optdesk: Optdesk):
    rows = optdesk("contacts", "list", "--json").rows
    phone = rows[1]["phone"]
    spelled = f"{phone[:2]} {phone[2:5]} {phone[5:]}"
    done = optdesk("contacts", "star", rows[0]["id"], spelled, "--json").json
    assert done["starred"] == 2
    again = optdesk("contacts", "star", rows[0]["id"], "--json").json
    assert (again["starred"], again["unchanged"]) == (0, 1)
    assert optdesk("contacts", "unstar", phone, "--json").json["unstarred"] == 1


def test_a_list_goes_from_one_command_into_the_next(queue, optdesk: Optdesk):
    found = optdesk("contacts", "list", "--json", "--limit", "3")
    moved = optdesk("contacts", "move", "--to", "Spring", "-", "--json", given=found.out).json
    assert moved["moved"] == 3
    plain = "\n".join([queue[0], "", f"  {queue[1]} "])
    assert optdesk("contacts", "delete", "-", "--json", given=plain).json["deleted"] == 2


def test_labels_are_put_on_and_taken_off(queue, optdesk: Optdesk):
    assert optdesk("contacts", "label", "--label", "hot", queue[0], "--json").json["labelled"] == 1
    assert optdesk("contacts", "label", "Hot", queue[1], "--json").json["labelled"] == 1
    assert [row["name"] for row in optdesk("labels", "list", "--json").rows] == ["hot"]
    assert listed(optdesk, "--search", "hot") == [queue[1], queue[0]]
    taken = optdesk("contacts", "unlabel", "--label", "hot", "--search", "hot", "--json").json
    assert taken["unlabelled"] == 2
    unknown = optdesk("contacts", "unlabel", "--label", "cold", queue[0])
    assert (unknown.code, unknown.err) == (
        1,
        "optdesk: There is no label “cold”. See: optdesk labels list\n",
    )


def test_undo_and_redo_are_each_persons_own(queue, optdesk: Optdesk):
    optdesk("contacts", "move", "--to", "Spring", *queue[:3], "--as", "ana")
    assert optdesk("contacts", "undo", "--as", "ben").code == 1
    assert optdesk("contacts", "undo", "--as", "ana", "--json").json["undone"] == 3
    assert len(listed(optdesk)) == 5
    assert optdesk("contacts", "redo", "--as", "ana", "--json").json["redone"] == 3
    assert len(listed(optdesk)) == 2


def test_what_is_gone_is_told_with_who_took_it(queue, optdesk: Optdesk):
    optdesk("contacts", "delete", queue[0], "--as", "ana")
    late = optdesk("contacts", "move", "--to", "Spring", queue[0], "--as", "ben")
    assert late.code == 1
    assert "deleted by ana" in late.err
    partly = optdesk("contacts", "move", "--to", "Spring", *queue[:2], "--as", "ben", "--json").json
    assert (partly["moved"], partly["gone"]) == (1, 1)
    assert partly["out_of_reach"][0]["id"] == queue[0]
    assert "deleted by ana" in partly["out_of_reach"][0]["why"]


def test_contacts_named_in_the_queue_are_left_alone_once_they_left_it(queue, optdesk: Optdesk):
    optdesk("contacts", "move", "--to", "Spring", queue[0], "--as", "ana")
    late = optdesk(
        "contacts", "move", "--to", "Autumn", queue[0], "--view", "queue", "--as", "ben", "--json"
    )
    assert late.code == 1
    assert json.loads(late.out)["gone"] == 1
    assert "moved to “Spring” by ana" in late.err
    assert optdesk("contacts", "move", "--to", "Autumn", queue[0], "--json").json["moved"] == 1


def test_a_list_remembers_where_its_contacts_were_seen(queue, optdesk: Optdesk):
    seen = optdesk("contacts", "list", "--json").out
    optdesk("contacts", "move", "--to", "Spring", *queue[:2], "--as", "ana")
    words = ("contacts", "move", "--to", "Autumn", "-", "--as", "ben", "--json")
    moved = optdesk(*words, given=seen).json
    assert (moved["moved"], moved["gone"]) == (3, 2)
    assert "moved to “Spring” by ana" in moved["out_of_reach"][0]["why"]


def test_what_was_moved_before_the_command_can_be_moved_on(queue, optdesk: Optdesk):
    optdesk("contacts", "move", "--to", "Spring", queue[0])
    assert optdesk("contacts", "move", "--to", "Autumn", queue[0], "--json").json["moved"] == 1
    assert listed(optdesk, "--view", "group:Spring") == []


def test_all_that_a_view_holds_are_meant_though_a_listener_has_a_clock_ahead(
    store, optdesk: Optdesk, monkeypatch
):
    monkeypatch.setattr(_mint, "_last", new_id() + (3_600_000 << SERIAL_BITS))
    make_queued(store, 3)
    # A command has a mint, and a clock, of its own.
    monkeypatch.setattr(_mint, "_last", 0)
    moved = optdesk("contacts", "move", "--to", "Spring", "--view", "queue", "--json").json
    assert moved["moved"] == 3
    assert listed(optdesk, "--view", "queue") == []


def reads(process: subprocess.Popen[str], text: str) -> None:
    """Gives a command a text and waits until it has taken it in."""
    assert process.stdin is not None
    process.stdin.write(text)
    process.stdin.flush()
    end = time.monotonic() + PATIENCE
    left = array.array("i", [1])
    while left[0]:
        assert time.monotonic() < end and process.poll() is None, "it does not read"
        fcntl.ioctl(process.stdin, termios.FIONREAD, left)
        time.sleep(0.005)


@pytest.mark.parametrize("named", ["one by one", "by view"])
def test_of_two_people_at_once_exactly_one_moves_each_contact(named, store, optdesk: Optdesk):
    ids = "\n".join(public("con", ident) for ident in make_queued(store, 300))
    more = ["-"] if named == "one by one" else ["--view", "queue"]
    people = [
        programs.start(
            *("-m", "app.main", "contacts", "move", "--to", group, *more),
            *("--json", "--as", group.lower(), "--store", store.url),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        for group in ("Ana", "Ben")
    ]
    first, rest = ids[:20], ids[20:]
    if named == "one by one":
        # Whoever is given the command after the other has moved them, moves them once more.
        for each in people:
            reads(each, first)
    outs: dict[int, str] = {}
    threads = [
        threading.Thread(target=lambda n=n, each=each: outs.update({n: each.communicate(rest)[0]}))
        for n, each in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(json.loads(out)["moved"] for out in outs.values()) == 300
    counts = [row["contacts"] for row in optdesk("groups", "list", "--json").rows]
    assert sum(counts) == 300
    assert listed(optdesk, "--view", "queue") == []


def test_a_contact_is_shown_with_its_history(queue, optdesk: Optdesk):
    optdesk("contacts", "star", queue[0], "--as", "ana")
    shown = optdesk("contacts", "show", queue[0], "--json").json
    assert set(shown) >= KEYS
    assert shown["consent"][0]["kind"] == "opt_in"
    assert shown["messages"][0]["status"] == "accepted"
    assert shown["changes"][0]["actor"] == "ana"
    text = optdesk("contacts", "show", queue[0]).out
    assert shown["messages"][0]["body"] in text
    assert "ana: starred Ada Byron" in text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("star",), "No contacts were named."),
        (("star", "x", "--search", "y"), "not both"),
        (("list", "--view", "elsewhere"), "“elsewhere” is no view"),
        (("label",), "Which label?"),
        (("move", "x"), "--to"),
        (("list", "--limit", "0"), "--limit"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_wrong_usage_is_said_and_changes_nothing(words, says, optdesk: Optdesk):
    answer = optdesk("contacts", *words)
    assert answer.code == 2
    assert says in answer.err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "con_0000000000000001"), "There is no contact “con_0000000000000001”"),
        (("star", "+14155550123"), "There is no contact “+14155550123”"),
        (("list", "--view", "group:none"), "There is no group “none”"),
        (("undo",), "Nothing to undo"),
    ],
)
def test_what_does_not_exist_is_refused(words, says, optdesk: Optdesk):
    answer = optdesk("contacts", *words)
    assert answer.code == 1
    assert says in answer.err


def test_a_line_that_is_no_contact_is_wrong_usage(queue, optdesk: Optdesk):
    assert optdesk("contacts", "star", "-", given='{"id"').code == 2
    assert optdesk("contacts", "star", "-", given='{"name": "x"}').code == 2


def test_a_line_of_any_bytes_is_a_contact_or_none(queue, optdesk: Optdesk):
    lines = f"con_\x00\n\udcff\n%\n{queue[0]}\n"
    done = optdesk("contacts", "star", "-", "--json", given=lines).json
    assert (done["starred"], done["gone"]) == (1, 3)


HOSTILE = (
    "\x1b[31mred\x1b[0m",
    "[/x]",
    "[@click=app.quit]x[/]",
    "\u202eevil",
    "a\u0300\u0301\u0302\u0303\u0304" * 20,
    "\x9b2J",
    "x" * 5000,
)


def test_no_name_reaches_the_terminal_as_anything_but_text(store, optdesk: Optdesk):
    switched_on(store)
    put(store, *[lead(first_name=name, last_name="\u200b\ufeff") for name in HOSTILE])
    settle_all(store)
    for words in (("contacts", "list"), ("contacts", "list", "--json")):
        out = optdesk(*words).out
        assert not {c for c in out if ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0} - {"\n"}
        assert not set(out) & set("\u202e\u200b\ufeff")
    rows = optdesk("contacts", "list", "--order", "oldest", "--json").rows
    assert [row["first_name"] for row in rows] == list(HOSTILE)
    for row in rows:
        shown = optdesk("contacts", "show", row["id"]).out
        assert "\x1b" not in shown
        assert "\u202e" not in shown


@pytest.mark.parametrize("verb", [["show"], ["star"], ["move", "--to", "Spring"]])
def test_an_id_larger_than_any_is_nobodys(optdesk: Optdesk, verb):
    optdesk("integration", "add")
    answer = optdesk("contacts", *verb, "con_ffffffffffffffff")
    assert answer.code == 1
    assert "There is no contact" in answer.err
    assert "was never seen here" in optdesk("contacts", "why", "con_ffffffffffffffff").out
