"""Names that are known beforehand, found in a document wherever they stand: products, places, whatever is listed.

It compares words, whatever their case, by spaCy's PhraseMatcher over ``nlu.tokens``. Whether a name that stands there
is meant ("visa for Canada") it cannot tell; who asks decides how far to believe it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from nlu.patterns import Found, without_overlaps
from nlu.tokens import Doc, PhraseMatcher, Vocab, tokenise


@dataclass(frozen=True, slots=True)
class Listed:
    """``names`` maps what is written to the entity's value."""

    entity: str
    names: Mapping[str, str]


class Listings:
    """Thread-safe once built."""

    def __init__(self, vocabulary: Vocab, lists: Iterable[Listed]) -> None:
        self._values: dict[tuple[str, str], str] = {}
        self._phrases = PhraseMatcher(vocabulary, attr="LOWER")
        for listed in lists:
            documents = [tokenise(name, vocabulary) for name in listed.names]
            self._phrases.add(listed.entity, [document for document in documents if len(document)])
            for name, value in listed.names.items():
                self._values.setdefault((listed.entity, name_key(name)), value)

    def find(self, document: Doc) -> Iterator[Found]:
        """All of them, in offsets of the document's text; they may overlap."""
        for key, first, last in self._phrases(document):
            span = document[first:last]
            name = document.vocab.strings[key]
            value = self._values.get((name, name_key(span.text)), span.text)
            yield Found(name, span.start_char, span.end_char, value, 1.0, "list")

    def find_apart(self, document: Doc) -> list[Found]:
        """Those that do not overlap, longer names first."""
        return without_overlaps(self.find(document), precedence=())


def name_key(text: str) -> str:
    """Under which a name is kept: case and the number of spaces do not matter."""
    return " ".join(text.casefold().split())
