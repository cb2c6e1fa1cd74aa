"""How alike a question is to passages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nlu.knowledge import indices_of
from nlu.likeness import Doubles, Index, encode, matching
from nlu.passages import read_knowledge
from nlu.utterance import count_glossed
from tests.unit.nlu.small_knowledge import WordEncoder, written


@pytest.fixture
def encoder() -> WordEncoder:
    return WordEncoder()


@pytest.fixture
def index(tmp_path: Path, encoder: WordEncoder) -> Index:
    return indices_of(read_knowledge(written(tmp_path)), encoder)["en"]


def likened(index: Index, encoder: WordEncoder, question: str) -> Doubles:
    return index.likenesses(encode(question, encoder), count_glossed(matching(question)))


def test_a_passages_own_question_is_nearest_to_it(index: Index, encoder: WordEncoder) -> None:
    opening, lockers = likened(index, encoder, "can I use a parcel locker?")
    assert lockers[0] == pytest.approx(1.0)
    assert lockers[1] == pytest.approx(1.0)
    assert (lockers > opening).all()
    assert lockers[2] > 0.5


def test_what_no_line_holds_is_like_none(index: Index, encoder: WordEncoder) -> None:
    assert likened(index, encoder, "zzz qqq") == pytest.approx(np.zeros((2, 3)))
    assert likened(index, encoder, "") == pytest.approx(np.zeros((2, 3)))


def test_unknown_words_count_against_likeness(index: Index, encoder: WordEncoder) -> None:
    plain, longer = (likened(index, encoder, text)[1] for text in ("parcel locker", "parcel locker xyzzy"))
    assert plain[1] > longer[1]


def test_a_line_left_out_is_as_if_it_were_not_written(index: Index) -> None:
    line = index.lines.index("Can I use a parcel locker?")
    counts = count_glossed(matching(index.lines[line]))
    kept = index.likenesses(index._vectors[line].astype(np.float32), counts)
    without = index.without_line(line, counts)
    assert (without[1] < kept[1]).all()
    assert without[0, :2] == pytest.approx(kept[0, :2])


def test_the_questions_of_a_passage_in_the_other_language_are_its_lines_too(
    tmp_path: Path, encoder: WordEncoder
) -> None:
    folder = written(tmp_path)
    (folder / "zh").mkdir()
    (folder / "zh.md").rename(folder / "zh" / "shipping.md")
    indices = indices_of(read_knowledge(folder), encoder)
    assert "可以放快递柜吗？" in indices["en"].lines
    assert "Can I use a parcel locker?" in indices["zh"].lines
    assert "Lockers" not in indices["zh"].lines
