"""Cutting a long text into parts that a vendor takes, where a reader would pause. Pure.

Lengths are UTF-16 code units, as Telegram counts (core.telegram.org/api/entities#entity-length): an emoji is two,
often more. Who counts characters finds no part too long either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s)|[。！？…；]+[”’」』）]*")
_BREAKS = (
    re.compile(r"\n\s*\n"),
    re.compile(r"\n"),
    _SENTENCE_END,
    re.compile(r"[,;:](?=\s)|[，、：]"),
    re.compile(r"\s+"),
)
"""Where to cut, best first: between paragraphs, lines, sentences, parts of a sentence, words."""
_LEAST_FILLED = 0.5
"""A better kind of break is taken only where it leaves a part at least so full."""
_JOINED = re.compile(r"[\u200d\ufe0e\ufe0f\u0300-\u036f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
"""What belongs to the character before it: joiners, variation selectors, accents, skin tones, flag tags."""


def length(text: str) -> int:
    """UTF-16 code units."""
    return len(text) + sum(char > "\uffff" for char in text)


def split(text: str, limit: int) -> list[str]:
    """The parts of ``text``, none empty or longer than ``limit``; nothing but space between them is dropped."""
    return list(_parts(text.strip(), limit))


def _parts(rest: str, limit: int) -> Iterator[str]:
    while length(rest) > limit:
        cut = _cut(rest[: _fitting(rest, limit)], rest)
        yield rest[:cut].rstrip()
        rest = rest[cut:].lstrip()
    if rest:
        yield rest


def _fitting(text: str, limit: int) -> int:
    """How many characters of ``text`` are ``limit`` code units at most."""
    count = used = 0
    for char in text:
        used += 2 if char > "\uffff" else 1
        if used > limit:
            return count
        count += 1
    return count


def _cut(head: str, text: str) -> int:
    """Where to cut within ``head``, the part of ``text`` that fits."""
    for kind in _BREAKS:
        ends = [
            found.end() for found in kind.finditer(text, 0, min(len(text), len(head) + 1)) if found.end() <= len(head)
        ]
        if ends and ends[-1] >= len(head) * _LEAST_FILLED:
            return ends[-1]
    return _between_characters(text, len(head))


def _between_characters(text: str, cut: int) -> int:
    """The cut moved back so that it parts no emoji from what belongs to it, unless that is all there is."""
    moved = cut
    while 0 < moved < len(text) and (_JOINED.match(text[moved]) or text[moved - 1] == "\u200d"):
        moved -= 1
    return moved if moved > cut // 2 else cut
