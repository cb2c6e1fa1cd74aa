"""The fitted numbers of the scorer, one set a language, and their file: a small versioned npz.

Holds no words: n-grams are there as 32-bit hashes with their weights. Knows nothing of how the numbers were fitted.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from satisfaction.errors import InvalidParameters
from satisfaction.features import NAMES

FORMAT = 1
"""Raised when an older reader would misread a newer file."""

PACKAGED = "stc3.npz"

BLOCKS: tuple[str, ...] = (
    "customer",
    "agent",
    "customer_first",
    "customer_later",
    "customer_last",
    "customer_final",
    "agent_last",
)
"""The places in a conversation that have n-gram weights of their own; see ``blocks_of`` in text_model.py."""

GRADES = np.arange(1.0, 6.0)

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LanguageParameters:
    """What was fitted for one language.

    ``keys`` uint32 [n] rising; ``idf`` float32 [n]; ``tables`` int8 [blocks, n, r]: n-gram weights, to be multiplied by
    ``steps`` float32 [blocks, r] and mapped to the five grades by ``grades_of`` float32 [r, 5]. ``prior`` float32 [5]:
    the distribution of a conversation of which nothing is known. ``centre``, ``spread``, ``floor``, ``ceiling``
    float32 [signals]: mean, standard deviation, least and largest value of each signal in the fitted data (NaN where
    it was not there); ``signals`` float32 [signals, 5]: weights of the standardised signals. ``half_widths`` float32
    [3]: half of the 80 % interval of the mean where the predicted mean is below 2.5, up to 3.5, above.
    """

    keys: NDArray[np.uint32]
    idf: NDArray[np.float32]
    tables: NDArray[np.int8]
    steps: NDArray[np.float32]
    grades_of: NDArray[np.float32]
    prior: NDArray[np.float32]
    centre: NDArray[np.float32]
    spread: NDArray[np.float32]
    floor: NDArray[np.float32]
    ceiling: NDArray[np.float32]
    signals: NDArray[np.float32]
    half_widths: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """``version`` goes into every score; ``source`` is the attribution of the data; ``languages`` has en and zh."""

    version: str
    source: str
    languages: Mapping[str, LanguageParameters]


def load(path: Path | None = None) -> Parameters:
    """Read a parameter file, by default the packaged one. Raises ``InvalidParameters``."""
    if path is not None:
        return _read(path)
    with as_file(files("satisfaction") / "parameters" / PACKAGED) as packaged:
        return _read(packaged)


def save(parameters: Parameters, path: Path) -> None:
    """Write a parameter file; the same parameters give the same bytes."""
    head = {
        "format": FORMAT,
        "version": parameters.version,
        "source": parameters.source,
        "signals": NAMES,
        "blocks": BLOCKS,
        "languages": sorted(parameters.languages),
    }
    arrays = {"head": np.frombuffer(json.dumps(head, sort_keys=True).encode(), np.uint8)}
    for language, fitted in sorted(parameters.languages.items()):
        arrays |= {f"{language}.{field.name}": getattr(fitted, field.name) for field in fields(fitted)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, values in arrays.items():
            # A fixed date: numpy's own writer would stamp the present one.
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as out:
                np.lib.format.write_array(out, np.ascontiguousarray(values), allow_pickle=False)


def _read(path: Path) -> Parameters:
    try:
        with np.load(path, allow_pickle=False) as archive:
            head = json.loads(bytes(archive["head"]))
            _check(head, path)
            languages = {
                language: LanguageParameters(
                    **{field.name: archive[f"{language}.{field.name}"] for field in fields(LanguageParameters)}
                )
                for language in head["languages"]
            }
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InvalidParameters(f"{path} is no readable parameter file: {error}") from error
    return Parameters(head["version"], head["source"], languages)


def _check(head: Mapping[str, object], path: Path) -> None:
    if head.get("format") != FORMAT:
        raise InvalidParameters(f"{path} has format {head.get('format')}, this program reads {FORMAT}")
    if tuple(head["signals"]) != NAMES or tuple(head["blocks"]) != BLOCKS:  # type: ignore[arg-type]
        raise InvalidParameters(f"{path} was fitted on other signals than this program measures; fit it again")
