"""Mapping by example: point at the value of a captured request that is the phone."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.backstage import WorkFailed, backstage
from screens.commands import Context
from screens.dialog import Complaint, Dialog
from screens.keymap import bindings
from widgets.display import clean, fitted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from screens.lead_tools import LeadTools
    from storage.attempts import AttemptRow
    from storage.mapping_rules import Pair, Rule, Tried
    from storage.store import Store
    from storage.words import Actor

IGNORED = "ignore"
"""The field of a rule that leaves a value alone: `storage.mapping_rules.IGNORE`."""

TRIED = 6
"""On so many of the last requests the rules are tried."""


SAID = 22
"""Cells of the column that says what a value is; fewer on a narrow screen."""
FEWEST_SAID = 16
OUTCOME = 10
"""Cells before what the rules make of a request."""


class BodyRead(Message):
    """The values of the captured body, and the rules in force."""

    def __init__(self, pairs: Sequence[Pair], rules: Sequence[Rule], ids: Sequence[int]) -> None:
        super().__init__()
        self.pairs = tuple(pairs)
        self.rules = tuple(rules)
        self.ids = tuple(ids)


class RulesTried(Message):
    """What the rules would make of the last requests."""

    def __init__(self, rules: Sequence[Rule], tried: Sequence[Tried]) -> None:
        super().__init__()
        self.rules = tuple(rules)
        self.tried = tuple(tried)


class RulesSaved(Message):
    """The rules are in force."""


class Mapping(Dialog[str]):
    """The values of one request; what the rules make of the last ones is shown before saving.

    Args:
        row: The captured request.
    """

    CSS_PATH: ClassVar = ["dialog.tcss", "attempt.tcss"]
    BINDINGS: ClassVar = bindings(Context.MAPPING)
    contexts = (Context.MAPPING, Context.DIALOG)

    def __init__(self, row: AttemptRow) -> None:
        super().__init__(classes="mapping")
        self._row = row
        self._pairs: tuple[Pair, ...] = ()
        self._rules: tuple[Rule, ...] = ()
        self._kept: tuple[Rule, ...] = ()
        self._ids: tuple[int, ...] = ()
        self._tried: tuple[Tried, ...] = ()

    def title_text(self) -> Content:
        """What to do."""
        return Content(clean(f"Which value of {self._row.request_id} is what?"))

    def compose_body(self) -> ComposeResult:
        """The values, and what the rules make of the last requests."""
        yield Static("", classes="columns", markup=False)
        yield OptionList(markup=False, compact=True)
        yield Static("", classes="tried-title", markup=False)
        yield Static("", classes="tried", markup=False)
        yield Complaint()

    def on_mount(self) -> None:
        """The values are read first."""
        self.query_one(OptionList).focus()
        tools = backstage(self).lead_tools
        backstage(self).work(self, partial(_read, tools=tools, row=self._row))

    @on(BodyRead)
    def body_read(self, event: BodyRead) -> None:
        """They can be pointed at."""
        event.stop()
        self._pairs, self._ids = event.pairs, event.ids
        self._rules = self._kept = event.rules
        if not self._pairs:
            self._say("This body holds no values that could be pointed at.")
        self._list()
        self._try()

    def on_resize(self) -> None:
        """Lines are as wide as the list."""
        if self.is_mounted:
            self.call_after_refresh(self._lay_out)

    def _lay_out(self) -> None:
        self._list()
        self._tell()

    def _list(self) -> None:
        options = self.query_one(OptionList)
        heads = self._columns("Value", "Called", "What it is") if self._pairs else Content("")
        self.query_one(".columns", Static).update(heads)
        at = options.highlighted or 0
        options.set_options([Option(self._line(pair)) for pair in self._pairs])
        if self._pairs:
            options.highlighted = min(at, len(self._pairs) - 1)

    def _line(self, pair: Pair) -> Content:
        name = pair.label or pair.path
        if pair.label and pair.label != pair.path:
            name = f"{pair.label} ({pair.path})"
        said, style = self._said(pair)
        return self._columns(pair.value, name, said, style)

    def _columns(self, value: str, name: str, said: str, style: str = "") -> Content:
        width = max(30, self.app.size.width - 4)
        third = SAID if width > 3 * SAID else FEWEST_SAID
        rest = width - third - 2
        return Content.assemble(
            fitted(value, rest // 2),
            "  ",
            (fitted(name, rest - rest // 2 - 2), "$text-muted"),
            "  ",
            (fitted(said, third), style),
        )

    def _said(self, pair: Pair) -> tuple[str, str]:
        """What a value is, and how that is shown: by a rule, or as the door knows by itself."""
        ruled = {rule.path: rule.field for rule in reversed(self._rules)}
        field = ruled.get(pair.path, "")
        if field:
            word = "left alone" if field == IGNORED else field.replace("_", " ")
            return f"rule: {word}", "bold $success"
        elsewhere = {ruled[other.path] for other in self._pairs if other.path in ruled}
        known = "" if pair.known_as in elsewhere else pair.known_as
        return known.replace("_", " "), "$success"

    @property
    def _here(self) -> Pair | None:
        at = self.query_one(OptionList).highlighted
        return self._pairs[at] if at is not None and at < len(self._pairs) else None

    def _try(self) -> None:
        tools = backstage(self).lead_tools
        job = partial(_try_rules, tools=tools, rules=self._rules, ids=self._ids)
        backstage(self).work(self, job)

    @on(RulesTried)
    def tried(self, event: RulesTried) -> None:
        """Show what they make of each request."""
        event.stop()
        if event.rules != self._rules:
            return
        self._tried = event.tried
        self._tell()

    def _tell(self) -> None:
        """What the rules make of the requests: how many are taken in, and of each as fits."""
        taken = sum(each.ok for each in self._tried)
        changed = "" if self._rules == self._kept else ", not saved yet"
        last = "request" if len(self._tried) == 1 else f"{len(self._tried)} requests"
        title = f"On the last {last}{changed}: {taken} taken in." if self._tried else ""
        self.query_one(".tried-title", Static).update(Content(title))
        most = max(3, self.app.size.height // 3)
        lines: list[Content] = []
        for place, each in enumerate(self._tried):
            told = self._outcome(each)
            more = len(self._tried) - place
            if len(lines) + len(told) + (more > 1) > most:
                lines.append(Content.styled(f"and {more} more", "$text-muted"))
                break
            lines += told
        self.query_one(".tried", Static).update(Content("\n").join(lines))

    def _outcome(self, tried: Tried) -> list[Content]:
        """One request: the outcome, and what is said of it on as many lines as it needs."""
        said = f"{tried.first} {tried.last}, {tried.phone}" if tried.ok else tried.sentence
        word, style = ("taken in", "$success") if tried.ok else ("refused", "$error")
        room = max(10, self.app.size.width - OUTCOME - 4)
        first, *others = Content(clean(said)).wrap(room)[:3] or [Content("")]
        return [
            Content.assemble((f"{word:<{OUTCOME}}", style), first),
            *(Content.assemble(" " * OUTCOME, line) for line in others),
        ]

    # What the keys do.

    def action_mapping_choose(self) -> None:
        """Ask what the value under the cursor is."""
        pair = self._here
        if pair is None:
            return
        from screens.field_picker import FieldPicker

        def chosen(field: str | None) -> None:
            if field is not None:
                self._rule(pair.path, field)
                self._go_on()

        self.app.push_screen(FieldPicker(pair, self._settled(pair)), chosen)

    def _go_on(self) -> None:
        """To the next value, if there is one."""
        options = self.query_one(OptionList)
        at = options.highlighted
        if at is not None and at + 1 < len(self._pairs):
            options.highlighted = at + 1

    def _settled(self, but: Pair) -> set[str]:
        """What the other values are, by a rule or as the door knows by itself."""
        ruled = {rule.path: rule.field for rule in reversed(self._rules)}
        others = (pair for pair in self._pairs if pair.path != but.path)
        return {ruled.get(pair.path) or pair.known_as for pair in others}

    def action_mapping_clear(self) -> None:
        """The value under the cursor has no rule any more."""
        pair = self._here
        if pair is not None:
            self._rule(pair.path, "")

    def _rule(self, path: str, field: str) -> None:
        from storage.mapping_rules import with_rule

        self._rules = with_rule(self._rules, path, field)
        self._list()
        self._try()

    def action_mapping_save(self) -> None:
        """From now on the door goes by these rules."""
        job = partial(_save, who=backstage(self).actor, rules=self._rules)
        backstage(self).work(self, job)

    @on(RulesSaved)
    def saved(self, event: RulesSaved) -> None:
        """They are in force."""
        event.stop()
        again = backstage(self).keymap.key_of("attempt.replay")
        self.dismiss(f"The rules are in force. {again} sends a refused attempt again.")

    @on(WorkFailed)
    def failed(self, event: WorkFailed) -> None:
        """A rule said no, or the store failed."""
        event.stop()
        self._say(str(event.error))

    def _say(self, sentence: str) -> None:
        self.query_one(Complaint).say(sentence)

    @on(OptionList.OptionSelected)
    def clicked(self, event: OptionList.OptionSelected) -> None:
        """A click asks what it is."""
        event.stop()
        self.action_mapping_choose()

    def action_rows_down(self) -> None:
        """Down."""
        self.query_one(OptionList).action_cursor_down()

    def action_rows_up(self) -> None:
        """Up."""
        self.query_one(OptionList).action_cursor_up()

    def action_rows_top(self) -> None:
        """To the first one."""
        self.query_one(OptionList).action_first()

    def action_rows_bottom(self) -> None:
        """To the last one."""
        self.query_one(OptionList).action_last()


def _read(store: Store, *, tools: LeadTools, row: AttemptRow) -> BodyRead:
    from storage import attempts, integration
    from storage.words import AttemptView

    with store.read() as conn:
        shown = integration.show(conn)
        last = attempts.page(conn, AttemptView(door="hook"), limit=TRIED).rows
    ids = dict.fromkeys([row.id, *(each.id for each in last)])
    rules = () if shown is None else shown.rules
    region = "US" if shown is None else shown.default_region
    return BodyRead(tools.pairs(row.body, row.media, region), rules, list(ids)[:TRIED])


def _try_rules(
    store: Store, *, tools: LeadTools, rules: Sequence[Rule], ids: Sequence[int]
) -> RulesTried:
    return RulesTried(rules, tools.try_rules(store, rules, ids))


def _save(store: Store, *, who: Actor, rules: Sequence[Rule]) -> RulesSaved:
    from storage import integration

    store.do(lambda conn: integration.edit(conn, who, rules=rules))
    return RulesSaved()
