"""Which clauses are requests of their own, and what belongs to each."""

from __future__ import annotations

import pytest

from nlu.clauses import Border, Clause
from nlu.patterns import Found
from nlu.several import Asked, Scored, asked_for, belonging_to
from nlu.understanding import IntentScore

DOUBT = IntentScore("cancel_order", 0.6)


def scored(place: int, intent: str, confidence: float = 0.9, border: Border | None = None, *orders: str) -> Scored:
    clause = Clause(10 * place, 10 * place + 8, border if place else None)
    return Scored(clause, IntentScore(intent, confidence), orders=frozenset(orders))


def intents(*found: Scored, whole: IntentScore = DOUBT) -> list[str]:
    return [each.intent.name for each in asked_for(found, whole)]


def test_two_sure_requests_are_two() -> None:
    found = asked_for([scored(0, "ask_invoice"), scored(1, "change_contact", 0.9, "weak")], DOUBT)
    assert [(each.intent.name, each.start, each.end) for each in found] == [
        ("ask_invoice", 0, 8),
        ("change_contact", 10, 18),
    ]


def test_what_is_no_request_belongs_to_what_it_follows_and_before_the_first_to_that() -> None:
    found = asked_for(
        [
            scored(0, "thank"),
            scored(1, "ask_invoice", 0.9, "comma"),
            scored(2, "inform", 0.9, "comma"),
            scored(3, "ask_payment", 0.9, "mark"),
        ],
        DOUBT,
    )
    assert [(each.intent.name, each.start, each.end) for each in found] == [
        ("ask_invoice", 0, 28),
        ("ask_payment", 30, 38),
    ]


@pytest.mark.parametrize(
    "second",
    [
        scored(1, "change_contact", 0.45, "weak"),
        scored(1, "change_contact", 0.6, "space"),
        scored(1, "ask_invoice", 0.9, "strong"),
        scored(1, "complain", 0.9, "strong"),
        scored(1, "stop", 0.9, "weak"),
        Scored(Clause(10, 18, "weak"), IntentScore("change_contact", 0.9), bare=True),
    ],
)
def test_what_makes_no_second_request(second: Scored) -> None:
    assert intents(scored(0, "ask_invoice"), second) == []


def test_a_reason_and_what_is_wanted_are_one_unless_words_set_them_apart() -> None:
    broken = scored(0, "report_problem")
    assert intents(broken, scored(1, "return_order", 0.9, "mark")) == []
    assert intents(broken, scored(1, "return_order", 0.9, "strong")) == ["report_problem", "return_order"]
    assert intents(broken, scored(1, "ask_shipping", 0.9, "mark")) == ["report_problem", "ask_shipping"]


def test_other_orders_are_other_matters() -> None:
    cancel = scored(0, "cancel_order", 0.9, None, "A1024")
    assert intents(cancel, scored(1, "return_order", 0.9, "comma", "A1024")) == []
    assert intents(cancel, scored(1, "return_order", 0.9, "comma", "A1030")) == ["cancel_order", "return_order"]


def test_a_message_beyond_doubt_is_not_cut_at_a_comma() -> None:
    sure = IntentScore("ask_invoice", 0.995)
    found = scored(0, "ask_invoice"), scored(1, "ask_payment", 0.9, "comma")
    assert intents(*found, whole=sure) == []
    assert intents(*found) == ["ask_invoice", "ask_payment"]
    assert intents(found[0], scored(1, "ask_payment", 0.9, "weak"), whole=sure) == ["ask_invoice", "ask_payment"]


def test_the_same_again_later_makes_no_third() -> None:
    first, second = scored(0, "ask_invoice"), scored(1, "ask_payment", 0.9, "strong")
    assert intents(first, second, scored(2, "ask_invoice", 0.9, "strong")) == [
        "ask_invoice",
        "ask_payment",
    ]


def found(name: str, start: int, value: str = "x") -> Found:
    return Found(name, start, start + 2, value, 1.0, "patterns")


def test_what_is_named_once_is_meant_by_both() -> None:
    cancel = Asked(0, 8, IntentScore("cancel_order", 0.9), None)
    invoice = Asked(10, 18, IntentScore("ask_invoice", 0.9), "weak")
    order, mail = found("order_number", 2, "A1024"), found("email", 12)
    assert belonging_to(invoice, [cancel, invoice], [order, mail]) == (mail, order)
    assert belonging_to(cancel, [cancel, invoice], [order, mail]) == (order, mail)
    two = [order, found("order_number", 12, "A1030")]
    assert [each.value for each in belonging_to(invoice, [cancel, invoice], two)] == ["A1030"]


def test_a_new_phone_proves_nothing_and_a_problem_need_not_be_with_that_order() -> None:
    cancel = Asked(0, 8, IntentScore("cancel_order", 0.9), None)
    phone = Asked(10, 18, IntentScore("change_contact", 0.9), "weak")
    number = found("phone", 12)
    assert belonging_to(cancel, [cancel, phone], [number]) == ()
    problem = Asked(10, 18, IntentScore("report_problem", 0.9), "strong")
    assert belonging_to(problem, [cancel, problem], [found("order_number", 2, "A1024")]) == ()
