"""Words that praise or blame, with their strength, found in a text clause by clause; negation, degree and turns told.

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
_REACH = 3
"""How many words an English negator or word of degree reaches, within the clause."""
_SLIGHT = re.compile(r"bit|little|slightly|somewhat|rather|fairly|kinda|tad|minor")
_VERY = re.compile(
    r"so|too|very|really|extremely|absolutely|totally|utterly|incredibly|insanely|super|completely|beyond"
)
_CHINESE_NEGATION = re.compile(
    r"(?:不是很|不是|不太|不怎么|不够|并不|并非|没有|没|不|(?<![特分个级])别(?!人)|毫无|从未|谈不上|算不上|说不上).{0,2}$"
)
_CHINESE_SLIGHT = re.compile(r"(?:有一?点儿?|有些|稍微?|稍嫌|略微?|略显|比较|一点点?|偏|不算太).?$")
_CHINESE_VERY = re.compile(
    r"(?:太|特别|非常|极其?|超级?|实在|相当|十分|真的?|好|巨|贼|死|那么|这么|如此|简直|根本|完全).?$"
)
_BREAK = re.compile(
    r"(?<=[\u3400-\u9fff\w])\s*(\b(?:but|however|though|except)\b|但是?|可是|不过|(?<![这那也不])就是|只是)"
)
"""Where a clause ends without a mark."""
_TURNS = {
    "but": re.compile(
        r"(?:but|however|yet|still|though|except)\b|但|可是|可(?![爱口以能靠惜怕怜])|不过|然而|却|结果|没想到"
    ),
    "flaw": re.compile(r"(?:only|just|if only|wish)\b|就是|只是|唯一|美中不足|要是|如果|除了|可惜|希望|建议|缺点|不足"),
    "verdict": re.compile(
        r"(?:overall|all in all|in short|in the end)\b|总体|总的|总之|整体|综合|总而言之|一句话|反正"
    ),
}
"""How clauses begin that weigh otherwise: what counts, what is the only flaw, what is the sum of all."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """A word of the lexicon: ``strength`` -2 to 2, not 0; ``clause`` counts from 0; ``degree`` is -1 for "a bit" of it,
    1 for "very". ``turn`` tells how its clause begins: ``but``, ``flaw`` ("only"), ``verdict`` ("overall"), or not so.
    """

    strength: int
    negated: bool
    clause: int
    degree: int = 0
    turn: str = ""

    @property
    def value(self) -> int:
        """Above 0 for praise; a negated word says the opposite, as strongly."""
        return -self.strength if self.negated else self.strength

    @property
    def weight(self) -> int:
        """``value``, doubled, with its degree: 1 for "a bit slow", 3 for "very slow"."""
        return 2 * self.value + (self.degree if self.value > 0 else -self.degree)


def find_opinions(matching: str) -> tuple[list[Opinion], int]:
    """The words of a ``preparation.matching_form``, in order, and the number of its clauses."""
    found: list[Opinion] = []
    number = 0
    for clause in _CLAUSE.findall(_BREAK.sub(r",\1", matching)):
        if _WORD.search(clause):
            found += _in_clause(clause, number)
            number += 1
    return found, number


def _in_clause(clause: str, number: int) -> list[Opinion]:
    found: list[Opinion] = []
    negated_for = slight_for = very_for = 0
    turn = _turn(clause.lstrip())
    for word in _WORD.findall(clause):
        if word[0] >= "\u3400":
            found += _in_chinese(word, number, turn)
            continue
        strength = _english(word)
        if strength:
            degree = -1 if slight_for > 0 else int(very_for > 0)
            found.append(Opinion(strength, negated_for > 0, number, degree, turn))
        negated_for = _REACH if _NEGATOR.fullmatch(word) else negated_for - 1
        slight_for = _REACH if _SLIGHT.fullmatch(word) else slight_for - 1
        very_for = _REACH if _VERY.fullmatch(word) else very_for - 1
    return found


def _turn(clause: str) -> str:
    return next((name for name, begins in _TURNS.items() if begins.match(clause)), "")


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


def _in_chinese(run: str, number: int, turn: str) -> list[Opinion]:
    words, longest = load_lexicon()
    found: list[Opinion] = []
    here = start = 0
    while here < len(run):
        for length in range(min(longest, len(run) - here), 0, -1):
            strength = words.get(run[here : here + length])
            if strength is not None:
                if strength:
                    before = run[start:here]
                    negated = _CHINESE_NEGATION.search(before) is not None
                    found.append(Opinion(strength, negated, number, _chinese_degree(before), turn))
                here += length
                start = here
                break
        else:
            here += 1
    return found


def _chinese_degree(before: str) -> int:
    if _CHINESE_SLIGHT.search(before):
        return -1
    return int(_CHINESE_VERY.search(before) is not None)


@lru_cache(maxsize=1)
def load_lexicon() -> tuple[dict[str, int], int]:
    """Word to strength, and the length of the longest Chinese word. Where a word stands twice, the stronger counts; 0
    is for words that say nothing but hold one that would (快递 holds 快)."""
    words: dict[str, int] = {}
    for line in _LEXICON.read_text(encoding="utf-8").splitlines():
        strength, tab, listed = line.partition("\t")
        if tab and not line.startswith("#"):
            for word in listed.split():
                words[word] = max(words.get(word, 0), int(strength), key=abs)
    return words, max(len(word) for word in words if word[0] >= "\u3400")
