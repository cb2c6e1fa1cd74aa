"""Dates in a prepared text, resolved against today: English ones, those in figures, and Chinese ones.

English phrases are found here and resolved by dateparser; weekdays, which it counts otherwise, are counted here, and
Chinese ones are ``nlu.chinese_dates``'. "Next Tuesday" and 下周二 both mean the Tuesday of next week (weeks begin on
Monday), "last Friday" and 上周五 the Friday of last week, a bare weekday the coming one. A day without a year or
a month is taken where it lies nearest to today. Vague periods ("next week", 上个月, "this weekend") are no dates.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from nlu.chinese_dates import chinese_dates
from nlu.days import (
    day,
    days_later,
    full_year,
    in_month,
    months_later,
    nearest_month,
    nearest_year,
    weekday_in,
)
from nlu.numerals import parse_number

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
_COUNT = r"\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_UNIT = r"days?|weeks?|fortnights?|months?|years?"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
_TO = r"\s?(?:-|–|—|to|until|till|through|and|or)\s?"
_BEFORE_A_DATE = r"(?<=\bon\s)|(?<=\bby\s)|(?<=\buntil\s)|(?<=\btill\s)|(?<=\bbefore\s)|(?<=\bafter\s)|(?<=\bsince\s)"
_TODAY = {
    "today": 0, "tonight": 0, "tonite": 0, "tomorrow": 1, "tomorow": 1, "tommorow": 1, "tommorrow": 1, "tmrw": 1,
    "tmr": 1, "tmw": 1, "2moro": 1, "2morrow": 1, "yesterday": -1, "yesturday": -1, "yday": -1,
    "day after tomorrow": 2, "day before yesterday": -2,
}  # fmt: skip
_FIXED = "|".join(re.escape(phrase).replace(r"\ ", r"\s") for phrase in sorted(_TODAY, key=len, reverse=True))

_ENGLISH = re.compile(
    rf"""\b(?:
      (?P<fixed>(?:the\s)?(?:{_FIXED}))
    | (?:(?:{_WEEKDAY})\.?,?\s(?:the\s)?)?(?P<named>
          (?:{_MONTH})\.?\s(?:the\s)?{_NTH}\b(?![:/])(?:,?\s(?:of\s)?\d{{4}}\b)?
        | {_NTH}\s?(?:of\s)?(?:{_MONTH})(?!(?-i:(?<=\d\smay))\s[a-z]{{2}})\b\.?(?:,?\s\d{{4}}\b)?)
    | (?:(?:{_WEEKDAY})\.?,?\s)?the\s(?P<nth>\d{{1,2}})(?:st|nd|rd|th)
        (?:\sof\s(?P<month>this|next|last)\smonth|(?=\s*(?:$|[,.;!?)])|\s(?:of\s(?:the|this)\s)?month\b|\s(?:at|and|or|to|please)\b))
    | (?P<which>next|last|this|coming|past)\s(?P<weekday>{_WEEKDAY})
    | (?P<of_week>{_FULL_WEEKDAY})\s(?:of\s)?(?P<week>next|last|this)\sweek
    | (?P<bare>{_FULL_WEEKDAY})(?=s?\b)(?!s\b)
    | (?:{_BEFORE_A_DATE})(?P<short>{_WEEKDAY})\b
    | in\s(?P<later>{_COUNT})\s(?P<later_unit>{_UNIT})(?:'s?\stime)?
    | (?P<hence>{_COUNT})\s(?P<hence_unit>{_UNIT})\sfrom\s(?:now|today)
    | (?P<before>{_COUNT})\s(?P<before_unit>{_UNIT})\sago
    | (?P<feast>christmas\seve|christmas(?:\sday)?|xmas|boxing\sday|new\syear'?s?\seve|new\syear'?s?(?:\sday)?
        |valentine'?s?\sday|halloween)
    )(?!\w)""",
    re.IGNORECASE | re.VERBOSE | re.ASCII,
)
_FEASTS = {  # those that have a fixed day
    "christmas eve": (12, 24), "christmas": (12, 25), "christmas day": (12, 25), "xmas": (12, 25),
    "boxing day": (12, 26), "new year eve": (12, 31), "new year": (1, 1), "new year day": (1, 1),
    "valentine day": (2, 14), "halloween": (10, 31),
}  # fmt: skip
_RANGE_AFTER = re.compile(
    rf"{_TO}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b(?![:/.-]?\d|\s?(?:[ap]\.?m\b|{_MONTH}))", re.I | re.X
)
_RANGE_BEFORE = re.compile(rf"(?<![\d/.:-])(?P<d>\d{{1,2}})(?:st|nd|rd|th)?{_TO}(?:the\s)?$", re.I | re.X)
_NUMERIC = re.compile(
    rf"""(?<![\d./-])(?:
      (?P<y>\d{{4}})(?P<s>[-/.])(?P<m>\d{{1,2}})(?P=s)(?P<d>\d{{1,2}})
    | (?P<a>\d{{1,2}})(?P<t>[-/.])(?P<b>\d{{1,2}})(?P=t)(?P<year>\d{{4}})
    | (?P<a2>\d{{1,2}})/(?P<b2>\d{{1,2}})/(?P<year2>\d{{2}})
    | (?:{_BEFORE_A_DATE})(?P<a3>\d{{1,2}})/(?P<b3>\d{{1,2}})
    )(?![\d/-]|\.\d)""",
    re.VERBOSE | re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundDate:
    """At ``[start, end)`` of the text; ``value`` as ``2026-11-24``."""

    start: int
    end: int
    value: str


def find_dates(text: str, today: date, *, day_first: bool = False) -> list[FoundDate]:
    """All dates, in any order, possibly overlapping. ``day_first`` reads 03/05/2026 as the third of May."""
    moments = [*_english(text, today), *_numeric(text, today, day_first), *chinese_dates(text, today)]
    return [FoundDate(start, end, found.isoformat()) for start, end, found in moments if found is not None]


Placed = tuple[int, int, date | None]
"""Start, end and what day it is."""


def _english(text: str, today: date) -> Iterator[Placed]:
    for match in _ENGLISH.finditer(text):
        found = _english_date(match, today)
        start, end = match.span()
        if found is not None and match["named"]:
            yield from _other_ends(text, start, end, found)
        yield start, end, found


def _other_ends(text: str, start: int, end: int, found: date) -> Iterator[Placed]:
    """The other day of "3 to 5 December" and "December 3-5"."""
    if text[end - 1].isalpha():
        before = _RANGE_BEFORE.search(text, max(0, start - 16), start)
        if before:
            yield (
                before.start("d"),
                before.start("d") + len(before["d"]),
                day(found.year, found.month, int(before["d"])),
            )
    after = _RANGE_AFTER.match(text, end)
    if after:
        yield after.start("d"), after.end(), day(found.year, found.month, int(after["d"]))


def _english_date(match: re.Match[str], today: date) -> date | None:
    if match["fixed"]:
        return days_later(today, _TODAY[" ".join(match["fixed"].lower().split()).removeprefix("the ")])
    if match["named"]:
        return _named_date(match["named"], today)
    if match["nth"]:
        number = int(match["nth"])
        if match["month"]:
            return in_month(today, _STEPS[match["month"].lower()], number)
        return nearest_month(today, number)
    if match["feast"]:
        return nearest_year(today, *_FEASTS[_feast(match["feast"])])
    name = match["weekday"] or match["of_week"] or match["bare"] or match["short"]
    if name:
        weekday = next(number for number, full in enumerate(_WEEKDAYS) if full.startswith(name[:3].lower()))
        return weekday_in(today, weekday, _STEPS.get((match["which"] or match["week"] or "coming").lower()))
    return _counted_date(match, today)


_STEPS = {"next": 1, "last": -1, "past": -1, "this": 0}


def _feast(written: str) -> str:
    """ "new year eve" of "New Year's Eve"."""
    return re.sub(r"(year|valentine)'?s?\b", r"\1", " ".join(written.lower().split()))


def _counted_date(match: re.Match[str], today: date) -> date | None:
    number = parse_number(match["later"] or match["hence"] or match["before"])
    amount = (1 if number is None else int(number)) * (-1 if match["before"] else 1)
    unit = (match["later_unit"] or match["hence_unit"] or match["before_unit"]).lower().removesuffix("s")
    if unit in {"month", "year"}:
        return months_later(today, amount * (12 if unit == "year" else 1))
    return days_later(today, amount * {"day": 1, "week": 7, "fortnight": 14}[unit])


def _named_date(words: str, today: date) -> date | None:
    found = _by_library(re.sub(r"\bthe\s", "", words, flags=re.IGNORECASE), today)
    if found is None or re.search(r"\d{4}", words):
        return found
    return nearest_year(today, found.month, found.day)


@lru_cache(maxsize=1024)  # half a millisecond each, and there are few ways to say a day
def _by_library(phrase: str, today: date) -> date | None:
    noon = datetime(today.year, today.month, today.day, 12)
    settings = {"RELATIVE_BASE": noon, "REQUIRE_PARTS": ["day", "month"], "PARSERS": ["absolute-time"]}
    found = dateparser.parse(phrase, languages=["en"], settings=settings)
    return found.date() if found else None


def _numeric(text: str, today: date, day_first: bool) -> Iterator[Placed]:
    for match in _NUMERIC.finditer(text):
        if match["y"]:
            found = day(int(match["y"]), int(match["m"]), int(match["d"]))
        else:
            first, second = int(match["a"] or match["a2"] or match["a3"]), int(match["b"] or match["b2"] or match["b3"])
            swapped = first > 12 or (day_first and second <= 12)
            month, number = (second, first) if swapped else (first, second)
            year = match["year"] or match["year2"]
            found = day(full_year(int(year)), month, number) if year else nearest_year(today, month, number)
        yield match.start(), match.end(), found
