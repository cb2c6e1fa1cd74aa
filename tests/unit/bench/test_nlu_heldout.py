from __future__ import annotations

from pathlib import Path

import pytest

from bench.nlu_heldout import measure, read_held_out, row
from nlu.errors import TrainingDataError
from nlu.training import train
from nlu.understander import Understander
from tests.unit.nlu.small_shop import HashingEncoder, write_data

ASKED = """\
version: "3.1"
nlu:
- intent: cancel_order
  examples: |
    - please cancel [A1024](order_number)
    - cancel my order
- intent: greet
  examples: |
    - cancel my order
    - tell me a joke
- intent: out_of_scope
  examples: |
    - tell me a joke
    - where is my order A1024
"""


@pytest.fixture(scope="module")
def understander(tmp_path_factory: pytest.TempPathFactory) -> Understander:
    root = tmp_path_factory.mktemp("held")
    train(write_data(root / "data"), Path("unused"), root / "model", encoder=HashingEncoder())
    return Understander.load(root / "model", encoder_dir=Path("unused"), encoder=HashingEncoder())


def test_intents_refusals_and_entities_are_counted_by_file(understander: Understander, tmp_path: Path) -> None:
    (tmp_path / "en.yml").write_text(ASKED, encoding="utf-8")
    (outcome,) = measure(understander, read_held_out(tmp_path), frozenset({"order_number"}))
    shown = row(outcome)
    assert (shown["name"], shown["asked"]) == ("en", 6)
    assert shown["intent_accuracy"] == 0.5
    assert shown["falsely_refused"] == 0.25
    assert shown["out_of_scope_recall"] == 0.5
    assert shown["entity_f1"] == pytest.approx(2 / 3)


def test_a_folder_without_files(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"no \.yml"):
        read_held_out(tmp_path)
