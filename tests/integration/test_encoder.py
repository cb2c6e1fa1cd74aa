"""The packaged encoder itself: exported by torch, quantised, served by onnxruntime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nlu.encoder import MODEL, Encoder
from nlu.encoder_export import export_encoder, find_source
from nlu.errors import EncoderExportFailed

SENTENCES = [
    "where is my order?",
    "has my parcel been shipped yet",
    "I would like my money back",
    "how do I get a refund",
    "the weather is lovely today",
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "encoder" / "minilm"
    manifest = export_encoder(directory)
    assert (manifest.dimension, manifest.reads_chinese) == (384, False)
    assert manifest.least_cosine >= 0.95
    return directory


@pytest.fixture(scope="module")
def encoder(directory: Path) -> Encoder:
    return Encoder.load(directory)


def by_torch(sentences: list[str], layer: int = -1) -> np.ndarray:
    import torch
    from transformers import AutoModel, AutoTokenizer

    source = find_source().directory
    tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=True)
    model = AutoModel.from_pretrained(source, local_files_only=True).eval()
    batch = tokenizer(sentences, padding=True, return_tensors="pt")
    with torch.inference_mode():
        hidden = model(**batch, output_hidden_states=True).hidden_states[layer]
    mask = batch["attention_mask"].unsqueeze(-1)
    return torch.nn.functional.normalize((hidden * mask).sum(1) / mask.sum(1), dim=1).numpy()


def test_int8_agrees_with_the_original(encoder: Encoder) -> None:
    cosines = (encoder.encode(SENTENCES) * by_torch(SENTENCES)).sum(axis=1)
    assert cosines.min() >= 0.95


def test_words_alike_share_classes(encoder: Encoder) -> None:
    assert len(encoder.word_classes("monday")) == 3
    assert encoder.word_classes("monday")[0] == encoder.word_classes("tuesday")[0] != encoder.word_classes("water")[0]
    assert encoder.word_classes("qzxv") == ()


def test_earlier_layers_come_after_the_last_and_agree_too(encoder: Encoder) -> None:
    assert encoder.manifest.layers == (4, 2)
    layers = encoder.encode_layers(SENTENCES).reshape(len(SENTENCES), 3, 384)
    np.testing.assert_array_equal(layers[:, 0], encoder.encode(SENTENCES))
    for place, layer in enumerate((4, 2), start=1):
        assert (layers[:, place] * by_torch(SENTENCES, layer)).sum(axis=1).min() >= 0.95
    assert encoder.encode_layers([]).shape == (0, 3 * 384)


def test_near_sentences_are_nearer(encoder: Encoder) -> None:
    vectors = encoder.encode(SENTENCES)
    alike = vectors @ vectors.T
    assert alike[0, 1] > max(alike[0, 2:])
    assert alike[2, 3] > max(alike[2, 0], alike[2, 1], alike[2, 4])


def test_vectors_are_of_length_one_and_do_not_depend_on_their_neighbours(encoder: Encoder) -> None:
    texts = [*SENTENCES, "", "word " * 5000, "我的订单"]
    together = encoder.encode(texts)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, rtol=1e-5)
    np.testing.assert_array_equal(together, np.concatenate([encoder.encode([text]) for text in texts]))
    assert encoder.encode([]).shape == (0, 384)


def test_exporting_again_does_nothing_and_a_damaged_one_is_replaced(directory: Path) -> None:
    before = (directory / MODEL).stat().st_mtime_ns
    export_encoder(directory)
    assert (directory / MODEL).stat().st_mtime_ns == before
    assert [path.name for path in directory.parent.iterdir()] == [directory.name]


def test_a_source_that_cannot_be_exported(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "no such model"}')
    (tmp_path / "tokenizer.json").write_text("{}")
    with pytest.raises(EncoderExportFailed):
        export_encoder(tmp_path / "out", source=str(tmp_path))
    assert not (tmp_path / "out").exists()
