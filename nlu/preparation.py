"""Text as models want it, with the way back to what the customer wrote.

``prepare`` gives the normal form (NFKC, control characters gone, spaces single) together with a map of offsets, so
that whatever is found in the normal form can be shown at its place in the original. ``matching_form`` goes further
(case, elongations, emoji as words) for classification, where places no longer matter. No models, no language.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from nlu.script import simplified

MAX_CHARACTERS = 2000
"""What understanding reads of a message; the rest of a longer one is kept by the inbox and shown, but not parsed."""

_CJK = "\u3400-\u9fff"
_ELONGATED = re.compile(r"([^\W\d_])\1{2,}", re.UNICODE)
_REPEATED_MARK = re.compile(r"([!?.,~。，、…])\1{2,}")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Prepared:
    """``starts[i]`` and ``ends[i]`` are where character i of ``text`` begins and ends in ``original``.

    Both never fall, so a span of ``text`` always maps to a span of ``original``.
    """

    original: str
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where ``text[start:end]`` (not empty) stands in the original; end exclusive."""
        return self.starts[start], self.ends[end - 1]


def prepare(original: str) -> Prepared:
    """The normal form of the first ``MAX_CHARACTERS`` characters."""
    text: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for start, end in _clusters(original[:MAX_CHARACTERS]):
        for character in unicodedata.normalize("NFKC", original[start:end]):
            kept = _kept(character)
            if kept and not (kept == " " and text[-1:] == [" "]):
                text.append(kept)
                starts.append(start)
                ends.append(end)
    return Prepared(original, "".join(text), tuple(starts), tuple(ends))


def _clusters(text: str) -> list[tuple[int, int]]:
    """Spans that can be normalised one by one: a character with all that composes with it."""
    spans: list[tuple[int, int]] = []
    start = 0
    for here in range(1, len(text) + 1):
        if here == len(text) or _separable(text[start:here], text[here]):
            spans.append((start, here))
            start = here
    return spans


def _separable(cluster: str, following: str) -> bool:
    if following.isascii() or "\u3400" <= following <= "\u9fff" or len(cluster) > 32:
        return True
    if unicodedata.combining(following):
        return False
    apart = unicodedata.normalize("NFKC", cluster) + unicodedata.normalize("NFKC", following)
    return unicodedata.normalize("NFKC", cluster + following) == apart


def _kept(character: str) -> str:
    """The character, a plain space for white space, nothing for what is not seen (controls, zero width, surrogates)."""
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"} else character


def matching_form(text: str) -> str:
    """For classification: case folded, simplified characters, "sooooo" as "soo", emoji spelled out, spaces single."""
    folded = _REPEATED_MARK.sub(r"\1\1", _ELONGATED.sub(r"\1\1", text.casefold()))
    if not folded.isascii():
        folded = "".join(map(_spelled, folded))
    return _SPACES.sub(" ", simplified(folded)).strip()


@lru_cache(maxsize=4096)
def _spelled(character: str) -> str:
    """An emoji as its Unicode name in words ("👍" as " thumbs up sign "); any other character as it is."""
    if unicodedata.category(character) == "So":
        return f" {unicodedata.name(character, '').casefold()} "
    return "" if unicodedata.category(character) in {"Sk", "Mn", "Me"} and character >= "\u20d0" else character
