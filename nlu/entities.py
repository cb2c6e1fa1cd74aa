"""All entities of an utterance, with exact places in the text as the customer wrote it.

Brings together what has a form (``nlu.patterns``), what is listed (product names of the records, lookups and regexes
of the training data) and what is learnt (``nlu.tagger``), settles overlaps and maps everything back to the original
text. It holds no rule of its own about what an entity looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nlu.listings import Listed, Listings, name_key
from nlu.numerals import parse_number
from nlu.patterns import PATTERN_ENTITIES, Found, PatternExtractor, without_overlaps
from nlu.preparation import Prepared
from nlu.script import simplified
from nlu.tagger import Tagger
from nlu.tokens import Doc, Vocab, tokenise
from nlu.understanding import Entity, Language

PRODUCT = "product"
_NUMERIC = frozenset({"quantity", "rating"})


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """What the training data lists. ``synonyms`` maps lower-case text to a value, for any entity; ``regexes`` holds
    ``(entity, pattern)`` for entities that ``nlu.patterns`` does not already know.

    ``hints`` are lists of entities that the examples mark too: the tagger is told where such a name stands, and decides
    by the words around it. ``taught`` are entities of ``nlu.patterns`` that the training data mark otherwise than the
    patterns find them: the tagger alone finds those. ``unmarked`` are those that it marks nowhere: they give way to
    what the tagger finds."""

    lists: tuple[Listed, ...] = ()
    synonyms: Mapping[str, str] | None = None
    regexes: tuple[tuple[str, str], ...] = ()
    taught: frozenset[str] = frozenset()
    unmarked: frozenset[str] = frozenset()
    hints: tuple[Listed, ...] = ()


class EntityExtractor:
    """Thread-safe once built."""

    def __init__(
        self,
        vocabulary: Vocab,
        patterns: PatternExtractor,
        tagger: Tagger,
        gazetteer: Gazetteer,
        products: Iterable[str],
    ) -> None:
        self._vocabulary = vocabulary
        self._patterns = patterns
        self._tagger = tagger
        self._synonyms = dict(gazetteer.synonyms or {})
        self._taught, self._unmarked = gazetteer.taught, gazetteer.unmarked
        self._regexes = [(name, re.compile(pattern)) for name, pattern in gazetteer.regexes]
        named = Listed(PRODUCT, {name: name for name in products if name.strip()})
        self._listings = Listings(vocabulary, (named, *gazetteer.lists))
        self._hints = Listings(vocabulary, gazetteer.hints)

    def find(self, text: str, language: Language) -> tuple[list[Found], list[Found]]:
        """``(by pattern, all)`` in offsets of a prepared text, left to right, never overlapping."""
        by_pattern = self._patterns.find(text, tokenise(text, self._vocabulary), language)
        document = read_for_tagging(text, self._vocabulary)
        listed = [self._with_synonym(one) for one in self._listings.find(document)]
        hints = self._hints.find_apart(document)
        tagged = (self._normalised(one, text) for one in self._tagger.find(document, [*by_pattern, *hints]))
        names = sorted({one.name for one in listed})
        trusted = [one for one in by_pattern if one.name not in self._taught]
        unmarked = [one for one in trusted if one.name in self._unmarked]
        # Patterns first, then names that are listed, then what the tagger believes.
        everything = [one for one in trusted if one.name not in self._unmarked]
        listings = without_overlaps(listed, precedence=names)
        for more in (listings, [*self._by_regex(text)], filter(None, tagged), unmarked):
            everything += (one for one in more if not _overlaps(one, everything))
        return by_pattern, sorted(everything, key=lambda one: one.start)

    def _with_synonym(self, one: Found) -> Found:
        return replace(one, value=self._synonyms.get(name_key(one.value), one.value))

    def _by_regex(self, text: str) -> Iterator[Found]:
        for name, pattern in self._regexes:
            for match in pattern.finditer(text):
                value = self._synonyms.get(name_key(match.group()), match.group())
                yield Found(name, match.start(), match.end(), value, 1.0, "regex")

    def _normalised(self, one: Found, text: str) -> Found | None:
        """With the synonym's value; numbers as digits. None for a rating that is none."""
        written = " ".join(text[one.start : one.end].split())
        if one.name in _NUMERIC:
            number = parse_number(written)
            if number is None or number != int(number) or (one.name == "rating" and not 1 <= number <= 5):
                return None
            value = str(int(number))
        else:
            value = self._synonyms.get(name_key(written), written)
        return Found(one.name, one.start, one.end, value, one.confidence, one.extractor)


def read_for_tagging(text: str, vocabulary: Vocab) -> Doc:
    """The document that names are looked for in: traditional characters read as simplified ones, places the same."""
    return tokenise(text if text.isascii() else simplified(text), vocabulary)


def in_original(found: Sequence[Found], prepared: Prepared) -> tuple[Entity, ...]:
    """Entities with offsets into the text as it was written: ``original[start:end] == text``."""
    entities = []
    for one in found:
        start, end = prepared.original_span(one.start, one.end)
        text = prepared.original[start:end]
        entities.append(Entity(one.name, one.value, text, start, end, one.confidence, one.extractor))
    return tuple(entities)


def masked(text: str, found: Sequence[Found], replaced: frozenset[str] = frozenset(PATTERN_ENTITIES)) -> str:
    """The text with each of those entities as ``<name>``: what an intent depends on is that a number stands there."""
    pieces: list[str] = []
    here = 0
    for one in found:
        if one.name in replaced:
            pieces += (text[here : one.start], f" <{one.name}> ")
            here = one.end
    pieces.append(text[here:])
    return "".join(pieces)


def _overlaps(one: Found, others: Iterable[Found]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)
