"""What an inbound text means: the words of the contract, and what merely resembles them.

Light: knows neither the store nor the network.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

STOP_WORDS = frozenset(
    {"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"}
)
START_WORDS = frozenset({"start", "unstop", "yes"})
HELP_WORDS = frozenset({"help", "info"})

LONGEST = 1600
"""Characters of an inbound text that are looked at and kept."""


class Meaning(StrEnum):
    """What is done about an inbound text."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    REVIEW = "review"
    """It resembles an opt-out: for a person to judge."""
    OTHER = "other"


_SPELLED = str.maketrans(
    "0134578@$!|аеіоркстухѕмнвԁɡοτρεικνυχ",
    "oieastbasiiaeiopkctyxsmhbdgotpeiknux",
)
"""Figures, signs, and letters of Cyrillic and Greek that stand for those they look like."""

_REFUSALS = """
stop stopp stope stops stopped stopping halt unsubscribe unsub unsuscribe unsubscribed remove
removed delete quit cancel cancelled canceled optout spam scam harass harassment harassing
stahp lawyer attorney lawsuit sue illegal fcc tcpa report reported wrongnumber
alto parar pare para basta cancelar baja desuscribir desuscribirme borrar borrame
detener detenga detengan deten dejen dejar terminar termina fin cancele cancelen cancela
arret arreter arretez desabonner desinscrire
stoppe stoppt kundigen kundigung stoppen aufhoren abmelden abbestellen loschen
ferma fermati annulla cancellami disiscrivimi cancella
sair descadastrar remover
stoppa sluta avsluta lopeta afmelden uitschrijven dur iptal prestan przestan wypisz
afmeld frameld avslutt slutt peruuta zatrzymaj rezygnuje konec zrusit leiratkozas opriti dezabonare
berhenti hentikan tigil itigil durdur
отмена отменить остановить остановите прекратите отписка стой
стоп отписаться отпишите хватит перестаньте удалите
σταματηστε σταματα διαγραφη διακοπη
停 停止 退订 退訂 取消 解除 配信停止 やめて 그만 중지 정지 수신거부
توقف إيقاف الغاء إلغاء הסר הפסק रोको बंद หยุด ยกเลิก
"""

_REFUSING_PHRASES = (
    "opt out",
    "opt me out",
    "opting out",
    "take me off",
    "leave me alone",
    "dont text",
    "do not text",
    "dont contact",
    "do not contact",
    "dont message",
    "do not message",
    "dont send",
    "do not send",
    "dont call",
    "do not call",
    "dont want",
    "do not want",
    "end this",
    "no thanks",
    "no thank you",
    "no more",
    "no mas",
    "no quiero",
    "no me",
    "not interested",
    "never signed up",
    "didnt sign up",
    "did not sign up",
    "wrong number",
    "wrong person",
    "wrong phone",
    "wrng number",
    "not my number",
    "not me",
    "new number",
    "changed my number",
    "numero equivocado",
    "mauvais numero",
    "falsche nummer",
    "numero sbagliato",
    "who is this",
    "who this",
    "who dis",
    "lose my number",
    "lose this number",
    "ya no",
    "plus de message",
    "keine nachrichten",
    "kein interesse",
    "go away",
    "piss off",
    "fuck off",
    "fuck you",
    "fuck u",
    "shut up",
)

_REFUSING_SIGNS = "🛑🚫⛔✋🖕🙅🔕❌"

_NEAR = ("stop", "stopall", "unsubscribe", "cancel", "optout", "revoke")
"""Words whose misspellings count as resembling."""

_JOINED = ("停止", "退订", "取消", "解除", "やめて", "그만", "중지", "수신거부", "退訂")
"""Refusals in scripts without spaces."""


def fold(text: str) -> str:
    """Letters, figures and single spaces, without case, accents, marks and punctuation."""
    # What parts lines parts words, such as the one before a signature.
    plain = unicodedata.normalize("NFKD", " ".join(text[:LONGEST].split())).casefold()
    kept = "".join(
        "" if unicodedata.category(char)[0] in "MC" or char in "'’" else char for char in plain
    )
    spaced = "".join(char if char.isalnum() else " " for char in kept)
    return unicodedata.normalize("NFC", " ".join(spaced.split()))


_REFUSING_WORDS = frozenset(map(fold, _REFUSALS.split()))
"""Single words that refuse, in the languages a store is likely to meet."""


def meaning_of(text: str) -> Meaning:
    """What an inbound text means."""
    folded = fold(text)
    # Spaces and punctuation do not count: `S.T.O.P.` and `opt out` are the words themselves.
    joined = folded.replace(" ", "")
    if joined in STOP_WORDS:
        return Meaning.STOP
    if joined in START_WORDS:
        return Meaning.START
    if joined in HELP_WORDS:
        return Meaning.HELP
    return Meaning.REVIEW if _refuses(text, folded) else Meaning.OTHER


def _refuses(text: str, folded: str) -> bool:
    if any(sign in text for sign in _REFUSING_SIGNS):
        return True
    padded = f" {folded} "
    if any(f" {phrase} " in padded for phrase in _REFUSING_PHRASES):
        return True
    if any(word in folded for word in _JOINED):
        return True
    spelled = fold(text.casefold().translate(_SPELLED))
    words = {*folded.split(), *spelled.split(), spelled.replace(" ", "")}
    return any(word in _REFUSING_WORDS or _nearly(word) for word in words)


_MEANT = frozenset({"shop", "step", "top", "spot", "stow", "slop", "atop", "cancer", "counsel"})
"""Words that look like a misspelling and are none."""


def _nearly(word: str) -> bool:
    """Whether a word is one slip of the finger away from a word that opts out."""
    if word in _MEANT or not re.fullmatch(r"[a-z]{3,13}", word):
        return False
    # With doubled letters taken for one: `stoppp`, `sttop`.
    single = re.sub(r"(.)\1+", r"\1", word)
    return any(single == meant or (len(word) > 3 and _one_slip(word, meant)) for meant in _NEAR)


def _one_slip(word: str, meant: str) -> bool:
    """One letter more, less, other, or two swapped."""
    if abs(len(word) - len(meant)) > 1:
        return False
    start = 0
    while start < min(len(word), len(meant)) and word[start] == meant[start]:
        start += 1
    rest, wanted = word[start:], meant[start:]
    if len(word) == len(meant):
        swapped = rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:]
        return rest[1:] == wanted[1:] or swapped
    longer, shorter = (rest, wanted) if len(rest) > len(wanted) else (wanted, rest)
    return longer[1:] == shorter
