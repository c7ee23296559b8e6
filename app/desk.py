"""The app: it holds screens and backstage together and knows nothing of either's business."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from textual import events, on
from textual._context import active_message_pump
from textual.driver import Driver
from textual.filter import LineFilter
from textual.message import Message
from textual.widget import AwaitMount, Widget

from app.background import Background, CannotStart, SettingsRead
from app.crash import SafeCrash
from app.keys_in_turn import KeysInTurn
from app.options import DeskOptions
from screens.asked import ThemeChosen
from screens.backstage import say
from screens.keymap import bindings_anywhere
from screens.main import DIALOG_STYLES, STYLES, MainScreen
from screens.themes import THEMES
from storage.errors import OptdeskError
from widgets.display import NoControls, ascii_only, use_ascii

DIALOGS_AFTER = 1.5
"""Seconds after which the styles of dialogs are read: the rows have been painted by then."""

THEME = "theme"
"""The name by which the theme is remembered."""


class Fault(Message):
    """A thread of the desk died of a fault."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


SIXTEEN_COLOURS = "ansi-dark"
"""The theme of a terminal without more: with the nearest of them, words hide on their ground."""


class Desk(KeysInTurn, SafeCrash, inherit_bindings=False):
    """Optdesk in the terminal.

    Args:
        options: The flags.
    """

    TITLE = "Optdesk"
    CSS_PATH: ClassVar = ["desk.tcss", STYLES]
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar = bindings_anywhere()
    NOTIFICATION_TIMEOUT = 5

    def __init__(self, options: DeskOptions) -> None:
        super().__init__()
        self.main = MainScreen()
        self.backstage = Background(
            options, self.main.post_message, self.post_message, self.call_after
        )
        self.stopped_by: OptdeskError | None = None
        """Why the desk could not open, for the caller to print."""
        self._own_loop: asyncio.AbstractEventLoop | None = None
        self._net = NoControls()
        self._theme_set = ""
        for theme in THEMES:
            self.register_theme(theme)
        if self.theme == "textual-dark":
            # Nobody asked for another one by Textual's own variable.
            self.set_reactive(Desk.theme, THEMES[0].name)
        self._take_colours()

    def suit(self, colours: str | None) -> None:
        """Fits a terminal, before anything is painted.

        Args:
            colours: What it knows, as Rich calls that.
        """
        if colours == "standard" and self.theme == THEMES[0].name:
            self.set_reactive(Desk.theme, SIXTEEN_COLOURS)
            self._take_colours()

    def _take_colours(self) -> None:
        self._variables = self.get_css_variables()
        self.stylesheet.set_variables(self._variables)

    def get_driver_class(self) -> type[Driver]:
        """Textual's, but for keys that are waited for without an end."""
        found = super().get_driver_class()
        if found.__module__ != "textual.drivers.linux_driver":
            return found
        from app.driver import QuietDriver

        return QuietDriver

    def get_default_screen(self) -> MainScreen:
        """The frame is there from the first moment on."""
        return self.main

    def get_line_filters(self) -> Sequence[LineFilter]:
        """The second net behind `widgets.display`."""
        return (self._net, *super().get_line_filters())

    def push_screen(self, screen: Any, *args: Any, **options: Any) -> Any:
        """Opens a screen, unless it is one that lapses.

        Many are opened when something was read. Keys that arrive all at once would open as many,
        each above the other, and over whatever the last of them opened.
        """
        asker = active_message_pump.get(None)
        covered = isinstance(asker, Widget) and self.screen not in asker.ancestors_with_self
        covered = covered and not getattr(self.screen, "hosts", False)
        if covered and getattr(screen, "lapses", False):
            return AwaitMount(self.screen, [])
        return super().push_screen(screen, *args, **options)

    def refresh_css(self, animate: bool = True) -> None:
        """Parses the style sheets again, but not while nothing has changed.

        Textual does so while it starts, which would delay the first frame by a tenth.
        """
        variables = self.get_css_variables()
        if variables != self._variables:
            self._variables = variables
            super().refresh_css(animate)

    def on_mount(self) -> None:
        """The rest is opened behind the painted frame."""
        self._own_loop = asyncio.get_running_loop()
        self.call_after_refresh(self._open_the_rest)
        self.set_timer(DIALOGS_AFTER, self._read_dialog_styles)

    def _open_the_rest(self) -> None:
        self.backstage.start()
        from widgets.toasts import clear_them_away

        clear_them_away()

    def _read_dialog_styles(self) -> None:
        """Otherwise the first dialog of each kind would parse all sheets before it is painted."""
        for path in DIALOG_STYLES:
            if not self.stylesheet.has_source(str(path), ""):
                self.stylesheet.read(path)
        self.stylesheet.parse()

    async def on_event(self, event: events.Event) -> None:
        """What a key brings is painted at once."""
        if isinstance(event, events.Key):
            self.main.hasten()
        await super().on_event(event)

    def leave(self, code: int) -> None:
        """Closes the desk; may be called from any thread and from signal handlers."""
        if self._own_loop is not None and not self._own_loop.is_closed():
            self._own_loop.call_soon_threadsafe(lambda: self.exit(return_code=code))

    def call_after(self, seconds: float, action: Callable[[], None]) -> None:
        """Calls a function in the app's own thread; may be called from any thread.

        A timer of the loop costs a tenth of a thread that waits.
        """
        loop = self._own_loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(loop.call_later, seconds, action)

    def on_notify(self) -> None:
        """A new toast takes the place of the one before, and none that of the cursor's row."""
        self.clear_notifications()
        for rack in self.main.query("ToastRack"):
            rack.set_class(self.main.places.place.low, "-up")

    def _refresh_notifications(self) -> None:
        # Textual shows and clears them on the uppermost screen alone; those below would show
        # around it, each a second time.
        for screen in self.screen_stack[:-1]:
            screen.query("ToastHolder").remove()
        super()._refresh_notifications()

    @on(SettingsRead)
    def settings_read(self, event: SettingsRead) -> None:
        """Keys and colours as the person wants them."""
        settings = event.settings
        wrong = list(event.wrong)
        for theme in event.themes:
            self.register_theme(theme)
        if settings.reduced_motion:
            self.animation_level = "none"
        if settings.ascii != ascii_only():
            use_ascii(settings.ascii)
            # The first frame was painted before the settings were read.
            for part in self.main.walk_children(Widget, with_self=True):
                part.refresh()
        if settings.theme and settings.theme not in self.available_themes:
            wrong.append(f"There is no theme “{settings.theme}”.")
        self._theme_set = settings.theme
        chosen = self._chosen_theme(settings.theme)
        if chosen in self.available_themes:
            self.theme = chosen
        keymap = self.backstage.keymap
        self.set_keymap(keymap.changes)
        if wrong:
            say(self, " ".join(wrong), severity="warning")
        self.main.keys_changed()

    def _chosen_theme(self, set_to: str) -> str:
        """The theme that the person chose last: in the desk, or in the settings since then."""
        match self.backstage.memory.recall(THEME):
            case {"name": str(name), "settings": str(then)} if then == set_to:
                return name
        return set_to

    @on(ThemeChosen)
    def theme_chosen(self, event: ThemeChosen) -> None:
        """A theme was chosen in the desk."""
        kept = {"name": event.name, "settings": self._theme_set}
        self.backstage.memory.remember(THEME, kept)

    @on(CannotStart)
    def cannot_start(self, event: CannotStart) -> None:
        """Leave, so that the sentence stands in the terminal where it can be read."""
        self.stopped_by = event.error
        self.exit(return_code=event.error.exit_code)

    @on(Fault)
    def fault(self, event: Fault) -> None:
        """A thread's fault ends the desk like one of its own, instead of in silence."""
        raise event.error

    @on(Driver.SignalResume)
    def gone_on(self) -> None:
        """After a stop nothing of what was painted is there any more."""
        self.refresh(repaint=True, layout=True)

    def action_desk_switch(self) -> None:
        """Switch the Opt-In API, from any screen."""
        self.main.switch()

    def action_desk_quit(self) -> None:
        """Quit."""
        self.exit()
