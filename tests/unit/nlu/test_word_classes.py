from __future__ import annotations

from pathlib import Path

import pytest

from nlu.word_classes import WordClasses


def test_classes_survive_their_file(tmp_path: Path) -> None:
    WordClasses({"jazz": (1, 22, 333), "蓝": (0, 5, 9)}).write(tmp_path / "words.tsv")
    read = WordClasses.read(tmp_path / "words.tsv")
    assert (len(read), read.of("jazz"), read.of("蓝")) == (2, (1, 22, 333), (0, 5, 9))


def test_an_unknown_word_has_none() -> None:
    assert WordClasses({"jazz": (1,)}).of("zzzz") == ()


def test_a_damaged_table(tmp_path: Path) -> None:
    (tmp_path / "words.tsv").write_text("jazz\tone\n")
    with pytest.raises(ValueError, match="one"):
        WordClasses.read(tmp_path / "words.tsv")
