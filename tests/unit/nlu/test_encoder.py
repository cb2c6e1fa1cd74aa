from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from onnxruntime import InferenceSession
from tokenizers import Tokenizer
from tokenizers.models import WordLevel

from nlu.encoder import MANIFEST, MODEL, Encoder, Manifest
from nlu.encoder_export import find_source
from nlu.errors import EncoderMissing, ModelDamaged
from nlu.word_classes import WordClasses

MANIFEST_OF_NOTHING = Manifest("s", "1", "w", "m", 4, 128, 0, "mean", False, "int8", 0.99)


def test_a_manifest_survives_its_file(tmp_path: Path) -> None:
    for manifest in (MANIFEST_OF_NOTHING, replace(MANIFEST_OF_NOTHING, layers=(4, 2))):
        (tmp_path / MANIFEST).write_text(manifest.to_json())
        assert Manifest.read(tmp_path) == manifest


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


@pytest.mark.parametrize(("word", "known"), [("weather", True), ("leather", True), ("wether", False), ("her", False)])
def test_words_that_the_vocabulary_holds_whole(word: str, known: bool) -> None:
    vocabulary = {"weather": 0, "##her": 1, "\u2581leather": 2, "[UNK]": 3}
    tokenizer = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    session = cast("InferenceSession", None)  # a vocabulary needs no weights
    assert Encoder(session, tokenizer, MANIFEST_OF_NOTHING, WordClasses({})).knows(word) is known


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing, match="neither 'packaged' nor"):
        find_source(str(tmp_path))


def test_pooling_is_what_the_model_says(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert find_source(str(tmp_path)).pooling() == "mean"
    (tmp_path / "1_Pooling").mkdir()
    (tmp_path / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    assert find_source(str(tmp_path)).pooling() == "cls"


def described(directory: Path, name: str, content: object) -> None:
    (directory / name).parent.mkdir(exist_ok=True)
    (directory / name).write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("multilingual-e5-small", "query: "),
        ("intfloat--e5-base-v2", "query: "),
        ("multilingual-e5-large-instruct", ""),
        ("some-minilm", ""),
        ("note5", ""),
    ],
)
def test_the_e5_family_is_told_by_its_name(tmp_path: Path, name: str, prefix: str) -> None:
    (tmp_path / name).mkdir()
    described(tmp_path / name, "config.json", {})
    assert find_source(str(tmp_path / name)).prefix() == prefix


def test_a_default_prompt_is_the_prefix(tmp_path: Path) -> None:
    described(tmp_path, "config.json", {})
    prompts = {"prompts": {"query": "search: ", "document": ""}, "default_prompt_name": None}
    described(tmp_path, "config_sentence_transformers.json", prompts)
    assert find_source(str(tmp_path)).prefix() == "", "prompts that are not the default's are for searching"
    described(tmp_path, "config_sentence_transformers.json", prompts | {"default_prompt_name": "query"})
    assert find_source(str(tmp_path)).prefix() == "search: "


@pytest.mark.parametrize(
    ("config", "said", "most"),
    [
        ({}, {}, 128),
        ({"max_position_embeddings": 512}, {"max_seq_length": 512}, 128),
        ({"max_position_embeddings": 512}, {"max_seq_length": 64}, 64),
        ({"max_position_embeddings": 100, "model_type": "bert", "pad_token_id": 0}, {}, 100),
        ({"max_position_embeddings": 100, "model_type": "xlm-roberta", "pad_token_id": 1}, {}, 98),
    ],
)
def test_texts_are_cut_to_what_the_model_takes(
    tmp_path: Path, config: dict[str, object], said: dict[str, object], most: int
) -> None:
    described(tmp_path, "config.json", config)
    described(tmp_path, "sentence_bert_config.json", said)
    assert find_source(str(tmp_path)).max_tokens() == most


@pytest.mark.parametrize(("depth", "layers"), [(6, (4, 2)), (12, (8, 4)), (2, (1,)), (1, ()), (None, ())])
def test_earlier_layers_are_those_at_two_thirds_and_one_third(
    tmp_path: Path, depth: int | None, layers: tuple[int, ...]
) -> None:
    described(tmp_path, "config.json", {} if depth is None else {"num_hidden_layers": depth})
    assert find_source(str(tmp_path)).layers() == layers


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(EncoderMissing, match=r"config\.json cannot be read"):
        find_source(str(tmp_path)).max_tokens()


def test_other_classes_of_words_make_another_encoder() -> None:
    assert replace(MANIFEST_OF_NOTHING, word_classes_sha256="c").identity != MANIFEST_OF_NOTHING.identity


def test_another_prefix_or_other_layers_are_another_encoder() -> None:
    assert replace(MANIFEST_OF_NOTHING, layers=(4, 2)).identity != MANIFEST_OF_NOTHING.identity
    assert replace(MANIFEST_OF_NOTHING, prefix="query: ").identity != MANIFEST_OF_NOTHING.identity
    assert replace(MANIFEST_OF_NOTHING, pooling="cls").identity != MANIFEST_OF_NOTHING.identity
