"""Recognition by pocketsphinx: English only, with the model inside its package; nothing to download.

Each utterance is decoded twice: freely with the package's own language model, and with a small one made of what
customers say to a support desk. The second is far better on such sentences and useless on others, so the answer is
taken from whichever decoding is the surer of itself, and what both agree on counts as more certain.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pocketsphinx

from perception.audio import Samples
from perception.language_model import support_desk_model
from perception.speech import Heard
from perception.spoken import ORDER_NUMBER

_FREE, _DESK = "_default", "support_desk"
_FLOOR = 1e-60
_DESK_LEAD = 1.5
"""By so much (natural logarithm) the support desk's decoding must be the surer: with less, other talk would be bent
into its phrases (docs/perception.md)."""

_BIAS, _WORD_POSTERIOR, _AGREEMENT = 1.6, 3.6, 2.2
"""Logistic fit of "at most 15 % of the words are wrong" on 326 utterances of synthetic English speech and Mandarin;
area under the curve 0.88, on the same utterances (docs/perception.md)."""


class SphinxRecogniser:
    """``more_phrases`` are sentences that customers of this shop say; they sharpen the language model."""

    name = "pocketsphinx"
    confidence_floor = 0.1
    """It takes Mandarin for English, at 0.00–0.05 on 20 recordings (0.08 on a synthetic one); of 225 English
    utterances with at most 30 % of their words wrong four lie below (docs/perception.md)."""

    def __init__(self, *, order_number_pattern: str = ORDER_NUMBER, more_phrases: Iterable[str] = ()) -> None:
        self._order_number_pattern = order_number_pattern
        self._more_phrases = tuple(more_phrases)
        self._decoder: pocketsphinx.Decoder | None = None

    def hears(self, language: str | None) -> bool:
        return language in (None, "en")

    def recognise(self, samples: Samples, language_hint: str | None) -> Heard:
        free, desk = self._decode(samples, _FREE), self._decode(samples, _DESK)
        surer = desk.log_posterior - free.log_posterior >= _DESK_LEAD
        best, other = (desk, free) if surer else (free, desk)
        if not best.words:
            return Heard("", "en", 0.0)
        return Heard(" ".join(best.words), "en", _confidence(best, other))

    def warm_up(self) -> None:
        self._loaded()

    def _decode(self, samples: Samples, search: str) -> _Decoding:
        decoder = self._loaded()
        decoder.activate_search(search)
        decoder.start_utt()
        decoder.process_raw((samples * 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        hypothesis = decoder.hyp()
        if hypothesis is None:
            return _Decoding((), math.log(_FLOOR))
        return _Decoding(tuple(hypothesis.hypstr.split()), math.log(hypothesis.prob + _FLOOR))

    def _loaded(self) -> pocketsphinx.Decoder:
        if self._decoder is None:
            decoder = pocketsphinx.Decoder(loglevel="FATAL")
            model = support_desk_model(
                lambda word: decoder.lookup_word(word) is not None, self._order_number_pattern, self._more_phrases
            )
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "support_desk.arpa"
                path.write_text(model, encoding="utf-8")
                decoder.add_lm_file(_DESK, str(path))
            self._decoder = decoder
        return self._decoder


class _Decoding:
    """Words, and the logarithm of their posterior probability within their own word lattice."""

    def __init__(self, words: tuple[str, ...], log_posterior: float) -> None:
        self.words = words
        self.log_posterior = log_posterior


def _confidence(best: _Decoding, other: _Decoding) -> float:
    evidence = _BIAS + _WORD_POSTERIOR * best.log_posterior / len(best.words)
    evidence += _AGREEMENT * _agreement(best.words, other.words)
    return round(1 / (1 + math.exp(-max(evidence, -50.0))), 4)


def _agreement(one: tuple[str, ...], other: tuple[str, ...]) -> float:
    """1 less the word edit distance over the longer length; 1 where both are the same."""
    one, other = tuple(word.rstrip(".") for word in one), tuple(word.rstrip(".") for word in other)
    row = np.arange(len(other) + 1)
    for at, word in enumerate(one):
        diagonal, row[0] = row[0], at + 1
        for to, against in enumerate(other):
            diagonal, row[to + 1] = row[to + 1], min(diagonal + (word != against), row[to] + 1, row[to + 1] + 1)
    return 1 - float(row[-1]) / max(len(one), len(other))
