"""Believable people for benchmarks: names of several countries, numbers of their networks."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import accumulate

from storage.words import Kind

_US_AREAS = """
201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240
248 251 252 253 254 256 260 262 267 269 270 281 301 302 303 304 305 307 308 309 310 312 313 314 315
316 317 318 319 320 321 323 325 330 334 336 337 339 347 351 352 360 361 386 401 402 404 405 406 407
408 409 410 412 413 414 415 417 419 423 425 432 434 440 443 469 478
"""


@dataclass(frozen=True)
class Network:
    """A range of numbers: a prefix of E.164 digits, then `free` digits."""

    region: str
    kind: Kind
    weight: float
    prefixes: tuple[str, ...]
    free: int

    def number(self, place: int) -> str:
        """The number at a place; no two places below the range's size share one."""
        # Odd and no multiple of 5, so it visits every number of the range once.
        turn, prefix = divmod(place, len(self.prefixes))
        scattered = (turn * 387_420_489 + prefix * 27_644_437) % 10**self.free
        return f"+{self.prefixes[prefix]}{scattered:0{self.free}d}"


def _spread(stem: str, digits: str) -> tuple[str, ...]:
    return tuple(stem + digit for digit in digits)


NETWORKS = (
    Network(
        "US",
        Kind.EITHER,
        38,
        tuple(f"1{area}{x}" for area in _US_AREAS.split() for x in "2345678"),
        6,
    ),
    Network("GB", Kind.MOBILE, 16, _spread("4473", "123468") + _spread("4474", "012356"), 7),
    Network("GB", Kind.LANDLINE, 2, ("44207", "44208"), 7),
    Network("DE", Kind.MOBILE, 8, ("49151", "49160", "49170", "49171", "49175"), 8),
    Network("DE", Kind.LANDLINE, 1, ("49302",), 7),
    Network("FR", Kind.MOBILE, 7, _spread("336", "125678"), 7),
    Network("ES", Kind.MOBILE, 5, _spread("346", "01234567"), 7),
    Network("PL", Kind.MOBILE, 4, _spread("4850", "1234567") + _spread("4860", "12345"), 6),
    Network("SE", Kind.MOBILE, 2, ("4670", "4673"), 7),
    Network(
        "DK", Kind.EITHER, 1, _spread("452", "68") + _spread("454", "02") + _spread("456", "01"), 6
    ),
    Network("TR", Kind.MOBILE, 3, ("90532", "90533", "90542"), 7),
    Network("VN", Kind.MOBILE, 3, ("8490", "8491", "8498"), 7),
    Network("CN", Kind.MOBILE, 4, ("86138", "86139", "86150"), 8),
    Network("JP", Kind.MOBILE, 3, _spread("8190", "12345678"), 7),
    Network("KR", Kind.MOBILE, 1.5, _spread("8210", "23456789"), 7),
    Network("UA", Kind.MOBILE, 1.5, ("38050", "38067"), 7),
    Network("US", Kind.UNASSIGNED, 0.3, ("1999", "1123"), 7),
)

