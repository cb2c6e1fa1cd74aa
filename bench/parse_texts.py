"""The texts of ``crmbot bench parse``: our own training examples, short ones as they are and long ones put together.

Every text is handed out once, so that none of them is remembered from before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bot.settings import PROJECT
from nlu.examples import read_directory
from nlu.language import detect

EXAMPLES = PROJECT / "data" / "nlu"
LONG = 500
"""Characters, at least."""
_SHORT = {"en": (10, 50), "zh": (4, 20)}


@dataclass(frozen=True, slots=True)
class Kind:
    """Texts of one language and length."""

    name: str
    texts: tuple[str, ...]


class Texts:
    """Seeded: the same texts in the same order each time."""

    def __init__(self, seed: int) -> None:
        written = sorted({one.text for one in read_directory(EXAMPLES).examples})
        random.Random(seed).shuffle(written)
        self._short = {language: iter(_short(written, language)) for language in _SHORT}
        self._all = {language: [one for one in written if detect(one) == language] for language in _SHORT}

    def short(self, language: str, count: int) -> Kind:
        return Kind(f"short {language}", tuple(islice(self._short[language], count)))

    def long(self, language: str, count: int) -> Kind:
        return Kind(f"long {language}", tuple(islice(_joined(self._all[language], language), count)))

    def mixed(self, count: int) -> list[str]:
        """Short ones of both languages in turns."""
        english, chinese = self.short("en", count // 2).texts, self.short("zh", count // 2).texts
        return [text for pair in zip(english, chinese, strict=False) for text in pair]


def held_out() -> list[str]:
    """The utterances that are never learnt, of both languages."""
    return sorted({one.text for one in read_directory(EXAMPLES / "heldout").examples})


def _short(written: list[str], language: str) -> list[str]:
    least, most = _SHORT[language]
    return [one for one in written if least <= len(one) <= most and detect(one) == language]


def _joined(written: list[str], language: str) -> Iterator[str]:
    text = ""
    for one in written:
        text += one + (". " if language == "en" else "。")
        if len(text) >= LONG:
            yield text
            text = ""
