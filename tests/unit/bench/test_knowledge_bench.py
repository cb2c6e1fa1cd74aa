"""The questions that knowledge is measured with, and the counting."""

from pathlib import Path

import pytest

from bench.knowledge import KNOWLEDGE, Question, read_questions, score
from nlu.passages import read_knowledge
from nlu.understanding import Answer

FILES = sorted((KNOWLEDGE / "questions").glob("*.tsv"))
HELD_OUT = [path for path in FILES if path.stem.startswith("heldout")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_every_question_names_passages_of_its_language_or_none(path: Path) -> None:
    language = path.stem.rpartition("_")[2]
    titles = {each.title for each in read_knowledge(KNOWLEDGE) if each.language == language}
    questions = read_questions(path)
    assert set().union(*(each.passages for each in questions)) <= titles
    assert len({each.text for each in questions}) == len(questions)


@pytest.mark.parametrize("path", HELD_OUT, ids=lambda path: str(path.stem))
def test_enough_is_held_out_of_every_passage(path: Path) -> None:
    questions = read_questions(path)
    assert sum(not each.passages for each in questions) >= 30
    language = path.stem.rpartition("_")[2]
    for each in read_knowledge(KNOWLEDGE):
        if each.language == language and not each.opening:
            assert sum(each.title in question.passages for question in questions) >= 2, each.title


def test_what_is_held_out_stands_nowhere_else() -> None:
    known = {question for each in read_knowledge(KNOWLEDGE) for question in each.questions}
    known |= {each.text for path in FILES if path not in HELD_OUT for each in read_questions(path)}
    assert HELD_OUT
    for path in HELD_OUT:
        assert not known & {each.text for each in read_questions(path)}


def test_answers_are_counted() -> None:
    right, wrong = Answer("S", "A", "text"), Answer("S", "B", "text")
    unsure = Answer("S", "A", "text", exact=False)
    either, none = frozenset({"A", "C"}), frozenset[str]()
    asked = [Question(either, "1"), Question(either, "2"), Question(either, "3"), Question(either, "4")]
    counted = score([*asked, Question(none, "5")], [right, wrong, unsure, None, wrong])
    assert (counted.answerable, counted.unanswerable) == (4, 1)
    assert (counted.told, counted.right, counted.told_unanswerable) == (3, 1, 1)
    assert (counted.near, counted.near_right) == (1, 1)
    assert counted.precision == pytest.approx(1 / 3)
    assert counted.recall == pytest.approx(2 / 4)
