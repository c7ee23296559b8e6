"""The open contact: beside the list where there is room, else over it."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from math import floor
from time import time
from typing import TYPE_CHECKING

from textual import events, on
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.timer import Timer
from textual.widget import Widget

from screens.backstage import backstage
from screens.profile_page import Page
from screens.profile_text import write
from screens.profiles_ahead import ProfilesAhead
from storage.errors import NotFound, OptdeskError
from storage.words import ContactRow
from widgets.bare import show_inside
from widgets.display import ascii_only
from widgets.leisure import Leisure
from widgets.text_lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from storage.profile import Profile
    from storage.store import Store

AT_FIRST = 30
"""Entries of each kind that are read at first; asked for older ones, four times as many."""

MOST = 10_000

NEWS_SECONDS = 0.5
"""The least time between two looks because of news; moving to another contact waits for nothing."""


class ProfileRead(Message):
    """A contact was read with its history."""

    def __init__(self, profile: Profile, most: int, age: int) -> None:
        super().__init__()
        self.profile = profile
        self.most = most
        """Entries of each kind that were asked for."""
        self.age = age
        """The changes of the store that were known then."""


class ProfileUnread(Message):
    """A contact could not be read."""

    def __init__(self, contact_id: int, error: OptdeskError) -> None:
        super().__init__()
        self.contact_id = contact_id
        self.error = error


class ContactPanel(TextLines, can_focus=False):
    """Follows the cursor of the list. While one contact is read, the next ones wait."""

    def __init__(self) -> None:
        super().__init__(classes="panel")
        self._contact: ContactRow | None = None
        self._profile: Profile | None = None
        self._trouble = ""
        self._reading: int | None = None
        self._again = False
        self._news: Timer | None = None
        self._most = AT_FIRST
        self._page = Page(0)
        self._looks: Mapping[int, tuple[str, ...]] = {}
        self._ahead = ProfilesAhead()
        self._leisure = Leisure()
        self._written: object = None
        """What the page is about."""

    @property
    def contact(self) -> ContactRow | None:
        """Whom it shows."""
        return self._contact

    @property
    def text(self) -> str:
        """What it says, line by line."""
        return self._page.content.plain

    @property
    def profile(self) -> Profile | None:
        """What was read of them."""
        return self._profile

    @property
    def size_to_be(self) -> Size:
        """How large it will be once it is seen."""
        parent = self.parent
        if not isinstance(parent, Widget):
            return Size()
        room = parent.size
        wanted = self._get_box_model(
            room, self.app.viewport_size, Fraction(room.width), Fraction(room.height)
        )
        # What is beside it takes whole cells, the rest is its own.
        return Size(room.width - floor(room.width - wanted.width), floor(wanted.height))

    @property
    def takes_of_list(self) -> int:
        """Cells that the list will be narrower by; none where it will lie over the list."""
        parent, width = self.parent, self.size_to_be.width
        return width if isinstance(parent, Widget) and width < parent.size.width else 0

    def show(self, contact: ContactRow | None) -> None:
        """Shows what the list knows at once, and the rest as soon as it is read."""
        self._leisure.stop()
        if self._contact is None or contact is None or self._contact.id != contact.id:
            self._profile, self._trouble, self._most = None, "", AT_FIRST
            self.scroll_home(animate=False)
        self._contact = contact
        if contact is not None and self._profile is None:
            self._profile = self._ahead.of(contact)
            if self._profile is not None or self._reading == contact.id:
                self._draw()
                return
        self._draw()
        self._read()

    def expect(self, likely: Sequence[ContactRow]) -> None:
        """These may be looked at next: reads them now, while nobody waits.

        Args:
            likely: The likeliest first.
        """
        self._ahead.expect(likely)
        self._read_ahead()

    def close(self) -> None:
        """Is not seen any more, and reads nothing, until it is asked to show somebody again."""
        show_inside(self, False)
        self._contact = self._profile = None
        self._trouble = ""
        self.hidden()

    def others_look(self, looks: Mapping[int, tuple[str, ...]]) -> None:
        """Other people look at these contacts, perhaps at this one."""
        before, self._looks = self._others, looks
        if self._others != before:
            self._draw()

    @property
    def _others(self) -> tuple[str, ...]:
        return () if self._contact is None else self._looks.get(self._contact.id, ())

    def look_again(self) -> None:
        """Something in the store changed: perhaps a note, a message, a receipt."""
        self._ahead.forget()
        if self._contact is not None and self._news is None:
            self._news = self.set_timer(NEWS_SECONDS, self._heard_news)

    def _heard_news(self) -> None:
        self._news = None
        self._read()

    def show_older(self) -> None:
        """Reads more of what is long."""
        if self._page.older and self._most < MOST:
            self._most = min(MOST, self._most * 4)
            self._read()

    @on(ProfileRead)
    def profile_read(self, event: ProfileRead) -> None:
        """The history is here; perhaps the cursor has moved on meanwhile."""
        event.stop()
        self._reading = None
        if event.most == AT_FIRST:
            self._ahead.keep(event.profile, event.age)
        contact = self._contact
        if contact is not None and event.profile.contact.id == contact.id:
            self._contact, self._trouble = event.profile.contact, ""
            if event.profile != self._profile:
                self._profile = event.profile
                self._draw()
        if contact is not None and (self._again or self._profile is None):
            self._read()
        else:
            self._read_ahead()

    @on(ProfileUnread)
    def reading_failed(self, event: ProfileUnread) -> None:
        """It could not be read, or is gone; the next contact is tried again."""
        event.stop()
        self._reading = None
        self._ahead.expect(())
        if self._contact is None:
            return
        if event.contact_id != self._contact.id:
            self._read()
            return
        gone = isinstance(event.error, NotFound)
        self._trouble = "It is not in the store any more." if gone else event.error.sentence
        self._draw()

    def _read(self) -> None:
        self._again = self._reading is not None
        if self._contact is not None and self._reading is None:
            self._begin(self._contact.id, self._most)

    def _read_ahead(self) -> None:
        likely = self._ahead.next_id
        if likely is not None and self._reading is None:
            self._begin(likely, AT_FIRST)
        elif likely is None and not self.display:
            self._leisure.do(self._dress())

    def _dress(self) -> Iterator[None]:
        """Writes and paints the page unseen of whom it will show, most likely."""
        row = self._ahead.likeliest
        profile = None if row is None else self._ahead.of(row)
        if row is None or profile is None:
            return
        self.foresee(self.size_to_be)
        self.scroll_home(animate=False)
        yield
        self._write(row, profile)
        for _ in self.paint_unseen():
            yield

    def _begin(self, contact_id: int, most: int) -> None:
        self._reading = contact_id
        backstage(self).work(
            self,
            partial(_read_profile, contact_id=contact_id, most=most, age=self._ahead.age),
            partial(ProfileUnread, contact_id),
        )

    def room_changed(self) -> None:
        """Long facts are wrapped anew."""
        self._draw()

    def on_click(self, event: events.Click) -> None:
        """A click on the line that offers older entries brings them."""
        if int(event.y) + self.scroll_offset.y in self._page.older:
            self.show_older()

    def go_section(self, by: int) -> None:
        """Scrolls to the next section, or to the one before."""
        top, starts = round(self.scroll_y), self._page.sections
        if by > 0:
            coming = [line for line in starts if line > top]
            goal = coming[0] if coming else starts[-1]
        else:
            before = [line for line in starts if line < top]
            goal = before[-1] if before else 0
        self.scroll_to(y=goal, animate=False)

    def _draw(self) -> None:
        self._write(self._contact, self._profile, self._trouble)

    def _write(
        self, contact: ContactRow | None, profile: Profile | None, trouble: str = ""
    ) -> None:
        if not self.room:
            # The cursor moved on while it was being mounted; its first size draws it.
            return
        back = backstage(self)
        key, me = back.keymap.key_of("panel.older"), back.actor.name
        others = () if contact is None else self._looks.get(contact.id, ())
        # What is told by the clock is told by the minute.
        minute = int(time() // 60)
        about = (contact, profile, trouble, others, key, me, self.room, ascii_only(), minute)
        if about == self._written:
            return
        self._written = about
        # The last cell is left to the scrollbar, which no text shall touch.
        self._page = page = Page(self.room - 1)
        if contact is None:
            self._page = Page(0)
            self.show_lines([Content("No contact.")])
            return
        write(page, contact, profile, older_key=key, me=me, others=others)
        if trouble:
            page.blank()
            page.add(Content.styled(trouble, "$text-warning"))
        self.show_lines(page.lines)


def _read_profile(store: Store, *, contact_id: int, most: int, age: int) -> ProfileRead:
    from storage.profile import profile

    with store.read() as conn:
        return ProfileRead(profile(conn, contact_id, most), most, age)
