"""Would it pay to put waiting texts together for one run of the encoder, and what would it do to their vectors?

Int8 activations are scaled by the largest of a run, so a text's vector depends on its neighbours. Told are the time
of a text, how far vectors move, and how many utterances would be understood otherwise.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime as ort
from tokenizers import Tokenizer

from nlu.encoder import MODEL, TOKENIZER, Encoder, LayeredEncoder, Manifest, Vectors, open_session
from nlu.understander import Understander

WAITING = 64
"""Texts that wait at a time; the batches are cut from these, sorted by length."""
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Batching:
    """``ms`` is processor time for each text, ``least_cosine`` that of a text's vector with the one it has alone, and
    ``otherwise`` how many utterances have another intent than alone."""

    size: int
    ms: float
    least_cosine: float
    otherwise: int


class Batches:
    """An exported encoder that runs several texts at once, padded to the longest."""

    def __init__(self, encoder_dir: Path) -> None:
        self._manifest = Manifest.read(encoder_dir)
        self._session: ort.InferenceSession = open_session(encoder_dir / MODEL)
        self._tokenizer: Tokenizer = Tokenizer.from_file(str(encoder_dir / TOKENIZER))
        self._tokenizer.enable_truncation(self._manifest.max_tokens)
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str], size: int) -> tuple[Vectors, float]:
        """float32 [len(texts), (1 + layers) * dimension] and the milliseconds of processor time for each text."""
        prefixed = [self._manifest.prefix + text for text in texts]
        tokens = [one.ids or [self._manifest.pad_id] for one in self._tokenizer.encode_batch(prefixed)]
        size_of_all = self._manifest.dimension * (1 + len(self._manifest.layers))
        vectors = np.zeros((len(texts), size_of_all), dtype=np.float32)
        began = time.process_time()
        for first in range(0, len(texts), WAITING):
            waiting = sorted(range(first, min(first + WAITING, len(texts))), key=lambda place: len(tokens[place]))
            for here in range(0, len(waiting), size):
                together = waiting[here : here + size]
                vectors[together] = self._run([tokens[place] for place in together])
        return vectors, (time.process_time() - began) / len(texts) * 1000

    def _run(self, rows: Sequence[list[int]]) -> Vectors:
        longest = max(map(len, rows))
        ids = np.full((len(rows), longest), self._manifest.pad_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(row)] = row
            mask[place, : len(row)] = 1
        return np.asarray(self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0], dtype=np.float32)


class _Looked:
    """An encoder whose vectors were made before; notes what it is asked where they were not."""

    def __init__(self, behind: LayeredEncoder, vectors: dict[str, Vectors] | None) -> None:
        self.identity, self.dimension, self.reads_chinese = behind.identity, behind.dimension, behind.reads_chinese
        self.knows, self.word_classes = behind.knows, behind.word_classes
        self._behind, self._vectors = behind, vectors
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> Vectors:
        return self.encode_layers(texts)[:, : self.dimension]

    def encode_layers(self, texts: Sequence[str]) -> Vectors:
        self.asked += texts
        if self._vectors is None:
            return self._behind.encode_layers(texts)
        return np.stack([self._vectors[text] for text in texts])


def batched(encoder_dir: Path, model_dir: Path, utterances: Sequence[str], sizes: Sequence[int]) -> list[Batching]:
    """The sizes alternate, so that a noisy machine is noisy for all; times are medians."""
    behind = Encoder.load(encoder_dir)
    noting = _Looked(behind, None)
    alone = _intents(model_dir, noting, utterances)
    texts = list(dict.fromkeys(noting.asked))
    batches = Batches(encoder_dir)
    expected, _ = batches.encode(texts, 1)
    runs = [[batches.encode(texts, size) for size in sizes] for _ in range(ROUNDS)]
    figures = []
    for place, size in enumerate(sizes):
        vectors = runs[0][place][0]
        intents = _intents(model_dir, _Looked(behind, dict(zip(texts, vectors, strict=True))), utterances)
        figures.append(
            Batching(
                size,
                ms=median(run[place][1] for run in runs),
                least_cosine=float((vectors * expected)[:, : behind.dimension].sum(axis=1).min()),
                otherwise=sum(one != other for one, other in zip(alone, intents, strict=True)),
            )
        )
    return figures


def _intents(model_dir: Path, encoder: LayeredEncoder, utterances: Sequence[str]) -> list[str]:
    understander = Understander.load(model_dir, encoder_dir=Path("unused"), encoder=encoder)
    return [one.intent.name for one in understander.parse_many(utterances)]
