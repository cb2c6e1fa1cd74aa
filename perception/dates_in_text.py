"""Dates in printed text, as ISO 8601.

Owns the written forms of a date on receipts and labels, English and Chinese. Where day and month cannot be told apart
the day is taken to come first, as in most of the world, and the date is marked ambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

_MONTHS = {name: at for at, name in enumerate(
    ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], start=1)}  # fmt: skip
_MONTH = "(" + "|".join(_MONTHS) + r")[A-Z]*"
_YEAR_FIRST = re.compile(r"(?<!\d)(20\d\d)\s?[-/.年]\s?(\d{1,2})\s?[-/.月]\s?(\d{1,2})日?(?!\d\d\d)")
_YEAR_LAST = re.compile(r"(?<![\w.])(\d{1,2})([-/.])(\d{1,2})\2(20\d\d|\d\d)(?![\d.]\d)")
_DAY_MONTH = re.compile(rf"(?<!\d)(\d{{1,2}})(?:ST|ND|RD|TH)?[ \-/.,']*{_MONTH}[ \-/.,']*(20\d\d|\d\d)(?!\d)")
_MONTH_DAY = re.compile(rf"{_MONTH}[ .]*(\d{{1,2}})(?:ST|ND|RD|TH)?[ ,]+(20\d\d)(?!\d)")


@dataclass(frozen=True, slots=True)
class PrintedDate:
    iso: str
    ambiguous: bool = False


def dates_in(text: str) -> list[PrintedDate]:
    """The dates in ``text`` between 2000 and 2099, in the order of the forms above."""
    return list(_dates(text.upper()))


def _dates(text: str) -> Iterator[PrintedDate]:
    for match in _YEAR_FIRST.finditer(text):
        yield from _valid(match[1], match[2], match[3])
    for match in _DAY_MONTH.finditer(text):
        yield from _valid(match[3], str(_MONTHS[match[2]]), match[1])
    for match in _MONTH_DAY.finditer(text):
        yield from _valid(match[3], str(_MONTHS[match[1]]), match[2])
    for match in _YEAR_LAST.finditer(text):
        first, second = int(match[1]), int(match[3])
        if second > 12:  # 12/28/2017
            yield from _valid(match[4], match[1], match[3])
        else:
            yield from _valid(match[4], match[3], match[1], ambiguous=first <= 12 and first != second)


def _valid(year: str, month: str, day: str, *, ambiguous: bool = False) -> Iterator[PrintedDate]:
    try:
        found = date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return
    yield PrintedDate(found.isoformat(), ambiguous)
