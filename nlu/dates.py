"""Dates and times of day in a prepared text, resolved against today.

English phrases are found here and resolved by dateparser; Chinese ones, of which dateparser knows few, and weekdays
are counted here. "Next Tuesday" and 下周二 both mean the Tuesday of next week (weeks begin on Monday), "last Friday"
and 上周五 the Friday of last week, a bare weekday the coming one. A month and day without a year are taken in the
year that lies nearest to today. Vague periods ("next week", 上个月) are no dates.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from nlu.numerals import HAN_NUMERAL, parse_han, parse_number

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of dateparser's own dependencies, at import only
    import dateparser

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?"
_FULL_WEEKDAY = "|".join(_WEEKDAYS)
_MONTH = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?"
)
_COUNT = r"\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten"

_ENGLISH = re.compile(
    rf"""\b(?:
      (?P<fixed>(?:the\s)?day\s(?:after\stomorrow|before\syesterday)|today|tonight|tomorrow|yesterday)
    | (?P<which>next|last|this|coming|past)\s(?P<weekday>{_WEEKDAY})
    | (?P<bare>{_FULL_WEEKDAY})
    | in\s(?P<later>{_COUNT})\s(?P<later_unit>days?|weeks?|months?)
    | (?P<before>{_COUNT})\s(?P<before_unit>days?|weeks?|months?)\sago
    | (?P<named>(?:{_MONTH})\.?\s\d{{1,2}}(?:st|nd|rd|th)?(?:,?\s(?:of\s)?\d{{4}})?
        | \d{{1,2}}(?:st|nd|rd|th)?\s(?:of\s)?(?:{_MONTH})\b\.?(?:,?\s\d{{4}})?)
    )(?!\w)""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_NUMERIC = re.compile(
    r"""(?<![\d./-])(?:
      (?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})
    | (?P<a>\d{1,2})(?P<t>[-/.])(?P<b>\d{1,2})(?P=t)(?P<year>\d{4})
    )(?![\d/-]|\.\d)""",
    re.VERBOSE | re.ASCII,
)
_N = rf"\d{{1,3}}|{HAN_NUMERAL}{{1,4}}"
_CHINESE = re.compile(
    rf"""
      (?P<fixed>大后天|大後天|大前天|后天|後天|前天|今天|今日|明天|明日|昨天|昨日|今早|今晚|明早|明晚|昨晚)
    | (?P<which>上上|下下|上|下|这|這|本)?个?(?:周|星期|礼拜|禮拜|週)(?P<weekday>[一二三四五六日天])(?![定个些])
    | (?P<n>{_N})\s?(?P<unit>天|日|个?星期|个?礼拜|周|週|个月)(?:之|以)?(?P<way>前|后|後)
    | (?:(?P<year>\d{{4}}|[零〇一二三四五六七八九]{{4}})年)?(?P<month>\d{{1,2}}|{HAN_NUMERAL}{{1,2}})月
      (?P<day>\d{{1,2}}|{HAN_NUMERAL}{{1,3}})(?:日|号|號)?
    """,
    re.VERBOSE,
)
_CHINESE_DAYS = {
    "大前天": -3, "前天": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "今天": 0, "今日": 0, "今早": 0, "今晚": 0,
    "明天": 1, "明日": 1, "明早": 1, "明晚": 1, "后天": 2, "後天": 2, "大后天": 3, "大後天": 3,
}  # fmt: skip
_CHINESE_WEEKS = {"上上": -2, "上": -1, "这": 0, "這": 0, "本": 0, "下": 1, "下下": 2}

_CLOCK = re.compile(
    rf"""
      (?<![\d:.])(?P<h>\d{{1,2}}):(?P<m>\d{{2}})(?::\d{{2}})?(?:\s?(?P<half>[ap])\.?m\b\.?)?(?![\d:])
    | (?<![\d:.$€£¥])\b(?P<hour>\d{{1,2}})\s?(?P<half2>[ap])\.?m\b\.?
    | (?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上|今早|明早|今晚|明晚|昨晚)?
      (?P<zh>\d{{1,2}}|{HAN_NUMERAL}{{1,3}})(?:点钟|点|點鐘|點|时(?!候|间|常|刻))
      (?P<past>半|一刻|三刻|(?:\d{{1,2}}|{HAN_NUMERAL}{{1,3}})分?)?(?![\d个儿])
    """,
    re.IGNORECASE | re.VERBOSE,
)
_AFTERNOON = ("下午", "傍晚", "晚上", "今晚", "明晚", "昨晚")


@dataclass(frozen=True, slots=True)
class Moment:
    """A date (``2026-11-24``) or a time of day (``15:30``) at ``[start, end)`` of the prepared text."""

    kind: str
    start: int
    end: int
    value: str


def find_dates(text: str, today: date, *, day_first: bool = False) -> list[Moment]:
    """All dates, in any order, possibly overlapping. ``day_first`` reads 03/05/2026 as the third of May."""
    finders = (_english(text, today), _numeric(text, day_first), _chinese(text, today))
    return [moment for finder in finders for moment in finder]


def find_times(text: str) -> list[Moment]:
    """Times of day as ``HH:MM``, 24 hours."""
    moments = []
    for match in _CLOCK.finditer(text):
        value = _time_of(match)
        if value is not None:
            moments.append(Moment("time", match.start(), match.end(), value))
    return moments


def _english(text: str, today: date) -> Iterator[Moment]:
    for match in _ENGLISH.finditer(text):
        found = _english_date(match, today)
        if found is not None:
            yield Moment("date", match.start(), match.end(), found.isoformat())


