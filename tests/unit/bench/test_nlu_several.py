from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.nlu_several import Several, measure_several, read_several, several_row
from bot.settings import PROJECT
from nlu.errors import TrainingDataError
from nlu.examples import read_directory
from nlu.training import train
from nlu.understander import Understander
from tests.unit.nlu.small_shop import HashingEncoder, write_data

ASKED = """\
intents\ttext
ask_order_status change_contact\twhere is my order and also change my phone
ask_order_status cancel_order\twhere is my order and also change my phone
cancel_order change_contact\tcancel my order
cancel_order\tcancel A1024 and A2048
greet\twhere is my order and also change my phone
"""


def test_what_was_found_is_counted_by_file(tmp_path: Path) -> None:
    train(write_data(tmp_path / "data"), Path("unused"), tmp_path / "model", encoder=HashingEncoder())
    understander = Understander.load(tmp_path / "model", encoder_dir=Path("unused"), encoder=HashingEncoder())
    (tmp_path / "several_en.tsv").write_text(ASKED, encoding="utf-8")
    (outcome,) = measure_several(understander, read_several(tmp_path))
    assert outcome == Several("several_en", several=3, all_found=1, any_found=2, single=2, falsely_cut=1)
    assert several_row(outcome)["falsely_cut"] == 1


def test_a_line_that_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "several_en.tsv").write_text("intents\ttext\ncancel_order\n", encoding="utf-8")
    with pytest.raises(TrainingDataError, match="line 2"):
        read_several(tmp_path)
    assert read_several(tmp_path / "none") == {}


def test_ours_are_many_in_both_languages_and_apart_from_the_examples() -> None:
    held = read_several(PROJECT / "data" / "nlu" / "heldout")
    assert set(held) == {"several_en", "several_zh"}
    learnt = {_bare(each.text) for each in read_directory(PROJECT / "data" / "nlu").examples}
    for messages in held.values():
        assert sum(len(each.intents) > 1 for each in messages) >= 60
        assert sum(len(each.intents) == 1 for each in messages) >= 120
        assert len({each.text for each in messages}) == len(messages)
        assert not learnt & {_bare(each.text) for each in messages}


def _bare(text: str) -> str:
    return re.sub(r"\W", "", text.casefold())
