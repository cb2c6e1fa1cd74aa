from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlu.artefacts import ModelFiles
from nlu.encoder import MANIFEST, Manifest
from nlu.errors import EncoderMissing, ModelDamaged, ModelMissing, TrainingDataError
from nlu.examples import read_file
from nlu.gazetteers import gazetteer
from nlu.provenance import fingerprint, is_current
from nlu.training import TrainingReport, train
from nlu.understander import Understander
from tests.unit.nlu.small_shop import HashingEncoder, write_data


def test_the_report_counts_examples_by_language(trained: tuple[Path, TrainingReport]) -> None:
    model_dir, report = trained
    assert report.intent_examples["greet"] == {"en": 6, "zh": 5}
    assert report.sentiment_examples == {"en": 12, "zh": 9}
    assert report.entity_annotations["person"] == 5
    assert set(report.intent_accuracy) == {"en", "zh"}
    assert all(0 <= value <= 1 for value in report.intent_calibration_error.values())
    assert json.loads((model_dir / "report.json").read_text())["fingerprint"] == report.fingerprint


def test_training_again_gives_the_same_model(
    data_dir: Path, trained: tuple[Path, TrainingReport], tmp_path: Path
) -> None:
    train(data_dir, Path("unused"), tmp_path / "again", encoder=HashingEncoder())
    for name in ("model.json", "intents.json", "sentiment.json", "tagger.crfsuite"):
        assert (tmp_path / "again" / name).read_bytes() == (trained[0] / name).read_bytes()
    again, first = ModelFiles.load(tmp_path / "again"), ModelFiles.load(trained[0])
    assert (again.intents.weights == first.intents.weights).all()


def test_progress_never_goes_back(data_dir: Path, tmp_path: Path) -> None:
    steps: list[tuple[str, float]] = []
    train(
        data_dir,
        Path("unused"),
        tmp_path / "model",
        encoder=HashingEncoder(),
        progress=lambda step, done: steps.append((step, done)),
    )
    done = [share for _, share in steps]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0.0, 1.0)


def test_a_model_is_current_until_something_changes(tmp_path: Path) -> None:
    data_dir, model_dir, encoder_dir = write_data(tmp_path / "data"), tmp_path / "model", tmp_path / "encoder"
    encoder_dir.mkdir()
    manifest = Manifest("small", "1", "0", "0", 16, 128, 0, "mean", False, "none", 1.0)
    (encoder_dir / MANIFEST).write_text(manifest.to_json())
    assert not is_current(data_dir, encoder_dir, model_dir)
    encoder = HashingEncoder()
    encoder.identity = manifest.identity
    train(data_dir, encoder_dir, model_dir, encoder=encoder)
    assert is_current(data_dir, encoder_dir, model_dir)
    assert not is_current(data_dir, encoder_dir, model_dir, seed=1)
    with (data_dir / "sentiment" / "en.tsv").open("a") as file:
        file.write("positive\tlovely\n")
    assert not is_current(data_dir, encoder_dir, model_dir)


def test_currency_cannot_be_told_without_an_encoder(data_dir: Path, tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing):
        is_current(data_dir, tmp_path, tmp_path)


def test_the_fingerprint_follows_the_encoder(data_dir: Path) -> None:
    assert fingerprint(data_dir, "a") != fingerprint(data_dir, "b")


def test_a_failed_training_leaves_the_old_model(trained: tuple[Path, TrainingReport], tmp_path: Path) -> None:
    data_dir = write_data(tmp_path / "data")
    (data_dir / "shop.yml").write_text("nlu:\n- intent: only\n  examples: |\n    - one\n")
    with pytest.raises(TrainingDataError, match="two intents"):
        train(data_dir, Path("unused"), trained[0], encoder=HashingEncoder())
    assert ModelFiles.load(trained[0]).intents.labels


def test_sentiment_examples_are_needed(tmp_path: Path) -> None:
    data_dir = write_data(tmp_path / "data")
    for path in (data_dir / "sentiment").iterdir():
        path.unlink()
    with pytest.raises(TrainingDataError, match=r"\.tsv"):
        train(data_dir, Path("unused"), tmp_path / "model", encoder=HashingEncoder())


