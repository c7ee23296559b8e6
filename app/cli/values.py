"""What is written behind options and in the place of arguments, read as what it stands for.

Typer would read it with a validator of its own, which takes a tenth of a second to build and speaks
of integers and enumerations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args, get_origin

from storage.errors import WrongUsage

if TYPE_CHECKING:
    from typer._click.core import Context
    from typer.core import _TyperParameter as Param


class Reader:
    """Reads the words of one option or argument.

    Args:
        param: Which; its declaration says of what kind its values are, and from where to where.
    """

    def __init__(self, param: Param) -> None:
        kind: Any = param.type_descriptor.annotation
        self._kind = get_args(kind)[0] if get_origin(kind) is list else kind
        self._name = called(param)
        limits = param.type_descriptor.parameter_info
        self._least, self._most = limits.min, limits.max

    def coerce(self, value: Any, param: Param, ctx: Context) -> Any:
        """What Typer asks for: the words as what they stand for.

        Raises:
            WrongUsage: They stand for nothing that can be meant.
        """
        if param.multiple or param.nargs == -1:
            return [self._read(each) for each in value or ()]
        return None if value is None else self._read(value)

    def _read(self, word: Any) -> Any:
        if not isinstance(word, str) or self._kind is str:
            return word
        if self._kind is Path:
            return Path(word)
        if issubclass(self._kind, Enum):
            return self._one_of(word, self._kind)
        return self._number(word, self._kind)

    def _one_of(self, word: str, kind: type[Enum]) -> Enum:
        for each in kind:
            if each.value == word:
                return each
        raise none_of([str(each.value) for each in kind], word, self._name)

    def _number(self, word: str, kind: Callable[[str], float]) -> float:
        try:
            number = kind(word) if word.isascii() and "_" not in word else None
        except ValueError:
            number = None
        least, most = self._least, self._most
        if (
            number is None
            or (least is not None and not number >= least)
            or (most is not None and not number <= most)
        ):
            raise WrongUsage(f"{self._name} takes {self._range(kind)}, not “{word}”.")
        return number

    def _range(self, kind: object) -> str:
        number = "a whole number" if kind is int else "a number"
        if self._least is None:
            return number
        if self._most is None:
            return f"{number} from {self._least} on"
        return f"{number} from {self._least} to {self._most}"


def none_of(known: Sequence[str], word: str, name: str) -> WrongUsage:
    """What an option takes is a choice, and the word is none of it."""
    *most, last = known
    return WrongUsage(f"{name} takes {', '.join(most)} or {last}, not “{word}”.")


def called(param: Param) -> str:
    """How people write an option or argument: `--limit`, `CONTACT`."""
    if param.param_type_name == "option":
        return max(param.opts, key=len)
    return str(param.metavar or str(param.name).upper())
