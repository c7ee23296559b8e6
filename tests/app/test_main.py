"""The program itself: how it starts, how it ends, and what it says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.cli.root import NOUNS
from app.main import main
from storage import checks, keys
from storage.store import Store
from tests import programs
from tests.app.conftest import ROOT, Optdesk
from tests.app.terminal import Terminal
from tests.factories import make_queued
from tests.waiting import PATIENCE

HEAVY = (
    "aiohttp",
    "alembic",
    "phonenumbers",
    "psycopg",
    "pydantic",
    "pydantic_settings",
    "sqlalchemy",
    "sqlmodel",
    "structlog",
    "textual",
    "typer",
)


def imported_by(words: list[str], before: str = "") -> set[str]:
    """Which heavy packages a run of `optdesk` imports."""
    code = (
        f"import sys\n{before}\nfrom app.main import main\nmain({words!r})\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True
    )
    return set(done.stderr.split())


def test_the_way_to_the_desk_imports_nothing_heavy():
    launch = (
        "import types\n"
        "launch = sys.modules['app.launch'] = types.ModuleType('app.launch')\n"
        "launch.run_desk = lambda options: 0"
    )
    assert imported_by(["--store", "x.db", "--port", "0"], launch) == set()


@pytest.mark.parametrize("words", [["--version"], ["--help"]])
def test_version_and_help_import_nothing_heavy(words):
    assert imported_by(words) == set()


def test_the_help_of_a_noun_waits_for_neither_store_nor_screen():
    waited = imported_by(["contacts", "--help"])
    assert waited & {"aiohttp", "phonenumbers", "psycopg", "sqlalchemy", "textual"} == set()


def test_the_version_is_printed():
    with programs.start("-m", "app.main", "--version", cold=True, stdout=subprocess.PIPE) as run:
        assert run.communicate(timeout=PATIENCE)[0].startswith("optdesk 0.")
    assert run.returncode == 0


def test_help_names_every_noun(program: Optdesk):
    out = program("--help").out
    for noun, meaning in NOUNS.items():
        assert f"  {noun} " in out
        assert meaning.split()[0] in out
    assert max(map(len, out.splitlines())) <= 80


@pytest.mark.parametrize("noun", NOUNS)
def test_every_noun_has_help(noun, capsys):
    assert main([noun, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: optdesk {noun}")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("serve", "serve [OPTIONS]"),
        ("keys create", "keys create [OPTIONS] NAME"),
        ("contacts note", "contacts note [OPTIONS] [CONTACT]... [TEXT]"),
        ("contacts move", "contacts move --to GROUP [OPTIONS] [CONTACT]..."),
        ("dnc add", "dnc add [OPTIONS] PHONE..."),
        ("db backup", "db backup [OPTIONS] [FILE]"),
    ],
)
def test_usage_is_written_as_in_manual_pages(words, says, capsys):
    assert main([*words.split(), "--help"]) == 0
    page = capsys.readouterr().out
    assert page.startswith(f"Usage: optdesk {says}\n")
    assert page.endswith("such as --store, --as and --json: optdesk --help\n")


def test_help_speaks_of_values_and_not_of_types(capsys):
    main(["contacts", "list", "--help"])
    page = capsys.readouterr().out
    assert "--limit N " in page and "[at least 1]" in page
    assert "--order newest|oldest|favorite " in page
    assert "<" not in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["kyes"], "optdesk: There is no command “kyes”. Did you mean “keys”?\n"),
        (["--stroe"], "optdesk: There is no option “--stroe”. See: optdesk --help\n"),
        (["--port", "x"], "optdesk: --port takes a number from 0 to 65535, not “x”.\n"),
        (["keys", "list", "--store"], "optdesk: --store needs a value. See: optdesk --help\n"),
    ],
)
def test_a_mistake_is_said_in_one_line(words, says, program: Optdesk):
    answer = program(*words)
    assert (answer.code, answer.out, answer.err) == (2, "", says)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("contacts foo", "There is no command “contacts foo”. See: optdesk contacts --help"),
        ("contacts lits", "There is no command “contacts lits”. Did you mean “list”?"),
        ("sms review lst", "There is no command “sms review lst”. Did you mean “list”?"),
        ("contacts list --limt 3", "There is no option “--limt”. Did you mean “--limit”?"),
        ("contacts list --jsn", "There is no option “--jsn”. Did you mean “--json”?"),
        ("contacts --zzz", "There is no option “--zzz”. See: optdesk contacts --help"),
        ("keys list -z", "There is no option “-z”. See: optdesk keys list --help"),
        ("contacts list --view", "--view needs a value. See: optdesk contacts list --help"),
        ("contacts export -o", "-o needs a value. See: optdesk contacts export --help"),
        (
            "integration show --reveal=no",
            "--reveal takes no value. See: optdesk integration show --help",
        ),
        (
            "contacts move +14155550123",
            "--to is missing. Usage: optdesk contacts move --to GROUP [OPTIONS] [CONTACT]...",
        ),
        (
            "groups rename Spring",
            "NAME is missing. Usage: optdesk groups rename [OPTIONS] GROUP NAME",
        ),
        ("dnc add", "PHONE is missing. Usage: optdesk dnc add [OPTIONS] PHONE..."),
        ("keys list all", "“all” is one word too many. Usage: optdesk keys list [OPTIONS]"),
        ("contacts list --limit x", "--limit takes a whole number from 1 on, not “x”."),
        ("attempts list --limit 0", "--limit takes a whole number from 1 to 100000, not “0”."),
        ("consent prune --years nan", "--years takes a number from 0 on, not “nan”."),
        ("demo --rate 5000", "--rate takes a number from 0.01 to 1000, not “5000”."),
        ("views save --key two", "--key takes a whole number, not “two”."),
        ("contacts list --order best", "--order takes newest, oldest or favorite, not “best”."),
        ("attempts list --door front", "--door takes api or hook, not “front”."),
        (
            "contacts note +14155550123",
            "What shall the note say? optdesk contacts note CONTACT TEXT",
        ),
    ],
)
def test_a_mistake_behind_a_verb_is_said_in_one_line_too(words, says, program: Optdesk):
    answer = program(*words.split())
    assert (answer.code, answer.out, answer.err) == (2, "", f"optdesk: {says}\n")


@pytest.mark.parametrize("words", [["contacts"], ["contacts", "--"], ["sms", "review"]])
def test_a_noun_without_a_verb_shows_its_help(words, program: Optdesk):
    answer = program(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith(f"Usage: optdesk {' '.join(words).removesuffix(' --')} [OPTIONS]")


def test_options_are_read_without_a_validator_being_built(store: Store):
    words = ["contacts", "list", "--limit", "3", "--order", "oldest", "--store", store.url]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "app.main", *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert "app.cli.values" in done.stderr
    assert "typer._adapters" not in done.stderr


def test_a_bad_settings_file_names_its_line(tmp_path, process: Optdesk):
    path = tmp_path / "config.toml"
    path.write_text("port = 1\nhots = 'x'\n")
    answer = process("keys", "list", "--config", str(path))
    assert answer.code == 2
    assert answer.err == f"optdesk: {path}, line 2: “hots” is no setting. Did you mean “host”?\n"


@pytest.mark.parametrize(
    ("url", "code", "says"),
    [
        ("{folder}/none/a.db", 3, "The folder {folder}/none of the store a.db does not exist."),
        ("{folder}/a.db", 3, "There is no store at {folder}/a.db."),
        ("{folder}/" + "a" * 300, 3, "cannot be opened: file name too long."),
        ("sqlite://", 2, "A store in memory would forget every lead."),
        ("mysql://host/db", 2, "mysql"),
        ("postgresql://nobody@127.0.0.1:1/none", 3, "cannot be reached"),
        ("postgresql://me:a@b@host:PORT/db", 2, "“postgresql://…@host:PORT/db” is no store URL."),
        (
            "postgresql://me:p@a/ss@host:1/db",
            2,
            "holds more than one @. In a user's name or a pass",
        ),
        ("post gres://me:se://c@ret@host/db", 2, "“post gres://…@host/db” is no store URL."),
    ],
)
def test_a_store_that_cannot_be_used_is_named(url, code, says, folder, program: Optdesk):
    answer = program("contacts", "list", "--store", url.format(folder=folder))
    assert answer.code == code
    assert says.format(folder=folder) in answer.err
    assert "ss@" not in answer.err and "a/ss" not in answer.err
    assert answer.err.count("\n") == 1
    assert answer.out == ""
    assert list(folder.iterdir()) == []


@pytest.fixture
def homeless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user as containers have them: without a home and without an entry in the list of users."""

    def unknown(_number: int) -> None:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "LOGNAME", "USER"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("homeless")
