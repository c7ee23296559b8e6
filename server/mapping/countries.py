"""The country that a sender says beside a number: as a calling code, a code or a name."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from server.mapping.aliases import folded
from storage.regions import REGION_NAMES

LONGEST = 80
"""Characters of a text that may name a country."""

_OTHERWISE = {
    "GB": "uk greatbritain england scotland wales northernireland gbr grossbritannien royaumeuni "
    "reinounido regnounito",
    "US": "usa unitedstatesofamerica america theunitedstates vereinigtestaaten etatsunis "
    "estadosunidos statiuniti eeuu verenigdestaten",
    "CA": "can kanada",
    "DE": "deu deutschland allemagne alemania germania duitsland alemanha",
    "FR": "fra frankreich francia frankrijk franca",
    "ES": "esp espana spanien espagne spagna spanje espanha",
    "IT": "ita italia italien italie",
    "PT": "prt portogallo",
    "NL": "nld nederland niederlande paysbas paisesbajos holland thenetherlands",
    "BE": "bel belgie belgique belgien belgica",
    "AT": "aut osterreich oesterreich autriche",
    "CH": "che schweiz suisse svizzera suiza",
    "IE": "irl irland republicofireland",
    "AU": "aus australien",
    "NZ": "nzl",
    "MX": "mex mexiko",
    "BR": "bra brasil brasilien",
    "IN": "ind bharat",
    "ZA": "zaf",
    "PL": "pol polska",
    "SE": "swe sverige",
    "NO": "nor norge",
    "DK": "dnk danmark",
    "FI": "fin suomi",
    "CZ": "cze czechia",
    "TR": "tur turkiye",
    "AE": "are uae",
    "JP": "jpn",
    "CN": "chn",
    "KR": "kor southkorea",
}
_NAMES = {folded(name): region for region, name in REGION_NAMES.items()} | {
    name: region for region, names in _OTHERWISE.items() for name in names.split()
}

_PLUS = re.compile(r"\+\s*(\d{1,3})")
_CODE = re.compile(r"(?:00)?(\d{1,3})")
_PIECES = re.compile(r"\s*[()\[\],;|/]\s*|\s+[-–—]\s+")
_FLAG = {0x1F1E6 + place: chr(65 + place) for place in range(26)}


def region_of(text: str) -> str:
    """The region behind `+44`, `0044`, `GB`, `UK`, `United Kingdom (+44)` or a flag.

    Returns:
        ISO 3166 alpha-2; empty where the text names no country that has numbers.
    """
    text = text.strip()
    return _region_of(text) if 0 < len(text) <= LONGEST else ""


@lru_cache(maxsize=512)
def _region_of(text: str) -> str:
    code = _PLUS.search(text)
    if code:
        return _by_code(code[1])
    code = _CODE.fullmatch(text)
    if code:
        # Without a plus, `555` is no `55`: it may be the middle of a number.
        return _exactly(code[1])
    for piece in (text, *_PIECES.split(text)):
        region = _by_name(piece.translate(_FLAG).strip())
        if region:
            return region
    return ""


def _by_code(digits: str) -> str:
    for length in range(len(digits), 0, -1):
        found = _exactly(digits[:length])
        if found:
            return found
    return ""


def _exactly(digits: str) -> str:
    found = phonenumbers.region_code_for_country_code(int(digits))
    return "" if found in ("ZZ", "001") else str(found)


def _by_name(text: str) -> str:
    if len(text) == 2 and text.upper() in phonenumbers.SUPPORTED_REGIONS:
        return text.upper()
    return _NAMES.get(folded(text), "")
