"""The fitted numbers of the scorer and their file: a small versioned npz.

Holds no words: n-grams are there as 32-bit hashes with their weights. Knows nothing of how the numbers were fitted.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from satisfaction.errors import InvalidParameters
from satisfaction.features import NAMES

FORMAT = 2
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
"""The places in a conversation that have n-gram weights of their own; see ``blocks_of`` in first_stage.py."""

OUTPUTS = 15
"""What the first stage predicts: the shares of 1…5 for satisfaction, for the task done, and for effectiveness."""

MOVES: tuple[str, ...] = (
    "customer_states_problem",
    "customer_adds_detail",
    "customer_confirms_solved",
    "customer_nothing",
    "agent_helps",
    "agent_solves",
    "agent_nothing",
)
"""What a turn does for the matter, as STC-3's raters judged it (its nuggets CNUG0, CNUG, CNUG*, CNaN, HNUG, HNUG*,
HNaN). The first four are a customer turn's, the last three an agent's; each group's shares add up to 1."""

CONTEXTS = 3
"""A turn's move is read off its own words, those of the turn before and those of the turn after."""

PLACES = 16
"""One-hot place of a turn: its number from the start (0…7), then from the end (0…7)."""

GRADES = np.arange(1.0, 6.0)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FirstStage:
    """Straight lines from words and signals to ``OUTPUTS`` shares.

    ``keys`` uint32 [n] rising; ``idf`` [n]; ``tables`` int8 [blocks, n, r]: n-gram weights, to be multiplied by
    ``steps`` [blocks, r] and mapped by ``outputs_of`` [r, 15]; ``prior`` [15]. ``centre``, ``spread``, ``floor``,
    ``ceiling`` [signals]: mean, standard deviation, least and largest value of each signal in the fitted data;
    ``signals`` [signals, 15]: weights of the standardised signals, 0 for one that the data did not have.
    """

    keys: NDArray[np.uint32]
    idf: Floats
    tables: NDArray[np.int8]
    steps: Floats
    outputs_of: Floats
    prior: Floats
    centre: Floats
    spread: Floats
    floor: Floats
    ceiling: Floats
    signals: Floats


@dataclass(frozen=True, slots=True, eq=False)
class MoveStage:
    """Straight lines from a turn's words, its neighbours' and its place to the shares of ``MOVES``.

    ``tables`` int8 [contexts, n, 7] over the first stage's keys, times ``steps`` [contexts, 7]; ``places`` [16, 7];
    ``prior`` [7].
    """

    tables: NDArray[np.int8]
    steps: Floats
    places: Floats
    prior: Floats


@dataclass(frozen=True, slots=True, eq=False)
class LanguageParameters:
    """What was fitted for one language. ``centre``, ``scale`` [d] bring a conversation's numbers (first stage, moves,
    signals) to the blend's measure; ``half_widths`` [3]: half of the 80 % interval of the mean where the predicted
    mean is below 2.5, up to 3.5, above."""

    first: FirstStage
    moves: MoveStage
    centre: Floats
    scale: Floats
    half_widths: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Blend:
    """The second stage, shared by the languages: ``prior + exp(-|x - points|²) @ weights``.

    ``points`` [m, d]; ``weights`` [m, 5]; ``prior`` [5]. Far from all points only the prior is left.
    """

    points: Floats
    weights: Floats
    prior: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Parameters:
    """``version`` goes into every score; ``source`` is the attribution of the data; ``languages`` has en and zh."""

    version: str
    source: str
    languages: Mapping[str, LanguageParameters]
    blend: Blend


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
        "moves": MOVES,
        "languages": sorted(parameters.languages),
    }
    arrays = {"head": np.frombuffer(json.dumps(head, sort_keys=True).encode(), np.uint8)}
    arrays |= _flat("blend", parameters.blend)
    for language, fitted in sorted(parameters.languages.items()):
        arrays |= _flat(f"{language}.first", fitted.first) | _flat(f"{language}.moves", fitted.moves)
        arrays |= {f"{language}.{name}": getattr(fitted, name) for name in ("centre", "scale", "half_widths")}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, values in arrays.items():
            # A fixed date: numpy's own writer would stamp the present one.
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as out:
                np.lib.format.write_array(out, np.ascontiguousarray(values), allow_pickle=False)


def _flat(prefix: str, stage: FirstStage | MoveStage | Blend) -> dict[str, NDArray[Any]]:
    return {f"{prefix}.{field.name}": getattr(stage, field.name) for field in fields(stage)}


def _read(path: Path) -> Parameters:
    try:
        with np.load(path, allow_pickle=False) as archive:
            head = json.loads(bytes(archive["head"]))
            _check(head, path)
            arrays = {name: archive[name] for name in archive.files}
        languages = {language: _language(arrays, language) for language in head["languages"]}
        blend = Blend(**_stage(arrays, "blend", Blend))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise InvalidParameters(f"{path} is no readable parameter file: {error}") from error
    return Parameters(head["version"], head["source"], languages, blend)


def _language(arrays: Mapping[str, NDArray[Any]], language: str) -> LanguageParameters:
    return LanguageParameters(
        first=FirstStage(**_stage(arrays, f"{language}.first", FirstStage)),
        moves=MoveStage(**_stage(arrays, f"{language}.moves", MoveStage)),
        centre=arrays[f"{language}.centre"],
        scale=arrays[f"{language}.scale"],
        half_widths=arrays[f"{language}.half_widths"],
    )


def _stage(arrays: Mapping[str, NDArray[Any]], prefix: str, kind: type[Any]) -> dict[str, NDArray[Any]]:
    return {field.name: arrays[f"{prefix}.{field.name}"] for field in fields(kind)}


def _check(head: Mapping[str, Any], path: Path) -> None:
    if head.get("format") != FORMAT:
        raise InvalidParameters(f"{path} has format {head.get('format')}, this program reads {FORMAT}")
    if tuple(head["signals"]) != NAMES or tuple(head["blocks"]) != BLOCKS or tuple(head["moves"]) != MOVES:
        raise InvalidParameters(f"{path} was fitted on other signals than this program measures; fit it again")
