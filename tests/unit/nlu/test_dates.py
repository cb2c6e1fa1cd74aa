from __future__ import annotations

from datetime import date

import pytest

from nlu.dates import find_dates
from tests.unit.nlu.finding import MONDAY, found

ENGLISH = [
    ("it came yesterday", ("yesterday", "2026-11-22")),
    ("by next Tuesday please", ("next Tuesday", "2026-12-01")),
    ("last fri", ("last fri", "2026-11-20")),
    ("this Friday", ("this Friday", "2026-11-27")),
    ("on monday", ("monday", "2026-11-30")),
    ("could you call me on Wed?", ("Wed", "2026-11-25")),
    ("in 3 days", ("in 3 days", "2026-11-26")),
    ("two weeks ago", ("two weeks ago", "2026-11-09")),
    ("a month ago", ("a month ago", "2026-10-23")),
    ("a fortnight ago", ("a fortnight ago", "2026-11-09")),
    ("I bought it a year ago", ("a year ago", "2025-11-23")),
    ("two days from now", ("two days from now", "2026-11-25")),
    ("in two weeks' time", ("in two weeks' time", "2026-12-07")),
    ("the day after tomorrow", ("the day after tomorrow", "2026-11-25")),
    ("the day before yesterday it broke", ("the day before yesterday", "2026-11-21")),
    ("i need it tmrw!!", ("tmrw", "2026-11-24")),
    ("is it coming tommorow", ("tommorow", "2026-11-24")),
    ("March 5", ("March 5", "2027-03-05")),
    ("on 5th of March, 2025.", ("5th of March, 2025", "2025-03-05")),
    ("bought it on Nov. 3rd", ("Nov. 3rd", "2026-11-03")),
    ("delivery on Friday, November 27 please", ("Friday, November 27", "2026-11-27")),
    ("Fri 27 Nov at the door", ("Fri 27 Nov", "2026-11-27")),
    ("December the 24th", ("December the 24th", "2026-12-24")),
    ("Tuesday next week works", ("Tuesday next week", "2026-12-01")),
    ("on the 27th at noon", ("the 27th", "2026-11-27")),
    ("the 5th of next month", ("the 5th of next month", "2026-12-05")),
    ("2026-03-05", ("2026-03-05", "2026-03-05")),
    ("03/05/2026", ("03/05/2026", "2026-03-05")),
    ("25/12/2026", ("25/12/2026", "2026-12-25")),
    ("ordered 11/02/26", ("11/02/26", "2026-11-02")),
    ("by 12/20 at the latest", ("12/20", "2026-12-20")),
    ("24.12.2026", ("24.12.2026", "2026-12-24")),
    ("away December 3-5", ("December 3", "2026-12-03"), ("5", "2026-12-05")),
    ("between 3 and 5 December", ("3", "2026-12-03"), ("5 December", "2026-12-05")),
    ("from Monday to Friday", ("Monday", "2026-11-30"), ("Friday", "2026-11-27")),
    ("will it be here before Christmas?", ("Christmas", "2026-12-25")),
    ("on New Year's Eve", ("New Year's Eve", "2026-12-31")),
    ("😡😡 since yesterday😡", ("yesterday", "2026-11-22")),
    ("👩‍👩‍👧‍👦 ｔｏｍｏｒｒｏｗ, ok", ("ｔｏｍｏｒｒｏｗ", "2026-11-24")),
]  # fmt: skip
CHINESE = [
    ("下周二能到吗", ("下周二", "2026-12-01")),
    ("上周五买的", ("上周五", "2026-11-20")),
    ("本周日", ("本周日", "2026-11-29")),
    ("这个星期天来取", ("这个星期天", "2026-11-29")),
    ("昨天", ("昨天", "2026-11-22")),
    ("大后天", ("大后天", "2026-11-26")),
    ("今儿下的单", ("今儿", "2026-11-23")),
    ("三天前", ("三天前", "2026-11-20")),
    ("3天之后", ("3天之后", "2026-11-26")),
    ("两周后", ("两周后", "2026-12-07")),
    ("一个月前", ("一个月前", "2026-10-23")),
    ("半个月前买的", ("半个月前", "2026-11-08")),
    ("一年前买的", ("一年前", "2025-11-23")),
    ("过两天再送", ("过两天", "2026-11-25")),
    ("2025年3月5号", ("2025年3月5号", "2025-03-05")),
    ("26年1月5日", ("26年1月5日", "2026-01-05")),
    ("二〇二五年三月五日", ("二〇二五年三月五日", "2025-03-05")),
    ("十二月二十五日", ("十二月二十五日", "2026-12-25")),
    ("去年3月5日买的", ("去年3月5日", "2025-03-05")),
    ("明年一月十号", ("明年一月十号", "2027-01-10")),
    ("下个月5号", ("下个月5号", "2026-12-05")),
    ("上月二十号下的单", ("上月二十号", "2026-10-20")),
    ("25号能到吗", ("25号", "2026-11-25")),
    ("二十五号之前要", ("二十五号", "2026-11-25")),
    ("11月27日（周五）送", ("11月27日（周五）", "2026-11-27")),
    ("12月3日到5日不在家", ("12月3日", "2026-12-03"), ("5日", "2026-12-05")),
    ("12月3号至12月8号", ("12月3号", "2026-12-03"), ("12月8号", "2026-12-08")),
    ("下禮拜三到貨嗎", ("下禮拜三", "2026-12-02")),
    ("三個月後過保", ("三個月後", "2027-02-23")),
    ("後天幾點送", ("後天", "2026-11-25")),
    ("這週五11月27號", ("這週五", "2026-11-27"), ("11月27號", "2026-11-27")),
    ("１１月２７日送到", ("１１月２７日", "2026-11-27")),
    ("2026/12/01发货？", ("2026/12/01", "2026-12-01")),
    ("圣诞节前能到吗", ("圣诞节", "2026-12-25")),
    ("双十一买的", ("双十一", "2026-11-11")),
    ("元旦还上班吗", ("元旦", "2027-01-01")),
    ("下下周一", ("下下周一", "2026-12-07")),
    ("😭😭昨天就该到了", ("昨天", "2026-11-22")),
    ("订单A1024，后天,13800138000", ("后天", "2026-11-25")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "dates"), [(text, list(dates)) for text, *dates in ENGLISH + CHINESE])
