from __future__ import annotations

from datetime import date

import pytest

from nlu.dates import find_dates, find_times

MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("it came yesterday", "yesterday", "2026-11-22"),
        ("by next Tuesday please", "next Tuesday", "2026-12-01"),
        ("last fri", "last fri", "2026-11-20"),
        ("this Friday", "this Friday", "2026-11-27"),
        ("on monday", "monday", "2026-11-30"),
        ("in 3 days", "in 3 days", "2026-11-26"),
        ("two weeks ago", "two weeks ago", "2026-11-09"),
        ("a month ago", "a month ago", "2026-10-23"),
        ("the day after tomorrow", "the day after tomorrow", "2026-11-25"),
        ("March 5", "March 5", "2027-03-05"),
        ("on 5th of March, 2025.", "5th of March, 2025", "2025-03-05"),
        ("2026-03-05", "2026-03-05", "2026-03-05"),
        ("03/05/2026", "03/05/2026", "2026-03-05"),
        ("25/12/2026", "25/12/2026", "2026-12-25"),
        ("下周二能到吗", "下周二", "2026-12-01"),
        ("上周五买的", "上周五", "2026-11-20"),
        ("本周日", "本周日", "2026-11-29"),
        ("昨天", "昨天", "2026-11-22"),
        ("大后天", "大后天", "2026-11-26"),
        ("三天前", "三天前", "2026-11-20"),
        ("两周后", "两周后", "2026-12-07"),
        ("一个月前", "一个月前", "2026-10-23"),
        ("2025年3月5号", "2025年3月5号", "2025-03-05"),
        ("十二月二十五日", "十二月二十五日", "2026-12-25"),
    ],
)
def test_dates(text: str, words: str, value: str) -> None:
    assert [(text[one.start : one.end], one.value) for one in find_dates(text, MONDAY)] == [(words, value)]


@pytest.mark.parametrize(
    "text", ["2月30日", "2026-13-40", "1.2.3.4", "I may 500", "next week", "上个月", "sun cream", "周一定到"]
)
def test_what_is_no_date(text: str) -> None:
    assert find_dates(text, MONDAY) == []


def test_two_weekdays_side_by_side() -> None:
    assert [one.value for one in find_dates("周一周二", MONDAY)] == ["2026-11-30", "2026-11-24"]


def test_the_day_may_come_first() -> None:
    assert find_dates("03/05/2026", MONDAY, day_first=True)[0].value == "2026-05-03"


@pytest.mark.parametrize("today", [date.min, date.max])
def test_at_the_ends_of_the_calendar_nothing_is_raised(today: date) -> None:
    assert find_dates("昨天 tomorrow next friday 上周五 100 months ago 三个月后", today) is not None


def test_a_month_later_in_a_shorter_month() -> None:
    assert find_dates("in 1 month", date(2026, 1, 31))[0].value == "2026-02-28"


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("at 3pm", "3pm", "15:00"),
        ("3:30 pm", "3:30 pm", "15:30"),
        ("15:30", "15:30", "15:30"),
        ("12 am", "12 am", "00:00"),
        ("下午3点半", "下午3点半", "15:30"),
        ("上午十点", "上午十点", "10:00"),
        ("晚上八点一刻", "晚上八点一刻", "20:15"),
        ("3点20分", "3点20分", "03:20"),
    ],
)
def test_times(text: str, words: str, value: str) -> None:
    assert [(text[one.start : one.end], one.value) for one in find_times(text)] == [(words, value)]


@pytest.mark.parametrize("text", ["25:00", "有一点问题", "早点发货", "这时候", "12:75", "快点"])
def test_what_is_no_time(text: str) -> None:
    assert find_times(text) == []
