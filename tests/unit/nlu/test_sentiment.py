from __future__ import annotations

from pathlib import Path

import pytest

from nlu.errors import TrainingDataError
from nlu.sentiment import LabelledText, opinion_counts, read_labelled, sentiment_counts


def test_labelled_texts_under_a_heading(tmp_path: Path) -> None:
    path = tmp_path / "en.tsv"
    path.write_text("label\ttext\n# about service\npositive\tgreat\n\nnegative\tbad\tvery\n", encoding="utf-8")
    assert read_labelled(path) == (LabelledText("positive", "great"), LabelledText("negative", "bad\tvery"))


@pytest.mark.parametrize(
    ("content", "line"), [("good\tgreat\n", 1), ("positive great\n", 1), ("positive\tx\npositive\t\n", 2)]
)
def test_faults_name_the_line(tmp_path: Path, content: str, line: int) -> None:
    path = tmp_path / "en.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(TrainingDataError, match="tab") as caught:
        read_labelled(path)
    assert caught.value.line == line


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="cannot be read"):
        read_labelled(tmp_path / "en.tsv")


@pytest.mark.parametrize(
    ("text", "negated"),
    [("not good at all", "ngood"), ("it doesn't work", "nwork"), ("不好用", "n好"), ("没收到", "n收到")],
)
def test_negated_words_are_told_apart(text: str, negated: str) -> None:
    counts = sentiment_counts(text)
    assert negated in counts
    assert "w" + negated not in counts


def test_a_word_that_holds_a_negator_negates_nothing() -> None:
    assert [each for each in sentiment_counts("特别干净，别人也说好") if each[0] == "n"] == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("where is my order", {"s0": 1}),
        ("lovely room", {"s+": 1, "b3": 1, "bp": 1}),
        ("not good", {"s-": 1, "sn+1": 1, "b-3": 1, "bn": 1}),
        ("房间很好，可惜吵", {"s+": 2, "s2+": 1, "s-": 2, "sl-": 2, "stf-": 2, "b0": 1, "be": 1}),
    ],
)
def test_what_the_lexicons_words_say(text: str, expected: dict[str, int]) -> None:
    assert opinion_counts(text) == expected


def test_the_degree_tips_the_balance() -> None:
    assert "bp" in opinion_counts("nice room, a bit noisy")
    assert "bn" in opinion_counts("nice room, very noisy")


def test_the_verdict_at_the_end_is_told_from_the_beginning() -> None:
    praised_last = opinion_counts("the lift is slow, the room is small, and the stay was wonderful")
    blamed_last = opinion_counts("the stay was wonderful, the room is small, and the lift is slow")
    assert (praised_last["sl+"] > 0, praised_last["sl-"]) == (True, 0)
    assert (blamed_last["sl+"], blamed_last["sl-"] > 0) == (0, True)
    assert (praised_last["s+"], praised_last["s-"]) == (blamed_last["s+"], blamed_last["s-"])
