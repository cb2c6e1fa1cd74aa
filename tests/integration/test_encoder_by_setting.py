"""Encoders of others, tiny and with random weights: a BERT and an XLM-R, pooled and prefixed as their files say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from bot.errors import HubUnreachable, UnknownModel
from bot.installation import Steps, encoder_source
from bot.model_store import ModelStore, named_model
from bot.settings import Settings
from nlu.encoder import Encoder
from nlu.encoder_export import export_encoder, find_source
from nlu.errors import ModelDamaged
from nlu.provenance import is_current
from nlu.training import train
from nlu.understander import Understander
from tests.unit.nlu.small_shop import write_data

SENTENCES = ["where is my order", "我的订单到哪里了", "refund please 订单"]
WORDS = sorted({"where", "is", "my", "order", "refund", "please", "query", ":", *"我的订单到哪里了想改一下收货地址"})


def tiny_bert(directory: Path) -> Path:
    from transformers import BertConfig, BertModel

    vocabulary = {word: place for place, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()  # each Chinese character a word
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing("[CLS] $A [SEP]", None, [("[CLS]", 2), ("[SEP]", 3)])
    config = BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=40,
    )  # fmt: skip
    return saved(BertModel, config, tokenizer, directory)


def tiny_xlm_roberta(directory: Path) -> Path:
    from transformers import XLMRobertaConfig, XLMRobertaModel

    pieces = [("<s>", 0.0), ("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0)]
    pieces += [("▁" + word, -3.0) for word in WORDS] + [(letter, -4.0) for letter in "abcdefghijklmnopqrstuvwxyz▁:"]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", None, [("<s>", 0), ("</s>", 2)])
    config = XLMRobertaConfig(
        vocab_size=len(pieces), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=44, pad_token_id=1,
    )  # fmt: skip
    return saved(XLMRobertaModel, config, tokenizer, directory)


def saved(kind: Any, config: Any, tokenizer: Tokenizer, directory: Path) -> Path:
    import torch

    torch.manual_seed(3)
    kind(config).eval().save_pretrained(directory)
    tokenizer.save(str(directory / "tokenizer.json"))
    return directory


def say(directory: Path, name: str, content: dict[str, Any]) -> None:
    (directory / name).parent.mkdir(exist_ok=True)
    (directory / name).write_text(json.dumps(content))


def by_torch(directory: Path, texts: list[str], *, cls: bool, prefix: str) -> np.ndarray:
    """The reference: transformers as the model's card would have it."""
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(directory, local_files_only=True).eval()
    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    rows = []
    for text in texts:
        ids = torch.tensor([tokenizer.encode(prefix + text).ids])
        with torch.inference_mode():
            hidden = model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state[0]
        rows.append(torch.nn.functional.normalize(hidden[0] if cls else hidden.mean(0), dim=0).numpy())
    return np.stack(rows)


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Where the model lies, and what was exported from it."""
    source = tiny_bert(tmp_path_factory.mktemp("models") / "tiny-bert")
    say(source, "1_Pooling/config.json", {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    export_encoder(source.parent / "encoder", source=str(source))
    return source, source.parent / "encoder"


@pytest.fixture(scope="module")
def xlm_roberta(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    source = tiny_xlm_roberta(tmp_path_factory.mktemp("models") / "multilingual-e5-tiny")
    export_encoder(source.parent / "encoder", source=str(source))
    return source, source.parent / "encoder"


def test_a_bert_with_cls_pooling(bert: tuple[Path, Path]) -> None:
    encoder = Encoder.load(bert[1])
    manifest = encoder.manifest
    assert (manifest.pooling, manifest.prefix, manifest.dimension, manifest.max_tokens) == ("cls", "", 32, 40)
    assert manifest.reads_chinese
    cosines = (encoder.encode(SENTENCES) * by_torch(bert[0], SENTENCES, cls=True, prefix="")).sum(axis=1)
    assert cosines.min() >= 0.95
    assert encoder.encode(["order " * 500]).shape == (1, 32)


def test_an_xlm_roberta_of_the_e5_family(xlm_roberta: tuple[Path, Path]) -> None:
    encoder = Encoder.load(xlm_roberta[1])
    manifest = encoder.manifest
    assert (manifest.pooling, manifest.prefix, manifest.max_tokens) == ("mean", "query: ", 42)
    assert manifest.reads_chinese
    cosines = (encoder.encode(SENTENCES) * by_torch(xlm_roberta[0], SENTENCES, cls=False, prefix="query: ")).sum(axis=1)
    assert cosines.min() >= 0.95
    np.testing.assert_allclose(np.linalg.norm(encoder.encode(["", "order " * 500]), axis=1), 1.0, rtol=1e-5)


def test_a_model_is_trained_anew_with_another_encoder(
    tmp_path: Path, bert: tuple[Path, Path], xlm_roberta: tuple[Path, Path]
) -> None:
    data, model = write_data(tmp_path / "data"), tmp_path / "model"
    train(data, bert[1], model)
    assert is_current(data, bert[1], model)
    assert not is_current(data, xlm_roberta[1], model)
    with pytest.raises(ModelDamaged, match="another sentence encoder"):
        Understander.load(model, encoder_dir=xlm_roberta[1])
    train(data, xlm_roberta[1], model)
    assert is_current(data, xlm_roberta[1], model)
    serving = f"""
import sys
from pathlib import Path
from nlu.understander import Understander
understander = Understander.load(Path({str(model)!r}), encoder_dir=Path({str(xlm_roberta[1])!r}))
understander.parse_many(["where is my order"])
assert not {{"torch", "transformers", "huggingface_hub"}} & set(sys.modules), "serving needs none of them"
"""
    subprocess.run([sys.executable, "-c", serving], check=True, env={"PYTHONPATH": ":".join(sys.path)}, timeout=120)


# --- where the setting leads


def settings(tmp_path: Path, encoder: str) -> Settings:
    return Settings(data=tmp_path, encoder=encoder, _env_file=None)


def test_the_packaged_encoder_and_a_directory_are_taken_as_they_are(tmp_path: Path) -> None:
    assert encoder_source(settings(tmp_path, "packaged"), Steps()) == "packaged"
    assert encoder_source(settings(tmp_path, str(tmp_path)), Steps()) == str(tmp_path)


def test_an_encoder_of_the_hub_that_lies_here_asks_no_network(tmp_path: Path, bert: tuple[Path, Path]) -> None:
    ModelStore(tmp_path / "models", tmp_path / "models.lock").place(named_model("acme/tiny-e5"), bert[0])
    found = encoder_source(settings(tmp_path, "acme/tiny-e5"), Steps())
    assert found == str(tmp_path / "models" / "encoders" / "acme--tiny-e5")
    assert find_source(found).prefix() == "query: "


def test_a_hub_that_must_not_be_asked_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "models").mkdir()
    with pytest.raises(HubUnreachable, match="crmbot models pull NAME --from DIR"):
        encoder_source(settings(tmp_path, "multilingual-e5-small"), Steps())


def test_a_setting_that_names_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnknownModel, match="CRMBOT_ENCODER is '/no/such/folder'"):
        encoder_source(settings(tmp_path, "/no/such/folder"), Steps())