_ENGLISH = (
    "James Mary Robert Patricia John Jennifer Michael Linda David Elizabeth William Barbara Richard"
    " Susan Joseph Jessica Thomas Sarah Charles Karen Daniel Nancy Matthew Lisa Anthony Betty Mark"
    " Ashley Steven Emily Paul Donna Andrew Michelle Joshua Carol Kenneth Amanda Kevin Anna",
    "Smith Johnson Williams Brown Jones Garcia Miller Davis Wilson Anderson Taylor Moore Jackson"
    " Martin Lee Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott"
    " Hill Green Adams Nelson Baker Hall Campbell Mitchell Carter Roberts O’Brien O'Neill McDonald",
)
NAMES: dict[str, tuple[str, str]] = {
    "US": _ENGLISH,
    "GB": _ENGLISH,
    "DE": (
        "Jürgen Anna Björn Käthe Lukas Mia Felix Lena Jörg Sören Ute Günther Emilia Paul Marie",
        "Müller Schmidt Schneider Fischer Weiß Weber Groß Schäfer Köhler Jäger König Böhm Voß",
    ),
    "FR": (
        "Léa Chloé Zoé Noël Hélène François Rémi Agnès Benoît Anaïs Jean-Luc Inès Loïc Émile",
        "Lefèvre Dubois Bézier Gérard Çelik D’Angelo Noël Besançon Mercier Faÿ Roux Hervé Garçon",
    ),
    "ES": (
        "José María Íñigo Begoña Ángel Concepción Andrés Lucía Sofía Nuria Iván Raúl Joaquín Inés",
        "García Muñoz Núñez Peña Ibáñez López Martínez Sánchez Pérez Gómez Ruiz Díaz Álvarez",
    ),
    "PL": (
        "Łukasz Małgorzata Paweł Agnieszka Wojciech Żaneta Michał Grażyna Stanisław Zbigniew Ewa",
        "Wiśniewski Kowalczyk Wójcik Dąbrowski Woźniak Łuczak Żak Ćwik Śliwa Nowak Zieliński Gąska",
    ),
    "SE": (
        "Åsa Örjan Göran Märta Björn Elsa Kåre Frida",
        "Ångström Öberg Sjöström Lindgren Åkesson",
    ),
    "DK": (
        "Søren Mette Jørgen Bjørn Kåre Ærling Freja",
        "Sørensen Østergaard Kjær Møller Nørgaard",
    ),
    "TR": (
        "Ayşe Çağla Işıl İbrahim Gökhan Şule Ümit",
        "Yılmaz Çelik Öztürk Şahin Kılıç Doğan Güneş",
    ),
    "VN": ("Đức Thị Hương Phương Ngọc Quỳnh Tuấn Bảo", "Nguyễn Trần Lê Phạm Đặng Bùi Đỗ Hồ Vũ"),
    "CN": ("伟 芳 娜 秀英 敏 静 丽 强 磊 军 洋 勇 艳 杰 涛", "王 李 张 刘 陈 杨 黄 赵 吴 周 徐 孙"),
    "JP": (
        "太郎 花子 さくら 翔太 ひろし 美咲 ケンジ 健",
        "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村",
    ),
    "KR": ("민준 서연 도윤 하은 지호 수빈 영희", "김 이 박 최 정 강 조 윤 장"),
    "UA": ("Олена Андрій Ганна Юрій Софія Їжакевич", "Шевченко Ковальчук Бондар Ткаченко Ґалаґан"),
}
AWKWARD = (
    ("[/x]", "[@click=app.quit]"), ("Robert'); DROP TABLE contacts;--", "Tables"),
    ("=HYPERLINK(1)", "+Formula"), ("A" * 180, "Long"), ("Null", "None"), ("%", "_"),
    ("\u202egnirts", "desrever"), ("", "Solo"),
    ("Zoe\u0301\u0301\u0301", "\U0001f469\u200d\U0001f680"),
    ("\x1b[31mRed", "Alert\x07"), ('"Quoted"', "*"), ("محمد", "عبد\u200cالله"),
)  # fmt: skip
"""One in two thousand: what senders really send, and what they should not."""


def names(rng: random.Random, region: str) -> tuple[str, str]:
    """A first and a last name that fit a country."""
    if rng.random() < 0.0005:
        return rng.choice(AWKWARD)
    firsts, lasts = _LISTS[region]
    last = rng.choice(lasts)
    if rng.random() < 0.04:
        last = f"{last}-{rng.choice(lasts)}"
    return rng.choice(firsts), last


def phone(rng: random.Random, place: int) -> tuple[str, Kind, str]:
    """A number, its kind and region; no two places below `MOST` share a number."""
    network = rng.choices(NETWORKS, cum_weights=_BOUNDS)[0]
    return network.number(place), network.kind, network.region


MOST = min(len(network.prefixes) * 10**network.free for network in NETWORKS)
"""How many people there are numbers for."""
_BOUNDS = list(accumulate(network.weight for network in NETWORKS))
_LISTS = {region: (firsts.split(), lasts.split()) for region, (firsts, lasts) in NAMES.items()}
