from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench.nlu_figures import Counts, count, percentile
from nlu.examples import Annotation, Example


def example(intent: str, *notes: tuple[str, int, int]) -> Example:
    annotations = tuple(Annotation(name, start, end, "x", "x") for name, start, end in notes)
    return Example(intent, "some text", annotations, Path("x"), 1)


def answer(*ranking: str, entities: tuple[tuple[str, int, int], ...] = ()) -> dict[str, Any]:
    return {
        "intent": {"name": ranking[0], "confidence": 0.5},
        "intent_ranking": [{"name": name, "confidence": 0.5} for name in ranking],
        "entities": [{"entity": name, "start": start, "end": end} for name, start, end in entities],
    }


def test_a_refusal_is_right_by_its_best_intent_but_not_as_acted_on() -> None:
    counts = count([example("a"), example("a")], [answer("nlu_fallback", "a", "b"), answer("b", "a")], frozenset())
    assert (counts.accuracy, counts.acted_accuracy, counts.out_of_scope_recall) == (0.5, 0.0, None)


def test_out_of_scope_is_recalled_by_refusal_or_by_its_own_intent() -> None:
    answers = [answer("nlu_fallback", "a"), answer("oos", "a"), answer("a", "oos"), answer("oos", "a")]
    counts = count([example("oos")] * 3 + [example("a")], answers, frozenset())
    assert counts.out_of_scope_recall == pytest.approx(2 / 3)
    assert counts.accuracy == 0.0


def test_what_is_in_scope_and_refused_is_counted_by_the_name_given() -> None:
    answers = [answer("elsewhere", "a"), answer("nlu_fallback", "a"), answer("a"), answer("elsewhere", "a")]
    counts = count([example("a")] * 3 + [example("elsewhere")], answers, frozenset(), outside="elsewhere")
    assert (counts.in_scope, counts.refused_in_scope, counts.out_of_scope_recall) == (3, 2, 1.0)
    assert counts.falsely_refused == pytest.approx(2 / 3)


def test_an_entity_is_right_with_its_name_and_both_ends() -> None:
    marked = example("a", ("city", 0, 4), ("date", 5, 9))
    found = answer("a", entities=(("city", 0, 4), ("date", 5, 8), ("language", 0, 9)))
    counts = count([marked], [found], frozenset({"city", "date"}))
    assert (counts.spans_right, counts.spans_found, counts.spans_marked) == (1, 2, 2)
    assert counts.entity_f1 == 0.5
    assert count([example("a")], [found], frozenset({"date"})).entity_f1 is None


def test_folds_add_up() -> None:
    assert Counts(1, 1, 0, 0, 0, 1, 2, 1) + Counts(3, 1, 1, 0, 0, 0, 0, 1) == Counts(4, 2, 1, 0, 0, 1, 2, 2)


def test_percentiles() -> None:
    assert percentile([5.0, 1.0, 3.0, 2.0, 4.0], 0.5) == 3.0
    assert percentile([7.0], 0.95) == 7.0
