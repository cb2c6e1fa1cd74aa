"""Words and letter sequences of one turn as hashed counts, so that no vocabulary has to be kept or shipped.

A turn of Chinese gives its character 1- to 4-grams; a turn of Latin letters gives its words, word pairs and the
character 2- to 5-grams. Everything is hashed to 32 bits, in numpy. Knows nothing of models.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST_TURN = 2_000
"""Characters of a turn that are read; a pasted log file says no more about satisfaction after that."""

_LINK = re.compile(r"(?:https?://|www\.)\S+")
_DIGITS = re.compile(r"\d+")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[!?]+")
_CJK = re.compile(r"[\u3400-\u9fff]")

_BASE = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_WORD_SALT = np.uint64(0x5851F42D4C957F2D)
_PAIR_SALT = np.uint64(0x14057B7EF767814F)


@dataclass(frozen=True, slots=True)
class NGrams:
    """``keys``: uint32 [n], rising, each there once; ``weights``: float32 [n], ``1 + ln count``."""

    keys: NDArray[np.uint32]
    weights: NDArray[np.float32]
    chinese: bool


def normalise(text: str) -> str:
    """Lower case, links and numbers each as one sign (they identify people and orders), single spaces."""
    text = _LINK.sub("\ue000", text[:LONGEST_TURN].lower())
    return _SPACE.sub(" ", _DIGITS.sub("0", text)).strip()


def is_chinese(text: str) -> bool:
    """Whether at least a fifth of the signs that are not spaces are Chinese characters."""
    signs = len(text) - text.count(" ")
    return signs > 0 and len(_CJK.findall(text)) >= 0.2 * signs


def ngrams(text: str) -> NGrams:
    """The hashed n-grams of a turn; empty for an empty turn."""
    clean = normalise(text)
    chinese = is_chinese(clean)
    hashes = _characters(clean, 1, 4) if chinese else _words(clean) + _characters(f" {clean} ", 2, 5)
    if not clean or not hashes:
        return NGrams(np.zeros(0, np.uint32), np.zeros(0, np.float32), chinese)
    mixed = _mix(np.concatenate(hashes)) >> np.uint64(32)
    keys, counts = np.unique(mixed.astype(np.uint32), return_counts=True)
    return NGrams(keys, (1.0 + np.log(counts)).astype(np.float32), chinese)


def _characters(text: str, shortest: int, longest: int) -> list[NDArray[np.uint64]]:
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4").astype(np.uint64)
    rolling = np.zeros(codes.size + 1, np.uint64)
    found = []
    for size in range(1, longest + 1):
        if codes.size < size:
            break
        # h(i, size) = h(i, size - 1) · base + code(i + size - 1), modulo 2**64
        rolling = rolling[: codes.size - size + 1] * _BASE + codes[size - 1 :]
        if size >= shortest:
            found.append(rolling + np.uint64(size))
    return found


def _words(text: str) -> list[NDArray[np.uint64]]:
    words = np.array([zlib.crc32(word.encode()) for word in _WORD.findall(text)], dtype=np.uint64)
    if not words.size:
        return []
    return [words ^ _WORD_SALT, words[:-1] * _BASE + words[1:] ^ _PAIR_SALT]


def _mix(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea, Flood 2014): spreads close values over all bits."""
    hashes = (hashes ^ (hashes >> np.uint64(30))) * _MIX_1
    hashes = (hashes ^ (hashes >> np.uint64(27))) * _MIX_2
    return hashes ^ (hashes >> np.uint64(31))
