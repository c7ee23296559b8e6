"""Full names in Chinese and Korean letters that are written without a space: family name first.

Only what leaves no doubt is taken apart. A name that may be Japanese, whose family names have one
to three of the same letters, is not; nor is one whose first letter is no family name that is known.

The family names are those of public counts, in both ways of writing them:

- the hundred most common ones of the Ministry of Public Security of China (Xinhua News Agency,
  24 April 2007);
- the hundred most common ones of the Ministry of the Interior of Taiwan (analysis of names, 2018);
- those of more than 10,000 people in South Korea (Statistics Korea, census of 2000, as in
  Wikipedia's “List of South Korean surnames by prevalence”).

Each Chinese one was held against the 98,000 Japanese family names of ENAMDICT (Electronic
Dictionary Research and Development Group). Those are left out with which many Japanese ones begin,
such as 高, 林, 石 and 庄; what Japanese ones begin like the rest is named.
"""

from __future__ import annotations

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CHINESE = re.compile(r"[\u4e00-\u9fff]{2,4}")
_KOREAN = re.compile(r"[\uac00-\ud7a3]{3,4}")
_TWO_LETTERS = _words(
    """
    歐陽 欧阳 司馬 司马 上官 諸葛 诸葛 司徒 皇甫 尉遲 尉迟 公孫 公孙 慕容 令狐 宇文 長孫 长孙 端木
    夏侯 獨孤 独孤 軒轅 轩辕 鍾離 钟离 司空 申屠 澹臺 澹台 呼延
    """
)
"""Chinese family names of two letters."""
_ONE_LETTER = frozenset(
    "王李張张劉刘陳陈楊杨趙赵黃黄周吳吴徐孫孙胡朱郭何羅罗鄭郑謝谢宋許许鄧邓韓韩馮冯曹彭蕭萧肖"
    "蔡潘袁董蘇苏呂吕魏蔣蒋杜丁沈范賈贾韋韦薛鍾钟譚谭陆汪邱傅付侯邵孟龙雷錢钱汤尹黎廖"
    "鄒邹郝孔嚴严姚盧卢顧顾賴赖龔龚詹莊簡简阮倪翁戴"
    "康段马贺闫覃于莫崔姜任史洪施柯游溫顏颜尤巫童卓歐"
)
"""Common Chinese family names of one letter that hardly ever begin a Japanese one of several."""
_JAPANESE = _words(
    """
    王子 王丸 王生 王置 王寺 王滝 李家 張本 張替 張間 陳内 陳野 陳場 陳岡 楊井 楊箸 黄川 黄木 黄倉
    黄地 黄金 周東 周防 周藤 周布 周郷 周参 孫福 孫工 孫崎 孫田 胡桃 胡口 胡子 胡麻 朱雀 朱宮 何森
    謝花 謝敷 謝名 許斐 許田 彭城 蘇我 蘇武 蘇原 杜若 杜多 丁子 丁字 丁野 丁嵐 丁田 賈島 錢谷 錢高
    莊司 莊田 翁長 卓間 卓山 姜山 任田 施山 洪野 段原 段上 段下 段野 康本 康永 康原
    """
)
"""How the Japanese ones begin that they do."""
_KOREAN_FAMILIES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류전홍유고문양손배백허남심노하곽성차주우구민나진지엄채원"
    "천방공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모탁국어은편용"
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
    if not _KOREAN.fullmatch(name):
        return None
    if name[:2] in _KOREAN_TWO:
        return (name[2:], name[:2]) if len(name) == 4 else None
    if len(name) == 3 and name[0] in _KOREAN_FAMILIES:
        return name[1:], name[0]
    return None
