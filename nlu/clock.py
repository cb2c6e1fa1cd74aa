"""Times of day in a prepared text, as hours and minutes of 24. "Half past three" and 下午三点半 both are.

What part of the day is meant is read from the words beside the number, or, in a range (下午3点到5点, "2-4pm"), from its
other end. Without such a word the hour is taken as written. Traditional characters are read as simplified ones.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nlu.numerals import HAN_NUMERAL, parse_number
from nlu.script import simplified

_HOUR = r"\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_IN_PART = r"\s(?:in\sthe\s(?P<part>morning|afternoon|evening)|at\s(?P<night>night))\b"
_CHINESE_PART = (
    "凌晨|清晨|早上|早晨|上午|中午|下午|午后|傍晚|晚上|夜里|夜晚|半夜|深夜|午夜"
    "|今早|明早|今晚|明晚|昨晚|今夜|昨夜|早|晚"
)
_N = rf"\d{{1,2}}|{HAN_NUMERAL}{{1,3}}"
_FLAGS = re.IGNORECASE | re.VERBOSE

_ENGLISH = re.compile(
    rf"""(?<![\d:.$€£¥])\b(?:
      (?P<hour>{_HOUR})(?:[:.](?P<minute>\d{{2}}))?\s?(?:(?P<half>[ap])(?:m\b|\.\s?m\b\.?))
    | (?P<hour_in_part>{_HOUR})(?::(?P<minute_in_part>\d{{2}})|\so'?\s?clock)?{_IN_PART}
    | (?P<o_clock>{_HOUR})\so'?\s?clock\b
    | (?P<fraction>half|(?:a\s)?quarter)\s(?P<way>past|to)\s(?P<beside>{_HOUR})\b(?:\s?(?P<half_beside>[ap])\.?m\b)?
    | (?P<named>noon|midday|midnight)\b
    )""",
    _FLAGS,
)
_FIGURES = re.compile(
    rf"(?:(?P<part>{_CHINESE_PART})\s?)?(?<![\d:.])(?P<hour>\d{{1,2}}):(?P<minute>\d{{2}})(?::\d{{2}})?(?![\d:])",
    _FLAGS,
)
_CHINESE = re.compile(
    rf"""(?:(?P<part>{_CHINESE_PART})\s?)?(?:(?<![\d:.])(?=\d)|(?=[^\d]))
      (?P<hour>{_N})(?:点钟|点整|点|时(?!候|间|常|刻|效|长|代))
      (?P<past>半|[一三]刻|[过零]?(?:{_N})分?)?(?![\d个儿击赞评多建意要疑原想]|[到至]\d+分)
    | (?P<named>正午)""",
    _FLAGS,
)
_RANGE = re.compile(r"(?P<hour>\d{1,2})\s?(?:-|–|to|and|until|till)\s?$", re.IGNORECASE)
_CHINESE_RANGE = re.compile(r"(?:\s?(?:-|~|—|到|至|或|和)){1,2}\s?")
_NIGHT = frozenset(["晚", "晚上", "夜里", "夜晚", "深夜", "今晚", "明晚", "昨晚", "今夜", "昨夜"])
_AFTERNOON = _NIGHT | {"下午", "午后", "傍晚"}
_AT_TWELVE = _NIGHT | {"半夜", "午夜", "凌晨"}
"""Twelve o'clock then is midnight."""
_DAY_TOO = re.compile("[今明昨][早晚夜]")


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """At ``[start, end)`` of the text; ``value`` as ``15:30``."""

    start: int
    end: int
    value: str


def find_times(text: str) -> list[TimeOfDay]:
    """In any order, never with the word for the day: of 明晚8点 the time is 8点, and 20:00."""
    read = simplified(text)
    found = [*_english(read), *_chinese(_FIGURES, read), *_chinese(_CHINESE, read)]
    return [one for one in found if one is not None]


def _english(text: str) -> Iterator[TimeOfDay | None]:
    for match in _ENGLISH.finditer(text):
        half = match["half"] or match["half_beside"]
        if match["named"]:
            yield _time(match.start(), match.end(), 0 if match["named"].lower() == "midnight" else 12, 0)
        elif match["fraction"]:
            hour, minute = _whole(match["beside"]), 30 if match["fraction"].lower() == "half" else 15
            if match["way"].lower() == "to":
                hour, minute = (None if hour is None or minute == 30 else hour - 1), 45
            yield _time(match.start(), match.end(), _in_half(hour, half), minute)
        elif match["part"] or match["night"]:
            hour = _whole(match["hour_in_part"])
            half = "a" if (match["part"] or "").lower() == "morning" or (match["night"] and hour and hour < 6) else "p"
            if match["night"] and hour == 12:
                half = "a"
            yield _time(match.start(), match.end(), _in_half(hour, half), int(match["minute_in_part"] or 0))
        elif match["o_clock"]:
            yield _time(match.start(), match.end(), _whole(match["o_clock"]), 0)
        else:
            until = _whole(match["hour"])
            since = _RANGE.search(text, max(0, match.start() - 10), match.start())
            if since and until:
                begin = _in_half(int(since["hour"]), half)
                earlier = begin if begin is not None and begin < (_in_half(until, half) or 0) else int(since["hour"])
                yield _time(since.start(), since.start() + len(since["hour"]), earlier, 0)
            yield _time(match.start(), match.end(), _in_half(until, half), int(match["minute"] or 0))


def _chinese(pattern: re.Pattern[str], text: str) -> Iterator[TimeOfDay | None]:
    """Times in figures or characters; the second of a range has the first's part of the day."""
    part, end = None, -1
    for match in pattern.finditer(text):
        goes_on = end >= 0 and _CHINESE_RANGE.fullmatch(text, end, match.start())
        part, end = match["part"] or (part if goes_on else None), match.end()
        start = match.start("hour") if match["part"] and _DAY_TOO.match(match["part"]) else match.start()
        if "named" in match.groupdict() and match["named"]:
            yield _time(start, end, 12, 0)
        elif match.group() != "一点":  # "a bit", unless the part of the day or 钟 says otherwise
            minute = match["minute"] if "minute" in match.groupdict() else match["past"]
            yield _time(start, end, _in_part(_whole(match["hour"]), part), _minutes(minute))


def _in_part(hour: int | None, part: str | None) -> int | None:
    if hour is None or part is None:
        return hour
    if hour == 12:
        return 0 if part in _AT_TWELVE else 12
    return hour + 12 if hour < 12 and (part in _AFTERNOON or (part == "中午" and hour < 11)) else hour


def _in_half(hour: int | None, half: str | None) -> int | None:
    if hour is None or half is None:
        return hour
    return hour % 12 + (12 if half.lower() == "p" else 0) if 0 < hour <= 12 else hour


def _minutes(past: str | None) -> int | None:
    if not past:
        return 0
    return {"半": 30, "一刻": 15, "三刻": 45}.get(past) or _whole(past.strip("过零分"))


def _whole(text: str) -> int | None:
    number = parse_number(text)
    return None if number is None else int(number)


def _time(start: int, end: int, hour: int | None, minute: int | None) -> TimeOfDay | None:
    """None where there is no such time."""
    if hour is None or minute is None or not (0 <= hour < 24 and 0 <= minute < 60):
        return None
    return TimeOfDay(start, end, f"{hour:02d}:{minute:02d}")
