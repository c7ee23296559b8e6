"""Which campaign a messaging number belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from textual.content import Content

from screens.picker import Choice, Picker
from widgets.display import ascii_only, clean
from widgets.phones import international

_NONE = "none"


@dataclass(frozen=True, slots=True)
class CampaignChosen:
    """A campaign, or none. The name is untrusted."""

    id: int | None
    name: str

    @property
    def words(self) -> str:
        """As a sentence names it."""
        return "no campaign" if self.id is None else f"“{self.name}”"


class CampaignPicker(Picker[CampaignChosen]):
    """Filters the campaigns.

    Args:
        phone: The number.
        campaigns: Names by id.
        own: The campaign that it belongs to at present.
    """

    placeholder = "campaign"

    def __init__(self, phone: str, campaigns: Mapping[int, str], own: int | None) -> None:
        super().__init__()
        self._phone = phone
        self._campaigns = campaigns
        mark = "x" if ascii_only() else "✓"
        self.offer(
            [
                Choice(_NONE, "No campaign", mark=mark if own is None else " "),
                *(
                    Choice(str(ident), name, mark=mark if ident == own else " ")
                    for ident, name in campaigns.items()
                ),
            ]
        )

    def title_text(self) -> Content:
        """What is chosen."""
        return Content(clean(f"The campaign of {international(self._phone)}"))

    def choose(self, choice: Choice) -> None:
        """Give it back."""
        if choice.key == _NONE:
            self.dismiss(CampaignChosen(None, ""))
        else:
            self.dismiss(CampaignChosen(int(choice.key), self._campaigns[int(choice.key)]))
