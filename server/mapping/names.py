"""From a name in one field to a first and a last one."""

from __future__ import annotations

import re

from server.mapping.family_first import parted


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TITLES = _words(
    """
    mr mrs ms miss mx dr prof professor sir madam rev fr hon herr frau mme mlle monsieur madame sr
    sra srta dott dottssa sig sigra ing dhr mevr mw
    """
)
_SUFFIXES = _words("jr sr ii iii iv v phd md esq dds cpa mba jnr snr")
_PARTICLES = _words(
    """
    van von vom der den de del della delle dello degli di da dal dos das do du des la le lo al el
    bin ibn binti ben ter ten te tot zu zum zur af av st saint san santa y e i mac mc 't op o'
    las los giolla ó ní nic uí abdul abdel abu bint vd vande vanden vander
    عبد ابن بن بنت آل أبو ابو
    """
)
_AND = _words("y e i und et")
"""Words between two last names of one person."""
_INITIAL = re.compile(r"[A-Z]\.?")
"""What stands for a second name: `John E. Smith`, unlike `José e Souza`."""
_PRONOUNS = re.compile(
    r"\s*[(\[](?:she|he|they|ze|xe|sie|er|elle|il|ella|él)\s*[/|,].{0,24}[)\]]\s*$", re.IGNORECASE
)


_LEGAL_FORMS = _words(
    """
    inc incorporated llc llp pllc ltd limited corp corporation plc pty gmbh mbh ohg gbr sarl srl
    bvba oyj pvt
    """
)
"""Last words of the names of firms that are last names of nobody."""
_FAMILY_FIRST = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af々]+")
"""Words in scripts whose people write their family's name first."""


def is_firm(name: str) -> bool:
    """Whether a name is that of a firm, by the legal form at its end."""
    words = name.replace(",", " ").split()
    return len(words) > 1 and _bare(words[-1]) in _LEGAL_FORMS


def tidy(name: str) -> str:
    """A name on one line, without spaces around or doubled."""
    return " ".join(name.split())


def split(name: str) -> tuple[str, str]:
    """First and last name; either is empty where the whole does not tell.

    `Byron, Ada` has the last name first; titles are left out; `van`, `de la` and the like belong
    to the last name, and so does `Jr.`; with several first names all but the last word are first
    names. A single word is a first name alone. In Chinese, Japanese and Korean letters the last
    name comes first, also without a space where it is a known one.
    """
    name = tidy(_PRONOUNS.sub("", name)).strip(" ,;")
    parts = name.split(" | ")
    if len(parts) in (2, 3):
        # First, perhaps middle, and last, which a builder joins so.
        return tidy(parts[0]), tidy(parts[-1])
    name, suffix = _without_suffix(name)
    before, comma, after = name.partition(",")
    if comma:
        return _first(after.split()), _with(tidy(before), suffix)
    words = _untitled(name.split())
    if len(words) < 2:
        return parted("".join(words)) or ("".join(words), "")
    if len(words) == 2 and all(map(_FAMILY_FIRST.fullmatch, words)):
        return words[1], words[0]
    at = len(words) - 1
    while at > 1 and not _INITIAL.fullmatch(words[at - 1]):
        if at > 2 and words[at - 1] in _AND:
            at -= 2
        elif _bare(words[at - 1]) in _PARTICLES:
            at -= 1
        else:
            break
    return " ".join(words[:at]), _with(" ".join(words[at:]), suffix)


def _without_suffix(name: str) -> tuple[str, str]:
    head, _, tail = name.replace(",", " , ").rpartition(" ")
    if _bare(tail) in _SUFFIXES and len(head.replace(",", " ").split()) > 1:
        head = tidy(head).rstrip(" ,").replace(" ,", ",")
        return head, tail
    return name, ""


def _with(last: str, suffix: str) -> str:
    return f"{last} {suffix}" if suffix else last


def _first(words: list[str]) -> str:
    return " ".join(_untitled(words))


def _untitled(words: list[str]) -> list[str]:
    while len(words) > 1 and _bare(words[0]) in _TITLES:
        words = words[1:]
    return words


def _bare(word: str) -> str:
    return word.lower().replace(".", "").strip(",")
