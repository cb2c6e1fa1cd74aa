"""What words bring beyond their intent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.reading import (
    OrderNumbers,
    contact_answered,
    is_question,
    means_another,
    says_no,
    says_yes,
    takes_over,
    tells_something,
    without_no,
)
from actions.turn import Turn

NUMBERS = OrderNumbers(r"A\d{4,8}")
OWN = frozenset({"cancel_order"})


def turn(text: str, intent: str = "inform", **entities: str) -> Turn:
    return Turn("c", "m", text, "en", intent, tuple(entities.items()))


@pytest.mark.parametrize(
    "written", ["A1024", "a1024", "A-1024", "a 1024", "order no. a1024!", "订单A1024。", "是a-1024吗"]
)
def test_an_order_number_is_found_in_an_answer(written: str) -> None:
    assert NUMBERS.answered(turn(written)) == "A1024"


@pytest.mark.parametrize("written", ["", "1024", "BA1024", "A102", "A1024X", "A123456789", "hello"])
def test_what_is_no_order_number(written: str) -> None:
    assert NUMBERS.answered(turn(written)) is None


def test_only_a_well_formed_entity_counts() -> None:
    assert NUMBERS.named(turn("", order_number="a-1024")) == "A1024"
    assert NUMBERS.named(turn("", order_number="drop table")) is None
    assert NUMBERS.named(turn("A1024")) is None


@given(st.text(st.characters(exclude_categories=("L", "N", "M")), max_size=20), st.integers(1000, 99_999_999))
def test_no_punctuation_hides_an_order_number(around: str, digits: int) -> None:
    assert NUMBERS.answered(turn(f"{around} A{digits} {around}")) == f"A{digits}"


@pytest.mark.parametrize(
    ("written", "contact"),
    [
        ("mia@example.com", "mia@example.com"),
        ("我的邮箱是mia@example.com。谢谢", "mia@example.com"),
        ("+44 7700 900123", "+44 7700 900123"),
        ("call (202) 555-0143", "202) 555-0143"),
        ("no idea", None),
        ("12345", None),
    ],
)
def test_a_contact_is_found_in_an_answer(written: str, contact: str | None) -> None:
    assert contact_answered(turn(written)) == contact


def test_an_entity_goes_before_the_shape() -> None:
    assert contact_answered(turn("07700 900123", phone="+447700900123")) == "+447700900123"


@pytest.mark.parametrize(
    ("message", "answer", "over"),
    [
        (turn("my order A1024 please", "ask_order_status"), "A1024", False),
        (turn("我的订单号是A1024", "ask_order_status"), "A1024", False),
        (turn("where is A1024 now", "ask_order_status"), "A1024", True),
        (turn("", "ask_order_status"), "A1024", True),
        (turn("let me speak to someone", "ask_human"), None, True),
        (turn("cancel A1024", "cancel_order"), "A1024", False),
        (turn("how long does it take", "ask_shipping"), None, False),
        (turn("it is A1024", "inform"), "A1024", False),
    ],
)
def test_when_another_goal_takes_over(message: Turn, answer: str | None, over: bool) -> None:
    assert takes_over(message, OWN, answer) is over


@pytest.mark.parametrize("text", ["yes, cancel it", "Ok do that", "是的，取消", "对", "好，取消吧", "没问题"])
def test_a_yes_in_longer_words(text: str) -> None:
    assert says_yes(turn(text, "cancel_order"), OWN)
    assert not says_no(turn(text, "cancel_order"), OWN)


@pytest.mark.parametrize("text", ["no, the other one", "don't cancel", "不是这个", "不", "别取消", "错了"])
def test_a_no_in_longer_words(text: str) -> None:
    assert says_no(turn(text, "inform"), OWN)
    assert not says_yes(turn(text, "inform"), OWN)


@pytest.mark.parametrize("text", ["对不起", "不错", "cancel A1024", "okra", "northern", "好贵", "是不是"])
def test_neither_yes_nor_no(text: str) -> None:
    assert not says_yes(turn(text), OWN)
    assert not says_no(turn(text), OWN)


def test_a_yes_before_another_question_confirms_nothing() -> None:
    assert not says_yes(turn("ok how long does shipping take", "ask_shipping"), OWN)
    assert says_yes(turn("indeed", "affirm"), OWN)
    assert says_no(turn("rather not", "deny"), OWN)


@pytest.mark.parametrize("text", ["hmm", "Hm...", "mm", "um", "so", "well?"])
def test_a_hesitation_confirms_nothing(text: str) -> None:
    assert not says_yes(turn(text, "affirm"), OWN)


def test_an_order_number_is_no_phone() -> None:
    assert contact_answered(turn("A12345678")) is None
    assert contact_answered(turn("order A-12345678")) is None


def test_the_correction_after_a_no() -> None:
    assert without_no("no, it's 12 Quay Street") == "it's 12 Quay Street"
    assert without_no("不对，是海棠路66号") == "是海棠路66号"
    assert without_no("12 Quay Street") == "12 Quay Street"


@pytest.mark.parametrize(
    "text",
    ["the kettle leaks", "My lamp arrived broken", "收到的杯子是碎的", "I have a problem: screen flickers badly"],
)
def test_words_that_tell_a_problem(text: str) -> None:
    assert tells_something(text)


@pytest.mark.parametrize(
    "text",
    [
        "I have a problem",
        "I want to report an issue with my order A1024",
        "我要投诉",
        "订单有问题",
        "我想反映一个问题",
        "",
        "A1024",
        "??",
    ],
)
def test_words_that_only_announce_one(text: str) -> None:
    assert not tells_something(text)


def test_questions_and_others() -> None:
    assert is_question("do you deliver on weekends")
    assert is_question("几点上班")
    assert is_question("保修多久")
    assert not is_question("the warranty card is missing")
    assert means_another(turn("where is my other order"))
    assert means_another(turn("查另一个订单"))
    assert not means_another(turn("where is my order"))
