"""The verbs that can be given everywhere on the desk."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial, partialmethod
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen

from screens import navigation
from screens.asked import GroupAsked, GroupMergeAsked, GroupTurned, ThemeChosen, ViewAsked
from screens.backstage import backstage, say
from screens.commands import Context, verb
from screens.keymap import bindings
from screens.places import Places
from widgets.bare import Bare
from widgets.finding import once
from widgets.key_footer import KeyFooter
from widgets.sidebar import Sidebar

if TYPE_CHECKING:
    from storage.words import View


class Ledge(Sidebar):
    """The sidebar with its keys."""

    BINDINGS: ClassVar = bindings(Context.SIDEBAR)

    class Left(Message):
        """Back to the place."""

    def action_sidebar_leave(self) -> None:
        """Back to the place."""
        self.post_message(self.Left())

    def action_group_edit(self) -> None:
        """Do something to the group under the cursor."""
        group_id = navigation.group_of(self.cursor)
        if group_id is None:
            say(self, "This is no group.")
        else:
            self.post_message(GroupAsked(group_id))


class MainVerbs(Bare, Screen[None]):
    """Places, palette, help, colours."""

    BINDINGS: ClassVar = bindings(Context.DESK)

    sidebar = once(Ledge)
    places = once(Places)

    @property
    @abstractmethod
    def here(self) -> tuple[Context, ...]:
        """The contexts that the person is in, the nearest first."""

    @property
    def names(self) -> dict[str, str]:
        """What verbs are about at present, by verb id. Untrusted."""
        return {}

    @property
    def place_names(self) -> list[tuple[str, str]]:
        """The keys and names of all places. Names are untrusted."""
        entries = navigation.entries(self.places.overview.figures)
        return [(entry.key, entry.text) for entry in entries if entry.key]

    # Places.

    def action_desk_places(self) -> None:
        """To the sidebar, or back from it."""
        if self.sidebar.has_focus:
            self.leave_sidebar()
        else:
            self.add_class("-unfolded")
            self.sidebar.focus()

    @on(Ledge.Left)
    def leave_sidebar(self) -> None:
        """Back to the place; on a narrow screen the sidebar folds away."""
        self.remove_class("-unfolded")
        self.places.place.take_focus()

    @on(Sidebar.Chosen)
    async def go_there(self, event: Sidebar.Chosen) -> None:
        """A place was chosen in the sidebar."""
        event.stop()
        await self.go(event.key)

    async def go(self, key: str) -> None:
        """To a place."""
        self.remove_class("-unfolded")
        await self.places.show(key)

    async def go_to_view(self, view: View) -> None:
        """To a place of contacts, with a search and an order."""
        await self.go(navigation.key_of(view))
        from screens.contacts import Contacts

        place = self.places.place
        if isinstance(place, Contacts):
            await place.show_view(view)

    @on(ViewAsked)
    async def view_asked(self, event: ViewAsked) -> None:
        """A view was chosen."""
        event.stop()
        await self.go_to_view(event.view)

    def _go_to_slot(self, slot: int) -> None:
        from screens.view_asked import read_slot

        back = backstage(self)
        keeps = back.keymap.key_of("view.save")
        back.work(self, partial(read_slot, who=back.actor, slot=slot, keeps=keeps))

    action_view_go_1 = partialmethod(_go_to_slot, 1)
    action_view_go_2 = partialmethod(_go_to_slot, 2)
    action_view_go_3 = partialmethod(_go_to_slot, 3)
    action_view_go_4 = partialmethod(_go_to_slot, 4)
    action_view_go_5 = partialmethod(_go_to_slot, 5)
    action_view_go_6 = partialmethod(_go_to_slot, 6)
    action_view_go_7 = partialmethod(_go_to_slot, 7)
    action_view_go_8 = partialmethod(_go_to_slot, 8)
    action_view_go_9 = partialmethod(_go_to_slot, 9)

    async def action_desk_next(self) -> None:
        """To the next place."""
        await self.go(self.sidebar.step(1, self.places.current))

    async def action_desk_previous(self) -> None:
        """To the place before."""
        await self.go(self.sidebar.step(-1, self.places.current))

    async def action_desk_back(self) -> None:
        """To where one was before."""
        self.remove_class("-unfolded")
        if self.sidebar.has_focus:
            self.leave_sidebar()
        elif not (self.places.place.step_back() or await self.places.go_back()):
            self.action_desk_interrupt()

    def action_desk_interrupt(self) -> None:
        """Copy what the mouse marked, or say how to leave."""
        marked = self.get_selected_text()
        if marked:
            self.app.copy_to_clipboard(marked)
            return
        say(self, f"{backstage(self).keymap.key_of('desk.quit')} quits.")

    def action_desk_suspend(self) -> None:
        """Say why the desk does not stop, as other programs would: its listener would, too."""
        keymap = backstage(self).keymap
        say(
            self,
            "The listener would stop with the desk, so it stays. "
            f"{keymap.key_of('desk.undo')} undoes, {keymap.key_of('desk.quit')} quits.",
        )

    # Dialogs.

    def action_desk_help(self) -> None:
        """Help for where one is."""
        from screens.help import Help

        self.app.push_screen(Help(self.here, self.names))

    def action_desk_why(self) -> None:
        """Ask for a number or a name, and tell what became of it."""
        from screens.where import WhereIs

        def wished(wish: Message | None) -> None:
            if wish is not None:
                self.post_message(wish)

        self.app.push_screen(WhereIs(), wished)

    def action_desk_palette(self) -> None:
        """Any verb or place by name."""
        from screens.palette import GO, Palette

        async def chosen(key: str | None) -> None:
            if key is not None and key.startswith(GO):
                await self.go(key.removeprefix(GO))
            elif key is not None:
                await self.give(key)

        self.app.push_screen(Palette(self.here, self.place_names, self.names), chosen)

    async def action_desk_purge_tests(self) -> None:
        """Delete what tests left behind, in a list of contacts: it tells how far it is."""
        from screens.contacts import Contacts

        if not isinstance(self.places.place, Contacts):
            await self.go(navigation.ALL)
        place = self.places.place
        if isinstance(place, Contacts):
            place.purge_tests()

    def action_consent_verify(self) -> None:
        """Walk the whole consent ledger."""
        from screens.verifying import Verifying

        self.app.push_screen(Verifying())

    def action_desk_theme(self) -> None:
        """Choose the colours."""
        from screens.theme_picker import ThemePicker

        def chosen(name: str | None) -> None:
            if name is not None:
                self.post_message(ThemeChosen(name))

        self.app.push_screen(ThemePicker(), chosen)

    def action_desk_redraw(self) -> None:
        """Draw everything again."""
        self.app.refresh(repaint=True, layout=True)

    # Groups.

    @on(GroupAsked)
    def group_asked(self, event: GroupAsked) -> None:
        """Rename, merge, delete."""
        event.stop()
        groups = self.places.overview.figures.groups
        found = [group for group in groups if group.id == event.group_id]
        if found:
            from screens.group_acts import act_on_group

            act_on_group(self, found[0], groups, event.verb)

    @on(GroupMergeAsked)
    async def group_merge_asked(self, event: GroupMergeAsked) -> None:
        """Do it in the group's own list, which tells how far it is."""
        event.stop()
        from screens.contacts import Contacts
        from screens.group_acts import merging

        await self.go(navigation.group_key(event.group.id))
        place = self.places.place
        if isinstance(place, Contacts):
            group = event.group
            place.work_on(f"merge “{group.name}”", group.count, merging(group, event.into_id))

    @on(GroupTurned)
    async def group_turned(self, event: GroupTurned) -> None:
        """Say so; what is no more is left."""
        event.stop()
        undo = backstage(self).keymap.key_of("desk.undo")
        say(self, f"{event.sentence} {undo} undoes it".strip())
        if event.gone is not None and self.places.current == navigation.group_key(event.gone):
            await self.go(navigation.group_key(event.into) if event.into else navigation.ALL)

    # Verbs by id.

    @on(KeyFooter.Pressed)
    async def footer_pressed(self, event: KeyFooter.Pressed) -> None:
        """A click on a key does what the key does."""
        event.stop()
        await self.give(event.verb_id)

    async def give(self, verb_id: str) -> None:
        """Gives a verb, as if its key had been pressed here."""
        action = verb(verb_id).action
        nodes: list[DOMNode] = [] if self.focused is None else [*self.focused.ancestors_with_self]
        for node in (*nodes, self.places.place, self, self.app):
            if hasattr(node, f"action_{action}"):
                await self.app.run_action(action, default_namespace=node)
                return
