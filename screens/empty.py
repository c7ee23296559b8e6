"""What an empty list says: that it is empty, why, and what to do."""

from __future__ import annotations

from screens.keymap import Keymap
from screens.overview import Overview
from storage.words import Place, View
from widgets.display import glyphs, titled


def why_empty(view: View, overview: Overview, keymap: Keymap) -> tuple[str, str]:
    """A headline and a next step. The headline may quote a stranger's search or group."""
    if view.search.strip():
        return nothing_matches(view.search.strip(), keymap.key_of("list.escape"))
    if not overview.known:
        return f"Opening the store{glyphs().ellipsis}", ""
    step = _next_step(overview, keymap)
    if view.place is Place.QUEUE:
        return "The Opt-in queue is empty.", step
    if view.place is Place.GROUP:
        move = keymap.key_of("contact.move")
        return f"Nobody is in “{view.group_name}”.", f"{move} in the queue moves contacts here."
    return "No contacts yet.", step


def nothing_matches(searched: str, back: str) -> tuple[str, str]:
    """That a search found nothing, and which key clears it; a long one is cut.

    Args:
        searched: What was searched for. Untrusted.
        back: The key.
    """
    return f"Nothing matches “{titled(searched)}”.", f"{back} clears the search."


def _next_step(overview: Overview, keymap: Keymap) -> str:
    places, switch = keymap.key_of("desk.places"), keymap.key_of("desk.switch")
    match overview.figures.integration:
        case "none":
            add = keymap.key_of("integration.add")
            return (
                f"To let leads in, add the Opt-In API: {places} to the sidebar, "
                f"Integrations, then {add}."
            )
        case "off":
            return f"The Opt-In API is off, so no leads come in. {switch} switches it on."
        case _:
            return "Leads appear here the moment they are captured."
