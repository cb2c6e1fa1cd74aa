"""The language of one message: English, Chinese, both, another one, or not to be told.

Decided by script and by the commonest words (``common_words.tsv`` beside this module), so that three characters are
enough ("yes", "你好", "ja!"). A shop's customers write English or Chinese: plain Latin text is English unless the words
say otherwise; Chinese in Latin letters ("ni hao") is another language. Codes, addresses of e-mail and web, numbers and
emoji say nothing of the language. It knows no models.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from functools import lru_cache
from pathlib import Path

from nlu.understanding import Language

_NOT_WORDS = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|\b(?=[\w-]*\d)[A-Za-z0-9_-]+\b")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f々〇]")
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u30ff\uac00-\ud7af\u1100-\u11ff]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]+(?:['’][A-Za-z\u00c0-\u024f]+)*")
_WORDS = Path(__file__).with_name("common_words.tsv")
_ENGLISH = "en"
_BY_SCRIPT = {
    "CYRILLIC": "ru",
    "ARABIC": "ar",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "HANGUL": "ko",
    "THAI": "th",
    "HEBREW": "he",
    "GREEK": "el",
    "DEVANAGARI": "hi",
}

_MARKED = 0.6
"""What a word with marks (é, ø) counts that no list has: less than one that a list has, so "naïve question" is
English. None in a name, "José"."""

_MIXED_SHARE = 0.25
"""English words against Chinese characters above which Chinese with a brand name in it becomes a mixed message."""


def detect(text: str) -> Language:
    """``en``, ``zh``, ``mixed`` (both, in earnest), ``other``, or ``und`` where nothing tells."""
    plain = _NOT_WORDS.sub(" ", text)
    han = len(_HAN.findall(plain))
    words = _latin_words(plain)
    if len(_KANA_OR_HANGUL.findall(plain)) * 4 > han or _foreign_letters(plain) > han + sum(map(len, words)):
        return "other"
    if han:
        return "mixed" if _in_earnest(words, han) else "zh"
    if not words:
        return "und"
    english, _, other = _evidence(words)
    return "other" if other > english else "en"


def foreign(text: str) -> str | None:
    """The ISO 639-1 code of a text that ``detect`` finds to be in another language; None where nothing tells.

    A guess for courtesy's sake: Cyrillic counts as Russian, a word that two languages share as the one with more words.
    ``py`` is Chinese in Latin letters.
    """
    plain = _NOT_WORDS.sub(" ", text)
    scripts = Counter(_script(character) for character in plain if character > "\u036f" and character.isalpha())
    by_script = next((_BY_SCRIPT[script] for script, _ in scripts.most_common() if script in _BY_SCRIPT), None)
    if by_script:
        return by_script
    _, languages, _ = _evidence(_latin_words(plain))
    return max(languages, key=lambda language: languages[language], default=None)


def _latin_words(text: str) -> list[str]:
    """As written, for casing tells names; without codes of two capitals (AZ, DE) among small letters."""
    words = (word.replace("’", "'") for word in _LATIN_WORD.findall(text))
    return [word for word in words if text.isupper() or not (len(word) == 2 and word.isupper())]


def _in_earnest(words: list[str], han: int) -> bool:
    """Whether Chinese of so many characters has English in it, and not only names ("SF还是YTO")."""
    english = sum(len(word) > 1 for word in words)
    known = any(word.casefold() in load_common_words()[_ENGLISH] for word in words)
    return known and english >= 2 and english >= _MIXED_SHARE * han


def _evidence(words: list[str]) -> tuple[int, Counter[str], float]:
    """How many words are English alone, how many of each language that is not, and how much speaks for one of these.

    A word that English shares with the likeliest other language counts for neither of them.
    """
    known = load_common_words()
    folded = [word.casefold() for word in words]
    english = [word for word in folded if word in known[_ENGLISH]]
    others, languages = 0.0, Counter[str]()
    for written, word in zip(words, folded, strict=True):
        among = [language for language, listed in known.items() if word in listed and word not in known[_ENGLISH]]
        languages.update(among)
        if among:
            others += 1
        elif not word.isascii() and written[0].islower():
            others += _MARKED
    if not languages:
        return len(english), languages, others
    likeliest = max(languages, key=lambda one: (languages[one], sum(word in known[one] for word in english)))
    return sum(word not in known[likeliest] for word in english), languages, others


@lru_cache(maxsize=1)
def load_common_words() -> dict[str, frozenset[str]]:
    """Language to its words."""
    found: dict[str, frozenset[str]] = {}
    for line in _WORDS.read_text(encoding="utf-8").splitlines():
        language, tab, words = line.partition("\t")
        if tab and not line.startswith("#"):
            listed = (
                word for word in words.casefold().split() if len(word) > 1 or language == _ENGLISH or not word.isascii()
            )
            found[language] = found.get(language, frozenset()) | frozenset(listed)
    return found


@lru_cache(maxsize=4096)
def _script(character: str) -> str:
    return unicodedata.name(character, "").partition(" ")[0]


def _foreign_letters(text: str) -> int:
    """Letters of neither script that a shop here reads: Cyrillic, Arabic, Thai …"""
    if text.isascii():
        return 0
    return sum(
        unicodedata.category(character) in {"Lo", "Ll", "Lu"}
        and not _HAN.match(character)
        and not _LATIN_WORD.match(character)
        for character in text
    )
