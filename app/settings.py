"""The settings: what they are called, what they mean and where each value came from.

A value is looked for in this order: flags, the environment (`OPTDESK_…`), the settings file,
the default. The docstrings below are the manual: `docs/configuration.md` is made from them.
"""

from __future__ import annotations

import ast
import getpass
import inspect
import ipaddress
import json
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from unicodedata import category

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from app import locations
from app.settings_file import SettingsFile, uncapitalised
from storage.errors import WrongUsage
from storage.paths import spelled_out

PREFIX = "OPTDESK_"

_ALSO_CALLED = {"OPTDESK_AS": "actor"}
"""Names in the environment that follow a flag's name instead of the setting's."""


_in_file: ContextVar[dict[str, Any]] = ContextVar("_in_file", default={})  # noqa: B039 - never changed
"""What stands in the settings file. Making a class for each file took longer than all the rest."""


Value = TypeVar("Value")


def _listed(value: object) -> object:
    """Reads `a, b`, or the same as in the file, as a list: the environment knows no lists."""
    if isinstance(value, str):
        if value.lstrip().startswith("["):
            with suppress(ValueError):
                read: object = json.loads(value)
                return read
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _flat(value: object) -> object:
    """Reads `contact.star = "x"` without quotes, which TOML takes for a table in a table."""
    if not isinstance(value, dict):
        return value
    flat: dict[str, object] = {}
    for name, inner in value.items():
        if isinstance(inner, dict):
            flat |= {f"{name}.{rest}": text for rest, text in inner.items()}
        else:
            flat[name] = inner
    return flat


def _plain(value: Value) -> Value:
    """Refuses what a terminal or whoever opens an address would take for an order."""
    if isinstance(value, str) and any(category(sign) == "Cc" for sign in value):
        raise ValueError("should hold no control characters")
    return value


def _this_user() -> str:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
    # The environment may call one anything; nobody wrote it here to be told what is wrong with it.
    return "".join(sign for sign in name if category(sign) != "Cc").strip() or "unknown"


