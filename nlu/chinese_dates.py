"""Chinese dates in a prepared text, resolved against today; of these dateparser knows few.

Traditional characters are read as simplified ones, numbers in figures or in characters. 三天前, 下周二, 下个月5号,
去年3月5日, 12月3日到5日 and feasts with a fixed day (元旦, 双十一 …) are dates; 下周, 上个月, 周末 and feasts of
the lunar calendar are not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import date

from nlu.days import day, days_later, full_year, in_month, months_later, nearest_month, nearest_year, weekday_in
from nlu.numerals import HAN_NUMERAL, parse_han
from nlu.script import simplified

_N = rf"\d{{1,3}}|{HAN_NUMERAL}{{1,4}}"
_MONTH = rf"\d{{1,2}}|{HAN_NUMERAL}{{1,2}}"
_DAY = rf"\d{{1,2}}|{HAN_NUMERAL}{{1,3}}"
_WEEK = "周|星期|礼拜|週"
_WEEKDAY_TOLD = rf"(?:\s?[(]?(?:{_WEEK})[一二三四五六日天][)]?)?"
_DAYS = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "昨夜": -1, "昨儿": -1, "今天": 0, "今日": 0,
    "今早": 0, "今晚": 0, "今晨": 0, "今夜": 0, "今儿": 0,
    "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "明晨": 1, "明儿": 1, "后天": 2, "后儿": 2, "大后天": 3,
}  # fmt: skip
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1, "下下": 2}
_YEARS = {"今年": 0, "去年": -1, "前年": -2, "明年": 1, "后年": 2}
_MONTHS = {"上": -1, "这": 0, "本": 0, "当": 0, "下": 1}
_FEASTS = {
    "元旦": (1, 1), "情人节": (2, 14), "妇女节": (3, 8), "三八节": (3, 8), "劳动节": (5, 1), "儿童节": (6, 1),
    "六一": (6, 1),
    "国庆节": (10, 1), "国庆": (10, 1), "万圣节": (10, 31), "双十一": (11, 11), "双11": (11, 11), "双十二": (12, 12),
    "双12": (12, 12), "平安夜": (12, 24), "圣诞节": (12, 25), "圣诞": (12, 25), "跨年夜": (12, 31),
}  # fmt: skip


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


_CHINESE = re.compile(
    rf"""
      (?P<fixed>{_any(_DAYS)})
    | (?:(?P<year>\d{{4}}|(?<!\d)\d{{2}}|[零〇一二三四五六七八九]{{4}})年|(?P<which_year>{_any(_YEARS)})的?)?
      (?P<month>{_MONTH})月(?:份的?)?(?P<day>{_DAY})(?:日|号)?(?![.:]?\d){_WEEKDAY_TOLD}
      (?:(?:到|至|-|~|—|和|或){{1,2}}(?P<until>{_DAY})(?:日|号)(?![楼院线店门])|)
    | (?P<which_month>[上下这本当])个?月(?:的)?(?P<of_month>{_DAY})(?:日|号){_WEEKDAY_TOLD}
    | (?P<which>上上|下下|上|下|这|本)?(?:一个)?个?(?:{_WEEK})(?P<weekday>[一二三四五六日天])(?![定个些])
    | (?P<n>{_N}|半)\s?(?P<unit>天|日|个?星期|个?礼拜|周|週|个月|年)(?:之|以)?(?P<way>前|后)(?!天)
    | 再?过(?P<passing>{_N})\s?(?P<passing_unit>天|个?星期|个?礼拜|周|个月)(?![前后])
    | (?<![\d第路街段巷弄道村楼区园里栋幢座月])(?P<nth>\d{{1,2}}|[一二三]?十[一二三四五六七八九]?)
      (?:号|日)(?![楼院线店门房机球床桌仓库码常用])
    | (?P<feast>{_any(_FEASTS)})(?!活动|大促|促销|优惠|礼|款|套|快乐)
    """,
    re.VERBOSE,
)

Placed = tuple[int, int, date | None]


def chinese_dates(text: str, today: date) -> Iterator[Placed]:
    """Start, end and day of each; None for what looks like a day and is none."""
    for match in _CHINESE.finditer(simplified(text)):
        found = _date_of(match, today)
        if match["until"] and found is not None:
            until = _number(match["until"])
            last = None if until is None else day(found.year, found.month, until)
            yield match.start("until"), match.end(), last
            yield match.start(), _end_of_first(match), found
        else:
            yield match.start(), match.end(), found


def _end_of_first(match: re.Match[str]) -> int:
    """Before the word for "to"."""
    written = match.group()[: match.start("until") - match.start()]
    return match.start() + len(written.rstrip("到至-~—和或"))


def _date_of(match: re.Match[str], today: date) -> date | None:
    if match["fixed"]:
        return days_later(today, _DAYS[match["fixed"]])
    if match["month"]:
        return _day_of_month(match, today)
    if match["which_month"]:
        number = _number(match["of_month"])
        return None if number is None else in_month(today, _MONTHS[match["which_month"]], number)
    if match["weekday"]:
        weekday = 6 if match["weekday"] in "日天" else "一二三四五六".index(match["weekday"])
        return weekday_in(today, weekday, _WEEKS[match["which"]] if match["which"] else None)
    if match["nth"]:
        number = _number(match["nth"])
        return None if number is None else nearest_month(today, number)
    if match["feast"]:
        return nearest_year(today, *_FEASTS[match["feast"]])
    return _counted(match, today)


def _day_of_month(match: re.Match[str], today: date) -> date | None:
    month, number = _number(match["month"]), _number(match["day"])
    if month is None or number is None:
        return None
    if match["which_year"]:
        return day(today.year + _YEARS[match["which_year"]], month, number)
    if match["year"]:
        year = _number(match["year"])
        return None if year is None else day(full_year(year), month, number)
    return nearest_year(today, month, number)


def _counted(match: re.Match[str], today: date) -> date | None:
    unit = match["unit"] or match["passing_unit"]
    sign = -1 if match["way"] == "前" else 1
    if match["n"] == "半":
        return {"个月": days_later(today, 15 * sign), "年": months_later(today, 6 * sign)}.get(unit)
    amount = _number(match["n"] or match["passing"])
    if amount is None:
        return None
    if unit == "年" and sign > 0:
        return None  # 一年后坏了: hardly ever a day
    if unit in {"个月", "年"}:
        return months_later(today, sign * amount * (12 if unit == "年" else 1))
    return days_later(today, sign * amount * (1 if unit in {"天", "日"} else 7))


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else parse_han(text)
