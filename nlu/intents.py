"""Which intent an utterance expresses, how sure that is, and when to say that one did not understand.

A model ranks the intents; this module turns the ranking into a decision, as Rasa's FallbackClassifier does:
too little confidence, or two intents nearly tied, and the intent is ``nlu_fallback`` with the ranking kept behind it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from nlu.linear import Floats, TermWeighting
from nlu.understanding import IntentScore
from nlu.utterance import View

FALLBACK = "nlu_fallback"
GREET = "greet"
INFORM = "inform"
SMALL_TALK = frozenset(
    {GREET, INFORM, "goodbye", "thank", "affirm", "deny", "stop", "ask_help", "bot_challenge", "out_of_scope"}
)
"""What may go with a greeting without being a request: "hi, I'm Jane", "hello, quick question", 你好，辛苦了."""
NO_REQUEST = SMALL_TALK | {"complain", "praise", "give_rating", "switch_language"}
"""What is never one of several things asked for in one message."""
COURTESIES = frozenset({GREET, "goodbye", "thank", "affirm", "deny"})
RANKED = 10
"""How many intents a ranking names, as Rasa's own classifiers do."""

Doubles = npt.NDArray[np.float64]

_BARE_CONFIDENCE = 0.95
_SURE_COURTESY = 0.6


@dataclass(frozen=True, slots=True)
class FallbackPolicy:
    """Below ``threshold``, or with the best two closer than ``ambiguity``, it is better to ask than to act.

    By cross-validation over our examples, two of three answers thus held back would have been wrong.
    """

    threshold: float = 0.4
    ambiguity: float = 0.05

    def needed(self, ranking: tuple[IntentScore, ...]) -> bool:
        if not ranking or ranking[0].confidence < self.threshold:
            return True
        return len(ranking) > 1 and ranking[0].confidence - ranking[1].confidence < self.ambiguity


class IntentModel(Protocol):
    """What scores intents: a ``nlu.kernel.KernelModel`` where it serves."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def weighting(self) -> TermWeighting: ...

    def probabilities(self, counts: Counter[str], vector: Floats, language: str) -> Floats:
        """float32 [labels], summing to 1, of the n-grams and of what ``View.deep`` holds."""


class IntentClassifier:
    """Immutable, thread-safe."""

    def __init__(self, model: IntentModel, policy: FallbackPolicy) -> None:
        self._model = model
        self._policy = policy

    def words(self) -> dict[str, float]:
        """The single words that the model knows from its examples, each with how common it is."""
        weighting = self._model.weighting
        return {
            term[1:]: -float(idf) for term, idf in zip(weighting.terms, weighting.idf, strict=True) if term[0] == "w"
        }

    def rank(self, view: View, *, past_greeting: View | None = None, bare: bool = False) -> tuple[IntentScore, ...]:
        """Best first; starts with ``nlu_fallback`` where none is good enough.

        ``bare``: the utterance is nothing but data ("A1024"). Whoever only gives data informs, whatever the model
        makes of so few characters. ``past_greeting``: what follows the greeting that the utterance begins with. Where
        that is a request, and more surely so than the whole is a greeting, the request counts.
        """
        probabilities = self._probabilities(view)
        if past_greeting is not None and GREET in self._model.labels:
            following = self._probabilities(past_greeting)
            if self._is_request(following, at_least=probabilities[self._model.labels.index(GREET)]):
                probabilities = following
        if bare and INFORM in self._model.labels:
            probabilities = _raised(probabilities, self._model.labels.index(INFORM), _BARE_CONFIDENCE)
        ranking = self._ranking(probabilities)
        return self.fallen_back(ranking) if self._policy.needed(ranking) else ranking

    def best(self, view: View) -> IntentScore:
        """The likeliest intent of a part of an utterance, sure or not."""
        return self._ranking(self._probabilities(view))[0]

    def courtesy_at_most(self, ranking: tuple[IntentScore, ...], *, words: int) -> tuple[IntentScore, ...]:
        """Of a language that the examples are not in: a single word may be a courtesy that they have ("hola", "merci"),
        where the model is sure enough; what it makes of anything else is chance."""
        best = ranking[0]
        known = words == 1 and best.name in COURTESIES and best.confidence >= _SURE_COURTESY
        return ranking if known else self.fallen_back(ranking)

    def fallen_back(self, ranking: tuple[IntentScore, ...] = ()) -> tuple[IntentScore, ...]:
        """As Rasa has it, the fallback's confidence is the threshold itself. Once is enough."""
        if ranking and ranking[0].name == FALLBACK:
            return ranking
        return (IntentScore(FALLBACK, self._policy.threshold), *ranking)

    def _probabilities(self, view: View) -> Doubles:
        return self._model.probabilities(view.counts, view.deep, view.scale).astype(np.float64)

    def _ranking(self, probabilities: Doubles) -> tuple[IntentScore, ...]:
        best = np.argsort(-probabilities, kind="stable")[:RANKED]
        return tuple(IntentScore(self._model.labels[place], round(float(probabilities[place]), 6)) for place in best)

    def _is_request(self, probabilities: Doubles, *, at_least: float) -> bool:
        ranking = self._ranking(probabilities)
        best = ranking[0]
        return best.name not in SMALL_TALK and best.confidence >= at_least and not self._policy.needed(ranking)


def _raised(probabilities: Doubles, place: int, least: float) -> Doubles:
    """One probability at least ``least``, the others sharing the rest in proportion."""
    if probabilities[place] >= least:
        return probabilities
    others = probabilities.sum() - probabilities[place]
    raised: Doubles = probabilities * ((1.0 - least) / others)
    raised[place] = least
    return raised
