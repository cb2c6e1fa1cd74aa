"""Where a message may go on to another matter: clauses, cut at marks and at words such as "and", "also", 顺便, 另外.

Owns the list of borders and what lies between them. Nothing is cut within what is one name, number or address. Whether
two clauses are two requests is decided elsewhere (``nlu.several``). No models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from nlu.greetings import greeting_end

MOST_CLAUSES = 6
"""Who writes more tells a story, and a story is one matter."""

_MARK = r"[.!?;。！？；…]+"
_COMMA = r"[,，、:：]+"
_STRONG_EN = (
    r"(?:(?:and|but|plus|oh|or) )*(?:also|plus|by the way|btw|besides|in addition|additionally|another thing"
    r"|one more thing|as well as|while you're at it|while you are at it)"
)
_WEAK_EN = r"(?:and|then|or)(?: (?:then|please|if you could))?"
_STRONG_ZH = r"(?:另外|顺便|顺带|此外|除此之外|还有(?!货|没有|人|多[少久]|几|什么|吗|库存)|对了|同时)(?:一下|再|还|也)?"
_WEAK_ZH = r"(?:然后|接着|以及|并且|而且|并(?!不|没|非)|再(?=把|帮|给|查|看|取消|开|说|告诉)|和(?=我[想要]|帮|请))"
_BORDER = re.compile(
    rf"(?P<strong>(?:\s*(?:{_MARK}|{_COMMA})\s*)?(?:(?<![\w])(?:{_STRONG_EN})(?![\w'])|{_STRONG_ZH})[\s,，:：]*)"
    rf"|(?P<weak>(?:\s*(?:{_MARK}|{_COMMA})\s*)?(?:(?<![\w])(?:{_WEAK_EN})(?![\w'])|{_WEAK_ZH})\s*)"
    rf"|(?P<mark>\s*{_MARK}(?=\s|$|[\u3400-\u9fff])\s*)"
    rf"|(?P<comma>\s*{_COMMA}(?=\s|[\u3400-\u9fff])\s*|(?<=[，、])\s*)"
    r"|(?P<space>(?<=[\u3400-\u9fff])\s+(?=\S)|(?<=\w)\s+(?=[\u3400-\u9fff]))",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w")

Border = Literal["strong", "mark", "weak", "comma", "space"]
"""What sets two clauses apart, strongest first: words that announce something more ("also", 另外), a sentence's end, a
mere "and", a comma, a gap between Chinese characters."""
_STRENGTH: tuple[Border, ...] = ("strong", "mark", "weak", "comma", "space")


@dataclass(frozen=True, slots=True)
class Clause:
    """``text[start:end]`` of the prepared text; ``border`` is the strongest thing before it, None at the start."""

    start: int
    end: int
    border: Border | None = None


def clauses_of(text: str, whole: Sequence[tuple[int, int]] = ()) -> tuple[Clause, ...]:
    """The clauses of a prepared text, left to right, without what joins them and without a greeting at the start.

    ``whole`` are spans that are never cut. Empty where there is but one clause, or more than ``MOST_CLAUSES``.
    """
    found: list[Clause] = []
    here, border = greeting_end(text), None
    for each in _BORDER.finditer(text, here):
        if any(start < each.end() and each.start() < end for start, end in whole):
            continue
        if _WORD.search(text, here, each.start()):
            found.append(_clause(text, here, each.start(), border))
            border = None
        border = _stronger(border, each)
        here = each.end()
    if _WORD.search(text, here):
        found.append(_clause(text, here, len(text), border))
    return tuple(found) if 1 < len(found) <= MOST_CLAUSES else ()


def _clause(text: str, start: int, end: int, border: Border | None) -> Clause:
    return Clause(start, start + len(text[start:end].rstrip()), border)


def _stronger(border: Border | None, found: re.Match[str]) -> Border | None:
    kinds = [kind for kind in _STRENGTH if kind in (border, found.lastgroup)]
    return kinds[0] if kinds else None