def test_a_model_without_one_of_its_files(trained: tuple[Path, TrainingReport], tmp_path: Path) -> None:
    files = ModelFiles.load(trained[0])
    files.save(tmp_path / "copy", {})
    (tmp_path / "copy" / "tagger.crfsuite").unlink()
    with pytest.raises(ModelMissing):
        ModelFiles.load(tmp_path / "copy")
    files.save(tmp_path / "copy", {})
    (tmp_path / "copy" / "model.json").write_text("{}")
    with pytest.raises(ModelDamaged):
        ModelFiles.load(tmp_path / "copy")


def test_saving_replaces_and_leaves_nothing_beside(trained: tuple[Path, TrainingReport], tmp_path: Path) -> None:
    files = ModelFiles.load(trained[0])
    files.save(tmp_path / "model", {"first": 1})
    files.save(tmp_path / "model", {"second": 2})
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert json.loads((tmp_path / "model" / "report.json").read_text()) == {"second": 2}


def test_names_annotated_nearly_everywhere_are_learnt_by_heart(tmp_path: Path) -> None:
    path = tmp_path / "shop.yml"
    path.write_text(
        "nlu:\n- intent: a\n  examples: |\n"
        "    - my [kettle](product) broke\n    - the [kettle](product) is fine\n    - I saw a [light](product)\n"
        "    - a light breakfast\n    - light rain\n    - ask [Tom](person)\n",
        encoding="utf-8",
    )
    lists = {one.entity: set(one.names) for one in gazetteer(read_file(path)).lists}
    assert lists == {"product": {"kettle"}}


def test_lists_of_what_the_examples_mark_are_hints_and_all_others_are_believed(tmp_path: Path) -> None:
    path = tmp_path / "shop.yml"
    marked = "".join(f"    - send it to [{town}](place)\n" for town in "abcdefghijklmnopqrst")
    path.write_text(
        f"nlu:\n- intent: a\n  examples: |\n{marked}"
        "- lookup: place\n  examples: |\n    - York\n- lookup: colour\n  examples: |\n    - blue\n",
        encoding="utf-8",
    )
    known = gazetteer(read_file(path))
    assert [(one.entity, set(one.names)) for one in known.hints] == [("place", {"York"})]
    assert [(one.entity, set(one.names)) for one in known.lists] == [("colour", {"blue"})]


def test_an_entity_marked_otherwise_than_its_pattern_finds_it_is_learnt(tmp_path: Path) -> None:
    data_dir, model_dir = write_data(tmp_path / "data"), tmp_path / "model"
    days = ["today", "tomorrow", "monday", "tuesday", "friday"]
    marked = "".join(
        f"    - {verb} me the news of the [day of {day}](date) please\n"
        for day in days
        for verb in ("read", "tell", "show", "give", "bring")
    )
    (data_dir / "news.yml").write_text(f"nlu:\n- intent: news\n  examples: |\n{marked}", encoding="utf-8")
    train(data_dir, Path("unused"), model_dir, encoder=HashingEncoder())
    files = ModelFiles.load(model_dir)
    assert files.gazetteer.taught == {"date"}
    assert {"amount", "phone"} <= files.gazetteer.unmarked
    assert "order_number" not in files.gazetteer.unmarked | files.gazetteer.taught
    understander = Understander.load(model_dir, encoder_dir=Path("unused"), encoder=HashingEncoder())
    found = understander.parse("show me the news of the day of tuesday please").entities
    assert [(one.name, one.text, one.extractor) for one in found] == [("date", "day of tuesday", "tagger")]


def test_few_marks_do_not_overrule_a_pattern(tmp_path: Path) -> None:
    data_dir = write_data(tmp_path / "data")
    content = "nlu:\n- intent: news\n  examples: |\n    - news of [the day of today](date)\n    - news\n"
    (data_dir / "news.yml").write_text(content, encoding="utf-8")
    train(data_dir, Path("unused"), tmp_path / "model", encoder=HashingEncoder())
    assert ModelFiles.load(tmp_path / "model").gazetteer.taught == frozenset()


def test_what_is_marked_nowhere_is_known(trained: tuple[Path, TrainingReport]) -> None:
    assert {"quantity", "date", "amount"} <= ModelFiles.load(trained[0]).gazetteer.unmarked
