"""Numbers as people write them: digits, English words, Chinese characters. Pure functions."""

from __future__ import annotations

import re
from decimal import Decimal

_ENGLISH_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
)
_ENGLISH = {word: number for number, word in enumerate(_ENGLISH_WORDS.split())} | {"a": 1, "an": 1}
_TENS_WORDS = "twenty thirty forty fifty sixty seventy eighty ninety"
_TENS = {word: 10 * number for number, word in enumerate(_TENS_WORDS.split(), start=2)}
_LARGE = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_NAMED = {"dozen": 12, "a dozen": 12, "half a dozen": 6, "a couple of": 2, "a couple": 2, "a pair of": 2}
_HAN_DIGITS = {character: number for number, character in enumerate("零一二三四五六七八九")} | {
    "〇": 0, "两": 2, "兩": 2, "俩": 2, "仨": 3,
    "壹": 1, "贰": 2, "叁": 3, "肆": 4, "伍": 5, "陆": 6, "柒": 7, "捌": 8, "玖": 9,
}  # fmt: skip
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000, "拾": 10, "佰": 100, "仟": 1000}
_GROUPED = re.compile(r"\d{1,3}(?:[,' ]\d{3})+(?:\.\d+)?")
_GROUPED_BY_POINTS = re.compile(r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?")

HAN_NUMERAL = "[零〇一二两兩三四五六七八九十百千壹贰叁肆伍陆柒捌玖拾佰仟]"
_SMALL_WORD = "|".join(sorted((*_ENGLISH_WORDS.split(), *_TENS), key=len, reverse=True))
ENGLISH_NUMBER = (
    rf"(?:(?:an?|{_SMALL_WORD})(?:[\s-](?:{_SMALL_WORD}))?\s(?:hundred|thousand|million)(?:\s(?:and\s)?)?)*"
    rf"(?:(?:{_SMALL_WORD})(?:[\s-](?:{_SMALL_WORD}))?|(?<=hundred)|(?<=thousand)|(?<=million))"
)
"""A regular expression (white space may be a space or not at all) for numbers in words."""


def parse_number(text: str) -> Decimal | None:
    """The number that ``text`` writes (``1,299.00``, ``1.299,00``, ``twenty-five``, ``三十五``), or None."""
    word = text.strip().casefold()
    if _GROUPED.fullmatch(word):
        word = re.sub("[,' ]", "", word)
    elif _GROUPED_BY_POINTS.fullmatch(word) and (word.count(".") > 1 or "," in word):
        word = word.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"\d+,\d{1,2}", word):  # a decimal comma
        word = word.replace(",", ".")
    if re.fullmatch(r"\d+(?:\.\d+)?", word, re.ASCII):
        return Decimal(word)
    number = _in_words(word)
    if number is None:
        number = parse_han(word)
    return None if number is None else Decimal(number)


def _in_words(word: str) -> int | None:
    """ "two hundred and fifty", "twenty-five"."""
    if word in _NAMED:
        return _NAMED[word]
    if not word or not word[0].isascii() or not word[0].isalpha():
        return None
    total, group = 0, 0
    for part in re.split(r"[\s-]+", word):
        if part in _LARGE:
            group = max(group, 1) * _LARGE[part]
            total, group = (total + group, 0) if part != "hundred" else (total, group)
        elif part in _ENGLISH or part in _TENS:
            group += _ENGLISH.get(part, 0) or _TENS.get(part, 0)
        elif part != "and":
            return None
    return None if word == "and" else total + group


def parse_han(text: str) -> int | None:
    """The value of a Chinese numeral, ``二十三`` as well as digit by digit ``二零二六``, up to 9,999 亿."""
    for unit, worth in (("亿", 100_000_000), ("萬", 10_000), ("万", 10_000)):
        head, mark, tail = text.partition(unit)
        if mark:
            many, rest = _below_ten_thousand(head), parse_han(tail.lstrip("零〇")) if tail else 0
            if many is None or rest is None:
                return None
            return many * worth + (rest * worth // 10 if len(tail) == 1 and 0 < rest < 10 else rest)
    return _below_ten_thousand(text)


def _below_ten_thousand(text: str) -> int | None:
    if not text or any(character not in _HAN_DIGITS and character not in _HAN_UNITS for character in text):
        return None
    if not any(character in _HAN_UNITS for character in text):
        return int("".join(str(_HAN_DIGITS[character]) for character in text)) if len(text) <= 4 else None
    total, digit, unit = 0, None, 10
    for character in text:
        if character in _HAN_UNITS:
            unit = _HAN_UNITS[character]
            total += (1 if digit is None else digit) * unit
            digit = None
        else:
            digit, unit = _HAN_DIGITS[character], (1 if _HAN_DIGITS[character] == 0 else unit)
    # 三百二 is 320: a last digit counts tenths of the unit before it, unless a zero stands between.
    last = text[-2:-1]
    return total + (digit or 0) * (unit // 10 if last in _HAN_UNITS and unit > 10 else 1)