def _english_date(match: re.Match[str], today: date) -> date | None:
    if match["weekday"] or match["bare"]:
        prefix = (match["weekday"] or match["bare"])[:3].lower()
        weekday = next(number for number, name in enumerate(_WEEKDAYS) if name.startswith(prefix))
        which = (match["which"] or "coming").lower()
        return _weekday(today, weekday, {"next": 1, "last": -1, "past": -1, "this": 0}.get(which))
    if match["later"] or match["before"]:
        count = match["later"] or match["before"]
        number = parse_number(count)
        amount = 1 if number is None else int(number)
        return _shifted(today, amount if match["later"] else -amount, match["later_unit"] or match["before_unit"])
    if match["fixed"]:
        phrase = match["fixed"].lower().removeprefix("the ").replace("tonight", "today")
        return _by_library(" ".join(phrase.split()), today)
    found = _by_library(match["named"], today)
    if found is None or re.search(r"\d{4}", match["named"]):
        return found
    return _nearest_year(today, found.month, found.day)


def _by_library(phrase: str, today: date) -> date | None:
    noon = datetime(today.year, today.month, today.day, 12)
    found = dateparser.parse(
        phrase, languages=["en"], settings={"RELATIVE_BASE": noon, "REQUIRE_PARTS": [], "PARSERS": _PARSERS}
    )
    return found.date() if found else None


_PARSERS = ["relative-time", "absolute-time"]


def _numeric(text: str, day_first: bool) -> Iterator[Moment]:
    for match in _NUMERIC.finditer(text):
        if match["y"]:
            parts = match["y"], match["m"], match["d"]
        else:
            first, second = int(match["a"]), int(match["b"])
            swapped = first > 12 or (day_first and second <= 12)
            parts = match["year"], *((match["b"], match["a"]) if swapped else (match["a"], match["b"]))
        found = _date(*map(int, parts))
        if found is not None:
            yield Moment("date", match.start(), match.end(), found.isoformat())


def _chinese(text: str, today: date) -> Iterator[Moment]:
    for match in _CHINESE.finditer(text):
        found = _chinese_date(match, today)
        if found is not None:
            yield Moment("date", match.start(), match.end(), found.isoformat())


def _chinese_date(match: re.Match[str], today: date) -> date | None:
    if match["fixed"]:
        return _shifted(today, _CHINESE_DAYS[match["fixed"]], "天")
    if match["weekday"]:
        weekday = 6 if match["weekday"] in "日天" else "一二三四五六".index(match["weekday"])
        return _weekday(today, weekday, _CHINESE_WEEKS[match["which"]] if match["which"] else None)
    if match["unit"]:
        amount = _han_or_digits(match["n"])
        return None if amount is None else _shifted(today, amount if match["way"] != "前" else -amount, match["unit"])
    month, day = _han_or_digits(match["month"]), _han_or_digits(match["day"])
    if month is None or day is None:
        return None
    if match["year"]:
        year = _han_or_digits(match["year"])
        return None if year is None else _date(year, month, day)
    return _nearest_year(today, month, day)


def _han_or_digits(text: str) -> int | None:
    return int(text) if text.isdigit() else parse_han(text)


def _weekday(today: date, weekday: int, weeks: int | None) -> date | None:
    """That weekday so many weeks from this week; the coming one (not today) where ``weeks`` is None."""
    if weeks is None:
        return _shifted(today, (weekday - today.weekday() - 1) % 7 + 1, "days")
    return _shifted(today, weekday - today.weekday() + 7 * weeks, "days")


def _shifted(today: date, amount: int, unit: str) -> date | None:
    """None beyond the calendar's ends."""
    try:
        if unit.startswith("month") or unit.endswith("月"):
            months = today.year * 12 + today.month - 1 + amount
            year, month = divmod(months, 12)
            return next(filter(None, (_date(year, month + 1, day) for day in range(today.day, 27, -1))), None) or _date(
                year, month + 1, min(today.day, 28)
            )
        days = amount if unit.startswith("day") or unit in {"天", "日"} else 7 * amount
        return today + timedelta(days=days)
    except OverflowError:
        return None


def _nearest_year(today: date, month: int, day: int) -> date | None:
    candidates = (_date(today.year + years, month, day) for years in (-1, 0, 1))
    return min(filter(None, candidates), key=lambda one: abs(one - today), default=None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _time_of(match: re.Match[str]) -> str | None:
    minute = 0
    if match["h"]:
        hour, minute, half = int(match["h"]), int(match["m"]), match["half"]
    elif match["hour"]:
        hour, half = int(match["hour"]), match["half2"]
    else:
        hour_or_none = _han_or_digits(match["zh"])
        minute_or_none = _minutes(match["past"])
        idiom = match.group() == "一点"  # "a bit", unless the part of the day or 钟 says otherwise
        if hour_or_none is None or minute_or_none is None or idiom:
            return None
        hour, minute = hour_or_none, minute_or_none
        half = "p" if match["part"] in _AFTERNOON or (match["part"] == "中午" and hour < 11) else None
    if half and hour <= 12:
        hour = hour % 12 + (12 if half.lower() == "p" else 0)
    return f"{hour:02d}:{minute:02d}" if hour < 24 and minute < 60 else None


def _minutes(past: str | None) -> int | None:
    if not past:
        return 0
    return {"半": 30, "一刻": 15, "三刻": 45}.get(past) or _han_or_digits(past.removesuffix("分"))
