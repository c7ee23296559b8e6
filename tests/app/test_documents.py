"""The documents say what the program does."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator

import pytest

from app.cli.root import NOUNS
from app.flags import take
from screens.commands import VERBS, ActsOn
from storage.words import Kind
from tests.app.documents import REGIONS, ROOT, commands_of, renewed

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


COPIED = {
    f"{noun}.copy" for noun in ("contact", "attempt", "text", "webhook", "delivery", "number")
}
GONE_TO = {f"{noun}.contact" for noun in ("attempt", "text", "delivery")}
IN_THE_DESK_ALONE = {
    *COPIED,
    *GONE_TO,
    *("contact.copy_whole", "contact.repeat", "mark.step", "mark.toggle", "picker.choose"),
}
"""What is about a row but changes nothing but the screen, and the key that repeats the last act."""


def test_everything_that_the_desk_can_do_the_command_line_can_do() -> None:
    known = {words for noun in NOUNS for words in commands_of(noun)}
    assert {verb.command for verb in VERBS if verb.command} <= known
    without = {
        verb.id
        for verb in VERBS
        if not verb.command
        and (verb.acts_on is not ActsOn.NOTHING or verb.undoable or verb.confirmation)
    }
    assert without == IN_THE_DESK_ALONE


def test_each_sample_of_the_api_door_sends_all_that_is_required():
    text = (ROOT / "docs/http-api.md").read_text(encoding="utf-8")
    required = ("mobile_phone", "ip_address", "user_agent", "opt_in_number_id", "x-api", "PUT")
    samples = dict(re.findall(r"```(python|js|php)\n(.*?)```", text, re.DOTALL))
    assert set(samples) == {"python", "js", "php"}
    for language, sample in samples.items():
        assert all(word in sample for word in required), language
    compile(samples["python"], "sample", "exec")


def test_every_guide_is_named_in_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for guide in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{guide.name})" in readme, guide.name


def shown_commands() -> Iterator[tuple[str, str]]:
    """Every command line that the documents and the help show, and where."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"<!-- commands -->.*<!-- /commands -->", "", text, flags=re.DOTALL)
        for found in re.finditer(r"(?:^|[|`] ?|bin/)(optdesk [^`|#\n>]+)", text, re.MULTILINE):
            yield path.name, found[1]
    for noun in NOUNS:
        for words, verb in commands_of(noun).items():
            for found in re.finditer(r"Such as: (optdesk [^>\n]+)", verb.help or ""):
                yield words, found[1]


@pytest.mark.parametrize(("where", "line"), sorted(set(shown_commands())))
def test_every_command_that_is_shown_is_understood(where, line):
    words = shlex.split(line.rstrip(" .,;"))[1:]
    _, rest = take(words)
    if not rest or rest[0] == "COMMAND":
        return
    assert rest[0] in NOUNS, line
    verbs = commands_of(rest[0])
    if rest[1:] == [] and rest[0] not in verbs:
        return
    name = next(found for size in (3, 2, 1) if (found := " ".join(rest[:size])) in verbs)
    given = rest[len(name.split()) :]
    if given:  # Else it is only named.
        verbs[name].make_context(name, given)


def test_the_example_that_moves_landlines_leaves_those_that_may_be_mobile():
    manual = (ROOT / "docs/command-line.md").read_text(encoding="utf-8")
    found = re.search(r"contacts list --json \| grep (\S+) \|", manual)
    assert found
    (picked,) = shlex.split(found[1])
    assert picked in json.dumps({"kind": Kind.LANDLINE.value})
    assert picked not in json.dumps({"kind": Kind.EITHER.value})
