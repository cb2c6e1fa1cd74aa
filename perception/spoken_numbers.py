"""Digits out of number words, English and Chinese.

Owns the vocabulary of counting and how neighbouring number words join when a number is spelled: "ten twenty four" and
"one thousand twenty four" are 1024, "double five" is 55. Knows nothing of what a number stands for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_UNITS = {
    word: str(digit)
    for digit, word in enumerate(["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
}
_UNITS |= {"oh": "0", "o": "0", "nought": "0", "naught": "0"}
_TEENS = {
    word: str(value)
    for value, word in enumerate(
        ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"],
        start=10,
    )
}
_TENS = {
    word: str(value)
    for value, word in zip(
        range(20, 100, 10), ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"], strict=True
    )
}
_REPEATS = {"double": 2, "triple": 3}
_MAGNITUDES = {"hundred": 100, "thousand": 1000}
_HOMOPHONES = {"to": "2", "too": "2", "for": "4", "won": "1", "ate": "8"}

_TOKEN = re.compile(r"[A-Za-z]+(?:'[a-z]+)?\.?(?![A-Za-z])|\d+|\+")


@dataclass(frozen=True, slots=True)
class Token:
    """A word in lower case, with its place in the text."""

    word: str
    start: int
    end: int

    @property
    def is_number(self) -> bool:
        return is_number_word(self.word)


@dataclass(frozen=True, slots=True)
class NumberRun:
    """Number words in a row. ``counted`` of them were numbers, ``singles`` of those a single digit each."""

    digits: str
    next: int
    counted: int
    singles: int
    has_magnitude: bool


def tokens_of(text: str) -> list[Token]:
    """The words, numbers and plus signs of ``text``; a full stop stays with a single letter alone ("a.")."""
    tokens = []
    for match in _TOKEN.finditer(text):
        word, end = match[0].lower(), match.end()
        if word.endswith(".") and len(word) != 2:
            word, end = word[:-1], end - 1
        tokens.append(Token(word, match.start(), end))
    return tokens


def is_number_word(word: str) -> bool:
    return word.isascii() and (word.isdigit() or word in _UNITS or word in _TEENS or word in _TENS or word in _REPEATS)


def number_run(tokens: list[Token], at: int, *, homophones: bool) -> NumberRun | None:
    """The run of number words that begins at token ``at``.

    With ``homophones``, "to" and "for" count between two number words and at the very end of what was said.
    """
    pieces: list[str] = []
    counted = singles = 0
    magnitude = False
    repeat = 1
    while at < len(tokens):
        word = tokens[at].word
        if word in _REPEATS and at + 1 < len(tokens) and tokens[at + 1].word in _UNITS:
            repeat = _REPEATS[word]
        elif word in _MAGNITUDES and pieces:
            magnitude = True
            pieces.append(word)
        elif word == "and" and magnitude and at + 1 < len(tokens) and tokens[at + 1].is_number:
            pass
        elif (digits := _digits(word)) or (homophones and pieces and (digits := _homophone(tokens, at))):
            pieces += [digits] * repeat
            counted += repeat
            singles += repeat if len(digits) == 1 else 0
            repeat = 1
        else:
            break
        at += 1
    if not pieces:
        return None
    digits_joined = _value(pieces) if magnitude else _joined(pieces)
    return NumberRun(digits_joined, at, counted, singles, magnitude)


def _digits(word: str) -> str:
    if word.isascii() and word.isdigit():
        return word
    return _UNITS.get(word) or _TEENS.get(word) or _TENS.get(word) or ""


def _homophone(tokens: list[Token], at: int) -> str:
    last = at + 1 == len(tokens)
    return _HOMOPHONES.get(tokens[at].word, "") if last or tokens[at + 1].is_number else ""


def _joined(pieces: list[str]) -> str:
    """ "20" "4" is 24, "10" "24" is 1024, "2" "0" is 20: a round ten takes in the unit after it."""
    out = ""
    previous = ""
    for piece in pieces:
        takes_in = len(previous) == 2 and previous[1] == "0" and previous != "10" and len(piece) == 1 and piece != "0"
        out = out[:-1] + piece if takes_in else out + piece
        previous = "" if takes_in else piece
    return out


def _value(pieces: list[str]) -> str:
    """The value of "one thousand twenty four", as digits."""
    total = current = 0
    for piece in pieces:
        if piece == "thousand":
            total += max(current, 1) * 1000
            current = 0
        elif piece == "hundred":
            current = max(current, 1) * 100
        else:
            current += int(piece)
    return str(total + current)


_ZH = {character: str(digit) for digit, character in enumerate("零一二三四五六七八九")} | {
    "〇": "0",
    "幺": "1",
    "两": "2",
}
_ZH_MAGNITUDES = {"十": 10, "百": 100, "千": 1000}


def chinese_digits(text: str) -> str | None:
    """The digits of 一零二四 or of 一千零二十四; None where ``text`` is neither."""
    if all(character in _ZH or character.isdigit() for character in text):
        return "".join(_ZH.get(character, character) for character in text)
    places = [_ZH_MAGNITUDES[character] for character in text if character in _ZH_MAGNITUDES]
    if any(later >= earlier for earlier, later in pairwise(places)):
        return None
    total = 0
    digit = ""
    for character in text:
        if character in _ZH_MAGNITUDES:
            total += int(digit or "1") * _ZH_MAGNITUDES[character]
            digit = ""
        else:
            digit = _ZH[character]
    return str(total + int(digit or "0"))
