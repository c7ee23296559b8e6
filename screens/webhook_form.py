"""The form of a webhook endpoint: its address, what it is told of, how the body looks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message

from screens.ask import Ask, Field
from storage.errors import Refused
from storage.inside import inside_host, warning
from widgets.display import clean

if TYPE_CHECKING:
    from storage.endpoints import EndpointRow
    from storage.store import Store
    from storage.words import Actor

ALL = "all"
FULL, SEED = "full", "seed"

_BODIES = f"The body is “{FULL}” or “{SEED}”."


Delivers = Callable[[str], bool]
"""Whether events are delivered to a host though it is inside."""


def adding(who: Actor, delivers: Delivers) -> Ask:
    """The form that adds an endpoint."""
    job = partial(_add, who=who)
    return _form("Add a webhook endpoint", job, delivers, "", ALL, FULL)


def editing(who: Actor, delivers: Delivers, row: EndpointRow) -> Ask:
    """The form that changes one."""
    told = " ".join(event.removeprefix("sms.") for event in row.events)
    return _form(
        "Edit the endpoint",
        partial(_edit, who=who, ident=row.id),
        delivers,
        row.url,
        told,
        SEED if row.seed_body else FULL,
    )


def _form(
    title: str,
    job: Callable[[Store, Mapping[str, str]], Message],
    delivers: Delivers,
    url: str,
    events: str,
    body: str,
) -> Ask:
    return Ask(
        title,
        [
            Field("url", "Address", "such as https://example.com/hooks", value=url),
            Field(
                "events",
                f"Told of: {ALL}, or of opted_in opted_out opt_in_failed",
                ALL,
                value=events,
            ),
            Field(
                "body",
                f"Body: {FULL}, or {SEED} (exactly as documented)",
                f"empty: {FULL}",
                value=body,
            ),
        ],
        job,
        preview=partial(_preview, delivers),
    )


def _preview(delivers: Delivers, values: Mapping[str, str]) -> Content:
    said: dict[str, object] = {"event": "sms.opted_in"}
    if values["body"] != SEED:
        said["type"] = "sms.opted_in"
    said |= {"timestamp": "2024-03-28T12:00:00Z", "data": {"contact_id": "con_…"}}
    shown = json.dumps(said, ensure_ascii=False)
    body = Content.styled(clean(shown), "$text-muted")
    host = inside_host(values["url"])
    told = warning(values["url"]) if host and not delivers(host) else ""
    return Content.assemble((clean(told), "$text-warning"), "\n", body) if told else body


def _events(text: str) -> list[str]:
    from storage.outbox import EVENTS

    words = text.replace(",", " ").split()
    if [word.casefold() for word in words] == [ALL]:
        return list(EVENTS)
    return [word if word.startswith("sms.") else f"sms.{word}" for word in words]


def _is_seed(text: str) -> bool:
    if text.casefold() not in (FULL, SEED):
        raise Refused(f"“{text}” is no form of the body.", _BODIES)
    return text.casefold() == SEED


def _add(store: Store, values: Mapping[str, str], *, who: Actor) -> Message:
    from screens.webhooks import SecretMade
    from storage import endpoints

    events, seed = _events(values["events"]), _is_seed(values["body"])
    made = store.do(lambda conn: endpoints.add(conn, who, values["url"], events=events, seed=seed))
    return SecretMade(made, rotated=False)


def _edit(store: Store, values: Mapping[str, str], *, who: Actor, ident: int) -> Message:
    from screens.webhooks import EndpointChanged
    from storage import endpoints

    events, seed = _events(values["events"]), _is_seed(values["body"])
    row = store.do(
        lambda conn: endpoints.edit(conn, who, ident, url=values["url"], events=events, seed=seed)
    )
    return EndpointChanged(f"{row.url} is changed; in force at once.")
