"""Trains the model that understands, from the files of ``data/nlu``: intents, entities, sentiment, calibration.

Seeded and reproducible; a model is trained anew only when the examples, this package's code, the encoder or the
seed have changed. Needs scikit-learn (``nlu.fitting``); never imported by a process that only serves.
"""

from __future__ import annotations

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from nlu.artefacts import ModelFiles
from nlu.chinese_names import Span, with_another_name
from nlu.encoder import Encoder, LayeredEncoder
from nlu.entities import Gazetteer, read_for_tagging
from nlu.errors import TrainingDataError
from nlu.examples import Example, TrainingData, read_directory
from nlu.fitting import Fitted, calibrated, calibration_error
from nlu.gazetteers import BY_FORM, ENOUGH_TO_TEACH, gazetteer
from nlu.intents import FallbackPolicy
from nlu.kernel import KernelModel
from nlu.kernel_fitting import fit_kernel
from nlu.language import detect
from nlu.linear import LinearModel, Scale
from nlu.listings import Listings
from nlu.patterns import Found, PatternExtractor
from nlu.preparation import Prepared, prepare
from nlu.provenance import SEED, SENTIMENT, fingerprint, sentiment_files
from nlu.sentiment import LabelledText, read_labelled
from nlu.sentiment_fitting import fit_sentiment
from nlu.tagger import Tagged, train_tagger
from nlu.tokens import Vocab, new_vocabulary, tokenise
from nlu.understanding import Language
from nlu.utterance import View, scale_of, view

INTENT_SCALES = {"en": Scale(1.0, 3.5), "zh": Scale(1.3, 2.1)}
"""How much n-grams and sentence vector count: the packaged encoder knows Chinese by its glosses only. Chosen by
leaving out, over parts of our own examples and of public sets' training parts."""

_AGREEMENT = 0.8
"""Least F1 of patterns against the annotations of an entity that has a form (ours: 0.96 and more); below it, the
annotations mean something else by the name ("date" of somebody else's set), and the tagger learns it."""
_OTHER_NAMES = 3
"""How often a sentence with a Chinese name is also learnt with another name; by cross-validation of our examples."""
_ANY_DAY = date(2026, 1, 7)  # where a date stands does not depend on the day; its value is not used here

Progress = Callable[[str, float], None]
"""Called with what is being done and how far training is (0–1)."""


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """What was trained on and how good it is. Accuracies and calibration errors are by language, of examples left out:
    each alone for intents, by five folds for sentiment. ``intent_examples`` counts by intent and language."""

    fingerprint: str
    intent_examples: dict[str, dict[str, int]]
    intent_accuracy: dict[str, float]
    intent_calibration_error: dict[str, float]
    fallback_share: dict[str, float]
    sentiment_examples: dict[str, int]
    sentiment_accuracy: dict[str, float]
    entity_annotations: dict[str, int]
    confusions: tuple[tuple[str, str, int], ...]
    seconds: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Utterance:
    prepared: Prepared
    language: Language
    by_pattern: list[Found]
    view: View


def train(
    data_dir: Path,
    encoder_dir: Path,
    model_dir: Path,
    *,
    seed: int = SEED,
    progress: Progress | None = None,
    encoder: LayeredEncoder | None = None,
) -> TrainingReport:
    """Writes a model into ``model_dir``, replacing what was there. Raises TrainingDataError, EncoderMissing.

    ``encoder`` replaces the one in ``encoder_dir``.
    """
    say = progress or (lambda step, done: None)
    started = time.perf_counter()
    seconds: dict[str, float] = {}

    def lap(step: str) -> None:
        seconds[step] = round(time.perf_counter() - started - sum(seconds.values()), 3)

    say("reading examples", 0.0)
    encoder = encoder or Encoder.load(encoder_dir)
    data = read_directory(data_dir)
    _check(data, data_dir)
    labelled = _read_sentiment(data_dir)
    vocabulary = new_vocabulary()
    patterns = PatternExtractor(vocabulary, today=lambda: _ANY_DAY)
    lap("read")

    texts = [*(example.text for example in data.examples), *(one.text for one in labelled)]
    utterances = _utterances(texts, patterns, vocabulary, encoder, say)
    lap("encode")

    say("fitting intents", 0.45)
    intent_utterances = utterances[: len(data.examples)]
    intents = fit_kernel(
        [one.view for one in intent_utterances],
        [example.intent for example in data.examples],
        dimension=encoder.dimension,
        scales=INTENT_SCALES,
        seed=seed,
    )
    lap("intents")

    say("fitting sentiment", 0.75)
    sentiment_utterances = utterances[len(data.examples) :]
    sentiment = fit_sentiment(
        [one.prepared.text for one in sentiment_utterances],
        [one.view for one in sentiment_utterances],
        [one.label for one in labelled],
        seed=seed,
    )
    lap("sentiment")

    say("training the tagger", 0.85)
    taught = _taught(data.examples, intent_utterances)
    known = gazetteer(data, taught)
    tagger = train_tagger(_tagged(data.examples, intent_utterances, vocabulary, known), encoder.word_classes)
    lap("tagger")

    files = ModelFiles(
        fingerprint(data_dir, encoder.identity, seed=seed),
        encoder.identity,
        FallbackPolicy(),
        known,
        intents.model,
        sentiment.model,
        tagger,
    )
    report = _report(files, data, intents, intent_utterances, sentiment, sentiment_utterances, seconds)
    files.save(model_dir, _as_json(report))
    say("trained", 1.0)
    return report


def _check(data: TrainingData, data_dir: Path) -> None:
    if len(data.intents()) < 2:
        raise TrainingDataError("needs examples of at least two intents", path=data_dir)


