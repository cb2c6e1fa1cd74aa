from __future__ import annotations

import pytest

from nlu.patterns import Found
from nlu.tagger import Tagged, Tagger, train_tagger
from nlu.tokens import new_vocabulary, tokenise

VOCABULARY = new_vocabulary()
TOWNS = ["york", "leeds", "derby", "truro", "wells", "ripon", "ely", "perth"]


def known(text: str, towns: list[str]) -> list[Found]:
    return [
        Found("place", text.index(town), text.index(town) + len(town), town, 1.0, "list")
        for town in towns
        if town in text
    ]


def classes(word: str) -> tuple[int, ...]:
    return (7,) if word in {"jazz", "blues", "soul", "swing", "bebop"} else ()


def taught(text: str, listed: list[str], *spans: tuple[str, int, int]) -> Tagged:
    return Tagged(tokenise(text, VOCABULARY), tuple(known(text, listed)), spans)


@pytest.fixture(scope="module")
def tagger() -> Tagger:
    """Taught that a listed town is a place behind "to", and none before "pudding"."""
    places = [taught(f"send it to {town}", TOWNS, ("place", 11, 11 + len(town))) for town in TOWNS]
    puddings = [taught(f"a {town} pudding please", TOWNS) for town in TOWNS]
    return Tagger(train_tagger([*places, *puddings], classes), classes)


def found(tagger: Tagger, text: str, towns: list[str]) -> list[tuple[str, str]]:
    spans = tagger.find(tokenise(text, VOCABULARY), known(text, towns))
    return [(one.name, text[one.start : one.end]) for one in spans]


def test_a_listed_name_that_was_never_read_is_found_where_such_names_stand(tagger: Tagger) -> None:
    assert found(tagger, "send it to poole", ["poole"]) == [("place", "poole")]


def test_a_listed_name_is_left_alone_where_such_names_are_none(tagger: Tagger) -> None:
    assert found(tagger, "a poole pudding please", ["poole"]) == []


def test_finds_are_sure_to_some_degree_and_empty_text_holds_nothing(tagger: Tagger) -> None:
    (one,) = tagger.find(tokenise("send it to leeds", VOCABULARY), known("send it to leeds", TOWNS))
    assert 0.4 <= one.confidence <= 1.0
    assert tagger.find(tokenise("", VOCABULARY), []) == []


def test_no_annotations_make_a_tagger_that_finds_nothing() -> None:
    silent = Tagger(train_tagger([taught("hello there", [])], classes), classes)
    assert silent.find(tokenise("hello there", VOCABULARY), []) == []


def test_words_of_a_class_are_taken_alike() -> None:
    music = [taught(f"some {style} would do", [], ("music", 5, 5 + len(style))) for style in ("jazz", "soul", "swing")]
    other = [taught(f"some {thing} would do", []) for thing in ("bread", "tea", "rest", "sleep")]
    tagger = Tagger(train_tagger([*music, *other], classes), classes)
    assert found(tagger, "some bebop would do", []) == [("music", "bebop")]
    assert found(tagger, "some chairs would do", []) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [("找小张问问", "小张"), ("找孙经理问问", "孙经理"), ("找欧阳雪问问", "欧阳雪")],
)
def test_chinese_ways_of_naming_carry_over_to_names_never_read(text: str, name: str) -> None:
    familiar = ["小王", "小李", "小陈", "小周", "老王", "阿强"]
    titled = ["王经理", "李经理", "陈经理", "周经理", "赵经理"]
    double = ["司马红", "诸葛明", "上官文", "尉迟军"]
    people = [taught(f"找{one}问问", [], ("person", 1, 1 + len(one))) for one in (*familiar, *titled, *double)]
    other = [taught(f"找{one}问问", []) for one in ("客服", "快递员", "小区门口", "老地方", "大门", "经理", "包裹")]
    tagger = Tagger(train_tagger([*people, *other], classes), classes)
    assert found(tagger, text, []) == [("person", name)]
