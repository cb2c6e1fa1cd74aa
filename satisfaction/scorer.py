"""The scorer: a transcript in, a score with its reasons out.

The fitted text model gives a distribution over 1–5; in a conversation of our own bot the judged signals tilt it.
Reasons come from leaving out each turn and judging what is left with the very same steps, so that removing a named
turn moves the score the way the reason says. Pure and deterministic; milliseconds a conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from satisfaction import judgement
from satisfaction.features import NAMES
from satisfaction.first_stage import ReadTurn
from satisfaction.parameter_file import GRADES, MOVES, Parameters, load
from satisfaction.reasons import WORDING, main_signal, words_for
from satisfaction.text_model import Parts, TextModel
from satisfaction.transcript import Reason, Score, Signal, Transcript

FloatArray = NDArray[np.float64]

REASONS = 3
LEAST_EFFECT = 0.02
"""Points below which a turn is no reason: staff would be sent to look at nothing."""

MOST_LEFT_OUT = 60
"""Turns that are tried as reasons: the last ones of a very long conversation, which decide it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Verdict:
    parts: Parts
    distribution: FloatArray
    tilts: FloatArray
    text_share: float

    @property
    def mean(self) -> float:
        return float(self.distribution @ GRADES)


class Scorer:
    """Scores transcripts with one set of parameters. Safe to share between threads: it keeps nothing."""

    def __init__(self, parameters: Parameters) -> None:
        self._model = TextModel(parameters)
        self._version = parameters.version

    @classmethod
    def load(cls, path: Path | None = None) -> Scorer:
        """A scorer with the parameters of ``path``, by default the packaged ones. Raises ``InvalidParameters``."""
        return cls(load(path))

    def score(self, transcript: Transcript) -> Score:
        """Judge a finished or running conversation."""
        turns = [self._model.read(turn) for turn in transcript.turns]
        verdict = self._judge(turns, transcript)
        half_width = self._model.half_width(turns, transcript.language, verdict.mean)
        if judgement.applies_to(transcript.channel):
            half_width *= judgement.WIDENED
        return Score(
            mean=verdict.mean,
            low=max(1.0, verdict.mean - half_width),
            high=min(5.0, verdict.mean + half_width),
            distribution=_five(verdict.distribution),
            reasons=self._reasons(turns, transcript, verdict),
            model_version=self._version,
        )

    def running(self, transcript: Transcript) -> tuple[Score, ...]:
        """The estimate after each turn, in order; the last one is ``score(transcript)``."""
        return tuple(
            self.score(replace(transcript, turns=transcript.turns[:length]))
            for length in range(1, len(transcript.turns) + 1)
        )

    def _judge(self, turns: Sequence[ReadTurn], transcript: Transcript) -> _Verdict:
        parts = self._model.put_together(turns, transcript.language)
        if not judgement.applies_to(transcript.channel):
            return _Verdict(parts, parts.distribution, np.zeros(len(NAMES)), 1.0)
        share = judgement.TEXT_SHARE
        tilts = judgement.tilts(parts.values)
        mixed = share * parts.distribution + (1 - share) * judgement.BOT_PRIOR
        return _Verdict(parts, judgement.tilt(mixed, float(tilts.sum())), tilts, share)

    def _reasons(self, turns: Sequence[ReadTurn], transcript: Transcript, verdict: _Verdict) -> tuple[Reason, ...]:
        reasons = []
        for position in range(max(0, len(turns) - MOST_LEFT_OUT), len(turns)):
            without = self._judge([*turns[:position], *turns[position + 1 :]], transcript)
            if abs(verdict.mean - without.mean) >= LEAST_EFFECT:
                reasons.append(_reason(turns[position], position, verdict, without))
        # Earlier turns first where two moved it as much: the order never depends on anything but the transcript.
        reasons.sort(key=lambda reason: -abs(reason.effect))
        return tuple(reasons[:REASONS])


def _reason(read: ReadTurn, position: int, verdict: _Verdict, without: _Verdict) -> Reason:
    effect = verdict.mean - without.mean
    move = MOVES[int(verdict.parts.moves[position].argmax())]
    signal = main_signal(read.observed, _pulls(position, verdict, without), effect, move)
    turn = read.observed.turn
    words = words_for(signal, turn.author, raised=effect > 0)
    return Reason(turn.id, signal, effect, words.en, words.zh)


def _pulls(position: int, full: _Verdict, without: _Verdict) -> dict[Signal, float]:
    """About how many points each signal, and its own wording, contributed by the turn that ``without`` lacks."""
    variance = float(full.distribution @ (GRADES - full.mean) ** 2)
    signals = full.text_share * (full.parts.signals - without.parts.signals) @ GRADES
    signals = signals + variance * (full.tilts - without.tilts)
    wording = full.text_share * float(full.parts.words[position] @ GRADES)
    return {WORDING: wording} | dict(zip(NAMES, signals.tolist(), strict=True))


def _five(distribution: FloatArray) -> tuple[float, float, float, float, float]:
    one, two, three, four, five = (float(probability) for probability in distribution)
    return one, two, three, four, five
