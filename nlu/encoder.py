"""The sentence encoder as it is served: onnxruntime and tokenizers, nothing heavier.

It reads the directory that ``nlu.encoder_export`` wrote and turns texts into unit vectors. It knows nothing of
intents, and it never imports torch or transformers: that keeps a serving process small.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import onnxruntime as ort
from tokenizers import Tokenizer

from nlu.errors import EncoderMissing, ModelDamaged
from nlu.word_classes import WORD_CLASSES, Classes, WordClasses

Vectors = npt.NDArray[np.float32]

MANIFEST = "manifest.json"
MODEL = "encoder.onnx"
TOKENIZER = "tokenizer.json"
MAX_TOKENS = 128
"""What the packaged MiniLM was trained with; longer texts are cut, and shorter still where a model takes less."""

_WORD_BEGINS = "\u2581"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What stands in an encoder directory and where it came from.

    ``weights_sha256`` is the source's, ``model_sha256`` that of the served ONNX file. ``least_cosine`` is the worst
    agreement with the original model over the sentences tried at export. ``reads_chinese``: whether its vocabulary
    holds Chinese; where not, Chinese text is glossed first (``nlu.glosses``). ``prefix`` is put before every text, as
    the model was trained ("query: " of the E5 family). ``word_classes_sha256`` is the table's (``nlu.word_classes``).
    ``layers`` are the hidden layers, counted from 1, whose pooled vectors ``encode_layers`` gives beside the last.
    """

    source: str
    version: str
    weights_sha256: str
    model_sha256: str
    dimension: int
    max_tokens: int
    pad_id: int
    pooling: str
    reads_chinese: bool
    quantisation: str
    least_cosine: float
    prefix: str = ""
    word_classes_sha256: str = ""
    layers: tuple[int, ...] = ()

    @property
    def identity(self) -> str:
        """Changes whenever the vectors or the classes of words do. Not the model file's own hash: torch writes it anew
        with every export."""
        described: tuple[object, ...] = (
            self.weights_sha256,
            self.pooling,
            self.quantisation,
            self.max_tokens,
            self.reads_chinese,
            self.word_classes_sha256,
        )
        if self.prefix:
            described = (*described, self.prefix)
        if self.layers:
            described = (*described, self.layers)
        return hashlib.sha256(repr(described).encode()).hexdigest()

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    @classmethod
    def read(cls, directory: Path) -> Manifest:
        """Raises EncoderMissing where there is none, ModelDamaged where it cannot be read."""
        try:
            content = (directory / MANIFEST).read_text(encoding="utf-8")
        except OSError as error:
            raise EncoderMissing(f"no sentence encoder in {directory}") from error
        try:
            described = json.loads(content)
            return cls(**described | {"layers": tuple(described.get("layers", ()))})
        except (ValueError, TypeError, AttributeError) as error:
            raise ModelDamaged(f"{directory / MANIFEST} cannot be read") from error


class SentenceEncoder(Protocol):
    """What training and serving need of an encoder; tests bring a small one of their own."""

    @property
    def identity(self) -> str:
        """Changes whenever the vectors do: a model trained with one encoder is not served with another."""

    @property
    def dimension(self) -> int: ...

    @property
    def reads_chinese(self) -> bool: ...

    def knows(self, word: str) -> bool:
        """Whether it is a word to the encoder, in one piece; ``word`` is in small letters."""

    def word_classes(self, word: str) -> Classes:
        """Which words it holds for like this one (``nlu.word_classes``); empty where it cannot tell."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), dimension], each row of length 1."""


class LayeredEncoder(SentenceEncoder, Protocol):
    """An encoder that also shows what it made of the texts on the way: earlier layers keep more of the wording."""

    def encode_layers(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), k * dimension]: ``encode``'s vectors first, then each earlier layer's, of length 1."""


class Encoder:
    """An exported encoder. Thread-safe: onnxruntime sessions and tokenizers both are."""

    def __init__(
        self, session: ort.InferenceSession, tokenizer: Tokenizer, manifest: Manifest, words: WordClasses
    ) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._words = words
        self.manifest = manifest

    @classmethod
    def load(cls, directory: Path, *, threads: int = 1) -> Encoder:
        """Raises EncoderMissing, ModelDamaged. One thread serves a short sentence as fast as two."""
        manifest = Manifest.read(directory)
        try:
            tokenizer = Tokenizer.from_file(str(directory / TOKENIZER))
            session = open_session(directory / MODEL, threads=threads)
            words = WordClasses.read(directory / WORD_CLASSES)
        except Exception as error:  # both libraries raise bare Exception for a missing or damaged file
            raise ModelDamaged(f"the sentence encoder in {directory} cannot be loaded") from error
        tokenizer.enable_truncation(manifest.max_tokens)
        tokenizer.no_padding()
        return cls(session, tokenizer, manifest, words)

    @property
    def identity(self) -> str:
        return self.manifest.identity

    @property
    def dimension(self) -> int:
        return self.manifest.dimension

    @property
    def reads_chinese(self) -> bool:
        return self.manifest.reads_chinese

    def knows(self, word: str) -> bool:
        """Whether the vocabulary holds the word whole; SentencePiece marks the beginning of one."""
        return any(self._tokenizer.token_to_id(piece) is not None for piece in (word, _WORD_BEGINS + word))

    def word_classes(self, word: str) -> Classes:
        """Of a word in small letters; empty where the vocabulary does not hold it whole."""
        return self._words.of(word)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), dimension]: pooled, each row of length 1; cut at ``max_tokens`` tokens."""
        return self.encode_layers(texts)[:, : self.dimension]

    def encode_layers(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), (1 + layers) * dimension]; the same pass of the model as ``encode``'s."""
        if not texts:
            return np.zeros((0, self.dimension * (1 + len(self.manifest.layers))), dtype=np.float32)
        # One by one: int8 activations are scaled per run, so a text's vector would change with its neighbours in a
        # batch, and what is understood must not depend on who else is writing.
        encodings = self._tokenizer.encode_batch([self.manifest.prefix + text for text in texts])
        return np.concatenate([run_encoder(self._session, one.ids or [self.manifest.pad_id]) for one in encodings])


def open_session(model: Path, *, threads: int = 1) -> ort.InferenceSession:
    """As it is served. Other options (memory arena and pattern, denormals, I/O binding) were tried and gain nothing;
    two threads spin, and take twice the processor time for a short sentence."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_encoder(session: ort.InferenceSession, ids: list[int]) -> Vectors:
    """float32 [1, dimension of the model's output] of one tokenised text."""
    input_ids = np.array([ids], dtype=np.int64)
    (vector,) = session.run(None, {"input_ids": input_ids, "attention_mask": np.ones_like(input_ids)})
    return np.asarray(vector, dtype=np.float32)