def test_who_has_no_home_is_asked_for_a_store(tmp_path, program: Optdesk):
    for words in (["keys", "list"], ["doctor"], ["integration", "add"], ["serve"]):
        answer = program(*words)
        assert answer.code == 3
        assert "no home folder" in answer.err and "--store" in answer.err
    assert program("keys", "list", "--store", "~/a.db").code == 3
    own = str(tmp_path / "own.db")
    assert program("integration", "add", "--store", own).code == 0
    assert program("keys", "list", "--store", own).code == 0


@pytest.mark.parametrize("words", [["keys", "list"], ["doctor"]], ids=" ".join)
def test_a_home_that_nobody_has_is_a_store_that_is_not_there(words, program: Optdesk):
    answer = program(*words, "--store", "~nobody-has-this-name/a.db")
    assert answer.code in (1, 3)
    assert "~nobody-has-this-name of the store a.db does not exist" in answer.out + answer.err


def test_a_file_that_is_no_store_is_left_as_it_is(folder, program: Optdesk):
    path = folder / "letter.txt"
    path.write_text("Dear Ana")
    answer = program("integration", "add", "--store", str(path))
    assert answer.code == 3
    assert str(path) in answer.err
    assert path.read_text() == "Dear Ana"


def test_the_environment_names_the_store(folder, program: Optdesk):
    path = folder / "a.db"
    assert program("groups", "create", "Spring", OPTDESK_STORE=str(path)).code == 0
    assert program("groups", "list", OPTDESK_STORE=f"sqlite:///{path}").out.count("Spring") == 1


