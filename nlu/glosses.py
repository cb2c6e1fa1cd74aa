"""English glosses of Chinese text, word by word: what lets an encoder that reads English alone take part in Chinese.

"我的订单到哪里了" becomes "I order arrive where": no translation, yet close to what English customers write, and so
near to the English examples of the same intent. Words come from ``glossary.tsv`` beside this module; the longest that
fits is taken. An encoder that reads Chinese itself is given the Chinese; the glosses' n-grams serve in any case.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

_GLOSSARY = Path(__file__).with_name("glossary.tsv")
_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")


@lru_cache(maxsize=1)
def load_glossary() -> dict[str, str]:
    """Word to gloss. Where a word stands under several glosses, the first counts."""
    glossary: dict[str, str] = {}
    for line in _GLOSSARY.read_text(encoding="utf-8").splitlines():
        gloss, tab, words = line.partition("\t")
        if tab and not line.startswith("#"):
            for word in words.split():
                glossary.setdefault(word, gloss)
    return glossary


def gloss(text: str) -> str:
    """The text with every Chinese word glossed; words without a gloss are left out, all else stays."""
    return " ".join(_HAN_RUN.sub(_glossed, text).split())


def _glossed(run: re.Match[str]) -> str:
    glossary = load_glossary()
    longest = _longest()
    characters = run.group()
    glosses: list[str] = []
    here = 0
    while here < len(characters):
        for length in range(min(longest, len(characters) - here), 0, -1):
            found = glossary.get(characters[here : here + length])
            if found is not None:
                glosses.append(found)
                here += length
                break
        else:
            here += 1
    return f" {' '.join(glosses)} "


@lru_cache(maxsize=1)
def _longest() -> int:
    return max(map(len, load_glossary()))
