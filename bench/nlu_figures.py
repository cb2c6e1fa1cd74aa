"""What is counted of two systems' answers to the same utterances. Pure; an answer is what ``/model/parse`` returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.nlu_sets import OUT_OF_SCOPE
from nlu.examples import Example

FALLBACK = "nlu_fallback"
Answer = Mapping[str, Any]
Span = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """Sums over utterances, so that folds add up."""

    in_scope: int = 0
    best_right: int = 0
    acted_right: int = 0
    out_of_scope: int = 0
    refused: int = 0
    spans_right: int = 0
    spans_found: int = 0
    spans_marked: int = 0
    refused_in_scope: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, name) + getattr(other, name) for name in Counts.__slots__))

    @property
    def accuracy(self) -> float:
        """Of what is in scope, by the best intent whether or not it was sure enough: Rasa's own way of counting."""
        return _share(self.best_right, self.in_scope)

    @property
    def acted_accuracy(self) -> float:
        """Of what is in scope, where to be refused is wrong."""
        return _share(self.acted_right, self.in_scope)

    @property
    def falsely_refused(self) -> float:
        """The share of what is in scope that was refused."""
        return _share(self.refused_in_scope, self.in_scope)

    @property
    def out_of_scope_recall(self) -> float | None:
        """The share of what is out of scope that was refused; None where the set has none."""
        return _share(self.refused, self.out_of_scope) if self.out_of_scope else None

    @property
    def entity_f1(self) -> float | None:
        """Micro-averaged; an entity is right with its name and both ends. None where the set marks none."""
        if not self.spans_marked:
            return None
        return _share(2 * self.spans_right, self.spans_found + self.spans_marked)


def commonest_share(train: Sequence[Example], test: Sequence[Example], *, outside: str = OUT_OF_SCOPE) -> float:
    """How often the commonest intent learnt is the right one in scope: what needs no understanding at all."""
    learnt = Counter(one.intent for one in train if one.intent != outside)
    asked = [one.intent for one in test if one.intent != outside]
    return _share(sum(intent == learnt.most_common(1)[0][0] for intent in asked), len(asked)) if learnt else 0.0


def count(
    examples: Sequence[Example], answers: Sequence[Answer], entities: frozenset[str], *, outside: str = OUT_OF_SCOPE
) -> Counts:
    """``entities`` are those asked for; whatever else is found counts neither for nor against. ``outside`` is the name
    of what belongs to no intent."""
    total = Counts()
    for example, answer in zip(examples, answers, strict=True):
        total += _count_one(example, answer, entities, outside)
    return total


def _count_one(example: Example, answer: Answer, entities: frozenset[str], outside_name: str) -> Counts:
    acted = (answer.get("intent") or {}).get("name")
    ranked = [one["name"] for one in answer.get("intent_ranking", []) if one["name"] != FALLBACK]
    best = ranked[0] if ranked else acted
    outside = example.intent == outside_name
    refused = acted in {outside_name, FALLBACK}
    marked = {(note.entity, note.start, note.end) for note in example.annotations if note.entity in entities}
    found: set[Span] = {
        (one["entity"], one["start"], one["end"]) for one in answer.get("entities", []) if one["entity"] in entities
    }
    return Counts(
        in_scope=int(not outside),
        best_right=int(not outside and best == example.intent),
        acted_right=int(not outside and acted == example.intent),
        out_of_scope=int(outside),
        refused=int(outside and refused),
        spans_right=len(marked & found),
        spans_found=len(found),
        spans_marked=len(marked),
        refused_in_scope=int(not outside and refused),
    )


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(values)
    return ordered[int(share * (len(ordered) - 1))]


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
