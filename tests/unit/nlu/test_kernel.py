from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import nlu.kernel_fitting
from nlu.errors import ModelDamaged, ModelMissing
from nlu.fitting import Fitted, calibrated
from nlu.kernel import KernelModel
from nlu.kernel_fitting import SHARE, fit_kernel, fit_projection, spread
from nlu.linear import Scale
from nlu.utterance import View

SCALES = {"en": Scale(1.0, 2.0), "zh": Scale(1.3, 1.0)}
DIMENSION = 4
LABELS = ["inside", "outside"] * 20


def views(labels: list[str] = LABELS, *, layers: int = 2) -> list[View]:
    """Inside and outside of a sphere, which no plane parts; the first layer is noise, the second tells."""
    rng = np.random.default_rng(1)
    seen = []
    for number, label in enumerate(labels):
        deep = rng.normal(size=(layers, DIMENSION))
        deep[-1, 0] = (0.1 if label == "inside" else 3.0) * rng.choice([-1, 1])
        flat = deep.astype(np.float32).ravel()
        counts = Counter({f"w{number % 3}": 1, "wthe": 2})
        seen.append(View(counts, flat[:DIMENSION], "zh" if number % 4 == 3 else "en", flat))
    return seen


def fit(seen: list[View], labels: list[str] = LABELS) -> Fitted[KernelModel]:
    return fit_kernel(seen, labels, dimension=DIMENSION, scales=SCALES, seed=3)


def scores(model: KernelModel, seen: list[View]) -> np.ndarray:
    return np.stack([model.scores(one.counts, one.deep, one.scale) for one in seen])


def test_what_no_plane_parts_is_told_apart_and_the_same_again() -> None:
    seen = views()
    first, again = fit(seen), fit(seen)
    assert (scores(first.model, seen).argmax(axis=1) == first.truth).all()
    np.testing.assert_array_equal(first.model.influence, again.model.influence)
    np.testing.assert_array_equal(first.unseen, again.unseen)
    assert (first.unseen.argmax(axis=1) == first.truth).mean() > 0.8
    np.testing.assert_allclose(calibrated(first, seen).sum(axis=1), 1.0, rtol=1e-5)


def test_unseen_scores_are_those_of_a_model_without_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """The weighting of terms and the projection are fitted to all, so they are kept as they are here."""
    seen = views(layers=1)
    whole = fit(seen)
    projection = whole.model.projection
    weighting = whole.model.weighting
    monkeypatch.setattr(nlu.kernel_fitting, "fit_projection", lambda *_: projection)
    monkeypatch.setattr(nlu.kernel_fitting, "fit_weighting", lambda _: weighting)
    for left_out in (0, 7, 39):
        rest = [place for place in range(len(seen)) if place != left_out]
        without = fit([seen[place] for place in rest], [LABELS[place] for place in rest])
        np.testing.assert_allclose(scores(without.model, [seen[left_out]])[0], whole.unseen[left_out], atol=1e-3)


def test_of_more_examples_than_the_equation_takes_a_part_is_learnt_from_and_all_are_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen, labels = views(LABELS * 3), LABELS * 3
    monkeypatch.setattr(nlu.kernel_fitting, "MOST", 90)
    part = fit(seen, labels)
    learnt = spread(part.truth, 90, seed=3)
    assert part.model.examples.shape == (90, 2 * DIMENSION)
    alone = fit([seen[row] for row in learnt], [labels[row] for row in learnt])
    np.testing.assert_allclose(part.unseen[learnt], alone.unseen, atol=1e-5)
    others = np.setdiff1d(np.arange(120), learnt)
    np.testing.assert_allclose(part.unseen[others], scores(part.model, [seen[row] for row in others]), atol=1e-4)
    assert (part.unseen.argmax(axis=1) == part.truth).mean() > 0.8


def test_a_part_of_the_examples_has_the_labels_in_proportion() -> None:
    truth = np.array([0] * 60 + [1] * 30)
    chosen = spread(truth, 30, seed=1)
    assert np.bincount(truth[chosen]).tolist() == [20, 10]
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(spread(truth, 1000, seed=1), np.arange(90))


def test_the_last_layer_has_its_share_and_where_all_directions_are_kept_lengths_stay() -> None:
    deep = np.stack([one.deep for one in views(layers=3)])
    projection = fit_projection(deep, DIMENSION)
    np.testing.assert_allclose(np.linalg.norm(projection.project(deep), axis=1), 1.0, rtol=1e-4)
    shares = np.square(projection.directions).sum(axis=1).reshape(3, DIMENSION).mean(axis=1)
    np.testing.assert_allclose(shares, [SHARE, (1 - SHARE) / 2, (1 - SHARE) / 2], rtol=1e-4)


def test_a_label_of_a_single_example() -> None:
    labels = [*LABELS[:-1], "alone"]
    fitted = fit(views(labels), labels)
    assert fitted.model.labels == ("alone", "inside", "outside")
    assert np.isfinite(fitted.unseen).all()


def test_saved_and_loaded_it_says_the_same(tmp_path: Path) -> None:
    seen = views()
    model = fit(seen).model
    model.save(tmp_path, "m")
    loaded = KernelModel.load(tmp_path, "m")
    for one in seen[:4]:
        np.testing.assert_array_equal(
            model.probabilities(one.counts, one.deep, one.scale), loaded.probabilities(one.counts, one.deep, one.scale)
        )


def test_an_utterance_without_known_terms_is_scored_by_its_vector() -> None:
    model = fit(views()).model
    assert np.isfinite(model.scores(Counter({"wnever": 1}), np.zeros(2 * DIMENSION, dtype=np.float32), "en")).all()


def test_missing_and_damaged_files(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing):
        KernelModel.load(tmp_path, "m")
    model = fit(views()).model
    model.save(tmp_path, "m")
    described = json.loads((tmp_path / "m.json").read_text())
    (tmp_path / "m.json").write_text(json.dumps(described | {"labels": ["one"]}))
    with pytest.raises(ModelDamaged, match="belong together"):
        KernelModel.load(tmp_path, "m")
    model.save(tmp_path, "m")
    (tmp_path / "m.npz").unlink()
    with pytest.raises(ModelMissing):
        KernelModel.load(tmp_path, "m")
    (tmp_path / "m.npz").write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ModelDamaged):
        KernelModel.load(tmp_path, "m")
