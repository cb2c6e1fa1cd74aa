"""``crmbot models`` as it is typed: JSON for what is there, one line and a status for what is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot import model_store
from bot.cli import main
from bot.doctor import examine
from bot.model_catalogue import CATALOGUE
from bot.settings import Settings


def crmbot(data: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["--data", str(data), "models", *words])


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)


@pytest.fixture
def carried(tmp_path: Path) -> Path:
    directory = tmp_path / "carried"
    directory.mkdir()
    for name in ("config.json", "tokenizer.json", "model.safetensors"):
        (directory / name).write_text("{}")
    return directory


def test_the_list_is_the_catalogue(tmp_path: Path) -> None:
    shown = json.loads(crmbot(tmp_path, "list").stdout)
    assert [each["name"] for each in shown] == [model.name for model in CATALOGUE]
    assert {each["state"] for each in shown} == {"absent"}
    assert all(each["licence"] in ("MIT", "Apache-2.0") and each["checked_by"] == "catalogue" for each in shown)


def test_files_brought_by_hand_are_placed_and_watched(tmp_path: Path, carried: Path) -> None:
    placed = json.loads(crmbot(tmp_path, "pull", "acme/encoder", "--from", str(carried)).stdout)
    assert (placed["state"], placed["checked_by"]) == ("present", "first use")
    assert Path(placed["directory"]) == tmp_path / "models" / "encoders" / "acme--encoder"
    assert crmbot(tmp_path, "list", "--verify").exit_code == 0
    assert doctors_word(tmp_path)
    (Path(placed["directory"]) / "tokenizer.json").write_text("[]")
    done = crmbot(tmp_path, "list", "--verify")
    assert done.exit_code == 1
    assert json.loads(done.stdout)[-1]["state"] == "changed"
    assert not doctors_word(tmp_path)


def doctors_word(data: Path) -> bool:
    checks = examine(Settings(data=data, _env_file=None), lambda *_: {})
    return next(check.ok for check in checks if check.name == "models")


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["pull", "whisper-base"], 1, "HF_HUB_OFFLINE is set"),
        (["pull"], 1, "whisper-base"),
        (["pull", "wisper"], 1, "there is no model 'wisper'"),
        (["pull", "whisper-base", "--from", "."], 1, "lacks config.json, model.bin"),
        (["pull", "whisper-base", "whisper-tiny", "--from", "."], 2, "the NAME of one model"),
    ],
)
def test_what_cannot_be_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], status: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = crmbot(tmp_path / "data", *words)
    assert done.exit_code == status
    assert said in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("crmbot: ")]) == (status == 1)
    assert "Traceback" not in done.output


def test_a_whisper_model_brought_by_hand_is_found_by_its_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = next(model for model in CATALOGUE if model.name == "whisper-tiny")
    (tmp_path / "usb").mkdir()
    for file in model.files:
        (tmp_path / "usb" / file.path).write_text(file.path)
    done = crmbot(tmp_path, "pull", "whisper-tiny", "--from", str(tmp_path / "usb"))
    assert done.exit_code == 1
    assert "not the file that whisper-tiny must have" in done.stderr
    # With pins of these very bytes it lands where the setting looks.
    files = tuple(
        replace(file, size=len(file.path), sha256=model_store._digest(tmp_path / "usb" / file.path))
        for file in model.files
    )
    monkeypatch.setattr(model_store, "find_model", lambda name: replace(model, files=files))
    assert crmbot(tmp_path, "pull", "whisper-tiny", "--from", str(tmp_path / "usb")).exit_code == 0
    settings = Settings(data=tmp_path, whisper_model="tiny", _env_file=None)
    assert {path.name for path in settings.whisper_dir.iterdir()} == {file.path for file in files}
