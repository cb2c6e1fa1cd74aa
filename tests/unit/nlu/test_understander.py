from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nlu.encoder import Vectors
from nlu.errors import EncoderMissing, ModelDamaged, ModelMissing
from nlu.understander import Understander
from nlu.understanding import Understanding
from tests.unit.nlu.small_shop import HashingEncoder

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)


class CountingEncoder(HashingEncoder):
    def __init__(self) -> None:
        self.calls = self.texts = 0

    def encode(self, texts: Sequence[str]) -> Vectors:
        self.calls += 1
        self.texts += len(texts)
        return super().encode(texts)


@pytest.mark.parametrize(
    ("text", "intent", "language"),
    [
        ("hello there", "greet", "en"),
        ("where is my order A1024?", "ask_order_status", "en"),
        ("我的订单A1024到哪里了", "ask_order_status", "zh"),
        ("please cancel A2048", "cancel_order", "en"),
        ("帮我取消订单", "cancel_order", "zh"),
    ],
)
def test_intent_and_language(understander: Understander, text: str, intent: str, language: str) -> None:
    understood = understander.parse(text)
    assert (understood.intent.name, understood.language, understood.text) == (intent, language, text)
    assert understood.ranking[0] == understood.intent


@pytest.mark.parametrize(
    ("text", "intent", "foreign"),
    [
        ("donde esta mi pedido", "nlu_fallback", "es"),
        ("где мой заказ", "nlu_fallback", "ru"),
        ("ქართული ენა", "nlu_fallback", "und"),
        ("hello there", "greet", None),
    ],
)
def test_another_language_is_not_guessed_at(
    understander: Understander, text: str, intent: str, foreign: str | None
) -> None:
    understood = understander.parse(text)
    assert understood.foreign == foreign
    assert (understood.intent.name == "nlu_fallback") == (intent == "nlu_fallback")
    assert (understood.language == "other") == (foreign is not None)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("hi\nplease cancel A2048", "please cancel A2048"),
        ("Good morning, where is my order Ａ2048", "where is my order Ａ2048"),
        ("你好\n帮我取消\nA2048", "帮我取消\nA2048"),
    ],
)
def test_a_request_with_a_greeting_is_that_request(understander: Understander, text: str, asked: str) -> None:
    greeted, plain = understander.parse(text), understander.parse(asked)
    assert greeted.intent == plain.intent
    assert [(one.name, one.value) for one in greeted.entities] == [("order_number", "A2048")]
    assert all(text[one.start : one.end] == one.text for one in greeted.entities)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "hi, where is my order Ａ2048 and also change my phone",
            [("ask_order_status", "where is my order Ａ2048", "A2048"), ("change_contact", "change my phone", "A2048")],
        ),
        (
            "查一下订单A3391的物流，另外取消订单A1024",
            [("ask_order_status", "查一下订单A3391的物流", "A3391"), ("cancel_order", "取消订单A1024", "A1024")],
        ),
    ],
)
def test_two_requests_are_both_understood(
    understander: Understander, text: str, parts: list[tuple[str, str, str]]
) -> None:
    understood = understander.parse(text)
    found = [
        (each.intent.name, each.text, next(one.value for one in each.entities if one.name == "order_number"))
        for each in understood.parts
    ]
    assert found == parts
    assert understood.intent == understood.ranking[0] == understood.parts[0].intent
    assert all(text[each.start : each.end] == each.text for each in understood.parts)
    assert all(text[one.start : one.end] == one.text for each in understood.parts for one in each.entities)


@pytest.mark.parametrize(
    "text", ["where is my order A1024", "cancel A1024 and A2048", "hello and good morning", "取消订单和订单"]
)
def test_one_request_has_no_parts(understander: Understander, text: str) -> None:
    assert understander.parse(text).parts == ()


def test_a_message_is_encoded_in_one_call(load: Callable[..., Understander]) -> None:
    encoder = CountingEncoder()
    load(encoder=encoder).parse("hi, where is my order and change my phone")
    assert (encoder.calls, encoder.texts) == (1, 4)


