"""Our reader of training examples against Rasa's own converter, which runs in the engine's environment.

Costs about 15 s: Rasa is started twice.
"""

from __future__ import annotations

import json
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from bot.engine import rasa_executable
from bot.settings import PROJECT
from nlu.examples import TrainingData, read_directory
from nlu.gazetteers import gazetteer

TRICKY = r"""
version: "3.1"
nlu:
- intent: travel
  examples: |
    - from [Berlin](city) to [SF]{"entity": "city", "role": "to", "value": "San Francisco"}

    -   my [mobile](contact_field:phone)  changed
    -no space after the dash
    - in [Paris][{"entity": "city", "group": "1"}, {"entity": "name"}]
    - a (bracket), [not marked] and [this] (neither)
    - [x](a b: c) with odd names
    - "quoted [T](size)"
    - [5](number)[6](number)
    - [one]{"entity": "number", "group": "2", "value": 1}
    - 我的[手机](contact_field:phone)换了，[北京]{"entity": "city", "role": "from"}
    - 你好 👋🏽 [小李](person)
    - {curly} and back\slash \n stay
- intent: chitchat/ask_name
  examples:
  - text: |
      are you [Tom](person)?
    metadata:
      sentiment: neutral
  - text: |
      - a dash
  - text: "plain [x](size)"
- synonym: phone
  examples: |
    - cell
    - 手机
- synonym: large
  examples: |
    - big one
- lookup: city
  examples: |
    - Berlin
    - New York
    - 北京
- lookup: city
  examples: |
    - Rome
- regex: code
  examples: |
    - X\d+
    - \bY\d{3}\b
"""


def by_rasa(data: Path, out: Path) -> dict[str, Any]:
    """What Rasa's converter makes of the files."""
    command = [rasa_executable(PROJECT), "data", "convert", "nlu", "-f", "json", "--data", data, "--out", out]
    done = subprocess.run(
        list(map(str, command)), cwd=out.parent, capture_output=True, text=True, check=False, timeout=120
    )
    assert out.exists(), done.stderr
    content: dict[str, Any] = json.loads(out.read_text("utf-8"))["rasa_nlu_data"]
    return content


def examples_of_rasa(content: dict[str, Any]) -> list[tuple[Any, ...]]:
    return sorted(
        (
            one["intent"],
            one["text"],
            tuple(
                (each["entity"], each["start"], each["end"], str(each["value"]), each.get("role"), each.get("group"))
                for each in one.get("entities", [])
            ),
        )
        for one in content["common_examples"]
    )


def examples_of_ours(data: TrainingData) -> list[tuple[Any, ...]]:
    return sorted(
        (
            one.intent,
            one.text,
            tuple((each.entity, each.start, each.end, each.value, each.role, each.group) for each in one.annotations),
        )
        for one in data.examples
    )


def agree(data: TrainingData, content: dict[str, Any]) -> None:
    # Rasa drops an example that stands twice in the same words.
    assert sorted(set(examples_of_ours(data))) == sorted(set(examples_of_rasa(content)))
    lookups: defaultdict[str, list[str]] = defaultdict(list)
    for lookup in data.lookups:
        lookups[lookup.entity] += lookup.elements
    assert {name: sorted(elements) for name, elements in lookups.items()} == {
        one["name"]: sorted(one["elements"]) for one in content["lookup_tables"]
    }
    # The converter reads files in whatever order; within a file the order is the file's.
    assert sorted((one.entity, pattern) for one in data.regexes for pattern in one.patterns) == sorted(
        (one["name"], one["pattern"]) for one in content["regex_features"]
    )
    written = {(str(one["value"]), text) for one in content["entity_synonyms"] for text in one["synonyms"]}
    marked = {(each.value, each.text) for one in data.examples for each in one.annotations if each.value != each.text}
    # Rasa names no text as a synonym of itself.
    listed = {(one.value, text) for one in data.synonyms for text in one.variants if text != one.value}
    # Rasa keeps one value a text, whichever it read last.
    assert written <= listed | marked
    assert {text for _, text in written} == {text for _, text in listed | marked}


def test_a_tricky_file_is_read_as_rasa_reads_it(tmp_path: Path) -> None:
    source = tmp_path / "data"
    source.mkdir()
    (source / "tricky.yml").write_text(TRICKY, encoding="utf-8")
    data = read_directory(source)
    agree(data, by_rasa(source, tmp_path / "tricky.json"))
    synonyms = gazetteer(data).synonyms or {}
    assert (synonyms["sf"], synonyms["cell"], synonyms["mobile"]) == ("San Francisco", "phone", "phone")


@pytest.mark.timeout(300)
def test_our_own_examples_are_read_as_rasa_reads_them(tmp_path: Path) -> None:
    source = PROJECT / "data" / "nlu"
    copied = tmp_path / "data"
    copied.mkdir()
    for path in source.glob("*.yml"):  # the sub-directories hold what no training reads
        (copied / path.name).write_bytes(path.read_bytes())
    agree(read_directory(source), by_rasa(copied, tmp_path / "own.json"))
