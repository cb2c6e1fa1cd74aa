"""Both sides of ``crmbot bench nlu``, DIET with one epoch, on thirty examples.

Costs two starts of Rasa and a training of one epoch: 146 s on two cores that were busy with other work.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.nlu import run
from bot.settings import Settings
from tests.whole import MODELS

ANIMALS = ("cat", "dog", "horse", "cow", "goat", "hen", "duck", "pig", "sheep", "mouse")


@pytest.mark.timeout(600)
def test_both_sides_learn_and_are_asked_the_same(tmp_path: Path) -> None:
    for part, animals in (("train", ANIMALS), ("test", ANIMALS[:3])):
        feed = "".join(f"- please feed the [{animal}](animal) now\n" for animal in animals)
        weather = "".join(f"- will the weather be good for a {animal}\n" for animal in animals)
        opening = "".join(f"- when does the {animal} shop open\n" for animal in animals)
        text = f"## intent:feed\n{feed}\n## intent:weather\n{weather}\n## intent:opening\n{opening}"
        (tmp_path / f"KFold_1_{part}.md").write_text(text, encoding="utf-8")
    report = tmp_path / "out.json"
    settings = Settings(_env_file=None, data=tmp_path / "data", models=MODELS)  # type: ignore[call-arg]
    run(settings, tmp_path, train=2000, full=False, epochs=1, only=(tmp_path.name,), json_path=report)
    (found,) = json.loads(report.read_text())["sets"]
    ours, diet = found["arms"]
    assert (ours["arm"], diet["arm"]) == ("crmbot", "DIET")
    for arm in (ours, diet):
        assert (arm["trained_on"], arm["asked"]) == (30, 9)
        assert arm["counts"]["spans_marked"] == 3
        assert 0 < arm["parse_p50_ms"] <= arm["parse_p95_ms"]
        assert arm["training_s"] > 0
        assert arm["training_peak_mb"] > 20
    assert ours["intent_accuracy"] == 1.0
    assert ours["entity_f1"] == 1.0
