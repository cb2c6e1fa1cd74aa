"""Words that praise or blame, with their strength, found in a text clause by clause, negation told.

Words come from ``lexicon.tsv`` beside this module, written for this project. It knows nothing of models: what a word is
worth where it stands is learnt from labelled texts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

_LEXICON = Path(__file__).with_name("lexicon.tsv")
_CLAUSE = re.compile(r"[^.!?;:,。！？；：，、…~\n()\"“”]+")
_WORD = re.compile(r"[a-z]+(?:['’-][a-z]+)*|[\u3400-\u9fff]+")
_ENDINGS = ("ing", "ed", "ly", "es", "s", "d")
_NEGATOR = re.compile(
    r"not|no|never|nothing|hardly|barely|without|neither|nor|none|nobody|cannot"
    r"|(?:is|was|are|were|do|does|did|ca|could|wo|would|should|have|has|had|ai)n['’]?t"
)
_NEGATED_FOR = 3
"""Words after an English negator that it reaches, within the clause."""
_CHINESE_NEGATION = re.compile(
    r"(?:不是很|不是|不太|不怎么|不够|并不|并非|没有|没|不|别|毫无|从未|谈不上|算不上|说不上).{0,2}$"
)


@dataclass(frozen=True, slots=True)
class Opinion:
    """A word of the lexicon: ``strength`` -2 to 2, not 0; ``clause`` counts from 0."""

    strength: int
    negated: bool
    clause: int

    @property
    def value(self) -> int:
        """Above 0 for praise; a negated word says the opposite, as strongly."""
        return -self.strength if self.negated else self.strength


def find_opinions(matching: str) -> tuple[list[Opinion], int]:
    """The words of a ``preparation.matching_form``, in order, and the number of its clauses."""
    found: list[Opinion] = []
    number = 0
    for clause in _CLAUSE.findall(matching):
        if _WORD.search(clause):
            found += _in_clause(clause, number)
            number += 1
    return found, number


def _in_clause(clause: str, number: int) -> list[Opinion]:
    found: list[Opinion] = []
    negated_for = 0
    for word in _WORD.findall(clause):
        if word[0] >= "\u3400":
            found += _in_chinese(word, number)
            continue
        strength = _english(word)
        if strength:
            found.append(Opinion(strength, negated_for > 0, number))
        negated_for = _NEGATED_FOR if _NEGATOR.fullmatch(word) else negated_for - 1
    return found


def _english(word: str) -> int:
    words, _ = load_lexicon()
    if word in words:
        return words[word]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            stem = word.removesuffix(ending)
            for form in (stem, stem + "e"):
                if form in words:
                    return words[form]
    return 0


def _in_chinese(run: str, number: int) -> list[Opinion]:
    words, longest = load_lexicon()
    found: list[Opinion] = []
    here = start = 0
    while here < len(run):
        for length in range(min(longest, len(run) - here), 0, -1):
            strength = words.get(run[here : here + length])
            if strength is not None:
                negated = _CHINESE_NEGATION.search(run[start:here]) is not None
                found.append(Opinion(strength, negated, number))
                here += length
                start = here
                break
        else:
            here += 1
    return found


@lru_cache(maxsize=1)
def load_lexicon() -> tuple[dict[str, int], int]:
    """Word to strength, and the length of the longest Chinese word. Where a word stands twice, the stronger counts."""
    words: dict[str, int] = {}
    for line in _LEXICON.read_text(encoding="utf-8").splitlines():
        strength, tab, listed = line.partition("\t")
        if tab and not line.startswith("#"):
            for word in listed.split():
                words[word] = max(words.get(word, 0), int(strength), key=abs)
    return words, max(len(word) for word in words if word[0] >= "\u3400")
