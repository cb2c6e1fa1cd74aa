from __future__ import annotations

from pathlib import Path

import pytest

from bench.entities import count, learnt
from bench.entity_sets import MarkedText, find_sets, read_conll, read_jsonl
from nlu.errors import TrainingDataError

LINE = '{"text": "林小红住在苏州", "label": {"name": {"林小红": [[0, 2]]}, "address": {"苏州": [[5, 6]]}}}\n'
POST = "Jane\tB-person\nMiller\tI-person\nleft\tO\nOslo\tB-location\n\nMars\tB-location\nVenus\tB-location\n"


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    for name in ("train", "dev"):
        (tmp_path / f"{name}.jsonl").write_text(LINE, encoding="utf-8")
    for name in ("wnut17train", "emerging.dev"):
        (tmp_path / f"{name}.conll").write_text(POST, encoding="utf-8")
    return tmp_path


def words(one: MarkedText) -> set[tuple[str, str]]:
    return {(name, one.text[start:end]) for name, start, end in one.spans}


def test_the_sets_are_read_as_they_were_published(sets: Path) -> None:
    (line,) = read_jsonl(sets / "dev.jsonl")
    assert words(line) == {("name", "林小红"), ("address", "苏州")}
    first, second = read_conll(sets / "emerging.dev.conll")
    assert words(first) == {("person", "Jane Miller"), ("location", "Oslo")}
    assert words(second) == {("location", "Mars"), ("location", "Venus")}
    assert [one.entities() for one in find_sets(sets)] == [("address", "name"), ("location", "person")]


def test_a_folder_without_sets_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError):
        find_sets(tmp_path)


@pytest.mark.parametrize(("name", "content"), [("dev.jsonl", '{"text": 1'), ("emerging.dev.conll", "Jane person\n")])
def test_a_damaged_set_is_told_with_its_line(sets: Path, name: str, content: str) -> None:
    (sets / name).write_text(content, encoding="utf-8")
    with pytest.raises(TrainingDataError) as error:
        find_sets(sets)
    assert "1" in str(error.value)


def test_an_entity_is_right_with_its_name_and_both_ends() -> None:
    asked = [MarkedText("Jane Miller in Oslo", frozenset({("person", 0, 11), ("location", 15, 19)}))]
    spans = {("person", 0, 4), ("location", 15, 19), ("product", 5, 6)}
    assert count(asked, lambda text: spans).f1() == pytest.approx(2 / 5)
    ours = count(asked, lambda text: {("place", 15, 19), ("product", 5, 6)}, {"location": "place"})
    assert (ours.f1(), ours.f1("person")) == (1.0, 0.0)


def test_the_tagger_learns_from_a_set() -> None:
    names = ("Oslo", "Rome", "Bonn", "Lima", "Cairo")
    examples = [MarkedText(f"he lives in {name}", frozenset({("location", 12, 12 + len(name))})) for name in names]
    assert list(learnt(examples, lambda word: ())("he lives in Quito")) == [("location", 12, 17)]