def _read_sentiment(data_dir: Path) -> list[LabelledText]:
    labelled = [one for path in sentiment_files(data_dir) for one in read_labelled(path)]
    if len({one.label for one in labelled}) < 2:
        raise TrainingDataError("needs .tsv files with sentences of at least two labels", path=data_dir / SENTIMENT)
    return labelled


def _utterances(
    texts: Sequence[str], patterns: PatternExtractor, vocabulary: Vocab, encoder: LayeredEncoder, say: Progress
) -> list[_Utterance]:
    """Encoding takes most of the time and does not hold the interpreter's lock, so every core encodes."""
    seen = []
    for text in texts:
        prepared = prepare(text)
        language = detect(prepared.text)
        by_pattern = patterns.find(prepared.text, tokenise(prepared.text, vocabulary), language)
        seen.append((prepared, language, by_pattern))
    utterances = []
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        views = pool.map(lambda one: view(one[0].text, one[2], one[1], encoder), seen)
        for number, (one, viewed) in enumerate(zip(seen, views, strict=True)):
            if number % 50 == 0:
                say("encoding sentences", 0.05 + 0.4 * number / len(texts))
            utterances.append(_Utterance(*one, viewed))
    return utterances


def _taught(examples: Sequence[Example], utterances: Sequence[_Utterance]) -> frozenset[str]:
    """Entities with a form that the examples mark, but hardly where the patterns find them."""
    marked, found, both = Counter[str](), Counter[str](), Counter[str]()
    for example, utterance in zip(examples, utterances, strict=True):
        if utterance.prepared.text != example.text:
            continue
        spans = {(note.entity, note.start, note.end) for note in example.annotations if note.entity in BY_FORM}
        finds = {(one.name, one.start, one.end) for one in utterance.by_pattern}
        for counts, those in ((marked, spans), (found, finds), (both, spans & finds)):
            counts.update(name for name, _, _ in those)
    return frozenset(
        name
        for name, count in marked.items()
        if count >= ENOUGH_TO_TEACH and 2 * both[name] < _AGREEMENT * (count + found[name])
    )


def _tagged(
    examples: Sequence[Example], utterances: Sequence[_Utterance], vocabulary: Vocab, known: Gazetteer
) -> list[Tagged]:
    """Only examples whose text is its own normal form: annotations are offsets into the text as written."""
    by_form = BY_FORM - known.taught
    hints = Listings(vocabulary, known.hints)
    chooser = Random(SEED)

    def tagged(text: str, spans: tuple[Span, ...], by_pattern: tuple[Found, ...]) -> Tagged:
        document = read_for_tagging(text, vocabulary)
        return Tagged(document, (*by_pattern, *hints.find_apart(document)), spans)

    sentences = []
    for example, utterance in zip(examples, utterances, strict=True):
        if utterance.prepared.text != example.text:
            continue
        spans = tuple((note.entity, note.start, note.end) for note in example.annotations if note.entity not in by_form)
        by_pattern = tuple(utterance.by_pattern)
        sentences.append(tagged(example.text, spans, by_pattern))
        for _ in range(_OTHER_NAMES):
            renamed = with_another_name(example.text, spans, by_pattern, chooser)
            if renamed is not None:
                sentences.append(tagged(*renamed))
    return sentences


def _report(
    files: ModelFiles,
    data: TrainingData,
    intents: Fitted[KernelModel],
    intent_utterances: Sequence[_Utterance],
    sentiment: Fitted[LinearModel],
    sentiment_utterances: Sequence[_Utterance],
    seconds: dict[str, float],
) -> TrainingReport:
    examples: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for example, utterance in zip(data.examples, intent_utterances, strict=True):
        examples[example.intent][scale_of(utterance.language)] += 1
    probabilities = calibrated(intents, [one.view for one in intent_utterances])
    ordered = np.sort(probabilities, axis=1)
    unsure = (ordered[:, -1] < files.policy.threshold) | (ordered[:, -1] - ordered[:, -2] < files.policy.ambiguity)
    by_language = _rows(intent_utterances)
    labels = intents.model.labels
    predicted = probabilities.argmax(axis=1)
    confused = Counter(
        (labels[truth], labels[guess]) for truth, guess in zip(intents.truth, predicted, strict=True) if truth != guess
    )
    return TrainingReport(
        files.fingerprint,
        {intent: dict(sorted(counts.items())) for intent, counts in sorted(examples.items())},
        {key: _mean(predicted[rows] == intents.truth[rows]) for key, rows in by_language.items()},
        {
            key: round(calibration_error(probabilities[rows], intents.truth[rows]), 4)
            for key, rows in by_language.items()
        },
        {key: _mean(unsure[rows]) for key, rows in by_language.items()},
        {key: len(rows) for key, rows in _rows(sentiment_utterances).items()},
        {
            key: _mean(sentiment.unseen[rows].argmax(axis=1) == sentiment.truth[rows])
            for key, rows in _rows(sentiment_utterances).items()
        },
        dict(sorted(Counter(note.entity for example in data.examples for note in example.annotations).items())),
        tuple((truth, guess, count) for (truth, guess), count in confused.most_common(30)),
        seconds,
    )


def _rows(utterances: Sequence[_Utterance]) -> dict[str, list[int]]:
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for number, utterance in enumerate(utterances):
        rows[scale_of(utterance.language)].append(number)
    return dict(sorted(rows.items()))


def _mean(values: Any) -> float:
    return round(float(np.mean(values)), 4)


def _as_json(report: TrainingReport) -> dict[str, Any]:
    return asdict(report)
