"""Fits the weights by which questions are answered from the knowledge: ``python -m bench.knowledge_fitting MODELS``.

``MODELS`` is a directory of models (``encoder`` and ``nlu`` in it). Learns from the questions of
``data/knowledge/questions/fitted_*.tsv``, from the example questions of the passages, each as if it were not written
there, and from the examples of ``data/nlu``, which no passage answers, each understood by a model that has not seen it.
Writes ``nlu/knowledge_weights.json`` and prints what cross-validation makes of it. Takes some minutes.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from bench.knowledge import FITTED_QUESTIONS, KNOWLEDGE, REQUESTS_APART, read_questions
from nlu.certainty import OUT_OF_SCOPE, Meant, Weights, choosing_features, deciding_features, ranked, save_weights
from nlu.encoder import Encoder, SentenceEncoder, Vectors
from nlu.examples import Example, read_directory
from nlu.fitting import calibrated, fit_linear
from nlu.intents import FallbackPolicy, IntentClassifier
from nlu.knowledge import NO_INTENT, SURE, indices_of
from nlu.language import detect
from nlu.likeness import Doubles, Index, encode, matching
from nlu.passages import read_knowledge
from nlu.provenance import SEED
from nlu.training import INTENT_SCALES
from nlu.understander import Understander
from nlu.understanding import IntentScore
from nlu.utterance import View, count_glossed, scale_of

EXAMPLES = KNOWLEDGE.parent / "nlu"
FOLDS = 5
WEIGHT_OF_OWN = 0.3
"""Beside 1 for a question of the fitted files: passages' own questions are easier than life."""
WEIGHT_OF_OUTSIDE, WEIGHT_OF_REQUESTS = 75.0, 450.0
"""What all examples of ``data/nlu`` that are out of scope, and all that are requests, count together in a language:
they are ten times as many as the questions, and more of them must not make answers rarer."""
SMOOTHING = 3.0
"""C of the logistic regression."""

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Case:
    """A text with what the models see of it. ``right`` are the places of the passages that answer, ``intent`` is what
    it was understood as, ``labelled`` as what it stands in ``data/nlu``; ``weight`` is how much it counts.
    """

    likenesses: Doubles
    meant: Meant
    intent: str
    right: frozenset[int]
    weight: float
    labelled: str | None = None
    asked: bool = False


def main(arguments: Sequence[str]) -> int:
    if len(arguments) != 1:
        print("python -m bench.knowledge_fitting MODELS", file=sys.stderr)
        return 2
    models = Path(arguments[0])
    encoder = Encoder.load(models / "encoder")
    understander = Understander.load(models / "nlu", encoder_dir=models / "encoder", encoder=encoder)
    examples = list(understood_unseen(read_directory(EXAMPLES).examples, encoder))
    fitted = {}
    for language, index in indices_of(read_knowledge(KNOWLEDGE), encoder).items():
        cases = [
            *_of_questions(index, language, understander),
            *_of_lines(index, understander),
            *_of_examples(index, language, examples),
        ]
        print(f"{language}: {_report(index, cases)}")
        fitted[language] = fit(index, cases)
    save_weights(fitted)
    return 0


def fit(index: Index, cases: Sequence[Case]) -> Weights:
    answerable = [each for each in cases if each.right]
    choosing = _choosing(index, answerable)
    features, right = _decisions(index, cases, choosing)
    machine = LogisticRegression(C=SMOOTHING, max_iter=5000)
    machine.fit(features, right, sample_weight=[each.weight for each in cases])
    deciding = tuple(round(float(each), 3) for each in machine.coef_[0])
    return Weights(choosing, deciding, round(float(machine.intercept_[0]), 3))


def _choosing(index: Index, cases: Sequence[Case]) -> tuple[float, ...]:
    """Conditional logistic regression: the right passage among all, or any of them where several are right."""
    features = np.stack([choosing_features(index.passages, each.likenesses, each.meant) for each in cases])
    right = np.array([[place in each.right for place in range(len(index.passages))] for each in cases])
    weights = np.array([each.weight for each in cases])

    def loss(weights_of: Doubles) -> tuple[float, Doubles]:
        scores = features @ weights_of
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        whole, of_right = raised.sum(axis=1), (raised * right).sum(axis=1)
        value = -float((weights * np.log(of_right / whole)).sum() / weights.sum()) + 1e-4 * float(
            weights_of @ weights_of
        )
        pull = raised / whole[:, None] - raised * right / of_right[:, None]
        gradient = np.einsum("n,np,npf->f", weights, pull, features) / weights.sum() + 2e-4 * weights_of
        return value, gradient

    best = minimize(loss, np.ones(features.shape[2]), jac=True, method="L-BFGS-B")
    return tuple(round(float(each), 3) for each in best.x)


def _decisions(index: Index, cases: Sequence[Case], choosing: Sequence[float]) -> tuple[Doubles, Flags]:
    """The features of the decision, and whether the passage chosen is right."""
    features, right = [], []
    for each in cases:
        place, shares = ranked(index.passages, each.likenesses, each.meant, choosing)
        features.append(deciding_features(index.passages, each.likenesses, each.meant, place, shares))
        right.append(place in each.right)
    return np.stack(features), np.array(right)


