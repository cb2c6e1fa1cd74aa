"""How alike a question and the shop's passages are, by sentence vectors and n-grams.

A passage is its lines: title, example questions, sentences, and the example questions of the same passage in the other
language (Chinese is glossed into English, so that either serves both). Built in memory when the knowledge is loaded;
nothing here needs training or says how sure an answer is. Knows nothing of intents.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
import numpy.typing as npt

from nlu.encoder import SentenceEncoder, Vectors
from nlu.glosses import gloss
from nlu.passages import Passage
from nlu.preparation import matching_form, prepare
from nlu.utterance import count_glossed

Doubles = npt.NDArray[np.float64]
VectorOf = Callable[[str], Vectors]
"""The sentence vector float32 [dimension] of a line."""

RIDGE = 1.0
"""Penalty of the ridge regression; between 0.3 and 3 the choice among passages hardly changes (measured)."""


@dataclass(frozen=True, slots=True)
class _Postings:
    """The lines that hold an n-gram, with its weight in each, and the passages they are of."""

    rarity: float
    lines: npt.NDArray[np.intp]
    weights: Doubles
    passages: npt.NDArray[np.intp]


class Index:
    """The passages of one language. Immutable, thread-safe.

    ``owner`` int [lines] is the place of the passage that each line is of, ``lines`` their texts.
    """

    def __init__(self, passages: Sequence[Passage], twins: Sequence[Passage | None], vector_of: VectorOf) -> None:
        self.passages = tuple(passages)
        of_passage = [
            [*each.lines, *(twin.questions if twin else ())] for each, twin in zip(passages, twins, strict=True)
        ]
        self.lines = tuple(chain.from_iterable(of_passage))
        self.owner = np.repeat(np.arange(len(passages)), [len(each) for each in of_passage])
        self._starts = np.searchsorted(self.owner, np.arange(len(passages)))
        self._vectors = np.stack([vector_of(line) for line in self.lines]).astype(np.float64)
        counted = [count_glossed(matching(line)) for line in self.lines]
        self._rarity = _rarities(counted)
        self._rarest = max(self._rarity.values(), default=1.0)
        weighed = [self._weighed(counts) for counts in counted]
        self._postings = self._posted(weighed)
        self._alike = self._vectors @ self._vectors.T + self._by_words_among(weighed)
        self._told = np.equal.outer(self.owner, np.arange(len(passages))).astype(np.float64)
        inverse = np.linalg.inv(self._alike + RIDGE * np.eye(len(self.lines)))
        self._duals = inverse @ self._told
        self._leverage = np.diag(inverse).copy()

    def likenesses(self, vector: Vectors, counts: Counter[str]) -> Doubles:
        """float64 [passages, 3] for a question's sentence vector float32 [dimension] and n-grams.

        The cosine with the nearest line; the share of the question's n-grams that stand anywhere in the passage, the
        rarer ones counting more; and what a ridge regression says that was taught with every line which passage it is
        of (kernel: the sum of the cosines of vectors and of n-grams).
        """
        by_vector = self._vectors @ vector.astype(np.float64)
        by_words = np.zeros(len(self.lines))
        for gram, weight in self._weighed(counts).items():
            posted = self._postings[gram]
            by_words[posted.lines] += weight * posted.weights
        learnt = (by_vector + by_words) @ self._duals
        return np.stack([np.maximum.reduceat(by_vector, self._starts), self._covered(counts), learnt], axis=1)

    def without_line(self, line: int, counts: Counter[str]) -> Doubles:
        """As ``likenesses`` for the line at that place, had it not been written: for fitting."""
        by_vector = self._vectors @ self._vectors[line]
        by_vector[line] = -1.0
        learnt = self._told[line] - self._duals[line] / self._leverage[line]
        return np.stack([np.maximum.reduceat(by_vector, self._starts), self._covered(counts, line), learnt], axis=1)

    def _weighed(self, counts: Counter[str]) -> dict[str, float]:
        """The weights of the n-grams that any line holds, to a length of 1 with those that none does: as rare as can
        be, these count against likeness.
        """
        known = {
            gram: (1 + math.log(count)) * self._rarity[gram] for gram, count in counts.items() if gram in self._rarity
        }
        unknown = [(1 + math.log(count)) * self._rarest for gram, count in counts.items() if gram not in self._rarity]
        length = math.sqrt(sum(each * each for each in chain(known.values(), unknown)))
        return {gram: weight / length for gram, weight in known.items()}

    def _posted(self, weighed: Sequence[dict[str, float]]) -> dict[str, _Postings]:
        held: dict[str, list[tuple[int, float]]] = {}
        for line, weights in enumerate(weighed):
            for gram, weight in weights.items():
                held.setdefault(gram, []).append((line, weight))
        return {
            gram: _Postings(
                self._rarity[gram],
                np.array([line for line, _ in pairs], dtype=np.intp),
                np.array([weight for _, weight in pairs]),
                np.unique(self.owner[[line for line, _ in pairs]]),
            )
            for gram, pairs in held.items()
        }

    def _by_words_among(self, weighed: Sequence[dict[str, float]]) -> Doubles:
        """float64 [lines, lines]: cosines by n-grams."""
        alike = np.zeros((len(weighed), len(weighed)))
        for line, weights in enumerate(weighed):
            for gram, weight in weights.items():
                posted = self._postings[gram]
                alike[line, posted.lines] += weight * posted.weights
        return alike

    def _covered(self, counts: Counter[str], without: int | None = None) -> Doubles:
        """float64 [passages]: the share of what is asked that each holds, by rarity."""
        covered = np.zeros(len(self.passages))
        whole = 0.0
        for gram in counts:
            posted = self._postings.get(gram)
            whole += posted.rarity if posted else self._rarest
            if posted:
                holding = posted.passages
                if without is not None:
                    holding = np.unique(self.owner[posted.lines[posted.lines != without]])
                covered[holding] += posted.rarity
        return covered / whole if whole else covered


def matching(line: str) -> str:
    """The form in which lines and questions are compared."""
    return matching_form(prepare(line).text)


def encode(line: str, encoder: SentenceEncoder) -> Vectors:
    """The sentence vector float32 [dimension] of a line; Chinese is glossed where the encoder reads none."""
    plain = matching(line)
    vector: Vectors = encoder.encode([plain if encoder.reads_chinese else gloss(plain)])[0]
    return vector


def _rarities(counted: Sequence[Counter[str]]) -> dict[str, float]:
    """Of each n-gram, the less common the greater (smoothed inverse document frequency)."""
    within = Counter(chain.from_iterable(counted))
    return {gram: math.log((1 + len(counted)) / (1 + lines)) + 1 for gram, lines in within.items()}
