"""Finding among contacts: the search line, its suggestions, and the views that are kept."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from textual import on
from textual.message import Message
from textual.widgets import OptionList

from screens.asked import ViewAsked
from screens.backstage import backstage, say
from screens.commands import Context
from screens.contact_undo import ContactUndo
from screens.place import Told
from widgets.display import clean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from screens.completing import CompletingLine
    from screens.saved_views import Wish
    from screens.search_line import SearchLine
    from storage.saved_views import Saved
    from storage.store import Store
    from storage.words import Actor, View


class ViewsRead(Message):
    """The views that a person keeps were read."""

    def __init__(self, views: Sequence[Saved], *, to_save: bool) -> None:
        super().__init__()
        self.views = tuple(views)
        self.to_save = to_save


class ViewChanged(Message):
    """A view was kept, renamed or forgotten."""

    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence


class ContactFinding(ContactUndo):
    """The verbs that find."""

    _line: CompletingLine | None = None

    # The search line.

    async def action_list_search(self) -> None:
        """To the search line; what is found is seen as it is typed."""
        self.uncover_list()
        self.screen.set_focus(await self._open_line())

    async def _open_line(self) -> CompletingLine:
        line = self._line
        if line is None:
            # Made when it is first needed: it would delay the first frame.
            from screens.completing import CompletingLine, Suggestions

            suggestions = Suggestions()
            await self.mount(suggestions)
            line = self._line = CompletingLine(suggestions)
            rest = self.query_one(".search-rest")
            await self.query_one(".head").mount(line, after=rest)
            rest.display = False
        return line

    async def show_view(self, view: View) -> None:
        """Another search and order of the same place."""
        if view.search or self._line is not None:
            (await self._open_line()).set(view.search)
        self.view = view

    def clear_search(self) -> None:
        """Search for nothing."""
        if self._line is None:
            super().clear_search()
        else:
            self._line.set("")

    def on_search_line_searched(self, event: SearchLine.Searched) -> None:
        """On every key."""
        event.stop()
        self.view = self.view.searching(event.text)

    def on_search_line_left(self, event: SearchLine.Left) -> None:
        """Back to the list."""
        event.stop()
        self.take_focus()

    def on_completing_line_opened(self, event: CompletingLine.Opened) -> None:
        """Other keys are in force."""
        event.stop()
        self.post_message(Told())

    @on(OptionList.OptionSelected)
    def suggestion_clicked(self, event: OptionList.OptionSelected) -> None:
        """A click takes a suggestion."""
        event.stop()
        if self._line is not None:
            self._line.clicked(event.option_index)

    @property
    def contexts_now(self) -> tuple[Context, ...]:
        """In the suggestions, in the search line or in the list."""
        line = self._line
        if line is None or not line.has_focus:
            return self.contexts
        return (Context.COMPLETION, Context.SEARCH) if line.completing else (Context.SEARCH,)

    # Views.

    def action_view_choose(self) -> None:
        """The views that are kept."""
        back = backstage(self)
        back.work(self, partial(_read, who=back.actor))

    def action_view_save(self) -> None:
        """Keep this view on a number key."""
        back = backstage(self)
        back.work(self, partial(_read, who=back.actor, to_save=True))

    @on(ViewsRead)
    def views_read(self, event: ViewsRead) -> None:
        """Ask which."""
        event.stop()
        from screens.saved_views import SavedViews, SaveView

        if event.to_save:
            self.app.push_screen(SaveView(self.view, event.views), self._save_asked)
        else:
            self.app.push_screen(SavedViews(event.views), self._view_asked)

    def _save_asked(self, wish: tuple[int, str] | None) -> None:
        if wish is not None:
            slot, name = wish
            back = backstage(self)
            job = partial(_save, who=back.actor, slot=slot, view=self.view, name=name)
            back.work(self, job)

    def _view_asked(self, wish: Wish | None) -> None:
        from screens.saved_views import What

        if wish is None:
            return
        back, saved = backstage(self), wish.saved
        if wish.what is What.FORGET:
            back.work(self, partial(_forget, who=back.actor, slot=saved.slot))
        elif wish.what is What.RENAME:
            self._ask_name(saved)
        else:
            self.post_message(ViewAsked(saved.view))

    def _ask_name(self, saved: Saved) -> None:
        from screens.ask import Ask, Field, ask

        named = "" if saved.name == saved.view.description else saved.name
        field = Field("name", "New name; none: what it shows", required=False, value=named)
        job = partial(_rename, backstage(self).actor, saved.slot)
        title = f"Rename the view on {saved.slot}, “{clean(saved.name)}”"
        ask(self, Ask(title, [field], job, doing="rename"))

    @on(ViewChanged)
    def view_changed(self, event: ViewChanged) -> None:
        """Say so."""
        event.stop()
        undo = backstage(self).keymap.key_of("desk.undo")
        say(self, f"{event.sentence} {undo} undoes it".strip())


def _read(store: Store, *, who: Actor, to_save: bool = False) -> ViewsRead:
    from storage import saved_views

    with store.read() as conn:
        return ViewsRead(saved_views.listing(conn, who), to_save=to_save)


def _save(store: Store, *, who: Actor, slot: int, view: View, name: str) -> ViewChanged:
    from storage import saved_views

    saved = store.do(lambda conn: saved_views.save(conn, who, slot, view, name))
    return ViewChanged(f"{slot} goes to “{saved.name}” from now on.")


def _rename(who: Actor, slot: int, store: Store, values: Mapping[str, str]) -> ViewChanged:
    from storage import saved_views

    saved = store.do(lambda conn: saved_views.rename(conn, who, slot, values["name"]))
    return ViewChanged(f"The view on {slot} is called “{saved.name}” now.")


def _forget(store: Store, *, who: Actor, slot: int) -> ViewChanged:
    from storage import saved_views

    store.do(lambda conn: saved_views.forget(conn, who, slot))
    return ViewChanged(f"{slot} is free again.")
