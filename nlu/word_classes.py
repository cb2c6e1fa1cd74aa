"""Classes of words: what an encoder learnt to hold for alike, coarse to fine, so that who read of "jazz" knows "blues".

Made once with the encoder (``nlu.word_class_fitting``) and kept beside it as a table of words; serving only looks words
up. It knows nothing of entities.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

WORD_CLASSES = "words.tsv"

Classes = tuple[int, ...]


class WordClasses:
    """Immutable. Words are in small letters."""

    def __init__(self, classes: Mapping[str, Classes]) -> None:
        self._classes = dict(classes)

    def __len__(self) -> int:
        return len(self._classes)

    def of(self, word: str) -> Classes:
        """The word's classes, coarse to fine; empty for a word that the encoder does not hold whole."""
        return self._classes.get(word, ())

    @classmethod
    def read(cls, path: Path) -> WordClasses:
        """Raises OSError, ValueError."""
        return cls(dict(map(_parsed, path.read_text(encoding="utf-8").splitlines())))

    def write(self, path: Path) -> None:
        """A line for each word: it and its classes, tabs between."""
        path.write_text("".join(_lines(self._classes.items())), encoding="utf-8")


def _parsed(line: str) -> tuple[str, Classes]:
    word, *classes = line.split("\t")
    return word, tuple(map(int, classes))


def _lines(classes: Iterable[tuple[str, Classes]]) -> Iterable[str]:
    return ("\t".join((word, *map(str, numbers))) + "\n" for word, numbers in classes)
