"""Our own examples: enough of them, varied, and none of them held out."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict

import pytest

from bot.settings import PROJECT
from nlu.examples import Example, read_directory, read_file
from nlu.language import detect
from nlu.preparation import matching_form, prepare
from nlu.script import simplified
from nlu.utterance import scale_of

DIRECTORY = PROJECT / "data" / "nlu"
LANGUAGES = ("en", "zh")
LEAST = {"intent": 60, "held out": 10, "held out of scope": 80}
NEAR_COPY = 0.8
"""Jaccard of two utterances' letter sequences from which one is the other with a word changed."""
MOST_NEAR_COPIES = 0.06
MOST_WITH_ONE_OPENING = 0.3
FEWEST_OPENINGS = 0.35

Grouped = dict[tuple[str, str], list[str]]


@pytest.fixture(scope="module")
def goal_examples() -> tuple[Example, ...]:
    return read_directory(DIRECTORY).examples


@pytest.fixture(scope="module")
def grouped(goal_examples: tuple[Example, ...]) -> Grouped:
    """Texts as the models match them, by intent and language."""
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one in goal_examples:
        groups[one.intent, scale_of(detect(one.text))].append(matching_form(prepare(one.text).text))
    return dict(groups)


def held_out(language: str) -> tuple[Example, ...]:
    return read_file(DIRECTORY / "heldout" / f"{language}.yml").examples


def bare(text: str) -> str:
    """Without what case, width, script, punctuation and spaces change; of a text of marks alone, the marks."""
    folded = simplified(unicodedata.normalize("NFKC", text).casefold())
    return "".join(filter(str.isalnum, folded)) or "".join(folded.split())


def sequences(text: str, length: int) -> frozenset[str]:
    padded = f" {text} "
    return frozenset(padded[place : place + length] for place in range(len(padded) - length + 1))


def near_copies(texts: list[str], language: str) -> int:
    """How many have a neighbour that is nearly the same, by sequences of three letters or two Chinese characters."""
    each = sorted((sequences(text, 2 if language == "zh" else 3) for text in texts), key=len)
    near = [False] * len(each)
    for first, one in enumerate(each):
        for second in range(first + 1, len(each)):
            other = each[second]
            if len(one) <= NEAR_COPY * len(other):
                break  # these and all that follow are too long to be that like it
            if len(one & other) > NEAR_COPY * len(one | other):
                near[first] = near[second] = True
    return sum(near)


def openings(texts: list[str], language: str) -> Counter[str]:
    """The first two words, or the first two Chinese characters."""
    return Counter(text[:2] if language == "zh" else " ".join(text.split()[:2]) for text in texts)


def test_every_intent_has_enough_examples_in_both_languages(grouped: Grouped) -> None:
    intents = {intent for intent, _ in grouped}
    few = {(intent, language) for intent in intents for language in LANGUAGES
           if len(grouped.get((intent, language), [])) < LEAST["intent"]}  # fmt: skip
    assert len(intents) > 2
    assert not few


def test_no_example_stands_twice(goal_examples: tuple[Example, ...]) -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for one in goal_examples:
        places[bare(one.text)].append(f"{one.path.name}:{one.line}")
    assert [where for where in places.values() if len(where) > 1] == []


def test_examples_are_no_copies_of_each_other(grouped: Grouped) -> None:
    shares = {(intent, language): near_copies(texts, language) / len(texts)
              for (intent, language), texts in grouped.items()}  # fmt: skip
    assert {key: share for key, share in shares.items() if share > MOST_NEAR_COPIES} == {}


def test_examples_begin_in_many_ways(grouped: Grouped) -> None:
    alike = {}
    for (intent, language), texts in grouped.items():
        counted = openings(texts, language)
        opening, count = counted.most_common(1)[0]
        if len(counted) < FEWEST_OPENINGS * len(texts) or count > MOST_WITH_ONE_OPENING * len(texts):
            alike[intent, language] = (opening, count, len(counted), len(texts))
    assert alike == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_held_out_is_never_learnt(language: str, goal_examples: tuple[Example, ...]) -> None:
    learnt = {bare(one.text) for one in goal_examples}
    assert [one.text for one in held_out(language) if bare(one.text) in learnt] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_enough_is_held_out(language: str, grouped: Grouped) -> None:
    asked = held_out(language)
    counts = Counter(one.intent for one in asked)
    assert set(counts) == {intent for intent, _ in grouped}
    assert min(counts.values()) >= LEAST["held out"]
    assert counts["out_of_scope"] >= LEAST["held out of scope"]
    assert len({bare(one.text) for one in asked}) == len(asked)


def test_the_measures_see_what_they_are_for() -> None:
    assert near_copies(["where is my parcel now", "where is my parcel now?", "cancel it"], "en") == 2
    assert near_copies(["我的订单到哪里了呀", "帮我取消", "不要了"], "zh") == 0
    assert openings(["can i pay", "can i go", "hi"], "en")["can i"] == 2
    assert bare("Ｔhanks, 謝謝!") == bare("thanks 谢谢")
    assert bare("?!") == "?!"
