from __future__ import annotations

import json
from pathlib import Path

import pytest

from nlu.encoder import MANIFEST, MODEL, Encoder, Manifest
from nlu.encoder_export import find_source
from nlu.errors import EncoderMissing, ModelDamaged

MANIFEST_OF_NOTHING = Manifest("s", "1", "w", "m", 4, 128, 0, "mean", False, "int8", 0.99)


def test_a_manifest_survives_its_file(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(MANIFEST_OF_NOTHING.to_json())
    assert Manifest.read(tmp_path) == MANIFEST_OF_NOTHING


def test_no_encoder(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing):
        Encoder.load(tmp_path)


@pytest.mark.parametrize("content", ["{", "{}", json.dumps({"source": "x", "surprise": 1}), "[]"])
def test_a_manifest_that_cannot_be_read(tmp_path: Path, content: str) -> None:
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(ModelDamaged):
        Encoder.load(tmp_path)


def test_a_damaged_model(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(MANIFEST_OF_NOTHING.to_json())
    (tmp_path / MODEL).write_bytes(b"no model")
    with pytest.raises(ModelDamaged):
        Encoder.load(tmp_path)


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match="neither 'packaged' nor"):
        find_source(str(tmp_path))


def test_pooling_is_what_the_model_says(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert find_source(str(tmp_path)).pooling() == "mean"
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    assert find_source(str(tmp_path)).pooling() == "cls"
