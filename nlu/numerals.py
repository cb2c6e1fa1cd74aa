"""Numbers as people write them: digits, English words, Chinese characters. Pure functions."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

_ENGLISH_WORDS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen twenty"
)
_ENGLISH = {word: number for number, word in enumerate(_ENGLISH_WORDS.split())}
_ENGLISH_TENS = {"thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_HAN_DIGITS = {character: number for number, character in enumerate("零一二三四五六七八九")} | {
    "〇": 0,
    "两": 2,
    "兩": 2,
    "俩": 2,
    "仨": 3,
}
_HAN_UNITS = {"十": 10, "百": 100, "千": 1000}
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")

HAN_NUMERAL = "[零〇一二两兩三四五六七八九十百千]"


def parse_number(text: str) -> Decimal | None:
    """The number that ``text`` writes (``1,299.00``, ``two``, ``三十五``), or None where it is none."""
    word = text.strip().casefold()
    if word in _ENGLISH:
        return Decimal(_ENGLISH[word])
    if word in _ENGLISH_TENS:
        return Decimal(_ENGLISH_TENS[word])
    if _GROUPED.fullmatch(word):
        word = word.replace(",", "")
    elif re.fullmatch(r"\d+,\d{1,2}", word):  # a decimal comma
        word = word.replace(",", ".")
    if re.fullmatch(r"\d+(?:\.\d+)?", word, re.ASCII):
        try:
            return Decimal(word)
        except InvalidOperation:
            return None
    number = parse_han(word)
    return None if number is None else Decimal(number)


def parse_han(text: str) -> int | None:
    """The value (0–9999) of a Chinese numeral, ``二十三`` as well as digit by digit ``二零二六``."""
    if not text or any(character not in _HAN_DIGITS and character not in _HAN_UNITS for character in text):
        return None
    if not any(character in _HAN_UNITS for character in text):
        return int("".join(str(_HAN_DIGITS[character]) for character in text)) if len(text) <= 4 else None
    total, digit = 0, None
    for character in text:
        if character in _HAN_UNITS:
            total += (1 if digit is None else digit) * _HAN_UNITS[character]
            digit = None
        else:
            digit = _HAN_DIGITS[character]
    return total + (digit or 0)
