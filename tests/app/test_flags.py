"""The shared options, before and after the verb."""

from __future__ import annotations

import pytest

from app.flags import HELP, Flags, take
from storage.errors import WrongUsage


def test_without_words_there_is_no_verb():
    assert take([]) == (Flags(), [])


@pytest.mark.parametrize(
    "words",
    [
        ["--store", "a.db", "keys", "list", "--json"],
        ["keys", "--store=a.db", "list", "--json"],
        ["--json", "keys", "list", "--store", "a.db"],
    ],
)
def test_shared_options_stand_before_or_after_the_verb(words):
    flags, rest = take(words)
    assert (flags.store, flags.json, rest) == ("a.db", True, ["keys", "list"])


def test_every_shared_option_is_taken():
    words = [
        "--store",
        "s",
        "--host",
        "h",
        "--port",
        "0",
        "--tls-cert",
        "tc",
        "--tls-key",
        "tk",
        "--config",
        "c",
        "--as",
        "ana",
        "--json",
        "--yes",
        "--version",
    ]
    assert take(words) == (Flags("s", "h", 0, "tc", "tk", "c", "ana", True, True, True), [])


def test_what_follows_two_dashes_is_left_alone():
    assert take(["contacts", "list", "--", "--json"]) == (
        Flags(),
        ["contacts", "list", "--", "--json"],
    )


def test_other_options_and_a_lone_dash_are_the_verbs_own():
    assert take(["contacts", "star", "-", "--search", "x"])[1] == [
        "contacts",
        "star",
        "-",
        "--search",
        "x",
    ]


@pytest.mark.parametrize("words", [["--store"], ["--as", "--json"], ["--config="]])
def test_an_option_without_its_value_is_wrong_usage(words):
    with pytest.raises(WrongUsage, match="needs a value"):
        take(words)


@pytest.mark.parametrize("port", ["x", "-1", "65536", "８０", "1e3"])
def test_a_port_is_a_number_that_can_be_one(port):
    with pytest.raises(WrongUsage, match="--port takes a number"):
        take([f"--port={port}"])


def test_help_names_every_shared_option():
    named = {name.split()[0].removeprefix("--").replace("-", "_") for name, _ in HELP}
    assert {"actor" if name == "as" else name for name in named} == set(
        Flags.__dataclass_fields__
    ) - {"started"}


@pytest.mark.parametrize("words", [["a\udcff"], ["--store", "a\udcff"], ["--as=\udcff"]])
def test_bytes_that_are_no_text_are_wrong_usage(words):
    with pytest.raises(WrongUsage, match="not text in UTF-8"):
        take(words)
