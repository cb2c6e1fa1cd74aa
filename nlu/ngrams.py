"""Word and character n-grams of an utterance: what the linear models see beside the sentence vector.

Latin words are cut into words, pairs of words and letter sequences within a word; Chinese, which has no spaces, into
sequences of one to three characters. Pure functions of the text; vocabularies and weights are ``nlu.linear``'s.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

_UNIT = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+|<\w+>|[^\W_]+(?:['’][^\W_]+)*|[!?。？！…~]+", re.UNICODE)
_HAN_FIRST = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LETTER_LENGTHS = (2, 3, 4, 5)
_HAN_LENGTHS = (1, 2, 3)


def count_ngrams(text: str) -> Counter[str]:
    """How often each n-gram stands in a text of ``preparation.matching_form``.

    A prefix tells the families apart: ``w`` words and pairs of words, ``c`` letters, ``h`` Chinese characters.
    """
    counts: Counter[str] = Counter()
    words: list[str] = []
    for unit in _UNIT.findall(text):
        if _HAN_FIRST.match(unit):
            counts.update(_sequences("h", f"^{unit}$", _HAN_LENGTHS))
            words.append("^")
        else:
            counts.update(_sequences("c", f" {unit} ", _LETTER_LENGTHS))
            counts["w" + unit] += 1
            words.append(unit)
    framed = ["^", *words, "$"]
    counts.update(f"w{left} {right}" for left, right in pairwise(framed))
    return counts


def _sequences(prefix: str, text: str, lengths: tuple[int, ...]) -> Iterator[str]:
    for length in lengths:
        for start in range(len(text) - length + 1):
            yield prefix + text[start : start + length]
