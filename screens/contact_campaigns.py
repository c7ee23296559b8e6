"""Adding contacts to a campaign by themselves; a queued one is moved to a group first."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.message import Message

from screens.backstage import WorkFailed, backstage, say
from screens.commands import verb
from screens.confirm import Confirm
from screens.contact_clearing import ContactClearing
from screens.picker import Choice, Picker
from storage.errors import OptdeskError
from widgets.display import plural

if TYPE_CHECKING:
    from storage.campaigns import CampaignRow
    from storage.store import Store
    from storage.words import Actor, Target


class CampaignsOffered(Message):
    """The campaigns were read, to add contacts to one."""

    def __init__(self, campaigns: Sequence[CampaignRow], target: Target) -> None:
        super().__init__()
        self.campaigns = tuple(campaigns)
        self.target = target


class CampaignJoined(Message):
    """Contacts were added to a campaign."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class JoinRefused(Message):
    """They could not be added."""

    def __init__(self, error: OptdeskError) -> None:
        super().__init__()
        self.error = error


class ToCampaign(Picker[int]):
    """The campaigns that contacts can be added to.

    Args:
        campaigns: All of them. Names are untrusted.
        count: How many contacts.
    """

    placeholder = "find a campaign"
    nothing = "No campaign yet. Workflows > Campaigns makes one."

    def __init__(self, campaigns: Sequence[CampaignRow], count: int) -> None:
        super().__init__()
        self._count = count
        self.offer(
            [
                Choice(str(place), each.name, "active" if each.active else "not active")
                for place, each in enumerate(campaigns)
            ]
        )

    def title_text(self) -> Content:
        """Whom it is about."""
        return Content(f"Add {plural(self._count, 'contact')} to a campaign")

    def choose(self, choice: Choice) -> None:
        """That one."""
        self.dismiss(int(choice.key))


class ContactCampaigns(ContactClearing):
    """The verb that adds to campaigns."""

    def action_contact_campaign(self) -> None:
        """Ask which, then add the marked contacts, else the one under the cursor."""
        target = self._target()
        if not self._nothing_in(target):
            backstage(self).work(self, partial(_read, target=target))

    @on(CampaignsOffered)
    def campaigns_offered(self, event: CampaignsOffered) -> None:
        """Ask which."""
        event.stop()

        def chosen(place: int | None) -> None:
            if place is not None:
                back = backstage(self)
                job = partial(
                    _add, who=back.actor, campaign=event.campaigns[place], target=event.target
                )
                back.work(self, job, JoinRefused)

        count = self._how_many(event.target)
        self.app.push_screen(ToCampaign(event.campaigns, count), chosen)

    @on(CampaignJoined)
    def campaign_joined(self, event: CampaignJoined) -> None:
        """Say so."""
        event.stop()
        say(self, event.sentence)

    @on(JoinRefused)
    def join_refused(self, event: JoinRefused) -> None:
        """Queued contacts can be moved to a group at once; the rest is told."""
        event.stop()
        from storage.campaigns import QUEUED

        if event.error.sentence != QUEUED:
            self.post_message(WorkFailed(event.error))
            return

        def sure(yes: bool | None) -> None:
            if yes:
                self.action_contact_move()

        question = Content("They are still in the Opt-in queue")
        self.app.push_screen(
            Confirm(verb("contact.campaign"), question, Content(QUEUED), "Leave them"), sure
        )


def _read(store: Store, *, target: Target) -> CampaignsOffered:
    from storage import campaigns

    with store.read() as conn:
        return CampaignsOffered(campaigns.listing(conn), target)


def _add(store: Store, *, who: Actor, campaign: CampaignRow, target: Target) -> CampaignJoined:
    from storage import campaigns
    from storage.bulk import chunks

    added = 0
    for ids in chunks(store, target):
        some = list(ids)
        added += store.do(lambda conn, ids=some: campaigns.add_contacts(conn, who, campaign, ids))  # type: ignore[misc]
    return CampaignJoined(f"{plural(added, 'contact')} added to “{campaign.name}”.")
