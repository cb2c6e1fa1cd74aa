"""Laws of understanding that hold for any text at all."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlu.amounts import find_amounts
from nlu.clock import find_times
from nlu.dates import find_dates
from nlu.encoder import Vectors
from nlu.language import detect
from nlu.parse_pool import ParsePool
from nlu.preparation import MAX_CHARACTERS, matching_form, prepare
from nlu.tokens import new_vocabulary, tokenise
from nlu.training import train
from nlu.understander import Understander
from nlu.understanding import Understanding
from tests.unit.nlu.small_shop import HashingEncoder, write_data

anything = st.text(st.characters(exclude_categories=()), max_size=300)
shop_talk = st.lists(
    st.sampled_from(
        ["where is", "my order", "A1024", "Ａ １０２４", "a-2048", "T-1001", "我的订单", "到哪里了", "13800138000",
         "(312) 555-0164",
         "$35.90", "三百块", "12月3日到5日", "between 2 and 4pm", "half past ten", "三块五", "two hundred euros",
         "25号", "5 stars", "四分", "两件", "next Tuesday", "下周二", "3点半", "jane@example.com", "邮箱",
         "ﬁ", "e\u0301", "\u200b", "😡", "!!!", "\x00",
         "blue mug", "my name is Jane Miller", "我叫王小明", "１２／２５／２０２６", " ", "\n", "，"]
    ),
    max_size=8,
).map("".join)  # fmt: skip
texts = st.one_of(anything, shop_talk)
vocabulary = new_vocabulary()


@pytest.fixture(scope="module")
def understander(tmp_path_factory: pytest.TempPathFactory) -> Understander:
    root = tmp_path_factory.mktemp("nlu")
    train(write_data(root / "data"), Path("unused"), root / "model", encoder=HashingEncoder())
    return Understander.load(
        root / "model",
        encoder_dir=Path("unused"),
        encoder=HashingEncoder(),
        products=["Blue Mug"],
        now=lambda: datetime(2026, 11, 23, tzinfo=UTC),
    )


class NeighbourlyEncoder(HashingEncoder):
    """As int8 encoders are: each vector of a batch depends on all of it."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        vectors = super().encode(texts)
        step = np.abs(vectors).max(initial=0.0) / 3 or 1.0
        return np.asarray(np.round(vectors / step) * step, dtype=np.float32)


@pytest.fixture(scope="module")
def neighbourly(tmp_path_factory: pytest.TempPathFactory) -> Understander:
    root = tmp_path_factory.mktemp("neighbourly")
    train(write_data(root / "data"), Path("unused"), root / "model", encoder=NeighbourlyEncoder())
    return Understander.load(
        root / "model",
        encoder_dir=Path("unused"),
        encoder=NeighbourlyEncoder(),
        now=lambda: datetime(2026, 11, 23, tzinfo=UTC),
    )


@given(texts)
@settings(deadline=None, max_examples=300)
def test_any_text_is_understood_and_every_entity_stands_where_it_says(understander: Understander, text: str) -> None:
    understood = understander.parse(text)
    assert understood.text == text
    assert understood.ranking[0] == understood.intent
    assert all(0.0 <= one.confidence <= 1.0 for one in understood.ranking)
    assert -1.0 <= understood.sentiment.score <= 1.0
    end = 0
    for entity in understood.entities:
        assert text[entity.start : entity.end] == entity.text
        assert entity.start < entity.end
        assert entity.start >= end or unicodedata.normalize("NFKC", entity.text) != entity.text
        end = entity.end


@given(texts)
@settings(deadline=None, max_examples=100)
def test_understanding_does_not_depend_on_what_was_asked_before(understander: Understander, text: str) -> None:
    first = understander.parse(text)
    understander.update_products(["Blue Mug"])  # forgets
    assert understander.parse(text) == first


@given(st.lists(texts, max_size=12), st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_any_mix_of_texts_at_once_means_what_each_means_alone(
    neighbourly: Understander, mix: list[str], workers: int
) -> None:
    def alone(text: str) -> Understanding:
        neighbourly.update_products(["Blue Mug"])  # forgets
        return neighbourly.parse(text)

    async def at_once() -> list[Understanding]:
        pool = ParsePool(lambda text, _: neighbourly.parse(text), workers=workers)
        try:
            return await asyncio.gather(*(pool.parse(text, str(sender)) for sender, text in enumerate(mix)))
        finally:
            pool.close()

    expected = [alone(text) for text in mix]
    neighbourly.update_products(["Blue Mug"])
    assert asyncio.run(at_once()) == expected


@given(texts)
def test_the_normal_form_leads_back(text: str) -> None:
    prepared = prepare(text)
    assert len(prepared.text) == len(prepared.starts) == len(prepared.ends)
    assert list(prepared.starts) == sorted(prepared.starts)
    assert list(prepared.ends) == sorted(prepared.ends)
    assert all(start < end <= len(text) for start, end in zip(prepared.starts, prepared.ends, strict=True))
    assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in prepared.text)


@given(st.text(st.characters(categories=("L", "M", "N", "P", "S")), max_size=100))
def test_the_normal_form_is_unicodes_own(text: str) -> None:
    whole = unicodedata.normalize("NFKC", text[:MAX_CHARACTERS])
    kept = re.sub(" +", " ", "".join(" " if one.isspace() else one for one in whole))
    assert prepare(text).text == kept


@given(texts)
def test_matching_twice_changes_nothing_more_than_once(text: str) -> None:
    once = matching_form(text)
    assert matching_form(once) == once


@given(texts)
def test_tokens_cover_all_that_is_seen(text: str) -> None:
    normal = prepare(text).text
    document = tokenise(normal, vocabulary)
    assert all(normal[token.idx : token.idx + len(token)] == token.text for token in document)
    assert "".join(token.text for token in document if not token.is_space) == normal.replace(" ", "")


@given(texts, st.dates())
def test_dates_and_times_are_dates_and_times(text: str, today: date) -> None:
    for one in find_dates(text, today):
        assert date.fromisoformat(one.value).isoformat() == one.value
    for one in find_times(text):
        hour, minute = map(int, one.value.split(":"))
        assert 0 <= hour < 24
        assert 0 <= minute < 60
        assert 0 <= one.start < one.end <= len(text)


@given(texts)
def test_amounts_are_sums_with_a_currency(text: str) -> None:
    for one in find_amounts(text):
        number, currency = one.value.split()
        assert Decimal(number) >= 0
        assert re.fullmatch("[A-Z]{3}", currency)
        assert 0 <= one.start < one.end <= len(text)


@given(texts)
def test_the_language_is_one_of_five(text: str) -> None:
    assert detect(text) in {"en", "zh", "mixed", "other", "und"}
