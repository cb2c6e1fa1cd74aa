from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from nlu.entities import EntityExtractor, Gazetteer, masked
from nlu.patterns import Found, PatternExtractor
from nlu.tagger import Tagged, Tagger, train_tagger
from nlu.tokens import new_vocabulary, tokenise
from nlu.understander import Understander


def entities(understander: Understander, text: str) -> list[tuple[str, str, str]]:
    parsed = understander.parse(text)
    assert all(text[one.start : one.end] == one.text for one in parsed.entities)
    return [(one.name, one.text, one.value) for one in parsed.entities]


def test_places_are_those_of_the_text_as_it_was_written(understander: Understander) -> None:
    text = "\u200b订单 Ａ１０２４，是 Ｊane@example.com"
    assert entities(understander, text) == [
        ("order_number", "Ａ１０２４", "A1024"),
        ("email", "Ｊane@example.com", "jane@example.com"),
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [("where is my blue  mug", "Blue Mug"), ("BLUE MUG?", "Blue Mug"), ("蓝色马克杯还有吗", "蓝色马克杯")],
)
def test_products_of_the_records_are_found_by_name(understander: Understander, text: str, value: str) -> None:
    assert [(name, normal) for name, _, normal in entities(understander, text)] == [("product", value)]


def test_products_can_change_while_serving(load: Callable[..., Understander]) -> None:
    understander = load()
    assert not any(name == "product" for name, _, _ in entities(understander, "the steel lamp 3000"))
    understander.update_products(["Steel Lamp 3000"])
    assert entities(understander, "the steel lamp 3000") == [("product", "steel lamp 3000", "Steel Lamp 3000")]


def test_traditional_characters_are_read_as_simplified_ones_and_shown_as_written(
    load: Callable[..., Understander],
) -> None:
    understander = load()
    understander.update_products(["蓝色台灯"])
    assert entities(understander, "請問藍色檯燈和藍色臺燈") == [("product", "藍色臺燈", "蓝色台灯")]


@pytest.mark.parametrize(
    ("text", "word", "value"),
    [
        ("change my mobile number", "mobile number", "phone"),
        ("换手机号", "手机号", "phone"),
        ("我要换邮箱", "邮箱", "email"),
    ],
)
def test_lookups_get_their_synonyms_value(understander: Understander, text: str, word: str, value: str) -> None:
    assert ("contact_field", word, value) in entities(understander, text)


def test_regexes_of_the_training_data_are_used_where_there_is_no_pattern(understander: Understander) -> None:
    assert entities(understander, "it says XK-4471") == [("serial_number", "XK-4471", "XK-4471")]


def no_classes(word: str) -> tuple[int, ...]:
    return ()


def extractor(gazetteer: Gazetteer) -> EntityExtractor:
    """With a tagger that takes every "may DAY" for a person."""
    vocabulary = new_vocabulary()
    sentences = [f"{word} may {day} {word}" for word in ("ask", "see", "call") for day in range(1, 9)]
    tagger = train_tagger(
        [
            Tagged(tokenise(text, vocabulary), (), (("person", text.index("may"), text.rindex(" ")),))
            for text in sentences
        ],
        no_classes,
    )
    patterns = PatternExtractor(vocabulary, today=lambda: date(2026, 11, 23))
    return EntityExtractor(vocabulary, patterns, Tagger(tagger, no_classes), gazetteer, ())


@pytest.mark.parametrize(
    ("gazetteer", "names"),
    [
        (Gazetteer(), {"date"}),
        (Gazetteer(unmarked=frozenset({"date"})), {"person"}),
        (Gazetteer(taught=frozenset({"date"})), {"person"}),
    ],
)
def test_patterns_come_before_the_tagger_unless_the_examples_say_otherwise(
    gazetteer: Gazetteer, names: set[str]
) -> None:
    by_pattern, found = extractor(gazetteer).find("see may 5 see", "en")
    assert {one.name for one in by_pattern} == {"date"}  # seen by the models in any case
    assert {one.name for one in found} == names


def test_what_the_examples_mark_nowhere_is_found_all_the_same() -> None:
    _, found = extractor(Gazetteer(unmarked=frozenset({"date"}), taught=frozenset({"email"}))).find(
        "tomorrow at me@example.com", "en"
    )
    names = {one.name for one in found}
    assert "date" in names
    assert "email" not in names


def test_the_tagger_finds_people_it_never_read_of(understander: Understander) -> None:
    assert ("person", "Oscar Brandt", "Oscar Brandt") in entities(understander, "my name is Oscar Brandt")


def test_masking() -> None:
    found = [Found("order_number", 6, 11, "A1024"), Found("person", 12, 16, "Jane")]
    assert masked("where A1024 Jane?", found).split() == ["where", "<order_number>", "Jane?"]
