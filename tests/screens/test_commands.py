"""The verb registry, read as data."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from textual.dom import DOMNode

from screens.commands import VERBS, ActsOn, Context, key_tables, show_key, verb, verbs_in
from screens.keymap import Keymap

README = Path(__file__).parents[2] / "README.md"

OWNERS: dict[Context, str] = {
    Context.DESK: "screens.main:MainScreen",
    Context.LIST: "screens.contacts:Contacts",
    Context.LOG: "screens.intake_log:IntakeLog",
    Context.INTAKE: "screens.intake_log:IntakeLog",
    Context.ATTEMPT: "screens.attempt:OpenAttempt",
    Context.MEND: "screens.mend:Mend",
    Context.MAPPING: "screens.mapping:Mapping",
    Context.ADDRESS: "screens.new_address:NewAddress",
    Context.CAMPAIGNS: "screens.campaigns:Campaigns",
    Context.DNC: "screens.do_not_contact:DoNotContact",
    Context.REPORT: "screens.import_report:ImportReport",
    Context.COMPLETION: "screens.completing:CompletingLine",
    Context.TEXT: "screens.texts:Texts",
    Context.WEBHOOKS: "screens.webhooks:Webhooks",
    Context.SIGNING: "screens.webhook_secret:WebhookSecret",
    Context.DELIVERY: "screens.open_delivery:OpenDelivery",
    Context.DELIVERIES: "screens.deliveries:Deliveries",
    Context.RECEIPT: "screens.consent:OpenReceipt",
    Context.READING: "screens.reading:Reading",
    Context.SEARCH: "screens.search_line:SearchLine",
    Context.SIDEBAR: "screens.main_verbs:Ledge",
    Context.INTEGRATIONS: "screens.integrations:Integrations",
    Context.NUMBERS: "screens.numbers:Numbers",
    Context.KEYS: "screens.api_keys:ApiKeys",
    Context.DRAWS: "screens.campaigns:Draws",
    Context.LABELS: "screens.labels:Labels",
    Context.NOTES: "screens.own_notes:OwnNotes",
    Context.VIEWS: "screens.saved_views:SavedViews",
    Context.PICKER: "screens.picker:Picker",
    Context.FORM: "screens.ask:Ask",
    Context.NOTE: "screens.note_box:NoteBox",
    Context.SAMPLE: "screens.sample:Sample",
    Context.HELP: "screens.help:Help",
    Context.DIALOG: "screens.dialog:Dialog",
}
"""Who carries out the verbs of each context."""


def owner(path: str) -> type[DOMNode]:
    module, name = path.split(":")
    found: type[DOMNode] = getattr(importlib.import_module(module), name)
    return found


def test_every_context_has_an_owner() -> None:
    assert set(OWNERS) == set(Context)


@pytest.mark.parametrize("context", Context)
def test_every_verb_has_an_action_where_it_is_given(context: Context) -> None:
    for each in verbs_in(context):
        node = owner("app.desk:Desk" if each.anywhere else OWNERS[context])
        assert callable(getattr(node, f"action_{each.action}", None)), each.id


@pytest.mark.parametrize("context", Context)
def test_every_key_is_bound_where_it_is_given(context: Context) -> None:
    for each in verbs_in(context):
        node = owner("app.desk:Desk" if each.anywhere else OWNERS[context])
        bound = [b for _, b in node._merge_bindings() if b.id == each.id]
        assert len(bound) == len(each.keys), each.id


def test_no_id_is_used_twice() -> None:
    assert len({each.id for each in VERBS}) == len(VERBS)


def test_no_key_means_two_things_in_one_place() -> None:
    assert Keymap().clashes() == []


def test_no_key_of_a_place_hides_one_that_works_everywhere() -> None:
    everywhere = {key for each in verbs_in(Context.DESK) for key in each.keys}
    places = (Context.LIST, Context.LOG, Context.INTAKE, Context.INTEGRATIONS)
    for context in (*places, Context.NUMBERS, Context.KEYS):
        for each in verbs_in(context):
            assert not everywhere & set(each.keys), each.id


def test_every_help_line_and_footer_word_fits() -> None:
    for each in VERBS:
        assert each.help and len(each.help) <= 80, each.id
        assert len(each.word) <= 16, each.id
        assert len(each.title) <= 40, each.id


def test_every_verb_can_be_found_by_key_or_in_the_palette() -> None:
    assert [each.id for each in VERBS if not each.keys and not each.title] == []


def test_what_changes_contacts_can_be_undone_or_asks_first() -> None:
    for each in verbs_in(Context.LIST):
        if each.acts_on is ActsOn.MARKS:
            assert each.undoable or each.confirmation, each.id


def test_what_cannot_be_undone_and_is_for_good_asks_first() -> None:
    assert verb("key.revoke").confirmation
    assert verb("desk.switch").confirmation == "Deactivate"


def test_no_question_is_answered_by_the_key_that_raised_it() -> None:
    # The dialogs are answered by enter on a button; the safe one has the focus.
    answering = {"enter"}
    for each in VERBS:
        if each.confirmation and answering & set(each.keys):
            assert each.id == "integration.toggle"  # enter again presses "Keep it on"


def test_multiplexers_own_no_key_that_is_the_only_way() -> None:
    owned = {"ctrl+s", "ctrl+o", "ctrl+j", "ctrl+b", "ctrl+a"}
    assert [each.id for each in VERBS if each.keys and set(each.keys) <= owned] == []


def test_the_expected_keys_do_what_people_expect() -> None:
    keys = {key: each.id for each in verbs_in(Context.LIST) for key in each.keys}
    assert keys["j"] == "list.down"
    assert keys["/"] == "list.search"
    assert keys["space"] == "mark.step"
    assert keys["*"] == "mark.all"
    assert keys["s"] == "contact.star"
    assert keys["m"] == "contact.move"
    assert keys["."] == "contact.repeat"


def test_a_key_can_be_changed_by_id() -> None:
    keymap = Keymap({"contact.star": "S", "no.such": "x"})
    assert keymap.key_of("contact.star") == "S"
    assert keymap.unknown == ("no.such",)
    assert any(hint.key == "S" and hint.word == "star" for hint in keymap.hints(Context.LIST))
    assert any(line.keys == "S" for line in keymap.help_lines(Context.LIST))


def test_two_verbs_on_one_key_are_told_of() -> None:
    clashes = Keymap({"contact.star": "m"}).clashes()
    assert clashes == ["m is given to both contact.star and contact.move."]


def test_the_readme_holds_the_keys_of_the_list_and_the_manual_holds_all() -> None:
    assert key_tables(Context.LIST) in README.read_text(encoding="utf-8")
    manual = (README.parent / "docs" / "keys.md").read_text(encoding="utf-8")
    for each in VERBS:
        if each.keys:
            assert (each.family or each.help) in manual


def test_verbs_that_differ_in_a_number_are_told_of_in_one_line() -> None:
    lines = [line for line in Keymap({}).help_lines(Context.DESK) if line.id.startswith("view.go")]
    assert [(line.keys, line.id) for line in lines] == [("1 … 9", "view.go_1 …")]


def test_what_is_wrong_with_the_keys_names_its_place_in_the_settings() -> None:
    lines = {"contact.star": 7, "contact.sta": 8, "list.order": 9, "contact.note": 10}
    keymap = Keymap(
        {"contact.star": "m", "contact.sta": "x", "list.order": "w", "contact.note": "ctrl+foo"}
    )
    assert keymap.troubles(lambda ident: f"config.toml, line {lines[ident]}") == [
        "config.toml, line 8: there is no verb contact.sta. Did you mean contact.star?",
        "config.toml, line 10: “ctrl+foo” is no key.",
        "config.toml, line 7: m is given to both contact.star and contact.move.",
        "config.toml, line 9: w is given to both desk.why and list.order.",
    ]
    fine = {"contact.star": "f5,alt+x,ö,full_stop,shift+tab"}
    assert Keymap(fine | {"contact.repeat": "f6"}).troubles(str) == []


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        *(("semicolon", ";"), ("minus", "-"), ("plus", "+"), ("at", "@"), ("comma", ",")),
        *(("underscore", "_"), ("backslash", "\\"), ("tilde", "~"), ("question_mark", "?")),
        *(("space", "space"), ("tab", "tab"), ("escape", "esc"), ("f5", "f5"), ("ö", "ö")),
        *(("ctrl+semicolon", "ctrl+semicolon"), ("pagedown", "pgdn"), ("delete", "del")),
    ],
)
def test_a_key_is_shown_as_people_write_it(key: str, shown: str) -> None:
    assert show_key(key) == shown
