"""Fitting on dialogues made up here: it learns what they show, twice the same, and keeps no word of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from satisfaction.corpus import fold_of
from satisfaction.errors import TrainingDataMissing
from satisfaction.fitting import fit, main
from satisfaction.formats import read_stc3
from satisfaction.parameter_file import load, save
from satisfaction.scorer import Scorer

WORDS = {
    "en": ("The blue kettle leaks again", "Lovely, all sorted", "Dreadful, never again", "We looked into it"),
    "zh": ("蓝色的水壶又漏水了", "真好都弄妥了", "糟透了再也不来", "我们已经查看"),
}


def dialogues(language: str) -> list[dict[str, object]]:
    opening, happy, unhappy, answer = WORDS[language]
    found = []
    for number in range(60):
        good = number % 2 == 0
        turns = [
            {"sender": "customer", "utterances": [opening]},
            {"sender": "helpdesk", "utterances": [answer]},
            {"sender": "customer", "utterances": [happy if good else unhappy]},
        ]
        scores = [2, 1, 1, 2] if good else [-2, -1, -1, 0]
        nuggets = ["CNUG0", "HNUG*", "CNUG*"] if good else ["CNUG0", "HNaN", "CNaN"]
        annotations = [{"quality": {"A": score, "S": score, "E": score}, "nugget": nuggets} for score in scores]
        found.append({"id": str(number), "turns": turns, "annotations": annotations})
    return found


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stc3")
    (folder / "train_data_cn.json").write_text(json.dumps(dialogues("zh")), encoding="utf-8")
    (folder / "train_data_en.json").write_text(json.dumps(dialogues("en")), encoding="utf-8")
    return folder


def test_it_learns_what_the_dialogues_show(data: Path) -> None:
    scorer = Scorer(fit(data))
    for name in ("train_data_cn.json", "train_data_en.json"):
        good, bad, *_ = read_stc3(data / name)
        assert scorer.score(good.transcript).mean > 4.0
        assert scorer.score(bad.transcript).mean < 2.5


def test_fitting_twice_gives_the_same_file_without_a_word(data: Path, tmp_path: Path) -> None:
    main(["--data", str(data), "--out", str(tmp_path / "one.npz")])
    save(fit(data), tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert set(load(tmp_path / "one.npz").languages) == {"en", "zh"}


def test_data_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataMissing, match="train_data_cn"):
        fit(tmp_path)


def test_dialogues_without_ratings_cannot_be_fitted_on(tmp_path: Path) -> None:
    for language, name in (("zh", "train_data_cn.json"), ("en", "train_data_en.json")):
        bare = [{"id": item["id"], "turns": item["turns"]} for item in dialogues(language)]
        (tmp_path / name).write_text(json.dumps(bare), encoding="utf-8")
    with pytest.raises(TrainingDataMissing, match="without annotations"):
        fit(tmp_path)


def test_folds_follow_the_id_alone_and_are_even() -> None:
    counts = [0] * 5
    for number in range(1000):
        assert fold_of(str(number)) == fold_of(str(number))
        counts[fold_of(str(number))] += 1
    assert min(counts) > 150
