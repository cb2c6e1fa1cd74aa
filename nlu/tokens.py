"""Tokens of a prepared text as a spaCy document: English words, single Chinese characters, numbers, marks.

One cut serves the matchers and the tagger, in both languages and in mixtures of them. It owns the import of spaCy.
"""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Doc", "Matcher", "PhraseMatcher", "Vocab", "new_vocabulary", "tokenise"]

_TOKEN = re.compile(
    r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"  # an e-mail address stays whole
    r"|https?://[^\s\u3000-\u9fff]+"
    r"|[\u3400-\u9fff\uf900-\ufaff]"
    r"|\d+(?:[.,]\d+)*"
    r"|[^\W\d_\u3400-\u9fff\uf900-\ufaff]+(?:['’][^\W\d_\u3400-\u9fff\uf900-\ufaff]+)*"
    r"|\S"
)


@contextmanager
def _without_torch() -> Iterator[None]:
    """spaCy's backend imports torch where it is installed, for layers that are not used here; that alone would add
    about 490 MB and 2.5 s to every serving process (measured with torch 2.15). Hidden for the import, it does
    without, as on a machine that has no torch; whoever needs torch can import it afterwards.
    """
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment]  # the documented way to make an import fail
    try:
        yield
    finally:
        del sys.modules["torch"]


with _without_torch(), warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of spaCy's own dependencies, at import only
    from spacy.matcher import Matcher, PhraseMatcher
    from spacy.tokens import Doc
    from spacy.vocab import Vocab


def new_vocabulary() -> Vocab:
    """An empty vocabulary with the attributes that matchers look at."""
    import spacy

    vocabulary: Vocab = spacy.blank("xx").vocab
    return vocabulary


def tokenise(text: str, vocabulary: Vocab) -> Doc:
    """A document whose tokens stand at their places: ``token.idx`` is an offset into ``text``."""
    words: list[str] = []
    spaces: list[bool] = []
    here = 0
    for match in _TOKEN.finditer(text):
        gap = match.start() - here
        if gap and words:
            spaces[-1] = True
            gap -= 1
        if gap:  # more than the one space that spaCy keeps with a token
            words.append(" " * gap)
            spaces.append(False)
        words.append(match.group())
        spaces.append(False)
        here = match.end()
    return Doc(vocabulary, words=words, spaces=spaces)
