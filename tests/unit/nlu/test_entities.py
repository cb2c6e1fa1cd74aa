from __future__ import annotations

from collections.abc import Callable

import pytest

from nlu.entities import masked
from nlu.patterns import Found
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


def test_the_tagger_finds_people_it_never_read_of(understander: Understander) -> None:
    assert ("person", "Oscar Brandt", "Oscar Brandt") in entities(understander, "my name is Oscar Brandt")


def test_masking() -> None:
    found = [Found("order_number", 6, 11, "A1024"), Found("person", 12, 16, "Jane")]
    assert masked("where A1024 Jane?", found).split() == ["where", "<order_number>", "Jane?"]
