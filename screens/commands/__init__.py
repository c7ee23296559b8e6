"""Every verb of the desk, declared once.

Bindings, footer, help, palette and the README's key table are made from these declarations;
nothing else names a key. Each module declares the verbs of some places.
"""

from screens.commands.declaration import ActsOn, Context, Verb
from screens.commands.registry import BY_ID, VERBS, families, key_tables, show_key, verb, verbs_in

__all__ = [
    "BY_ID",
    "VERBS",
    "ActsOn",
    "Context",
    "Verb",
    "families",
    "key_tables",
    "show_key",
    "verb",
    "verbs_in",
]
