"""Which passage fits a question best and how probably it answers: two small models, fitted offline.

The first chooses among the passages, the second says how sure the choice is, both from likenesses and from what the
understanding made of the question: a request that looks like a question is then left alone. Weights are those of
``knowledge_weights.json`` (``python -m bench.knowledge_fitting``); a model of its own for each language.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from nlu.likeness import Doubles
from nlu.passages import Passage
from nlu.understanding import IntentScore

OUT_OF_SCOPE = "out_of_scope"
FALLBACK = "nlu_fallback"
FITTED = Path(__file__).with_name("knowledge_weights.json")

_ASKS_ENGLISH = re.compile(
    r"[?？]|^(?:(?:and|but|so|hi|hello|hey|ok|please)\b,? ?)*(?:what|when|where|who|which|how|why|can|could|do|does|"
    r"did|is|are|am|will|would|may|should|has|have|was)\b",
    re.IGNORECASE,
)
_ASKS_CHINESE = re.compile(
    r"[?？]|吗|么|呢|嘛|怎|什么|啥|咋|多久|多少|几|哪|谁|为何|如何|还是|"
    r"能不能|可不可以|是不是|有没有|会不会|要不要|行不|不行|不$|没$|可以.*不|能.*不"
)


@dataclass(frozen=True, slots=True)
class Meant:
    """What the understanding made of a question: the probability of each intent that it named, and the form."""

    intents: Mapping[str, float]
    is_question: bool

    @classmethod
    def of(cls, text: str, ranking: Sequence[IntentScore]) -> Meant:
        probabilities = {each.name: each.confidence for each in ranking if each.name != FALLBACK}
        return cls(probabilities, bool(_ASKS_ENGLISH.search(text) or _ASKS_CHINESE.search(text)))


@dataclass(frozen=True, slots=True)
class Weights:
    """``choosing`` are of the features of ``choosing_features``, ``deciding`` of those of ``deciding_features``."""

    choosing: tuple[float, ...]
    deciding: tuple[float, ...]
    bias: float


@dataclass(frozen=True, slots=True)
class Choice:
    """``place`` is that of the passage that fits best, ``probability`` (0–1) how likely it is to answer."""

    place: int
    probability: float


def choose(passages: Sequence[Passage], likenesses: Doubles, meant: Meant, weights: Weights) -> Choice:
    """``likenesses`` float64 [passages, 3] as of ``Index.likenesses``; at least one passage."""
    place, shares = ranked(passages, likenesses, meant, weights.choosing)
    features = deciding_features(passages, likenesses, meant, place, shares)
    raised = float(features @ np.array(weights.deciding)) + weights.bias
    return Choice(place, float(1.0 / (1.0 + np.exp(-raised))))


def ranked(
    passages: Sequence[Passage], likenesses: Doubles, meant: Meant, choosing: Sequence[float]
) -> tuple[int, Doubles]:
    """The place of the best passage, and of each the share (float64 [passages], summing to 1) that it is the best."""
    scores = choosing_features(passages, likenesses, meant) @ np.array(choosing)
    raised = np.exp(scores - scores.max())
    shares: Doubles = raised / raised.sum()
    return int(shares.argmax()), shares


def choosing_features(passages: Sequence[Passage], likenesses: Doubles, meant: Meant) -> Doubles:
    """float64 [passages, 4]: the three likenesses, and how probably the file's intent is meant."""
    intended = np.array([_intended(each, meant) for each in passages])
    return np.column_stack([likenesses, intended])


def deciding_features(
    passages: Sequence[Passage], likenesses: Doubles, meant: Meant, place: int, shares: Doubles
) -> Doubles:
    """float64 [9]: the chosen passage's likenesses, share and intent; how probably anything is asked that the files
    are about, how probably the likeliest of the other intents is meant, or nothing of ours; and whether it is put as
    a question.
    """
    files = {each.intent for each in passages} | {each.beside for each in passages}
    asking = sum(probability for name, probability in meant.intents.items() if name in files)
    others = [p for name, p in meant.intents.items() if name not in files and name != OUT_OF_SCOPE]
    return np.array(
        [
            *likenesses[place],
            shares[place],
            _intended(passages[place], meant),
            asking,
            max(others, default=0.0),
            meant.intents.get(OUT_OF_SCOPE, 0.0),
            float(meant.is_question),
        ]
    )


def _intended(passage: Passage, meant: Meant) -> float:
    return meant.intents.get(passage.intent or passage.beside or "", 0.0)


@lru_cache(maxsize=1)
def fitted_weights() -> dict[str, Weights]:
    """By language."""
    content = json.loads(FITTED.read_text(encoding="utf-8"))
    return {
        language: Weights(tuple(each["choosing"]), tuple(each["deciding"]), each["bias"])
        for language, each in content.items()
    }


def save_weights(weights: Mapping[str, Weights], path: Path = FITTED) -> None:
    content = {language: asdict(each) for language, each in weights.items()}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
