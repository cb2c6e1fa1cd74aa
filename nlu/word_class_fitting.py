"""Groups an encoder's words into classes by the vectors they go into it with; needs scikit-learn, never when serving.

k-means over the directions of the vectors, once for each number of classes. Seeded and reproducible.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from nlu.encoder import Vectors
from nlu.word_classes import WordClasses

GRANULARITIES = (64, 256, 1024)
"""Numbers of classes, coarse to fine. Chosen on parts of SNIPS' training examples; pairs of classes gained nothing."""
MOST_WORDS = 50_000
"""The commonest; vocabularies are sorted so. It bounds the time and the table for those of 250,000 pieces."""

_SEED = 20
_WORD = re.compile(r"[^\W\d_]{2,}|[\u3400-\u9fff]")
_BEGINS = "\u2581"


def whole_words(vocabulary: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The words that a tokenizer's vocabulary holds whole, in small letters, with their ids; the commonest only.

    WordPiece marks what continues a word ("##ing"), SentencePiece what begins one.
    """
    pieces = sorted(vocabulary, key=lambda piece: piece[1])
    begun = any(piece.startswith(_BEGINS) for piece, _ in pieces)
    words: dict[str, int] = {}
    for piece, number in pieces:
        word = piece.removeprefix(_BEGINS).lower()
        whole = not begun or piece.startswith(_BEGINS) or not word.isascii()
        if whole and _WORD.fullmatch(word):
            words.setdefault(word, number)
        if len(words) == MOST_WORDS:
            break
    return words


def group_words(words: dict[str, int], vectors: Vectors) -> WordClasses:
    """``vectors`` float32 [vocabulary, dimension]: a row for each id."""
    if not words:
        return WordClasses({})
    rows = vectors[list(words.values())] - vectors.mean(axis=0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True) + 1e-9
    columns = [_grouped(rows, min(count, len(rows))) for count in GRANULARITIES]
    return WordClasses(dict(zip(words, zip(*columns, strict=True), strict=True)))


def _grouped(rows: Vectors, count: int) -> list[int]:
    grouping = MiniBatchKMeans(count, random_state=_SEED, n_init=1, batch_size=4096, max_iter=10)
    return [int(number) for number in grouping.fit_predict(rows)]
