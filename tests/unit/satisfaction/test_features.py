"""Each signal, on the smallest conversation that shows it; unknown is never zero."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from satisfaction.features import NAMES, POSITION, SIGNALS, measure, observe
from satisfaction.transcript import Transcript

Build = Callable[..., Transcript]


def signals(transcript: Transcript) -> dict[str, float]:
    values = measure([observe(turn) for turn in transcript.turns])
    assert values.shape == (len(SIGNALS),)
    return dict(zip(NAMES, values.tolist(), strict=True))


def test_an_empty_conversation_is_measured(conversation: Build) -> None:
    values = signals(conversation("en"))
    assert values["customer_turns"] == 0
    assert values["unanswered_at_end"] == 0
    for name in ("not_understood", "done", "sentiment_at_end", "sentiment_course", "longest_wait"):
        assert math.isnan(values[name]), name


def test_counts_and_lengths(conversation: Build) -> None:
    values = signals(conversation("en", ("customer", "hello"), ("bot", "hi"), ("customer", "abc"), ("staff", "hoho")))
    assert (values["customer_turns"], values["agent_turns"]) == (2, 2)
    assert values["opening_length"] == pytest.approx(math.log(6))
    assert values["later_length"] == pytest.approx(math.log(4))
    assert values["answer_length"] == pytest.approx(math.log(4))


@pytest.mark.parametrize(
    ("first", "second", "least", "most"),
    [
        ("Where is my order A1024?", "where is my order a1024", 0.99, 1.0),
        ("Where is my order A1024?", "so where is order A1024 now", 0.6, 1.0),
        ("Where is my order A1024?", "Do you sell green tea?", 0.0, 0.3),
        ("我的订单到哪里了", "我的订单到底到哪里了呀", 0.7, 1.0),
        ("我的订单到哪里了", "你们卖茶叶吗", 0.0, 0.1),
        ("yes", "yes", 0.0, 0.0),
        ("好的", "好的", 0.0, 0.0),
    ],
)
def test_repeated_question(conversation: Build, first: str, second: str, least: float, most: float) -> None:
    value = signals(conversation("en", ("customer", first), ("bot", "…"), ("customer", second)))["repeated_question"]
    assert least <= value <= most


def test_one_intent_twice_running_is_a_rephrasing_unless_something_was_done(conversation: Build) -> None:
    asked = {"intent": "ask_shipping"}
    rows = [("customer", "Do you ship abroad", asked), ("bot", "Hm."), ("customer", "to Peru perhaps", asked)]
    assert signals(conversation("en", *rows))["repeated_question"] == 0.7
    rows[1] = ("bot", "Yes.", {"done": "shipping_told"})
    assert signals(conversation("en", *rows))["repeated_question"] < 0.7
    said = {"intent": "inform"}
    rows = [("customer", "first name Ann", said), ("bot", "And?"), ("customer", "my street is Elm", said)]
    assert signals(conversation("en", *rows))["repeated_question"] < 0.7


def test_repeated_answer(conversation: Build) -> None:
    said = ("bot", "Please describe your problem.")
    assert (
        signals(conversation("en", ("customer", "It broke"), said, ("customer", "It did"), said))["repeated_answer"]
        == 1
    )


def test_unanswered_at_end(conversation: Build) -> None:
    assert signals(conversation("en", ("bot", "Hi"), ("customer", "Where is it?")))["unanswered_at_end"] == 1
    assert signals(conversation("en", ("bot", "Hi"), ("customer", "Thanks, bye")))["unanswered_at_end"] == 0
    assert signals(conversation("en", ("customer", "Where is it?"), ("bot", "Here")))["unanswered_at_end"] == 0


def test_thanks_and_complaint_at_the_end_are_not_those_of_the_start(conversation: Build) -> None:
    once = signals(conversation("zh", ("customer", "太差了，谢谢")))
    assert (once["thanks"], once["thanks_at_end"]) == (1, 0)
    assert (once["complaint_at_start"], once["complaint_at_end"]) == (1, 0)
    later = signals(conversation("zh", ("customer", "在吗"), ("bot", "在"), ("customer", "太差了，谢谢")))
    assert (later["thanks_at_end"], later["complaint_at_end"], later["complaint_at_start"]) == (1, 1, 0)


def test_intents_count_where_the_words_do_not_show_it(conversation: Build) -> None:
    values = signals(
        conversation(
            "en",
            ("customer", "gimme somebody", {"intent": "ask_human"}),
            ("customer", "meh", {"intent": "complain"}),
            ("customer", "ta", {"intent": "thank"}),
        )
    )
    assert (values["asked_human"], values["complaints"], values["thanks"]) == (1, 1, 1)


def test_only_the_customer_complains_and_only_answers_apologise(conversation: Build) -> None:
    values = signals(conversation("en", ("bot", "Sorry, that is terrible"), ("customer", "sorry, please wait")))
    assert (values["complaints"], values["apologies"], values["deferrals"]) == (0, 1, 0)


def test_not_understood_is_counted_where_known_and_read_off_the_answers_elsewhere(conversation: Build) -> None:
    known = conversation("en", ("customer", "x", {"understood": False}), ("customer", "y", {"understood": True}))
    assert signals(known)["not_understood"] == 1
    read_off = conversation("en", ("customer", "x"), ("bot", "Sorry, I did not understand that."))
    assert signals(read_off)["not_understood"] == 1
    assert math.isnan(signals(conversation("en", ("customer", "x"), ("bot", "Hello")))["not_understood"])


def test_things_done_are_counted_once_each_and_nothing_done_is_zero(conversation: Build) -> None:
    asked = ("customer", "x", {"intent": "ask_order_status"})
    told = ("bot", "y", {"done": "order_status_told"})
    assert signals(conversation("en", asked))["done"] == 0
    assert signals(conversation("en", asked, told, told))["done"] == 1
    assert signals(conversation("en", asked, told, ("bot", "z", {"done": "ticket_opened"})))["done"] == 2


def test_sentiment_and_its_course(conversation: Build) -> None:
    rows = [("customer", "x", {"sentiment": value}) for value in (0.5, -0.2, -0.6)]
    values = signals(conversation("en", *rows))
    assert values["sentiment_at_end"] == pytest.approx(-0.4)
    assert values["sentiment_course"] == pytest.approx(-1.1)


def test_waiting_is_from_the_first_unanswered_turn_to_the_next_answer(conversation: Build) -> None:
    rows = (("customer", "a"), ("customer", "b"), ("bot", "c"), ("customer", "d"))
    assert signals(conversation("en", *rows, gap_s=60))["longest_wait"] == 2
    assert math.isnan(signals(conversation("en", *rows))["longest_wait"])


def test_values_keep_to_their_documented_range(conversation: Build) -> None:
    values = measure([observe(turn) for turn in conversation("en", *[("customer", "fuck! " * 900)] * 40).turns])
    for spec in SIGNALS:
        value = values[POSITION[spec.name]]
        assert math.isnan(value) or spec.low <= value <= spec.high, spec.name
