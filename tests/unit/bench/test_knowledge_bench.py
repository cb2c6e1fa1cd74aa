"""The questions that knowledge is measured with, and the counting."""

from pathlib import Path

import pytest

from bench.knowledge import KNOWLEDGE, Question, read_questions, score
from nlu.knowledge import read_knowledge
from nlu.understanding import Answer

FILES = sorted((KNOWLEDGE / "questions").glob("*.tsv"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.stem))
def test_every_question_names_a_passage_of_its_language_or_none(path: Path) -> None:

    language = "zh" if path.stem.endswith("_zh") else "en"
    titles = {each.title for each in read_knowledge(KNOWLEDGE) if each.language == language}
    questions = read_questions(path)
    assert {each.passage for each in questions} - {None} <= titles
    assert sum(each.passage is None for each in questions) >= 15


def test_what_is_held_out_stands_nowhere_else() -> None:
    known = {question for each in read_knowledge(KNOWLEDGE) for question in each.questions}
    known |= {each.text for path in FILES if path.stem.startswith("fitted") for each in read_questions(path)}
    held_out = [each.text for path in FILES if path.stem.startswith("heldout") for each in read_questions(path)]
    assert len(held_out) == 90
    assert not known & set(held_out)


def test_answers_are_counted() -> None:
    right, wrong = Answer("S", "A", "text"), Answer("S", "B", "text")
    unsure = Answer("S", "A", "text", exact=False)
    asked = [Question("A", "1"), Question("A", "2"), Question("A", "3"), Question("A", "4"), Question(None, "5")]
    counted = score(asked, [right, wrong, unsure, None, wrong])
    assert (counted.told, counted.right, counted.told_unanswerable) == (3, 1, 1)
    assert (counted.near, counted.near_right) == (1, 1)
    assert counted.precision == pytest.approx(1 / 3)
    assert counted.recall == pytest.approx(1 / 4)
