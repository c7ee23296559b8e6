"""Profiles that were read before anybody asked for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from storage.profile import Profile
    from storage.words import ContactRow

MOST = 8
"""Profiles that are kept."""


class ProfilesAhead:
    """Whom a person may look at next, as far as it was read while nobody waited.

    What was read is as the store was then: any change of the store makes all of it old.
    """

    def __init__(self) -> None:
        self._kept: dict[int, Profile] = {}
        self._likely: Sequence[ContactRow] = ()
        self.age = 0
        """Goes up with each change of the store."""

    def expect(self, likely: Sequence[ContactRow]) -> None:
        """These may be looked at next, the likeliest first."""
        self._likely = likely

    def keep(self, profile: Profile, age: int) -> None:
        """Keeps a profile, unless the store has changed since it was asked for."""
        if age == self.age:
            self._kept.pop(profile.contact.id, None)
            self._kept[profile.contact.id] = profile
            while len(self._kept) > MOST:
                del self._kept[next(iter(self._kept))]

    def forget(self) -> None:
        """The store has changed."""
        self.age += 1
        self._kept.clear()
        self._likely = ()

    def of(self, contact: ContactRow) -> Profile | None:
        """The profile of a contact as the list shows it, if there is one."""
        profile = self._kept.get(contact.id)
        return profile if profile is not None and profile.contact == contact else None

    @property
    def likeliest(self) -> ContactRow | None:
        """Whom the person will look at next, most likely."""
        return self._likely[0] if self._likely else None

    @property
    def next_id(self) -> int | None:
        """Whom to read next."""
        return next((row.id for row in self._likely if row.id not in self._kept), None)
