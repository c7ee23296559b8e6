"""Numbers as people write them: in any spelling, national ones by the store's own region."""

from __future__ import annotations

from sqlalchemy.engine import Connection

from storage.access import load_access
from storage.errors import Refused
from storage.folding import fold
from storage.phones import parse_e164


def canonical(conn: Connection, written: str) -> str:
    """A number in E.164, such as `+14155550123` for `(415) 555-0123`.

    Args:
        conn: The store, which knows the region of numbers without a country.
        written: As a person wrote it.

    Raises:
        Refused: It is no phone number.
    """
    strict = parse_e164("".join(written.split()))
    if strict is not None:
        return strict.e164
    found = None
    if not any(char.isalpha() for char in written):
        # Loading it takes longer than all that needs no national number.
        from storage.number_lists import number_in

        found, _ = number_in(fold(written), load_access(conn).default_region)
    if found is None:
        raise Refused(f"“{written}” is no phone number.", "Write it like +14155550123.")
    return found
