"""Full names in Chinese and Korean letters that are written without a space: family name first.

Only what leaves no doubt is taken apart. A name that may be Japanese, whose family names have one
to three of the same letters, is not; nor is one whose first letter is no family name that is known.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,4}")
_KOREAN = re.compile(r"[\uac00-\ud7a3]{3}")
_TWO_LETTERS = _words(
    """
    歐陽 欧阳 司馬 司马 上官 諸葛 诸葛 司徒 皇甫 尉遲 尉迟 公孫 公孙 慕容 令狐 宇文 長孫 长孙 端木
    夏侯 獨孤 独孤 軒轅 轩辕 鍾離 钟离 司空 申屠 澹臺 澹台 呼延
    """
)
"""Chinese family names of two letters."""
_ONE_LETTER = frozenset(
    "王李張张劉刘陳陈楊杨趙赵黃黄周吳吴徐孫孙胡朱郭何羅罗鄭郑謝谢宋許许鄧邓韓韩馮冯曹彭蕭萧"
    "蔡潘袁董蘇苏呂吕魏蔣蒋杜丁沈范賈贾韋韦薛鍾钟譚谭陆汪邱傅侯邵孟龙段雷錢钱汤尹黎廖"
    "鄒邹郝孔康嚴严姚盧卢顧顾賴赖龔龚詹莊庄簡简阮倪翁戴"
)
"""Common Chinese family names of one letter that hardly ever begin a Japanese one of several."""
_JAPANESE = _words("張本 張替 張間 周東 周防 陳内 陳野 王子 黄川")
"""How the Japanese ones begin that they do."""
_KOREAN_FAMILIES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류홍유고문양손배백허남심노하곽성차주우구민진엄채원천방공"
)
_KOREAN_TWO = _words("남궁 황보 제갈 사공 선우 독고 서문")
"""Korean family names of two letters: what follows one letter alone may be a part of the name."""


def parted(name: str) -> tuple[str, str] | None:
    """First and last name; None where the name does not tell them for sure."""
    if _CHINESE.fullmatch(name):
        if name[:2] in _TWO_LETTERS:
            return (name[2:], name[:2]) if len(name) > 2 else None
        known = name[0] in _ONE_LETTER and name[:2] not in _JAPANESE
        return (name[1:], name[0]) if known and len(name) < 4 else None
    if _KOREAN.fullmatch(name) and name[:2] not in _KOREAN_TWO and name[0] in _KOREAN_FAMILIES:
        return name[1:], name[0]
    return None
