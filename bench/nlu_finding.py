"""Finds the public sets that the bench of understanding reads, by their form, wherever they lie below a folder."""

from __future__ import annotations

import re
from pathlib import Path

from bench.nlu_sets import Part, is_labelled, read_clinc, read_csv, read_markdown_fold, read_parallel_lines
from bench.nlu_sets_zh import is_crosswoz, is_jddc, read_crosswoz, read_jddc
from nlu.errors import TrainingDataError


def find_parts(directory: Path, *, seed: int) -> list[Part]:
    """All sets below the folder, by path. Raises TrainingDataError where there is none."""
    found = [part for path in sorted(directory.rglob("*")) if (part := _read(path, seed)) is not None]
    if not found:
        raise TrainingDataError("holds none of the sets that this bench reads", path=directory)
    return found


def _read(path: Path, seed: int) -> Part | None:
    if path.name == "train.csv" and is_labelled(path):
        return read_csv(path, seed=seed)
    if path.name == "data_full.json":
        return read_clinc(path)
    if re.fullmatch(r"KFold_\d+_train\.md", path.name):
        return read_markdown_fold(path)
    if path.name == "train" and (path / "seq.in").exists():
        return read_parallel_lines(path, seed=seed)
    if is_jddc(path):
        return read_jddc(path, seed=seed)
    return read_crosswoz(path, seed=seed) if is_crosswoz(path) else None