class Settings(BaseSettings):
    """Everything that can be set."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    store: str = Field(default_factory=locations.default_store, min_length=1)
    """Where everything is kept: `sqlite:///file`, `postgresql://user@host/database` or a path.
    When left out, a file in your data folder."""

    host: str = Field(default="127.0.0.1", min_length=1)
    """The address that the listener is bound to. Only programs on this machine reach
    `127.0.0.1`; give `0.0.0.0` or an address of this machine to let others in."""

    port: int = Field(default=8765, ge=0, le=65535)
    """The port of the listener; 0 takes a free one."""

    actor: str = Field(default_factory=_this_user, min_length=1, max_length=80)
    """Who acts, for the audit trail and for undo. `--as` on the command line, `OPTDESK_AS` in
    the environment. Your user name when left out."""

    public_base_url: str = ""
    """The address under which senders reach the listener, such as `https://leads.example.com`,
    where a reverse proxy stands in front. It is the start of every URL that is shown."""

    tls_cert: str = ""
    """A file with a certificate in PEM, followed by those between it and its root. With it the
    listener speaks HTTPS alone. It is read again when it changes."""

    tls_key: str = ""
    """The file with the private key of `tls_cert`, without a passphrase, where it is another
    one."""

    trusted_proxies: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    """Addresses or networks of reverse proxies whose `X-Forwarded-For` counts, such as
    `["10.0.0.0/8"]`. From anybody else that header is kept as evidence, no more."""

    operations: Literal["loopback", "key"] = "loopback"
    """Who may ask `/readyz`, `/metrics`, `/openapi.json` and `/docs`: `loopback` lets programs
    on this machine in, `key` whoever shows an API key."""

    rate_per_key: int = Field(default=0, ge=0)
    """Requests a second that one API key may make; more get 429. 0 sets no limit."""

    rate_per_peer: int = Field(default=0, ge=0)
    """Requests a second that one address may make; more get 429. 0 sets no limit."""

    connections_per_peer: int = Field(default=256, ge=0)
    """Connections that one address may hold open. 0 sets no limit."""

    connections: int = Field(default=2048, ge=0)
    """Connections that may be open in all. 0 sets no limit. Where the system gives the program
    fewer files, that is the limit."""

    max_body: int = Field(default=16 * 1024, ge=0)
    """The largest body of a request, in bytes. 0 sets no limit."""

    attempts_days: int = Field(default=90, ge=0)
    """How many days the intake log keeps an attempt. 0 keeps it for ever. Consent evidence is
    kept apart and stays."""

    attempts_max: int = Field(default=1_000_000, ge=0)
    """How many attempts the intake log keeps; the oldest go first. 0 keeps all."""

    consent_years: int = Field(default=5, ge=0)
    """How many years after a person's last event the evidence of their consent is kept, 5 at
    least; of people in the queue or in a group it is never forgotten. 0 keeps all for ever."""

    gateway: Literal["simulated", "twilio"] = "simulated"
    """What carries the texts. `simulated` sends nothing and plays a carrier that accepts; see
    `optdesk sms simulate`. `twilio` needs the extra of that name; see `docs/messages.md`."""

    texts_per_second: int = Field(default=0, ge=0)
    """Texts that are handed over in a second at most. 0 sets no limit."""

    quiet_hours: str = ""
    """When nobody is texted, such as `21:00-08:00`, by the clock where the person is; of several
    zones that a number may be in, the strictest. Leads wait until then. Empty for never."""

    twilio_account: str = ""
    """The account of the gateway `twilio`: `AC` and 32 characters. Its auth token is read from
    `OPTDESK_TWILIO_TOKEN` in the environment, or from the file named next."""

    twilio_token_file: str = ""
    """A file that holds Twilio's auth token and that only you may read (mode 0600)."""

    twilio_api_url: str = "https://api.twilio.com"
    """Where Twilio's API is reached; another address is for tests."""

    webhook_allow: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)] = ()
    """Networks and host names of your own that webhooks may be delivered to, such as
    `["127.0.0.0/8", "crm.internal"]`. Private, loopback and link-local addresses are refused
    otherwise, whatever name leads to them."""

    webhook_disable_days: int = Field(default=5, ge=0)
    """Days after which a webhook endpoint that only fails is disabled. 0 never disables one."""

    one_core: bool = True
    """Keep the desk, or `optdesk serve`, on one processor core, and go on to a calmer one where
    others use it. Python runs one thread at a time, and handing over between cores costs more than
    a second core gives; see `docs/performance.md`. For Linux; elsewhere it changes nothing."""

    theme: str = ""
    """The desk's theme, by the name that the palette shows; also one of your own, a file such as
    `themes/dusk.toml` beside the settings file. What is chosen in the desk later goes before it.
    Empty keeps the default; on a terminal of sixteen colours that is `ansi-dark`."""

    ascii: bool = False
    """Draw the desk with ASCII characters alone."""

    reduced_motion: bool = False
    """Nothing on the desk slides or fades; for eyes that motion tires, and for slow lines."""

    keys: Annotated[dict[str, Annotated[str, AfterValidator(_plain)]], BeforeValidator(_flat)] = {}
    """Other keys for the desk's commands, by command id: a table such as
    `[keys]` with lines like `contact.star = "s,asterisk"`. `?` in the desk shows the ids."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then the environment, then the settings file."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, _in_file.get())

    @field_validator("*", mode="before")
    @classmethod
    def _is_no_switch(cls, value: Any, info: ValidationInfo) -> Any:
        # Python counts with `true`: a largest body of one byte would refuse every lead.
        if (
            isinstance(value, bool)
            and cls.model_fields[str(info.field_name)].annotation is not bool
        ):
            raise ValueError("should not be true or false")
        return value

    @field_validator("*")
    @classmethod
    def _is_plain(cls, value: Any) -> Any:
        for part in value if isinstance(value, tuple) else (value,):
            _plain(part)
        return value

    @field_validator("public_base_url")
    @classmethod
    def _is_an_address(cls, value: str) -> str:
        form = r"https?://[^\s/?#@]+(/[^\s?#]*)?"
        if value and not (value.isprintable() and re.fullmatch(form, value)):
            raise ValueError("should be an address such as https://leads.example.com")
        return value.rstrip("/")

    @field_validator("webhook_allow")
    @classmethod
    def _are_networks_or_hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            if "/" not in part and re.fullmatch(r"[A-Za-z0-9._:-]+", part):
                continue
            try:
                ipaddress.ip_network(part, strict=False)
            except ValueError:
                raise ValueError(f"holds “{part}”, which is no network or host") from None
        return value

    @field_validator("consent_years")
    @classmethod
    def _is_long_enough(cls, value: int) -> int:
        if 0 < value < 5:
            raise ValueError("should be 5 or more, or 0 to keep all for ever")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            try:
                ipaddress.ip_network(part, strict=False)
            except ValueError:
                raise ValueError(f"holds “{part}”, which is no address or network") from None
        return value

    @field_validator("tls_key")
    @classmethod
    def _has_certificate(cls, value: str, info: ValidationInfo) -> str:
        if value and not info.data.get("tls_cert"):
            raise ValueError("should have a tls_cert beside it")
        return value

    @field_validator("quiet_hours")
    @classmethod
    def _is_a_span(cls, value: str) -> str:
        from storage.holding import QuietHours

        QuietHours.parse(value)
        return value

    @property
    def twilio_token(self) -> str:
        """Twilio's secret. Not a setting, so that nothing that shows settings shows it.

        Raises:
            WrongUsage: Its file cannot be read, or others can read it.
        """
        if said := os.environ.get(f"{PREFIX}TWILIO_TOKEN"):
            return said.strip()
        return read_secret(self.twilio_token_file) if self.twilio_token_file else ""

    @property
    def base_url(self) -> str:
        """The start of every URL that people are given."""
        if self.public_base_url:
            return self.public_base_url
        # Nobody can call `0.0.0.0`; the machine itself answers there as loopback.
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{'https' if self.tls_cert else 'http'}://{host}:{self.port}"


def read_secret(name: str) -> str:
    """What a file with a secret holds.

    Raises:
        WrongUsage: It cannot be read, or others than its owner can read it.
    """
    path = spelled_out(name)
    try:
        if path.stat().st_mode & 0o077:
            raise WrongUsage(
                f"{path} holds a secret and can be read by others.", f"chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise WrongUsage(f"{path} cannot be read: {reason}.") from None


def config_path(named: str | None) -> tuple[Path, bool]:
    """The settings file to read, and whether a person named it."""
    said = named or os.environ.get(f"{PREFIX}CONFIG")
    if said:
        return spelled_out(said), True
    return locations.config_file(), False


def load(said: Mapping[str, Any] | None = None, config: str | None = None) -> Settings:
    """The settings in force.

    Args:
        said: Values given as flags, by setting; None means not given.
        config: The settings file a person named, if any.

    Raises:
        WrongUsage: A value cannot be right; the sentence says where it stands.
    """
    return Loaded(said, config).settings


class Loaded:
    """The settings in force, and where each came from."""

    def __init__(self, said: Mapping[str, Any] | None = None, config: str | None = None) -> None:
        self._said = {name: value for name, value in (said or {}).items() if value is not None}
        self._also: dict[str, Any] = {
            name: os.environ[alias] for alias, name in _ALSO_CALLED.items() if os.environ.get(alias)
        }
        path, named = config_path(config)
        self.file = SettingsFile(path, named=named)
        self.settings = self._build()

    def _build(self) -> Settings:
        token = _in_file.set(self.file.values)
        try:
            return Settings(**(self._also | self._said))
        except ValidationError as error:
            raise self._explain(error.errors(include_url=False)[0]) from None
        except SettingsError as error:
            found = re.search(r'field "(\w+)"', str(error))
            name = found[1].upper() if found else ""
            example = '{"contact.star": "x"}'
            raise WrongUsage(f"{PREFIX}{name} should be JSON, such as {example}.") from None
        finally:
            _in_file.reset(token)

    def origin(self, name: str) -> str:
        """Where a setting's value came from, in words."""
        if name in self._said:
            return "--as" if name == "actor" else f"--{name.replace('_', '-')}"
        for alias, setting in _ALSO_CALLED.items():
            if setting == name and os.environ.get(alias):
                return alias
        if os.environ.get(f"{PREFIX}{name.upper()}"):
            return f"{PREFIX}{name.upper()}"
        if name in self.file.values:
            return f"{self.file.path}, line {self.file.line_of(name)}"
        return "default"

    def where_key(self, ident: str) -> str:
        """Where the keys of a verb were changed, in words."""
        where = self.origin("keys")
        if where.startswith(str(self.file.path)):
            return f"{self.file.path}, line {self.file.line_of('keys', ident)}"
        return where

    def _explain(self, error: ErrorDetails) -> WrongUsage:
        place = [str(part) for part in error["loc"]]
        name = place[0] if place else ""
        if error["type"] == "extra_forbidden":
            near = get_close_matches(name, Settings.model_fields, n=1)
            hint = f"Did you mean “{near[0]}”?" if near else "See docs/configuration.md."
            return WrongUsage(
                f"{self.file.path}, line {self.file.line_of(name)}: “{name}” is no setting.", hint
            )
        said = (
            error["msg"]
            .removeprefix("Value error, ")
            .removeprefix("Input ")
            .removeprefix("String ")
        )
        where = self.origin(name)
        if name in self.file.values and where.startswith(str(self.file.path)):
            keys = place if name == "keys" else place[:1]
            where = f"{self.file.path}, line {self.file.line_of(*keys)}"
            return WrongUsage(f"{where}: {'.'.join(keys)} {uncapitalised(said)}.")
        return WrongUsage(f"{where} {uncapitalised(said)}.")