def test_dates(text: str, dates: list[tuple[str, str]]) -> None:
    assert found(text, "date") == dates


@pytest.mark.parametrize(
    "text",
    ["2月30日", "2026-13-40", "1.2.3.4", "I may 500", "next week", "上个月", "sun cream", "周一定到", "this weekend",
     "周末", "within 3 days", "三天内", "I sat down", "中山路12号", "3号楼", "第5号", "the 2nd mug", "the 3rd time",
     "version 1.2", "3/5", "日用品", "12号院", "正月初五", "国庆活动", "2 may be enough", "a day", "5月", "Mr. March",
     "T-1001", "一日三餐", "三百年"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert found(text, "date") == []


def test_two_weekdays_side_by_side() -> None:
    assert [one.value for one in find_dates("周一周二", MONDAY)] == ["2026-11-30", "2026-11-24"]


def test_the_day_may_come_first() -> None:
    assert find_dates("03/05/2026", MONDAY, day_first=True)[0].value == "2026-05-03"


@pytest.mark.parametrize("today", [date.min, date.max])
def test_at_the_ends_of_the_calendar_nothing_is_raised(today: date) -> None:
    text = (
        "昨天 tomorrow next friday 上周五 100 months ago 三个月后 the 5th 12月3日到5日 25号 in 3 years 元旦 明年3月5日"
    )
    assert find_dates(text, today) is not None


def test_a_month_later_in_a_shorter_month() -> None:
    assert find_dates("in 1 month", date(2026, 1, 31))[0].value == "2026-02-28"
