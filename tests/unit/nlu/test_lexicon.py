from __future__ import annotations

from pathlib import Path

import pytest

from nlu import lexicon
from nlu.lexicon import find_opinions, load_lexicon


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("what a lovely room", [1]),
        ("loved it", [2]),
        ("not good at all", [-1]),
        ("it isn't bad", [1]),
        ("it isnt really that bad", [1]),
        ("not my day, good food", [1]),
        ("the lift goes to the third floor", []),
        ("房间很好", [2]),
        ("不好吃", [-1]),
        ("没有让人失望", [2]),
        ("谈不上好吃", [-1]),
        ("我的订单到哪里了", []),
        ("服务 very good", [1]),
        ("快递放门口，出差三天", []),  # 快 and 差 are parts of other words
        ("牛奶是硬的", [-1]),
    ],
)
def test_words_that_praise_or_blame(text: str, values: list[int]) -> None:
    assert [one.value for one in find_opinions(text)[0]] == values


def test_clauses_are_told_apart() -> None:
    opinions, clauses = find_opinions("great screen, but it died. 屏幕漂亮，可惜卡")
    assert clauses == 4
    assert [(one.value > 0, one.clause) for one in opinions] == [
        (True, 0),
        (False, 1),
        (True, 2),
        (False, 3),
        (False, 3),
    ]


@pytest.mark.parametrize(
    ("text", "degrees", "weights"),
    [
        ("a bit slow", [-1], [-1]),
        ("slow", [0], [-2]),
        ("the lift is very slow", [1], [-3]),
        ("not very good", [1], [-3]),
        ("有点吵", [-1], [-1]),
        ("特别脏", [1], [-3]),
        ("稍微有点贵，味道真的好吃", [-1, 1], [-1, 3]),
    ],
)
def test_the_degree_of_a_word(text: str, degrees: list[int], weights: list[int]) -> None:
    opinions, _ = find_opinions(text)
    assert [one.degree for one in opinions] == degrees
    assert [one.weight for one in opinions] == weights


@pytest.mark.parametrize(
    ("text", "turns"),
    [
        ("nice room but noisy", ["", "but"]),
        ("good, only the shower is slow", ["", "flaw"]),
        ("slow start, overall great", ["", "verdict"]),
        ("味道不错但是太慢", ["", "but"]),
        ("服务好就是贵", ["", "flaw"]),
        ("吵，总体不错", ["", "verdict"]),
        ("这就是好东西", [""]),
        ("可爱", [""]),
    ],
)
def test_how_the_clause_of_a_word_begins(text: str, turns: list[str]) -> None:
    assert [one.turn for one in find_opinions(text)[0]] == turns


@pytest.mark.parametrize("text", ["", "...!?", "🙂", "12 34"])
def test_nothing_to_find(text: str) -> None:
    assert find_opinions(text)[0] == []


def test_no_word_praises_and_blames() -> None:
    listed: dict[int, set[str]] = {1: set(), 0: set(), -1: set()}
    for line in Path(lexicon.__file__).with_name("lexicon.tsv").read_text("utf-8").splitlines():
        strength, _, words = line.partition("\t")
        if not line.startswith("#"):
            value = int(strength)
            listed[(value > 0) - (value < 0)] |= set(words.split())
    assert len(listed[1] | listed[-1]) > 2200
    assert listed[1] & listed[-1] == set()
    assert listed[0] & (listed[1] | listed[-1]) == set()


def test_words_that_say_nothing_hold_one_that_would() -> None:
    words, _ = load_lexicon()
    telling = [word for word, strength in words.items() if strength and word[0] >= "\u3400"]
    idle = [word for word, strength in words.items() if not strength]
    assert [word for word in idle if not any(each in word for each in telling)] == []


def test_the_longest_chinese_word_counts() -> None:
    (one,), _ = find_opinions("不好意思的话就算了，不好吃"[-3:])
    assert (one.strength, one.negated) == (-1, False)
