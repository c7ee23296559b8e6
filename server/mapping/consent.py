"""Whether a person said no where a form asked for leave to text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from server.mapping.aliases import folded
from server.mapping.flatten import Leaf

_LONGEST = 48
"""Characters of an answer; more are a wording."""
_NO = """
    no false 0 off declined decline denied deny unchecked rejected refused disagree disagreed none
    notagreed notaccepted notconsented notgiven optedout optout notoptedin unsubscribed unsubscribe
    notsubscribed neversubscribed pending redacted invalid revoked withdrawn
    nein non nao nie nee ne nej nei ei nem nu tidak hayir khong
    нет ні не όχι לא لا いいえ 同意しない 否 不同意 不 아니요 아니오 동의안함 동의하지않음 नहीं ไม่
"""
"""Answers that mean no, and states of a consent that was never given or is gone."""
_NEGATED = re.compile(
    r"(?:no|nope|nein|non|não|nie|nee)\s*[,.;:!–—-]\s*\S"
    r"|no\s+(?:thanks|thank\s+you|gracias)\b"
    r"|(?:i\s+)?(?:disagree|decline)\b"
    r"|(?:i\s+)?(?:do\s+not|don['’]?t|did\s+not)\s+(?:agree|consent|accept|want|wish|text|send)\b",
    re.IGNORECASE,
)
_OF_TEXTS = re.compile(
    r"sms|texting|texts|\btext[\s_-]*(?:me|consent|opt|messag|update|agree|permission)",
    re.IGNORECASE,
)
_FOLDED_NO = frozenset(map(folded, _NO.split()))
_EMAIL = frozenset(("email", "emailmarketing", "emailmarketingconsent", "newsletter"))


def declines(text: str) -> bool:
    """Whether an answer means no."""
    if len(text) > _LONGEST:
        return False
    return folded(text) in _FOLDED_NO or _NEGATED.match(text.strip()) is not None


def is_declined(leaves: Iterable[Leaf]) -> bool:
    """Whether one of a body's consents is a no; those to texts alone count where there are any."""
    said = [leaf for leaf in leaves if _EMAIL.isdisjoint(leaf.within)]
    own = [leaf for leaf in said if _is_of_texts(leaf)]
    return any(declines(leaf.text) for leaf in own or said)


def _is_of_texts(leaf: Leaf) -> bool:
    branch = leaf.within[-1] if leaf.within else ""
    return (
        "sms" in leaf.within
        or ("sms" in branch and "consent" in branch)
        or any(map(_OF_TEXTS.search, leaf.names))
    )
