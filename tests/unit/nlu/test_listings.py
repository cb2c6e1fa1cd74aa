from __future__ import annotations

from nlu.listings import Listed, Listings
from nlu.tokens import new_vocabulary, tokenise

VOCABULARY = new_vocabulary()
LISTINGS = Listings(
    VOCABULARY,
    (
        Listed("place", {"York": "York", "New York": "New York", "北京": "北京"}),
        Listed("product", {"blue mug": "Blue Mug"}),
    ),
)


def apart(text: str) -> list[tuple[str, str, str]]:
    return [(one.name, text[one.start : one.end], one.value) for one in LISTINGS.find_apart(tokenise(text, VOCABULARY))]


def test_names_are_found_whatever_their_case_and_spaces() -> None:
    assert apart("is a BLUE MUG in york?") == [("product", "BLUE MUG", "Blue Mug"), ("place", "york", "York")]


def test_the_longer_name_wins() -> None:
    assert apart("off to new york") == [("place", "new york", "New York")]


def test_words_that_only_begin_like_a_name_are_none() -> None:
    assert apart("a yorkshire pudding") == []


def test_chinese_names_stand_without_spaces() -> None:
    assert apart("寄到北京要几天") == [("place", "北京", "北京")]
