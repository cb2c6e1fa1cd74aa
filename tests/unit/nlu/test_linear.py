from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfTransformer

from nlu.errors import ModelDamaged, ModelMissing
from nlu.fitting import calibrated, calibration_error, fit_linear, fit_temperature, fit_weighting, folds
from nlu.linear import LinearModel, Scale, softmax
from nlu.utterance import View

SCALES = {"en": Scale(1.0, 1.0), "zh": Scale(1.0, 0.5)}


def views(texts: list[str]) -> list[View]:
    rng = np.random.default_rng(1)
    return [
        View(Counter("w" + word for word in text.split()), rng.normal(size=4).astype(np.float32), "en")
        for text in texts
    ]


TEXTS = ["a b", "a c", "a d", "a b c", "a", "x y", "x z", "x y z", "x", "x b"]
LABELS = ["one"] * 5 + ["two"] * 5


def test_weighting_is_scikit_learns() -> None:
    documents = [view.counts for view in views(TEXTS)]
    weighting = fit_weighting(documents)
    assert weighting.terms == ("wa", "wb", "wc", "wx", "wy", "wz")
    counts = np.array([[document[term] for term in weighting.terms] for document in documents])
    expected = TfidfTransformer(sublinear_tf=True).fit_transform(counts).toarray()
    for document, row in zip(documents, expected, strict=True):
        columns, values = weighting.weigh(document)
        dense = np.zeros(len(weighting.terms))
        dense[columns] = values
        np.testing.assert_allclose(dense, row, rtol=1e-5)


def test_a_fitted_model_separates_and_repeats() -> None:
    first = fit_linear(views(TEXTS), LABELS, scales=SCALES, seed=3)
    again = fit_linear(views(TEXTS), LABELS, scales=SCALES, seed=3)
    np.testing.assert_array_equal(first.model.weights, again.model.weights)
    np.testing.assert_array_equal(first.unseen, again.unseen)
    probabilities = np.stack([first.model.probabilities(one.counts, one.vector, "en") for one in views(TEXTS)])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)
    assert (probabilities.argmax(axis=1) == first.truth).all()
    np.testing.assert_allclose(calibrated(first, views(TEXTS)).sum(axis=1), 1.0, rtol=1e-5)


def test_three_labels_and_one_of_a_single_example() -> None:
    fitted = fit_linear(views([*TEXTS, "only one"]), [*LABELS, "three"], scales=SCALES, seed=0)
    assert fitted.model.labels == ("one", "three", "two")
    assert np.isfinite(fitted.unseen).all()


def test_saved_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    model = fit_linear(views(TEXTS), LABELS, scales=SCALES, seed=3).model
    model.save(tmp_path, "m")
    loaded = LinearModel.load(tmp_path, "m")
    one = views(["a b z new"])[0]
    np.testing.assert_array_equal(
        model.probabilities(one.counts, one.vector, "zh"), loaded.probabilities(one.counts, one.vector, "zh")
    )


def test_an_utterance_without_known_terms_is_scored_by_its_vector() -> None:
    model = fit_linear(views(TEXTS), LABELS, scales=SCALES, seed=3).model
    assert np.isfinite(model.scores(Counter({"wnever": 1}), np.ones(4, dtype=np.float32), "en")).all()


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        LinearModel.load(tmp_path, "m")
    model = fit_linear(views(TEXTS), LABELS, scales=SCALES, seed=3).model
    model.save(tmp_path, "m")
    described = json.loads((tmp_path / "m.json").read_text())
    (tmp_path / "m.json").write_text(json.dumps(described | {"labels": ["one"]}))
    with pytest.raises(ModelDamaged, match="belong together"):
        LinearModel.load(tmp_path, "m")
    (tmp_path / "m.json").write_text("{")
    with pytest.raises(ModelDamaged):
        LinearModel.load(tmp_path, "m")
    model.save(tmp_path, "m")
    (tmp_path / "m.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ModelDamaged):
        LinearModel.load(tmp_path, "m")


def test_temperature_makes_overconfident_scores_modest() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 3, 600)
    right = rng.random(600) < 0.7
    scores = np.zeros((600, 3), dtype=np.float32)
    scores[np.arange(600), np.where(right, truth, (truth + 1) % 3)] = 8.0
    temperature = fit_temperature(scores, truth)
    assert temperature > 2
    before = calibration_error(softmax(scores), truth)
    after = calibration_error(softmax(scores / np.float32(temperature)), truth)
    assert before > 0.25
    assert after < 0.05


def test_folds_spread_every_label() -> None:
    truth = np.array([0] * 20 + [1] * 7)
    spread = folds(truth, seed=1)
    assert [int((spread[:20] == fold).sum()) for fold in range(5)] == [4] * 5
    assert sorted(int((spread[20:] == fold).sum()) for fold in range(5)) == [1, 1, 1, 2, 2]
