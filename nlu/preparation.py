"""Text as models want it, with the way back to what the customer wrote.

``prepare`` gives the normal form (NFKC, control characters gone, spaces single) together with a map of offsets, so
that whatever is found in the normal form can be shown at its place in the original. ``matching_form`` goes further
(case, elongations, emoji as words) for classification, where places no longer matter. No models, no language.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from nlu.emoji import in_words
from nlu.script import simplified

MAX_CHARACTERS = 2000
"""What understanding reads of a message; the rest of a longer one is kept by the inbox and shown, but not parsed."""

_CJK = "\u3400-\u9fff"
_ELONGATED = re.compile(r"([^\W\d_])\1{2,}", re.UNICODE)
_SPACED = re.compile(r"(?<!\S)[a-z](?: [a-z]){3,}(?!\S)")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|nbsp|#\d{2,6}|#x[0-9a-fA-F]{2,5});")
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
    for start, end in _spans(original[:MAX_CHARACTERS]):
        for character in unicodedata.normalize("NFKC", html.unescape(original[start:end])):
            kept = _kept(character)
            if kept and not (kept == " " and text[-1:] == [" "]):
                text.append(kept)
                starts.append(start)
                ends.append(end)
    return Prepared(original, "".join(text), tuple(starts), tuple(ends))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """Spans that can be normalised one by one: a character with all that composes with it, or one written for HTML."""
    here = 0
    for entity in _ENTITY.finditer(text):
        yield from _clusters(text, here, entity.start())
        yield entity.span()
        here = entity.end()
    yield from _clusters(text, here, len(text))


def _clusters(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    for here in range(start + 1, end + 1):
        if here == end or _separable(text[start:here], text[here]):
            yield start, here
            start = here


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
    """For classification: case folded, simplified characters, "sooooo" as "soo", "h e l p" as "help", emoji in words,
    spaces single."""
    folded = _SPACED.sub(lambda letters: letters.group().replace(" ", ""), text.casefold())
    folded = _REPEATED_MARK.sub(r"\1\1", _ELONGATED.sub(r"\1\1", folded))
    if not folded.isascii():
        folded = "".join(map(in_words, folded))
    return _SPACES.sub(" ", simplified(folded)).strip()
