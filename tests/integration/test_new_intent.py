"""What ``docs/understanding.md`` tells a site to write for an intent of its own works as it stands there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nlu.encoder import Encoder
from nlu.encoder_export import export_encoder
from nlu.training import train
from nlu.understander import Understander

PROJECT = Path(__file__).parents[2]
DOCUMENT = PROJECT / "docs" / "understanding.md"
AMONG = ("contact.yml", "human.yml", "privacy.yml")
"""Enough other intents to be told apart from, and trained in seconds."""


def files_of_the_page() -> dict[str, str]:
    section = DOCUMENT.read_text("utf-8").partition("\n## A new intent in five minutes\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"`([\w/]+\.yml)`:\n\n```yaml\n(.*?)```\n", section, re.DOTALL))


def test_it_is_three_files() -> None:
    assert list(files_of_the_page()) == ["data/nlu/gifts.yml", "domain/gifts.yml", "data/rules/gifts.yml"]


@pytest.fixture(scope="module")
def understander(tmp_path_factory: pytest.TempPathFactory) -> Understander:
    data, model, encoder_dir = (tmp_path_factory.mktemp(name) for name in ("data", "model", "encoder"))
    export_encoder(encoder_dir)
    for name in AMONG:
        shutil.copy(PROJECT / "data" / "nlu" / name, data)
    (data / "sentiment").mkdir()
    (data / "sentiment" / "en.tsv").write_text(
        "label\ttext\n" + "positive\tvery good\nnegative\tvery bad\n" * 5, "utf-8"
    )
    (data / "gifts.yml").write_text(files_of_the_page()["data/nlu/gifts.yml"], "utf-8")
    encoder = Encoder.load(encoder_dir)
    train(data, encoder_dir, model, encoder=encoder)
    return Understander.load(model, encoder_dir=encoder_dir, encoder=encoder)


@pytest.mark.parametrize(
    "text", ["could they wrap it for my mum as a gift?", "can I have it gift boxed", "能帮我用礼盒包起来吗"]
)
def test_the_intent_is_understood(understander: Understander, text: str) -> None:
    assert understander.parse(text).intent.name == "ask_gift_wrap"


@pytest.mark.parametrize(("text", "intent"), [("my phone number is wrong", "change_contact"), ("转人工", "ask_human")])
def test_the_others_still_are(understander: Understander, text: str, intent: str) -> None:
    assert understander.parse(text).intent.name == intent


def test_rasa_finds_the_files_in_order(tmp_path: Path) -> None:
    for folder in ("domain", "data/nlu", "data/rules", "tools"):
        shutil.copytree(PROJECT / folder, tmp_path / folder)
    for name in ("config.yml", "endpoints.yml", "credentials.yml"):
        shutil.copy(PROJECT / name, tmp_path)
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / ".venv").symlink_to(PROJECT / "engine" / ".venv")
    for name, content in files_of_the_page().items():
        (tmp_path / name).write_text(content, "utf-8")
    command = [sys.executable, str(tmp_path / "tools" / "validate_dialogue.py")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
