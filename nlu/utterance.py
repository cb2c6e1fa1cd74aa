"""What the models see of an utterance: its language, n-grams and sentence vector.

The one path from text to model input, taken by training and serving alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from nlu.encoder import LayeredEncoder
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
    """``counts`` of n-grams, ``vector`` float32 [dimension]; ``scale`` is the language whose weights apply.

    ``layers`` float32 [k * dimension] are the vectors of several of the encoder's layers, the last one's first; None
    where the vector is all there is.
    """

    counts: Counter[str]
    vector: Floats
    scale: str
    layers: Floats | None = None

    @property
    def deep(self) -> Floats:
        """float32 [k * dimension]: all that is known of the encoder's layers."""
        return self.vector if self.layers is None else self.layers

    @property
    def earlier(self) -> Floats:
        """float32 [dimension]: the vector of the layer before the last one kept, which holds more of the wording; the
        last one's where there is no other."""
        size = len(self.vector)
        return self.vector if self.layers is None or len(self.layers) == size else self.layers[size : 2 * size]


def scale_of(language: Language) -> str:
    """``zh`` for what is written in Chinese, ``en`` for all else."""
    return "zh" if language in {"zh", "mixed"} else "en"


def count_glossed(matching: str) -> Counter[str]:
    """The n-grams of a matching form and, where it is Chinese, of its English glosses too: what English examples teach
    serves Chinese customers, and the reverse."""
    counts = count_ngrams(matching)
    glossed = gloss(matching)
    if glossed != matching:
        counts.update(count_ngrams(glossed))
    return counts


@dataclass(frozen=True, slots=True)
class Forms:
    """A text as the models read it: ``written`` for n-grams, ``spoken`` for the encoder."""

    written: str
    spoken: str

    def past_greeting(self) -> Forms | None:
        """What follows a greeting ("hi, my order A1024"); None where no greeting leads or nothing follows."""
        written, spoken = without_greeting(self.written), without_greeting(self.spoken)
        return None if written is None or spoken is None else Forms(written, spoken)


def forms_of(text: str, by_pattern: Sequence[Found], spelling: Spelling | None = None) -> Forms:
    """Of a prepared text: what patterns found is replaced by what it is, slips are put right.

    Training knows no ``spelling``: what counts as a slip is learnt from its examples.
    """
    return Forms(_written_form(text, by_pattern, spelling), _spoken_form(text, by_pattern, spelling))


def views(texts: Sequence[Forms], language: Language, encoder: LayeredEncoder) -> list[View]:
    """What the models see of each, encoded in one call; Chinese is glossed for an encoder that does not read it."""
    spoken = [one.spoken if encoder.reads_chinese else gloss(one.spoken) for one in texts]
    layers, scale = encoder.encode_layers(spoken), scale_of(language)
    return [
        View(count_glossed(one.written), deep[: encoder.dimension], scale, deep)
        for one, deep in zip(texts, layers, strict=True)
    ]


def view(text: str, by_pattern: Sequence[Found], language: Language, encoder: LayeredEncoder) -> View:
    """The view of one prepared text, as training sees it."""
    return views([forms_of(text, by_pattern)], language, encoder)[0]


def _written_form(text: str, by_pattern: Sequence[Found], spelling: Spelling | None) -> str:
    return _spelt(matching_form(masked(text, by_pattern)), spelling)


def _spelt(matching: str, spelling: Spelling | None) -> str:
    return matching if spelling is None else spelling.corrected(matching)


def _spoken_form(text: str, by_pattern: Sequence[Found], spelling: Spelling | None) -> str:
    spoken = masked(text, by_pattern, frozenset(_SPOKEN))
    for name, words in _SPOKEN.items():
        spoken = spoken.replace(f"<{name}>", words)
    return _spelt(matching_form(spoken), spelling)
