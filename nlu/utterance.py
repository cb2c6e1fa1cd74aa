"""What the models see of an utterance: its language, n-grams and sentence vector.

The one path from text to model input, taken by training and serving alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from nlu.encoder import SentenceEncoder
from nlu.entities import masked
from nlu.glosses import gloss
from nlu.greetings import without_greeting
from nlu.linear import Floats
from nlu.ngrams import count_ngrams
from nlu.patterns import Found
from nlu.preparation import matching_form
from nlu.spelling import Spelling
from nlu.understanding import Language

_SPOKEN = {
    "order_number": "order number",
    "ticket_number": "ticket number",
    "email": "email address",
    "phone": "phone number",
}


@dataclass(frozen=True, slots=True)
class View:
    """``counts`` of n-grams, ``vector`` float32 [dimension]; ``scale`` is the language whose weights apply."""

    counts: Counter[str]
    vector: Floats
    scale: str


def scale_of(language: Language) -> str:
    """``zh`` for what is written in Chinese, ``en`` for all else."""
    return "zh" if language in {"zh", "mixed"} else "en"


def count_view(text: str, by_pattern: Sequence[Found], spelling: Spelling | None = None) -> Counter[str]:
    """The n-grams of a prepared text, with what patterns found replaced by its kind and slips put right."""
    return count_glossed(_written_form(text, by_pattern, spelling))


def count_glossed(matching: str) -> Counter[str]:
    """The n-grams of a matching form and, where it is Chinese, of its English glosses too: what English examples teach
    serves Chinese customers, and the reverse."""
    counts = count_ngrams(matching)
    glossed = gloss(matching)
    if glossed != matching:
        counts.update(count_ngrams(glossed))
    return counts


def encoder_view(
    text: str, by_pattern: Sequence[Found], spelling: Spelling | None = None, *, reads_chinese: bool
) -> str:
    """What the encoder reads: codes, phones and the like replaced by what they are, Chinese glossed if need be."""
    matching = _spoken_form(text, by_pattern, spelling)
    return matching if reads_chinese else gloss(matching)


def view(
    text: str,
    by_pattern: Sequence[Found],
    language: Language,
    encoder: SentenceEncoder,
    spelling: Spelling | None = None,
) -> View:
    """Training knows no ``spelling``: what counts as a slip is learnt from its examples."""
    vector = encoder.encode([encoder_view(text, by_pattern, spelling, reads_chinese=encoder.reads_chinese)])[0]
    return View(count_view(text, by_pattern, spelling), vector, scale_of(language))


def view_past_greeting(
    text: str,
    by_pattern: Sequence[Found],
    language: Language,
    encoder: SentenceEncoder,
    spelling: Spelling | None = None,
) -> View | None:
    """The view of what follows a greeting ("hi, my order A1024"); None where no greeting leads or nothing follows."""
    written = without_greeting(_written_form(text, by_pattern, spelling))
    spoken = without_greeting(_spoken_form(text, by_pattern, spelling))
    if written is None or spoken is None:
        return None
    vector = encoder.encode([spoken if encoder.reads_chinese else gloss(spoken)])[0]
    return View(count_glossed(written), vector, scale_of(language))


def _written_form(text: str, by_pattern: Sequence[Found], spelling: Spelling | None) -> str:
    return _spelt(matching_form(masked(text, by_pattern)), spelling)


def _spelt(matching: str, spelling: Spelling | None) -> str:
    return matching if spelling is None else spelling.corrected(matching)


def _spoken_form(text: str, by_pattern: Sequence[Found], spelling: Spelling | None) -> str:
    spoken = masked(text, by_pattern, frozenset(_SPOKEN))
    for name, words in _SPOKEN.items():
        spoken = spoken.replace(f"<{name}>", words)
    return _spelt(matching_form(spoken), spelling)
