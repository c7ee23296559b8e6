"""What can be done to a group itself: rename, merge into another, delete when empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from screens.acting import GroupMerged, LongJob, Running, reporter
from screens.asked import GroupMergeAsked, GroupTurned
from screens.backstage import backstage
from screens.navigation import GroupFacts
from screens.picker import Choice, Picker
from widgets.display import clean, plural, thousands

if TYPE_CHECKING:
    from storage.store import Store
    from storage.words import Actor


class GroupMenu(Picker[str]):
    """What to do to a group.

    Args:
        group: Which.
    """

    placeholder = "find"

    def __init__(self, group: GroupFacts) -> None:
        super().__init__()
        self._group = group
        empty = "" if not group.count else f"only when empty; holds {thousands(group.count)}"
        self.offer(
            [
                Choice("rename", "Rename…"),
                Choice("merge", "Merge into another group…", "can be undone"),
                Choice("delete", "Delete", empty or "can be undone"),
            ]
        )

    def title_text(self) -> Content:
        """Which group."""
        group = self._group
        return Content(f"Group “{clean(group.name)}”, {plural(group.count, 'contact')}")

    def choose(self, choice: Choice) -> None:
        """Do it."""
        self.dismiss(choice.key)


class MergeInto(Picker[int]):
    """Which one takes the place of another.

    Args:
        title: What is merged; untrusted text in it has passed the door.
        others: Ids, names and counts. Names are untrusted.
    """

    placeholder = "into which one"
    taking = "merge"

    def __init__(self, title: Content, others: Sequence[tuple[int, str, int]]) -> None:
        super().__init__()
        self._title = title
        self.offer([Choice(str(ident), name, thousands(n)) for ident, name, n in others])

    def title_text(self) -> Content:
        """What is merged."""
        return self._title

    def choose(self, choice: Choice) -> None:
        """This one."""
        self.dismiss(int(choice.key))


def act_on_group(
    owner: Widget, group: GroupFacts, others: Sequence[GroupFacts], verb: str = ""
) -> None:
    """Asks what to do to a group, and does it; the owner is told by `GroupTurned`."""
    back = backstage(owner)

    def work(job: Callable[..., GroupTurned]) -> None:
        back.work(owner, partial(job, who=back.actor, group_id=group.id))

    def chosen(verb: str | None) -> None:
        if verb == "rename":
            _ask_name(owner, group)
        elif verb == "merge":
            title = Content(f"Merge “{clean(group.name)}” into")
            listed = [(each.id, each.name, each.count) for each in others if each.id != group.id]

            def into(other: int | None) -> None:
                if other is not None:
                    owner.post_message(GroupMergeAsked(group, other))

            owner.app.push_screen(MergeInto(title, listed), into)
        elif verb == "delete":
            work(_delete)

    if verb:
        chosen(verb)
    else:
        owner.app.push_screen(GroupMenu(group), chosen)


def _ask_name(owner: Widget, group: GroupFacts) -> None:
    from screens.ask import Ask, Field, ask

    who = backstage(owner).actor
    field = Field("name", "New name", value=group.name)

    def named(store: Store, values: Mapping[str, str]) -> GroupTurned:
        return _rename(store, who=who, group_id=group.id, name=values["name"])

    ask(owner, Ask(f"Rename “{clean(group.name)}”", [field], named, doing="rename"))


def _rename(store: Store, *, who: Actor, group_id: int, name: str) -> GroupTurned:
    from storage import groups

    row = store.do(lambda conn: groups.rename(conn, who, group_id, name))
    return GroupTurned(f"The group is called “{row.name}” now.")


def merging(group: GroupFacts, into_id: int) -> LongJob:
    """The job that merges a group into another."""

    def job(
        store: Store, *, who: Actor, running: Running, report: Callable[[Message], object]
    ) -> Message:
        from storage import regrouping

        progress, cancel = reporter(running, report), running.cancel
        outcome = regrouping.merge(store, who, group.id, into_id, progress=progress, cancel=cancel)
        return GroupMerged(running, [outcome], group.id, into_id)

    return job


def _delete(store: Store, *, who: Actor, group_id: int) -> GroupTurned:
    from storage import groups

    row = store.do(lambda conn: groups.delete(conn, who, group_id))
    return GroupTurned(f"The group “{row.name}” was deleted.", group_id)