def understood_unseen(
    examples: Sequence[Example], encoder: SentenceEncoder
) -> Iterator[tuple[Example, Vectors, tuple[IntentScore, ...]]]:
    """Each example with its sentence vector and the ranking by a model that was trained without it."""
    views = []
    for example in examples:
        counts = count_glossed(matching(example.text))
        views.append(View(counts, encode(example.text, encoder), scale_of(detect(example.text))))
    fitted = fit_linear(views, [each.intent for each in examples], scales=INTENT_SCALES, seed=SEED)
    classifier = IntentClassifier(fitted.model, FallbackPolicy())
    for example, view, probabilities in zip(examples, views, calibrated(fitted, views), strict=True):
        best = np.argsort(-probabilities)[:10]
        ranking = tuple(IntentScore(fitted.model.labels[place], float(probabilities[place])) for place in best)
        needed = FallbackPolicy().needed(ranking)
        yield example, view.vector, classifier.fallen_back(ranking) if needed else ranking


def _of_questions(index: Index, language: str, understander: Understander) -> Iterator[Case]:
    titles = _places(index)
    for question in read_questions(FITTED_QUESTIONS[language]):
        understanding = understander.parse(question.text)
        vector = understanding.vector
        if vector is None:
            continue
        yield Case(
            index.likenesses(vector, count_glossed(matching(question.text))),
            Meant.of(question.text, understanding.ranking),
            understanding.intent.name,
            frozenset(titles[each] for each in question.passages),
            weight=1.0,
            asked=True,
        )


def _of_lines(index: Index, understander: Understander) -> Iterator[Case]:
    for place, line in enumerate(index.lines):
        if line not in index.passages[index.owner[place]].questions:
            continue
        understanding = understander.parse(line)
        yield Case(
            index.without_line(place, count_glossed(matching(line))),
            Meant.of(line, understanding.ranking),
            understanding.intent.name,
            frozenset({int(index.owner[place])}),
            weight=WEIGHT_OF_OWN,
        )


def _of_examples(
    index: Index, language: str, examples: Sequence[tuple[Example, Vectors, tuple[IntentScore, ...]]]
) -> Iterator[Case]:
    """None of the intents that the files answer; of the one beside a file only the passages know what is answered."""
    answered = {each.intent for each in index.passages} | {each.beside for each in index.passages}
    asked = [each for each in examples if each[0].intent not in answered and scale_of(detect(each[0].text)) == language]
    outside = sum(example.intent == OUT_OF_SCOPE for example, _, _ in asked)
    of_outside, of_request = WEIGHT_OF_OUTSIDE / max(1, outside), WEIGHT_OF_REQUESTS / max(1, len(asked) - outside)
    for example, vector, ranking in asked:
        yield Case(
            index.likenesses(vector, count_glossed(matching(example.text))),
            Meant.of(example.text, ranking),
            ranking[0].name,
            frozenset(),
            weight=of_outside if example.intent == OUT_OF_SCOPE else of_request,
            labelled=example.intent,
        )


def _places(index: Index) -> Mapping[str, int]:
    """The first passage of each title."""
    return {each.title: place for place, each in reversed(list(enumerate(index.passages)))}


def _report(index: Index, cases: Sequence[Case]) -> str:
    """By cross-validation: what is told without remark (probability of ``SURE`` or more)."""
    folds = np.random.default_rng(SEED).permutation(len(cases)) % FOLDS
    told, right = np.zeros(len(cases), bool), np.zeros(len(cases), bool)
    for fold in range(FOLDS):
        weights = fit(index, [each for each, of in zip(cases, folds, strict=True) if of != fold])
        held = np.flatnonzero(folds == fold).tolist()
        features, right[held] = _decisions(index, [cases[place] for place in held], weights.choosing)
        told[held] = features @ np.array(weights.deciding) + weights.bias >= np.log(SURE / (1 - SURE))
    asked = np.array([each.asked for each in cases])
    answerable = np.array([bool(each.right) for each in cases])
    labelled = np.array([each.labelled or "" for each in cases])
    requests = (labelled != "") & (labelled != OUT_OF_SCOPE) & ~np.isin(labelled, list(REQUESTS_APART))
    outside = labelled == OUT_OF_SCOPE
    taken = requests & told & ~np.isin([each.intent for each in cases], list(NO_INTENT))
    return (
        f"of {int((asked & answerable).sum())} questions told {int((told & asked).sum())}, of these right"
        f" {int((told & asked & right).sum())}; chosen rightly {int((asked & answerable & right).sum())}; of"
        f" {int((asked & ~answerable).sum())} without an answer told {int((told & asked & ~answerable).sum())}; of"
        f" {int(requests.sum())} requests told {int((told & requests).sum())}, {int(taken.sum())} of them understood as"
        f" something; of {int(outside.sum())} out of scope told {int((told & outside).sum())}"
    )


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