@pytest.fixture
def full_queue(sqlite_store: Store) -> str:
    """The URL of a store with more than a pipe holds."""
    make_queued(sqlite_store, 1500)
    return sqlite_store.url


def piped(words: list[str], reader: str) -> tuple[list[int], str]:
    """Exit codes and standard error of `optdesk … | reader`."""
    pipe = subprocess.PIPE
    with (
        subprocess.Popen(["sh", "-c", reader], stdin=pipe, stderr=pipe, text=True) as second,
        programs.start("-m", "app.main", *words, stdout=second.stdin, stderr=pipe) as first,
    ):
        assert second.stdin is not None
        second.stdin.close()
        err = first.communicate(timeout=60)[1]
        second.stdin = None
        err += second.communicate(timeout=60)[1]
    return [first.returncode, second.returncode], err


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_reader_that_leaves_ends_the_list_without_a_word(full_queue, more):
    codes, err = piped(["contacts", "list", "--store", full_queue, *more], "head -n 1 >&2")
    assert codes == [141, 0]
    assert err.count("\n") == 1


def test_a_full_disk_is_said(full_queue, program: Optdesk):
    command = f"{sys.executable} -m app.main contacts list --store {full_queue} >/dev/full"
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 1
    assert done.stderr == "optdesk: The answer cannot be written: No space left on device.\n"


def test_an_export_whose_reader_leaves_ends_without_a_word(full_queue):
    words = ["contacts", "export", "--store", full_queue]
    codes, err = piped(words, "head -n 1 >&2")
    assert codes == [141, 0]
    assert err.count("\n") == 1


def test_closed_streams_are_no_files_to_write_into(full_queue):
    run = f"{sys.executable} -m app.main --store {full_queue}"
    command = (
        f"{run} keys create site <&- >&- 2>&-; echo $?; {run} contacts star - <&- 2>&1; echo $?"
    )
    done = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout == "0\nNothing to change.\n0\n"
    assert not done.stderr
    store = Store.open(full_queue)
    with store.read() as conn:
        assert keys.listing(conn)[0].name == "site"
        assert not checks.check(conn).faults
    store.close()


def test_a_terminal_without_unicode_gets_question_marks(sqlite_store):
    make_queued(sqlite_store, 1, first_name="小龍")
    done = subprocess.run(
        [sys.executable, "-m", "app.main", "contacts", "list", "--store", sqlite_store.url],
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert "??" in done.stdout


@pytest.fixture
def a_key(sqlite_url: str, program: Optdesk) -> str:
    """The id of an API key."""
    return str(program("keys", "create", "web", "--json", "--store", sqlite_url).json["id"])


@pytest.mark.parametrize(
    ("typed", "code", "left"), [("yes", 0, 0), ("n", 1, 1), ("ctrl+c", 130, 1)]
)
def test_what_cannot_be_undone_asks_first(typed, code, left, a_key, sqlite_url, program: Optdesk):
    with Terminal("keys", "revoke", a_key, "--store", sqlite_url) as terminal:
        shown = terminal.read_until(lambda shown: shown.endswith(": "))
        assert "This cannot be undone. Type yes to go on:" in shown
        if typed == "ctrl+c":
            terminal.interrupt()
        else:
            terminal.type(f"{typed}\n")
        ended = terminal.end()
    assert ended == code
    rows = program("keys", "list", "--json", "--store", sqlite_url).rows
    assert sum(row["revoked_at"] is None for row in rows) == left


def test_without_a_terminal_it_wants_yes(a_key, sqlite_url, program: Optdesk):
    words = ["keys", "revoke", a_key, "--store", sqlite_url]
    refused = program(*words)
    assert refused.code == 2
    assert "Say --yes if you mean it." in refused.err
    assert program(*words, "--yes").code == 0
    # What a rule forbids is said before anything is asked.
    assert program(*words).code == 1


def test_a_column_is_bold_in_a_terminal_alone_and_never_with_no_color(
    a_key, sqlite_url, monkeypatch
):
    words = ("keys", "list", "--store", sqlite_url)
    with Terminal(*words) as terminal:
        assert terminal.end() == 0
        assert "\x1b[1m" in terminal.shown
    monkeypatch.setenv("NO_COLOR", "1")
    with Terminal(*words) as terminal:
        assert terminal.end() == 0
        assert "\x1b" not in terminal.shown


def test_the_default_store_lies_in_a_folder_of_its_own(tmp_path, process: Optdesk):
    data = Path(os.environ["XDG_DATA_HOME"])
    assert process("groups", "create", "Spring").code == 0
    folder = data / "optdesk"
    assert folder.stat().st_mode & 0o777 == 0o700
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o777 == 0o600, path
