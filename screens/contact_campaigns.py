"""Adding contacts to a campaign by themselves, and taking them out; queued ones move first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.content import Content
from textual.message import Message

from screens.acting import Deed, Done, Running, no_acts, reporter
from screens.backstage import WorkFailed, backstage
from screens.commands import verb
from screens.confirm import Confirm
from screens.contact_clearing import ContactClearing
from screens.picker import Choice, Picker
from storage.errors import OptdeskError
from widgets.display import thousands

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from storage.acts import Act
    from storage.campaigns import CampaignRow
    from storage.store import Store
    from storage.words import Actor, Target, View


class CampaignsOffered(Message):
    """The campaigns were read, to add contacts to one or take them out.

    Args:
        campaigns: All of them.
        held: How many of the contacts were added to each by themselves, by its id.
        target: The contacts.
    """

    def __init__(
        self, campaigns: Sequence[CampaignRow], held: Mapping[int, int], target: Target
    ) -> None:
        super().__init__()
        self.campaigns = tuple(campaigns)
        self.held = held
        self.target = target


class JoinRefused(Message):
    """They could not be added."""

    def __init__(self, error: OptdeskError) -> None:
        super().__init__()
        self.error = error


@dataclass(frozen=True, slots=True)
class CampaignWish:
    """What to do with contacts and a campaign."""

    campaign: CampaignRow
    add: bool


class ToCampaign(Picker[CampaignWish]):
    """The campaigns that contacts can be added to, and those that they can be taken out of.

    Args:
        campaigns: All of them. Names are untrusted.
        held: How many of the contacts were added to each by themselves, by its id.
        whom: Whom it is about, cleaned.
        count: How many contacts.
    """

    placeholder = "find a campaign"
    nothing = "No campaign yet. Workflows > Campaigns makes one."
    taking = "do it"

    def __init__(
        self, campaigns: Sequence[CampaignRow], held: Mapping[int, int], whom: str, count: int
    ) -> None:
        super().__init__()
        self._whom = whom
        self._wishes = {
            f"{'+' if add else '-'}{campaign.id}": CampaignWish(campaign, add)
            for add in (True, False)
            for campaign in campaigns
            if (held.get(campaign.id, 0) < count if add else held.get(campaign.id))
        }
        self.offer([self._choice(key, wish, held) for key, wish in self._wishes.items()])

    @staticmethod
    def _choice(key: str, wish: CampaignWish, held: Mapping[int, int]) -> Choice:
        if wish.add:
            state = "active" if wish.campaign.active else "not active"
            return Choice(key, f"Add to “{wish.campaign.name}”", state)
        inside = f"{thousands(held[wish.campaign.id])} in it by hand"
        return Choice(key, f"Take out of “{wish.campaign.name}”", inside)

    def title_text(self) -> Content:
        """Whom it is about."""
        return Content(f"Campaigns for {self._whom}")

    def choose(self, choice: Choice) -> None:
        """That one."""
        self.dismiss(self._wishes[choice.key])


class ContactCampaigns(ContactClearing):
    """The verb that adds to campaigns and takes out of them."""

    def action_contact_campaign(self) -> None:
        """Ask which, for the marked contacts, else for the one under the cursor."""
        target = self._target()
        if not self._nothing_in(target):
            backstage(self).work(self, partial(_read, target=target))

    @on(CampaignsOffered)
    def campaigns_offered(self, event: CampaignsOffered) -> None:
        """Ask which."""
        event.stop()

        def chosen(wish: CampaignWish | None) -> None:
            if wish is not None and wish.add:
                self._join(wish.campaign, event.target)
            elif wish is not None:
                acts = partial(_leaving, wish.campaign.id)
                self._do(Deed(f"take out of “{wish.campaign.name}”", acts), event.target)

        count, whom = self._how_many(event.target), self._whom(event.target)
        self.app.push_screen(ToCampaign(event.campaigns, event.held, whom, count), chosen)

    def _join(self, campaign: CampaignRow, target: Target) -> None:
        if self._busy():
            return
        running = self._made_of(Deed(f"add to “{campaign.name}”", no_acts), target)
        self._begin(running)
        back = backstage(self)
        job = partial(
            _add,
            who=back.actor,
            campaign=campaign,
            running=running,
            seen=self.view,
            report=self.post_message,
        )
        back.work(self, job, JoinRefused)

    @on(JoinRefused)
    def join_refused(self, event: JoinRefused) -> None:
        """Queued contacts can be moved to a group at once; the rest is told."""
        event.stop()
        self._over()
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
    from storage import campaign_acts, campaigns

    with store.read() as conn:
        held = campaign_acts.held_by(conn, target)
        return CampaignsOffered(campaigns.listing(conn), held, target)


def _leaving(campaign_id: int, _conn: Connection, _who: Actor) -> Sequence[Act]:
    from storage.campaign_acts import LeaveCampaign

    return (LeaveCampaign(campaign_id),)


def _add(
    store: Store,
    *,
    who: Actor,
    campaign: CampaignRow,
    running: Running,
    seen: View,
    report: Callable[[Message], object],
) -> Done:
    from storage import campaign_acts

    outcome = campaign_acts.add(
        store,
        who,
        campaign.id,
        running.target,
        seen=seen,
        whom=running.whom,
        progress=reporter(running, report),
        cancel=running.cancel,
    )
    return Done(running, [outcome])
