"""Order numbers and ticket numbers: codes of letters and digits, found however they were typed.

What a code looks like is the shop's own choice (a regular expression). "Ａ１０２４" (once prepared), "a1024", "A-1024",
"a 1024", "#A1024" and, as speech recognisers write, "A 1 0 2 4" are all A1024. No models.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

ORDER_NUMBER_PATTERN = r"A\d{4,8}"
TICKET_NUMBER_PATTERN = r"T-\d{3,8}"

_PART = re.compile(r"[A-Za-z]+|\d+", re.ASCII)
_BETWEEN_LETTERS_AND_DIGITS = re.compile(r"[ ]?[-_.#:/]?[ ]?")
_MOST_PARTS = 10
# "a 1024" is an order number unless a thing that is counted or measured follows: "a 1024 piece puzzle".
_COUNTED = re.compile(
    r"[ -]?(?:pieces?|pcs|gb|mb|kb|tb|bits?|px|pixels?|pages?|dollars?|yuan|usd|euros?|ml|mah|watts?|w|v|hz|mm|cm|x)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FoundCode:
    start: int
    end: int
    value: str


@dataclass(frozen=True)
class CodeFinder:
    """Finds the codes of one kind. ``pattern`` describes the normal form, in capitals."""

    pattern: str

    @cached_property
    def _normal(self) -> re.Pattern[str]:
        return re.compile(self.pattern)

    def find(self, text: str) -> list[FoundCode]:
        """Left to right, never overlapping, the longest at each place."""
        parts = list(_PART.finditer(text))
        found: list[FoundCode] = []
        here = 0
        while here < len(parts):
            code, used = self._longest_from(text, parts, here)
            if code is not None:
                found.append(code)
            here += used
        return found

    def _longest_from(self, text: str, parts: list[re.Match[str]], first: int) -> tuple[FoundCode | None, int]:
        if _continues_word(text, parts[first].start()):
            return None, 1
        best: FoundCode | None = None
        used = 1
        pieces = [parts[first].group()]
        for last in range(first, min(len(parts), first + _MOST_PARTS)):
            if last > first:
                joint = text[parts[last - 1].end() : parts[last].start()]
                if not _joins(parts[last - 1].group(), parts[last].group(), joint):
                    break
                pieces.append(parts[last].group())
            start, end = parts[first].start(), parts[last].end()
            value = self._value(text[start:end], pieces)
            if value is not None and not _word_goes_on(text, end) and not _counted(text, start, end):
                best, used = FoundCode(start, end, value), last - first + 1
        return best, used

    def _value(self, written: str, pieces: list[str]) -> str | None:
        """The normal form: as written, run together, or with a hyphen after the letters, whatever the pattern takes."""
        hyphenated = pieces[0] + "-" + "".join(pieces[1:])
        for form in (written, "".join(pieces), hyphenated):
            if self._normal.fullmatch(form.upper()):
                return form.upper()
        return None


def _joins(left: str, right: str, joint: str) -> bool:
    if left.isdigit() == right.isdigit():
        return left.isdigit() and len(left) == len(right) == 1 and joint == " "  # spelled digit by digit
    return left.isalpha() and bool(_BETWEEN_LETTERS_AND_DIGITS.fullmatch(joint))


def _continues_word(text: str, start: int) -> bool:
    before = text[start - 1 : start]
    return before.isascii() and (before.isalnum() or before in {"_", "@"}) and before != ""


def _word_goes_on(text: str, end: int) -> bool:
    after = text[end : end + 1]
    return (after.isascii() and (after.isalnum() or after == "_")) or bool(re.match(r"[.,]\d|@\w", text[end : end + 2]))


def _counted(text: str, start: int, end: int) -> bool:
    return text[start : start + 2] == "a " and bool(_COUNTED.match(text, end))
