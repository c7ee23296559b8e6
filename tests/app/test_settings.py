"""Settings: where a value comes from, and what is said when it cannot be right."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from app import locations, settings
from storage.errors import WrongUsage


def written(text: str) -> Path:
    path = locations.config_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def complaint(**said: object) -> str:
    with pytest.raises(WrongUsage) as caught:
        settings.load(said)
    return str(caught.value)


def test_the_defaults_need_no_file():
    found = settings.load()
    assert (found.host, found.port, found.gateway) == ("127.0.0.1", 8765, "simulated")
    assert found.store.startswith("sqlite:///")
    assert found.actor


def test_the_folder_of_the_default_store_is_private():
    settings.load()
    folder = locations.data_folder()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_is_too_open_is_closed():
    folder = locations.data_folder()
    folder.chmod(0o755)
    assert stat.S_IMODE(locations.data_folder().stat().st_mode) == 0o700


def test_the_settings_file_is_closed_to_others():
    path = written("port = 1\n")
    path.chmod(0o644)
    settings.load()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("line", "sentence"),
    [("port = " + "9" * 5000, "this is too long to be read."),
     ("x = " + "[" * 3000 + "]" * 3000, "this is too long to be read.")],
)  # fmt: skip
def test_a_value_that_no_machine_can_read_is_named(line: str, sentence: str):
    path = written(f"# mine\n{line}\n")
    assert complaint() == f"{path}, line 2: {sentence}"


def test_a_file_without_end_is_not_read_to_it():
    path = written("#" * 1_000_001)
    assert complaint() == f"{path} is too large for a settings file."


def test_a_mark_that_an_editor_put_before_the_first_setting_is_no_part_of_it():
    written("\ufeffport = 9000\r\nhost = '10.0.0.1'\r\n")
    assert (settings.load().port, settings.load().host) == (9000, "10.0.0.1")


def test_flags_win_over_the_environment_and_that_over_the_file(monkeypatch):
    written('host = "10.0.0.1"\nport = 1\nrate_per_key = 5\n')
    monkeypatch.setenv("OPTDESK_PORT", "2")
    monkeypatch.setenv("OPTDESK_HOST", "10.0.0.2")
    loaded = settings.Loaded({"host": "10.0.0.3", "port": None})
    found = loaded.settings
    assert (found.host, found.port, found.rate_per_key) == ("10.0.0.3", 2, 5)
    assert loaded.origin("host") == "--host"
    assert loaded.origin("port") == "OPTDESK_PORT"
    assert loaded.origin("rate_per_key").endswith("config.toml, line 3")
    assert loaded.origin("connections") == "default"


def test_the_environment_names_another_file(tmp_path, monkeypatch):
    other = tmp_path / "other.toml"
    other.write_text("port = 7\n")
    monkeypatch.setenv("OPTDESK_CONFIG", str(other))
    assert settings.load().port == 7


def test_the_actor_may_be_called_as_in_the_environment(monkeypatch):
    monkeypatch.setenv("OPTDESK_AS", "ana")
    assert settings.load().actor == "ana"
    assert settings.load({"actor": "ben"}).actor == "ben"


@pytest.mark.parametrize(
    ("called", "actor"), [("ana\x1b[31m", "ana[31m"), ("b\u009bo\n", "bo"), ("\x07", "unknown")]
)
def test_no_control_character_of_the_systems_name_for_a_person_is_taken(called, actor, monkeypatch):
    monkeypatch.setattr("getpass.getuser", lambda: called)
    assert settings.load().actor == actor


@pytest.mark.parametrize("said", ["10.0.0.0/8, ::1", '["10.0.0.0/8", "::1"]'])
def test_proxies_are_listed_with_commas_or_as_in_the_file_in_the_environment(monkeypatch, said):
    monkeypatch.setenv("OPTDESK_TRUSTED_PROXIES", said)
    assert settings.load().trusted_proxies == ("10.0.0.0/8", "::1")


def test_keys_may_be_written_with_or_without_quotes():
    written('[keys]\ncontact.star = "x"\n"contact.move" = "g,M"\n')
    assert settings.load().keys == {"contact.star": "x", "contact.move": "g,M"}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("port = 1\nhost = \n", 2, "invalid value"),
        ('port = 1\n\nhost = "x', 3, ""),
        ('host = "x"\nport = "many"\n', 2, "port should be a valid integer"),
        ("# a remark\nprot = 1\n", 2, "“prot” is no setting. Did you mean “port”?"),
        ("port = 99999\n", 1, "port should be less than or equal to 65535"),
        ('\ngateway = "pigeon"\n', 2, "gateway should be 'simulated'"),
        ("[keys]\nx = 3\n", 2, "keys.x should be a valid string"),
        ("[keys]\na = 'b'\ncontact.star = 3\n", 3, "keys.contact.star should be a valid string"),
        ("max_body = true\n", 1, "max_body should not be true or false."),
        ("rate_per_key = false\n", 1, "should not be true"),
        ("trusted_proxies = ['10.0.0.0/99']", 1, "“10.0.0.0/99”, which is no address"),
        ("public_base_url = 'leads.example.com'", 1, "should be an address such as https://"),
        ('port = 1\npublic_base_url = "https://x.example/\\u001b[2J"', 2,
         "public_base_url should hold no control characters."),
        ('public_base_url = "https://x.\\u202eexample"', 1, "should be an address such as https://"),
        ('\nhost = "127.0.0.1\\u009b2J"', 2, "host should hold no control characters."),
        ('\nactor = "ana\\u0007"', 2, "actor should hold no control characters."),
        ('theme = "dusk\\u007f"', 1, "theme should hold no control characters."),
        ('port = 1\nwebhook_allow = ["crm.internal", "x\\u001b"]', 2,
         "webhook_allow should hold no control characters."),
        ('[keys]\na = "b"\ncontact.star = "\\u001b"', 3,
         "keys.contact.star should hold no control characters."),
    ],
)  # fmt: skip
def test_a_bad_file_names_the_file_and_the_line(text, line, says):
    path = written(text)
    said = complaint()
    assert said.startswith(f"{path}, line {line}: ")
    assert says in said
    assert "\n" not in said


def test_a_file_that_is_no_text_names_the_line():
    path = written("port = 1\n")
    path.write_bytes(b"port = 1\nhost = '\xff'\n")
    assert complaint() == f"{path}, line 2: this is not UTF-8 text."


def test_a_file_that_was_named_has_to_exist(tmp_path):
    with pytest.raises(WrongUsage, match="does not exist"):
        settings.load({}, str(tmp_path / "none.toml"))


def test_a_bad_value_in_the_environment_names_the_variable(monkeypatch):
    monkeypatch.setenv("OPTDESK_CONNECTIONS", "many")
    assert complaint().startswith("OPTDESK_CONNECTIONS should be a valid integer")


def test_a_control_character_in_the_environment_names_the_variable(monkeypatch):
    monkeypatch.setenv("OPTDESK_PUBLIC_BASE_URL", "https://x.example/\x1b[2J")
    assert complaint() == "OPTDESK_PUBLIC_BASE_URL should hold no control characters."


def test_keys_in_the_environment_are_json(monkeypatch):
    monkeypatch.setenv("OPTDESK_KEYS", "s")
    assert complaint().startswith("OPTDESK_KEYS should be JSON")


def test_a_bad_flag_is_named():
    assert complaint(host="").startswith("--host should have at least 1 character")


@pytest.mark.parametrize(
    ("host", "public", "expected"),
    [
        ("127.0.0.1", "", "http://127.0.0.1:8765"),
        ("0.0.0.0", "", "http://127.0.0.1:8765"),
        ("::", "", "http://[::1]:8765"),
        ("fe80::1", "", "http://[fe80::1]:8765"),
        ("127.0.0.1", "https://leads.example.com/", "https://leads.example.com"),
        ("127.0.0.1", "https://example.com/leads", "https://example.com/leads"),
    ],
)
def test_the_base_of_every_url_shown(host, public, expected):
    found = settings.load({"host": host, "public_base_url": public})
    assert found.base_url == expected


@pytest.mark.parametrize(
    ("store", "seen"),
    [
        ("postgresql://ana:s3cret@db/leads", "postgresql://ana:***@db/leads"),
        ("postgresql://ana:s3@cr:et@db/leads", "postgresql://ana:***@db/leads"),
        ("postgresql://db/leads?user=ana&password=s3cret&sslpassword=s3cret&x=1",
         "postgresql://db/leads?user=ana&password=hidden&sslpassword=hidden&x=1"),
    ],
)  # fmt: skip
def test_the_password_of_a_store_is_never_shown(store, seen):
    found = settings.load({"store": store})
    assert settings.shown(found, "store") == seen


def test_every_setting_says_what_it_means():
    said = settings.meaning_of_each()
    assert list(said) == list(settings.Settings.model_fields)
    assert all(said.values())
