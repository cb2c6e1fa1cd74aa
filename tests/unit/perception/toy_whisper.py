"""A Whisper model in CTranslate2 form that says what the test wants, whatever it hears.

All weights are zero but the decoder's places and its last layer: at each place of the answer one token is certain. The
loading, the tokens, the language detection, the decoding and the guards are the engine's own. It cannot say a space:
with one token a letter, the engine's list of unspeakable tokens takes that one away.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ctranslate2.specs.common_spec import LayerNormSpec, LinearSpec
from ctranslate2.specs.whisper_spec import WhisperSpec
from faster_whisper.tokenizer import _LANGUAGE_CODES as LANGUAGES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

_LANGUAGES = LANGUAGES[:99]
_WIDTH, _MELS, _PLACES, _FRAMES = 64, 80, 448, 1500
_MULTILINGUAL = ""
"""The engine knows a multilingual Whisper by the empty text among its tokens."""
_CERTAIN, _DOUBTFUL = 30.0, 0.2


def make_whisper(directory: Path, *, language: str, says: str, prompt: str = "", sure: bool = True) -> None:
    """Writes model.bin, config.json, vocabulary.json and tokenizer.json. ``prompt`` is what precedes the answer."""
    tokenizer = _tokenizer()
    tokens = [tokenizer.id_to_token(at) for at in range(tokenizer.get_vocab_size())]
    spec = WhisperSpec(1, 1, 1, 1)
    _fill_encoder(spec)
    _fill_decoder(spec, len(tokens))
    start = 1 + len(tokenizer.encode(" " + prompt).ids) if prompt else 0
    answer = [*tokenizer.encode(says).ids, tokenizer.token_to_id("<|endoftext|>")]
    weight = _CERTAIN if sure else _DOUBTFUL
    _expect(spec, 0, tokenizer.token_to_id(f"<|{language}|>"), weight)
    for at, token in enumerate(answer, start=start + 3):  # after the start, the language and the task
        _expect(spec, at, token, weight)
    spec.register_vocabulary(tokens)
    spec.config.lang_ids = [tokenizer.token_to_id(f"<|{code}|>") for code in _LANGUAGES]
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.alignment_heads = [[0, 0]]
    spec.validate()
    spec.optimize(quantization="int8")
    directory.mkdir(parents=True, exist_ok=True)
    spec.save(str(directory))
    tokenizer.save(str(directory / "tokenizer.json"))


def _tokenizer() -> Tokenizer:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    texts = [*letters, _MULTILINGUAL]
    tokenizer = Tokenizer(models.BPE(vocab={text: at for at, text in enumerate(texts)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    marks = ["<|endoftext|>", "<|startoftranscript|>", *(f"<|{code}|>" for code in _LANGUAGES)]
    marks += ["<|translate|>", "<|transcribe|>", "<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    marks += [f"<|{at * 0.02:.2f}|>" for at in range(1501)]
    tokenizer.add_special_tokens([AddedToken(mark, special=True) for mark in marks])
    return tokenizer


def _expect(spec: WhisperSpec, place: int, token: int, weight: float) -> None:
    spec.decoder.position_encodings.encodings[place, place] = 1
    spec.decoder.projection.weight[token, place] = weight


def _fill_encoder(spec: WhisperSpec) -> None:
    encoder = spec.encoder
    encoder.conv1.weight, encoder.conv1.bias = _zeros(_WIDTH, _MELS, 3), _zeros(_WIDTH)
    encoder.conv2.weight, encoder.conv2.bias = _zeros(_WIDTH, _WIDTH, 3), _zeros(_WIDTH)
    encoder.position_encodings.encodings = _zeros(_FRAMES, _WIDTH)
    _norm(encoder.layer_norm)
    for layer in encoder.layer:
        _attention(layer.self_attention, (3, 1))
        _feed_forward(layer.ffn)


def _fill_decoder(spec: WhisperSpec, vocabulary: int) -> None:
    decoder = spec.decoder
    decoder.embeddings.weight = _zeros(vocabulary, _WIDTH)
    decoder.position_encodings.encodings = _zeros(_PLACES, _WIDTH)
    decoder.projection.weight = _zeros(vocabulary, _WIDTH)
    _norm(decoder.layer_norm)
    for layer in decoder.layer:
        _attention(layer.self_attention, (3, 1))
        _attention(layer.attention, (1, 2, 1))
        _feed_forward(layer.ffn)


def _attention(attention: object, heights: tuple[int, ...]) -> None:
    _norm(attention.layer_norm)  # type: ignore[attr-defined]
    for linear, height in zip(attention.linear, heights, strict=True):  # type: ignore[attr-defined]
        _linear(linear, height * _WIDTH, _WIDTH)


def _feed_forward(network: object) -> None:
    _norm(network.layer_norm)  # type: ignore[attr-defined]
    _linear(network.linear_0, 4 * _WIDTH, _WIDTH)  # type: ignore[attr-defined]
    _linear(network.linear_1, _WIDTH, 4 * _WIDTH)  # type: ignore[attr-defined]


def _linear(linear: LinearSpec, out: int, into: int) -> None:
    linear.weight, linear.bias = _zeros(out, into), _zeros(out)


def _norm(norm: LayerNormSpec) -> None:
    norm.gamma, norm.beta = np.ones(_WIDTH, np.float32), _zeros(_WIDTH)


def _zeros(*shape: int) -> np.ndarray:
    return np.zeros(shape, np.float32)
