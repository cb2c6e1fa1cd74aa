from __future__ import annotations

from pathlib import Path

import pytest

from bench.nlu_finding import find_parts
from nlu.errors import TrainingDataError
from tests.unit.bench.test_nlu_sets import csv_set, put, slot_set
from tests.unit.bench.test_nlu_sets_zh import crosswoz_set, jddc_set


def test_sets_are_found_by_their_form(tmp_path: Path) -> None:
    csv_set(tmp_path / "bank")
    put(tmp_path / "other" / "train.csv", "id,label\n1,2\n")
    put(tmp_path / "clinc" / "data_full.json", '{"train": [["a", "x"]], "val": [["b", "x"]]}')
    for fold in (1, 2):
        for part in ("train", "test"):
            put(tmp_path / "hwu" / f"KFold_{fold}_{part}.md", "## intent:a\n- x\n")
    slot_set(tmp_path / "few" / "snips", "train", "valid")
    jddc_set(tmp_path / "shop")
    put(tmp_path / "unknown" / "valid_jddc.txt", "no acts beside it")
    crosswoz_set(tmp_path / "travel", "val")
    found = [(part.name, part.fold) for part in find_parts(tmp_path, seed=20)]
    assert found == [("bank", 1), ("clinc", 1), ("snips", 1), ("hwu", 1), ("hwu", 2), ("jddc", 1), ("travel", 1)]
    with pytest.raises(TrainingDataError, match="none of the sets"):
        find_parts(tmp_path / "other", seed=20)