@pytest.mark.parametrize("text", ["hello", "你好", "您好啊\n在吗", "hi\nhello, anybody there"])
def test_a_greeting_alone_greets(understander: Understander, text: str) -> None:
    assert understander.parse(text).intent.name == "greet"


@pytest.mark.parametrize(
    "text", ["A1024", "a 1024!", "jane@example.com", "13800138000。", "A1024, T-1001", "next Tuesday", "$35.90"]
)
def test_bare_data_informs(understander: Understander, text: str) -> None:
    assert understander.parse(text).intent.name == "inform"


@pytest.mark.parametrize("text", ["", "   ", "\x00\u200b\u202e", "\n\n"])
def test_nothing_is_not_understood(understander: Understander, text: str) -> None:
    understood = understander.parse(text)
    assert (understood.intent.name, understood.language, understood.entities) == ("nlu_fallback", "und", ())
    assert understood.text == text


@pytest.mark.parametrize(
    "text",
    ["😀😀😀", "مرحبا كيف حالك", "\u202eabc\u202c", "a" * 100_000, "退" * 100_000, "\ud800", "???", "A1024 " * 20_000],
)
def test_any_text_is_answered(understander: Understander, text: str) -> None:
    understood = understander.parse(text)
    assert understood.text == text
    assert understood.ranking
    assert all(text[one.start : one.end] == one.text for one in understood.entities)


def test_dates_are_counted_from_the_shops_today_even_when_remembered(load: Callable[..., Understander]) -> None:
    clock = [MONDAY]
    understander = load(now=lambda: clock[0])
    assert understander.parse("tomorrow").entities[0].value == "2026-11-24"
    clock[0] += timedelta(days=1)
    assert understander.parse("tomorrow").entities[0].value == "2026-11-25"


def test_what_was_asked_lately_is_remembered(load: Callable[..., Understander]) -> None:
    encoder = CountingEncoder()
    understander = load(encoder=encoder)
    first = understander.parse("where is it")
    assert understander.parse("where is it") is first
    assert encoder.calls == 1


def test_new_products_count_at_once(load: Callable[..., Understander]) -> None:
    understander = load()
    assert understander.parse("the Zephyr fan").entities == ()
    understander.update_products(["Zephyr fan"])
    assert [one.value for one in understander.parse("the Zephyr fan").entities] == ["Zephyr fan"]


def test_a_text_that_many_send_at_once_is_worked_out_once(load: Callable[..., Understander]) -> None:
    encoder = CountingEncoder()
    understander = load(encoder=encoder)
    together = threading.Barrier(8)

    def ask(_: int) -> Understanding:
        together.wait(10)
        return understander.parse("where is it")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(8)))
    assert all(answer is answers[0] for answer in answers)
    assert encoder.calls == 1


def test_parse_many_is_parse_for_each(understander: Understander) -> None:
    texts = ["hello", "cancel A1024", "hello"]
    assert understander.parse_many(texts) == [understander.parse(text) for text in texts]


def test_threads_get_the_answers_that_one_thread_gets(load: Callable[..., Understander]) -> None:
    texts = [f"my name is Jane Miller and order A{number} cost ${number}" for number in range(1000, 1060)]
    expected = load().parse_many(texts)
    shared = load()
    answers: list[list[object]] = []
    threads = [threading.Thread(target=lambda: answers.append(list(shared.parse_many(texts)))) for _ in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert answers == [expected] * 4


def test_the_order_number_pattern_is_a_setting(load: Callable[..., Understander]) -> None:
    understood = load(order_number_pattern=r"SO\d{6}").parse("where is so-123456, not A1024")
    assert [(one.name, one.value) for one in understood.entities] == [("order_number", "SO123456")]


def test_a_model_of_another_encoder_is_refused(load: Callable[..., Understander]) -> None:
    other = HashingEncoder()
    other.identity = "another"
    with pytest.raises(ModelDamaged, match="another sentence encoder"):
        load(encoder=other)


def test_missing_encoder_and_missing_model(tmp_path: Path) -> None:
    with pytest.raises(EncoderMissing):
        Understander.load(tmp_path, encoder_dir=tmp_path)
    with pytest.raises(ModelMissing):
        Understander.load(tmp_path, encoder_dir=tmp_path, encoder=HashingEncoder())
