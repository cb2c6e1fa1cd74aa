"""What the patterns find in a text as it was written, on Monday, 23 November 2026."""

from __future__ import annotations

from datetime import date

from nlu.entities import in_original
from nlu.language import detect
from nlu.patterns import PatternExtractor
from nlu.preparation import prepare
from nlu.tokens import new_vocabulary, tokenise

MONDAY = date(2026, 11, 23)
vocabulary = new_vocabulary()
extractor = PatternExtractor(vocabulary, today=lambda: MONDAY)


def found(text: str, *names: str) -> list[tuple[str, str]]:
    """``(words, value)`` of these entities, in the words of the text itself."""
    prepared = prepare(text)
    document = tokenise(prepared.text, vocabulary)
    entities = in_original(extractor.find(prepared.text, document, detect(prepared.text)), prepared)
    assert all(text[one.start : one.end] == one.text for one in entities)
    return [(one.text, one.value) for one in entities if one.name in names]