def shown(settings: Settings, name: str) -> str:
    """A setting's value as it may be shown: the password of a store's URL is hidden."""
    value = getattr(settings, name)
    if name == "store":
        plain = re.sub(r"(://[^:/@]*):.*@", r"\1:***@", value)
        return re.sub(r"([?&]\w*password=)[^&]*", r"\1hidden", plain)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return ", ".join(f"{key} = {text}" for key, text in value.items())
    return ", ".join(value) if isinstance(value, tuple) else str(value)


def meaning_of_each() -> dict[str, str]:
    """What each setting means, on one line: the docstrings of the fields.

    Pydantic can collect them too, but does so at every start, which costs as much as all else here.
    """
    body = ast.parse(inspect.getsource(Settings)).body[0]
    assert isinstance(body, ast.ClassDef)  # noqa: S101 - what is read is this very class
    return {
        field.target.id: " ".join(said.value.value.split())
        for field, said in pairwise(body.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(said, ast.Expr)
        and isinstance(said.value, ast.Constant)
        and isinstance(said.value.value, str)
    }


def manual() -> str:
    """The settings as a Markdown table, made from their docstrings."""
    lines = ["| setting | environment | default | meaning |", "|---|---|---|---|"]
    meanings = meaning_of_each()
    for name, field in Settings.model_fields.items():
        known = field.get_default(call_default_factory=False)
        default = "" if field.default_factory else _written(known)
        row = f"| `{name}` | `{PREFIX}{name.upper()}` | {default} | {meanings[name]} |"
        lines.append(row)
    return "\n".join(lines) + "\n"


def _written(value: object) -> str:
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    return f"`{value}`" if value not in ("", (), {}) else ""
