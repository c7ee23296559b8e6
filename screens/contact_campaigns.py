"""Adding contacts to a campaign by themselves; a queued one is moved to a group first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from widgets.display import plural

if TYPE_CHECKING:
    from storage.campaigns import CampaignRow
    from storage.store import Store
    from storage.words import Actor, Target, View


class CampaignsOffered(Message):
    """The campaigns were read, to add contacts to one."""

    def __init__(self, campaigns: Sequence[CampaignRow], target: Target) -> None:
        super().__init__()
        self.campaigns = tuple(campaigns)
        self.target = target


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
    taking = "add"

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
                self._join(event.campaigns[place], event.target)

        count = self._how_many(event.target)
        self.app.push_screen(ToCampaign(event.campaigns, count), chosen)

    def _join(self, campaign: CampaignRow, target: Target) -> None:
        if self._busy():
            return
        running = Running(
            Deed(f"add to “{campaign.name}”", no_acts), target, self._how_many(target)
        )
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
    from storage import campaigns

    with store.read() as conn:
        return CampaignsOffered(campaigns.listing(conn), target)


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
        progress=reporter(running, report),
        cancel=running.cancel,
    )
    return Done(running, [outcome])
