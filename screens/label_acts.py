"""What can be done to labels themselves: make, rename, recolour, give a letter, merge, delete."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from screens.acting import LabelWorked, Running, reporter
from screens.ask import Ask, Field, ask
from screens.backstage import backstage
from screens.group_acts import MergeInto
from screens.picker import COLOURLESS, Choice, Picker
from widgets.display import clean, plural, thousands

if TYPE_CHECKING:
    from screens.contact_acts import ContactActs
    from storage.labels import LabelRow
    from storage.store import Store
    from storage.words import Actor

_NEW = "new"


class LabelsListed(Message):
    """All labels were read, to be managed.

    Args:
        labels: They.
        done: Called when the person is through.
    """

    def __init__(self, labels: Sequence[LabelRow], done: Callable[[], None]) -> None:
        super().__init__()
        self.labels = tuple(labels)
        self.done = done


class LabelTurned(Message):
    """Something was done to a label."""

    def __init__(self, sentence: str, done: Callable[[], None]) -> None:
        super().__init__()
        self.sentence = sentence
        self.done = done


class LabelNamed(Message):
    """A label is to be called otherwise; the name is free.

    Args:
        label: Which.
        name: What it shall be called. Untrusted.
        done: Called when the person is through.
    """

    def __init__(self, label: LabelRow, name: str, done: Callable[[], None]) -> None:
        super().__init__()
        self.label = label
        self.name = name
        self.done = done


class ManageLabels(Picker[str]):
    """All labels. Gives back the id of one, or the name of one to be made behind `new`."""

    placeholder = "label, or a new name"
    taking = "change"
    nothing = "No label yet. Type a name to make one."

    def __init__(self, labels: Sequence[LabelRow]) -> None:
        super().__init__()
        self._known = [label.name.casefold() for label in labels]
        self.offer(
            [
                Choice(
                    str(label.id),
                    label.name,
                    f"{thousands(label.count)}  {label.letter or ' '}",
                    ink=label.colour or COLOURLESS,
                )
                for label in labels
            ]
        )

    def title_text(self) -> Content:
        """What it is."""
        return Content("All labels")

    def offer_new(self, typed: str) -> Choice | None:
        """A label of that name."""
        if not typed or typed.casefold() in self._known:
            return None
        return Choice(_NEW, f"New label “{typed}”", mark="+")

    def choose(self, choice: Choice) -> None:
        """This one."""
        self.dismiss(_NEW + self.typed if choice.key == _NEW else choice.key)


class LabelMenu(Picker[str]):
    """What to do to a label.

    Args:
        label: Which.
    """

    placeholder = "find"

    def __init__(self, label: LabelRow) -> None:
        super().__init__()
        self._label = label
        self.offer(
            [
                Choice("rename", "Rename…"),
                Choice("colour", "Another colour…", label.colour),
                Choice("letter", "The letter that ticks it…", label.letter or "none"),
                Choice("merge", "Merge into another label…", "can be undone"),
                Choice("delete", "Delete, and take it off everybody", "can be undone"),
            ]
        )

    def title_text(self) -> Content:
        """Which label."""
        label = self._label
        return Content(f"Label “{clean(label.name)}”, on {plural(label.count, 'contact')}")

    def choose(self, choice: Choice) -> None:
        """Do it."""
        self.dismiss(choice.key)


class Colours(Picker[str]):
    """The colours of labels."""

    placeholder = "find a colour"

    def __init__(self, colours: Sequence[str]) -> None:
        super().__init__()
        self.offer([Choice(name, name, ink=name) for name in colours])

    def title_text(self) -> Content:
        """What it is."""
        return Content("Colour")

    def choose(self, choice: Choice) -> None:
        """This one."""
        self.dismiss(choice.key)


def list_labels(owner: Widget, done: Callable[[], None]) -> None:
    """Reads the labels; the owner is told by `LabelsListed`."""
    backstage(owner).work(owner, partial(_read, done=done))


def manage(owner: ContactActs, event: LabelsListed) -> None:
    """Shows the labels and does what is chosen; the owner is told by `LabelTurned`."""
    by_key = {str(label.id): label for label in event.labels}

    def chosen(key: str | None) -> None:
        if key is None:
            event.done()
        elif key in by_key:
            menu = LabelMenu(by_key[key])
            change = partial(_change, owner, event, by_key[key])
            owner.app.push_screen(menu, change)
        else:
            _work(owner, event, partial(_create, name=key.removeprefix(_NEW)))

    owner.app.push_screen(ManageLabels(event.labels), chosen)


def _work(owner: ContactActs, event: LabelsListed, job: Callable[..., str]) -> None:
    back = backstage(owner)

    def run(store: Store) -> LabelTurned:
        return LabelTurned(job(store, who=back.actor), event.done)

    back.work(owner, run)


def _change(owner: ContactActs, event: LabelsListed, label: LabelRow, verb: str | None) -> None:
    """Asks for what a change needs, then does it."""
    work = partial(_work, owner, event)
    if verb is None:
        manage(owner, event)
    elif verb in ("rename", "letter"):
        _ask(owner, event, label, verb)
    elif verb == "colour":
        from storage.labels import COLOURS

        def coloured(name: str | None) -> None:
            if name is not None:
                work(partial(_set, label_id=label.id, colour=name))

        owner.app.push_screen(Colours(COLOURS), coloured)
    elif verb == "merge":
        others = [(each.id, each.name, each.count) for each in event.labels if each != label]

        def into(other: int | None) -> None:
            if other is not None:
                job = partial(_merge, label_id=label.id, into_id=other, finished=event.done)
                owner.work_on(f"merge “{label.name}”", label.count, job)

        owner.app.push_screen(MergeInto(Content(f"Merge “{clean(label.name)}” into"), others), into)
    else:
        job = partial(_delete, label_id=label.id, finished=event.done)
        owner.work_on(f"delete “{label.name}”", label.count, job)


def _ask(owner: ContactActs, event: LabelsListed, label: LabelRow, verb: str) -> None:
    who = backstage(owner).actor
    if verb == "rename":
        field = Field("text", "New name", value=label.name)
    else:
        field = Field(
            "text", "Letter or digit; none to take it away", "a letter", False, label.letter
        )

    def filled(store: Store, values: Mapping[str, str]) -> Message:
        text = values["text"]
        if verb == "rename":
            return LabelNamed(label, _free_name(store, label_id=label.id, name=text), event.done)
        return LabelTurned(_letter(store, who=who, label_id=label.id, text=text), event.done)

    ask(owner, Ask(f"Label “{clean(label.name)}”", [field], filled))


def rename(owner: ContactActs, event: LabelNamed) -> None:
    """Gives a label another name, also in what search looks through: with progress."""
    label = event.label
    job = partial(_rename, label_id=label.id, name=event.name, finished=event.done)
    owner.work_on(f"rename “{label.name}”", label.count, job)


# In the background.


def _read(store: Store, *, done: Callable[[], None]) -> LabelsListed:
    from storage import labels

    with store.read() as conn:
        return LabelsListed(labels.listing(conn), done)


def _create(store: Store, *, who: Actor, name: str) -> str:
    from storage import labels

    row = store.do(lambda conn: labels.create(conn, who, name))
    return f"Made the label “{row.name}”."


def _set(store: Store, *, who: Actor, label_id: int, colour: str) -> str:
    from storage import labels

    row = store.do(lambda conn: labels.recolour(conn, who, label_id, colour))
    return f"The label “{row.name}” is {row.colour} now."


def _letter(store: Store, *, who: Actor, label_id: int, text: str) -> str:
    from storage import labels

    row = store.do(lambda conn: labels.set_letter(conn, who, label_id, text))
    if not row.letter:
        return f"The label “{row.name}” has no letter now."
    return f"{row.letter} ticks the label “{row.name}” now."


def _free_name(store: Store, *, label_id: int, name: str) -> str:
    from storage import labels

    with store.read() as conn:
        return labels.free_name(conn, name, but=label_id)[0]


def _rename(
    store: Store,
    *,
    who: Actor,
    running: Running,
    report: Callable[[Message], object],
    label_id: int,
    name: str,
    finished: Callable[[], None],
) -> Message:
    from storage import renaming_labels

    progress, cancel = reporter(running, report), running.cancel
    outcome = renaming_labels.rename(store, who, label_id, name, progress=progress, cancel=cancel)
    return LabelWorked(running, [outcome], finished)


def _merge(
    store: Store,
    *,
    who: Actor,
    running: Running,
    report: Callable[[Message], object],
    label_id: int,
    into_id: int,
    finished: Callable[[], None],
) -> Message:
    from storage import relabelling

    progress, cancel = reporter(running, report), running.cancel
    outcome = relabelling.merge(store, who, label_id, into_id, progress=progress, cancel=cancel)
    return LabelWorked(running, [outcome], finished)


def _delete(
    store: Store,
    *,
    who: Actor,
    running: Running,
    report: Callable[[Message], object],
    label_id: int,
    finished: Callable[[], None],
) -> Message:
    from storage import relabelling

    progress, cancel = reporter(running, report), running.cancel
    outcome = relabelling.delete(store, who, label_id, progress=progress, cancel=cancel)
    return LabelWorked(running, [outcome], finished)
