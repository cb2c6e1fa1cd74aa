"""Reckoning with days: weekdays, months and years counted from today. It reads no text.

Whatever is no day (30 February, or beyond the calendar's ends) is None.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta


def day(year: int, month: int, number: int) -> date | None:
    """The day, or None where there is none."""
    try:
        return date(year, month, number)
    except ValueError:
        return None


def weekday_in(today: date, weekday: int, weeks: int | None) -> date | None:
    """That weekday (Monday is 0) so many weeks from this week, which begins on Monday; the coming one (not today)
    where ``weeks`` is None."""
    if weeks is None:
        return days_later(today, (weekday - today.weekday() - 1) % 7 + 1)
    return days_later(today, weekday - today.weekday() + 7 * weeks)


def days_later(today: date, days: int) -> date | None:
    """Earlier where ``days`` is negative."""
    try:
        return today + timedelta(days=days)
    except OverflowError:
        return None


def months_later(today: date, months: int) -> date | None:
    """The same day of that month, or its last where it is shorter."""
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return next(filter(None, (day(year, month + 1, number) for number in range(today.day, 27, -1))), None) or day(
        year, month + 1, min(today.day, 28)
    )


def in_month(today: date, months: int, number: int) -> date | None:
    """The day of that number in the month so many months from today's."""
    year, month = divmod(today.year * 12 + today.month - 1 + months, 12)
    return day(year, month + 1, number)


def nearest_year(today: date, month: int, number: int) -> date | None:
    """That day of the year, in the year in which it lies nearest to today."""
    return _nearest(today, (day(today.year + years, month, number) for years in (-1, 0, 1)))


def nearest_month(today: date, number: int) -> date | None:
    """The day of that number, in the month in which it lies nearest to today."""
    return _nearest(today, (in_month(today, months, number) for months in (-1, 0, 1)))


def full_year(number: int) -> int:
    """2026 of 26: two digits are years of this century."""
    return number if number > 99 else 2000 + number


def _nearest(today: date, candidates: Iterable[date | None]) -> date | None:
    found = [one for one in candidates if one is not None]
    return min(found, key=lambda one: abs(one - today), default=None)
