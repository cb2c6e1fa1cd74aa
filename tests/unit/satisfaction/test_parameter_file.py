"""The parameter file: what is packaged, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from satisfaction import parameter_file
from satisfaction.errors import InvalidParameters
from satisfaction.features import NAMES
from satisfaction.parameter_file import BLOCKS, CONTEXTS, MOVES, OUTPUTS, load, save


def test_the_packaged_parameters_name_their_source_and_have_both_languages() -> None:
    parameters = load()
    assert set(parameters.languages) == {"en", "zh"}
    assert "CC BY 4.0" in parameters.source
    for fitted in parameters.languages.values():
        first = fitted.first
        assert (np.diff(first.keys.astype(np.int64)) > 0).all()
        assert first.tables.shape[:2] == (len(BLOCKS), first.keys.size)
        assert first.signals.shape == (len(NAMES), OUTPUTS)
        assert first.prior.sum() == pytest.approx(3, abs=1e-5)
        assert fitted.moves.tables.shape == (CONTEXTS, first.keys.size, len(MOVES))
        assert (fitted.half_widths > 0).all()
    assert parameters.blend.weights.shape == (len(parameters.blend.points), 5)


def test_the_packaged_file_holds_numbers_only() -> None:
    path = Path(parameter_file.__file__).parent / "parameters" / parameter_file.PACKAGED
    with np.load(path, allow_pickle=False) as archive:
        kinds = {archive[name].dtype.kind for name in archive.files}
    assert kinds <= {"i", "u", "f"}


def test_saving_is_repeatable_and_loads_again(tmp_path: Path) -> None:
    parameters = load()
    save(parameters, tmp_path / "one.npz")
    again = load(tmp_path / "one.npz")
    save(again, tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert again.version == parameters.version


def test_damaged_and_foreign_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.npz"
    broken.write_bytes(b"PK nonsense")
    with pytest.raises(InvalidParameters):
        load(broken)
    with pytest.raises(InvalidParameters):
        load(tmp_path / "nowhere.npz")
    np.savez(tmp_path / "other.npz", weights=np.zeros(3))
    with pytest.raises(InvalidParameters):
        load(tmp_path / "other.npz")
    parameters = load()
    monkeypatch.setattr(parameter_file, "FORMAT", 99)
    save(parameters, tmp_path / "newer.npz")
    monkeypatch.undo()
    with pytest.raises(InvalidParameters, match="format 99"):
        load(tmp_path / "newer.npz")
