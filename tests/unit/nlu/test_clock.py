from __future__ import annotations

import pytest

from tests.unit.nlu.finding import found

ENGLISH = [
    ("at 3pm", ("3pm", "15:00")),
    ("3:30 pm", ("3:30 pm", "15:30")),
    ("around 3.30pm", ("3.30pm", "15:30")),
    ("9 a.m. sharp", ("9 a.m.", "09:00")),
    ("15:30", ("15:30", "15:30")),
    ("12 am", ("12 am", "00:00")),
    ("12pm", ("12pm", "12:00")),
    ("at noon", ("noon", "12:00")),
    ("before midnight", ("midnight", "00:00")),
    ("half past three", ("half past three", "03:30")),
    ("quarter to five pm", ("quarter to five pm", "16:45")),
    ("a quarter past 3", ("a quarter past 3", "03:15")),
    ("at 5 o'clock", ("5 o'clock", "05:00")),
    ("5 o'clock in the afternoon", ("5 o'clock in the afternoon", "17:00")),
    ("8 in the evening", ("8 in the evening", "20:00")),
    ("ten in the morning", ("ten in the morning", "10:00")),
    ("10:15 at night", ("10:15 at night", "22:15")),
    ("2-4pm", ("2", "14:00"), ("4pm", "16:00")),
    ("between 2 and 4 pm", ("2", "14:00"), ("4 pm", "16:00")),
    ("from 10 to 2pm", ("10", "10:00"), ("2pm", "14:00")),
    ("9am-5pm", ("9am", "09:00"), ("5pm", "17:00")),
    ("09:00 to 17:30", ("09:00", "09:00"), ("17:30", "17:30")),
    ("2026-11-25T14:00", ("14:00", "14:00")),
    ("🙏 at ３pm🙏", ("３pm", "15:00")),
    ("it arrived at 6PM!", ("6PM", "18:00")),
]  # fmt: skip
CHINESE = [
    ("下午3点半", ("下午3点半", "15:30")),
    ("上午十点", ("上午十点", "10:00")),
    ("晚上八点一刻", ("晚上八点一刻", "20:15")),
    ("3点20分", ("3点20分", "03:20")),
    ("下午15:30", ("下午15:30", "15:30")),
    ("下午3:30到", ("下午3:30", "15:30")),
    ("晚上12点", ("晚上12点", "00:00")),
    ("凌晨12点", ("凌晨12点", "00:00")),
    ("中午12点", ("中午12点", "12:00")),
    ("中午1点", ("中午1点", "13:00")),
    ("中午十一点半", ("中午十一点半", "11:30")),
    ("明晚8点送", ("8点", "20:00")),
    ("今早9点", ("9点", "09:00")),
    ("15时30分", ("15时30分", "15:30")),
    ("两点钟", ("两点钟", "02:00")),
    ("早八点", ("早八点", "08:00")),
    ("晚七点前", ("晚七点", "19:00")),
    ("下午3点到5点", ("下午3点", "15:00"), ("5点", "17:00")),
    ("上午9点-下午6点", ("上午9点", "09:00"), ("下午6点", "18:00")),
    ("九点三刻", ("九点三刻", "09:45")),
    ("三点零五分", ("三点零五分", "03:05")),
    ("下午三点四十五", ("下午三点四十五", "15:45")),
    ("正午送来", ("正午", "12:00")),
    ("下午三點鐘", ("下午三點鐘", "15:00")),
    ("晚上８：３０", ("晚上８：３０", "20:30")),
    ("😊晚上7点😊", ("晚上7点", "19:00")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "times"), [(text, list(times)) for text, *times in ENGLISH + CHINESE])
def test_times(text: str, times: list[tuple[str, str]]) -> None:
    assert found(text, "time") == times


@pytest.mark.parametrize(
    "text",
    ["25:00", "有一点问题", "早点发货", "这时候", "12:75", "快点", "晚点再说", "三点建议", "2点多分", "小时",
     "5时间", "at 3",
     "3.50", "$3.30pm" "x", "一点也不好", "十点赞"],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    assert found(text, "time") == []


def test_day_and_time_side_by_side() -> None:
    assert found("明晚8点", "date", "time") == [("明晚", "2026-11-24"), ("8点", "20:00")]
    assert found("tomorrow 3pm", "date", "time") == [("tomorrow", "2026-11-24"), ("3pm", "15:00")]
