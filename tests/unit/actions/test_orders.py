"""The order forms, turn by turn, without Rasa."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from actions.forms import Form
from actions.orders import OrderListForm, OrderRequestForm, OrderStatusForm, status_told
from crm.matching import MAX_FAILED_MATCHES
from crm.models import Order, Ticket
from tests.unit.actions.desk import MONDAY_NOON, NUMBERS, Shop, said

MIA = "mia.turner@example.com"


@pytest.fixture
def status(demo: Shop) -> Form:  # type: ignore[type-arg]
    return demo.build(OrderStatusForm, NUMBERS)  # type: ignore[return-value]


def test_number_then_contact_then_answer(demo: Shop, status: OrderStatusForm) -> None:
    assert said(demo.opens(status, "where is it", "ask_order_status")) == ["utter_order_number_wanted"]
    assert said(demo.answers(status, "a 1024", "inform")) == ["utter_contact_wanted"]
    told = demo.answers(status, f"it is {MIA}", "inform")
    assert said(told) == ["utter_order_shipped"]
    assert told.says[0].done == "order_status_told"
    assert told.slots["recent_order"] == "A1024"
    assert told.slots["requested_slot"] is None
    assert demo.slots.get("contact") is None


def test_no_answer_leaves_the_message_to_the_rules(demo: Shop, status: OrderStatusForm) -> None:
    demo.opens(status, "where is it", "ask_order_status")
    for intent in ("ask_shipping", "greet", "nlu_fallback", "ask_human", "change_contact", "send_photo"):
        assert not demo.answers(status, "something else", intent).slots, intent


def test_the_question_is_asked_again_after_another_answer(demo: Shop, status: OrderStatusForm) -> None:
    demo.opens(status, "A1024", "ask_order_status", order_number="A1024")
    again = demo.returns(status)
    assert said(again) == ["utter_contact_wanted"]
    assert again.says[0].values == {"order": "A1024"}


def test_its_own_intent_never_falls_through(demo: Shop, status: OrderStatusForm) -> None:
    demo.opens(status, "where is it", "ask_order_status")
    assert said(demo.answers(status, "where is it then", "ask_order_status")) == ["utter_order_number_wanted"]


def test_inform_without_anything_is_helped(demo: Shop, status: OrderStatusForm) -> None:
    demo.opens(status, "where is it", "ask_order_status")
    assert said(demo.answers(status, "the blue one", "inform")) == ["utter_order_number_help"]
    demo.answers(status, "A1024", "inform")
    assert said(demo.answers(status, "I won't tell", "deny")) == ["utter_contact_help"]


def test_a_failed_match_keeps_the_number_and_asks_on(demo: Shop, status: OrderStatusForm) -> None:
    demo.opens(status, "A1024", "ask_order_status", order_number="A1024")
    failed = demo.answers(status, "x@example.com", "inform", email="x@example.com")
    assert said(failed) == ["utter_match_failed"]
    assert (demo.slots["order_number"], demo.slots.get("contact")) == ("A1024", None)
    assert said(demo.returns(status)) == ["utter_contact_wanted"]  # asking again tries nothing again


def test_an_anonymous_visitor_may_share_the_phone_instead(demo: Shop, status: OrderStatusForm) -> None:
    replies = [
        demo.opens(status, "where is it", "ask_order_status"),
        demo.answers(status, "the blue one", "inform"),
        demo.answers(status, "A1024", "inform"),
        demo.answers(status, "x@example.com", "inform", email="x@example.com"),
        demo.answers(status, "I won't tell", "deny"),
    ]
    assert [each.says[-1].custom.get("asks_for") for each in replies] == ["phone"] * 5


def test_a_known_customer_is_not_asked_to_share_anything(demo: Shop, status: OrderStatusForm) -> None:
    demo.greet("C-1001")
    replies = [demo.opens(status, "where is it", "ask_order_status"), demo.answers(status, "the blue one", "inform")]
    assert [said(each) for each in replies] == [["utter_which_order"], ["utter_order_number_help"]]
    assert [each.says[-1].asks_for for each in replies] == [None, None]


@pytest.mark.parametrize("number", ["A1024", ""])
def test_who_is_identified_meanwhile_need_not_answer(demo: Shop, status: OrderStatusForm, number: str) -> None:
    demo.opens(status, "where is it", "ask_order_status", **({"order_number": number} if number else {}))
    demo.identify("C-1001")
    told = demo.answers(status, "", "identified")
    assert said(told) == ["utter_identified_meanwhile", "utter_order_shipped" if number else "utter_which_order"]


def test_who_is_identified_while_something_is_to_be_confirmed_is_asked_again(demo: Shop) -> None:
    demo.greet("C-1001")
    form = demo.build(OrderRequestForm, NUMBERS)
    demo.opens(form, "cancel A1037", "cancel_order", order_number="A1037")
    asked = demo.answers(form, "", "identified")
    assert said(asked) == ["utter_identified_meanwhile", "utter_confirm_cancellation"]
    assert demo.slots["requested_slot"] == "request_confirmed"


def test_who_is_unknown_again_is_not_thanked(demo: Shop, status: OrderStatusForm) -> None:
    demo.opens(status, "where is A1024", "ask_order_status", order_number="A1024")
    assert not demo.answers(status, "", "identified").slots


def test_the_lock_ends_the_form_with_an_offer(demo: Shop, status: OrderStatusForm) -> None:
    demo.opens(status, "A1024", "ask_order_status", order_number="A1024")
    for _ in range(MAX_FAILED_MATCHES):
        last = demo.answers(status, "x@example.com", "inform", email="x@example.com")
    assert said(last) == ["utter_match_locked"]
    assert last.says[0].offer == "ask_human"
    assert last.says[0].values == {"wait": "15 minutes"}
    assert last.slots["requested_slot"] is None


def test_another_order_than_the_recent_one(demo: Shop, status: OrderStatusForm) -> None:
    demo.greet("C-1001")
    demo.slots["recent_order"] = "A1024"
    assert said(demo.opens(status, "where is it", "ask_order_status")) == ["utter_order_shipped"]
    assert said(demo.opens(status, "and my other order", "ask_order_status")) == ["utter_which_order"]


def test_every_state_is_told(demo: Shop) -> None:
    with demo.database.reading() as session:
        for order in session.scalars(select(Order)):
            english, chinese = status_told(order, MONDAY_NOON, "en"), status_told(order, MONDAY_NOON, "zh")
            assert english.response == chinese.response
            assert english.response.startswith(f"utter_order_{order.status}")
            late = order.status == "shipped" and order.expected_at is not None and order.expected_at < MONDAY_NOON
            assert english.response.endswith("_late") is late
            assert english.values["contents"] != chinese.values["contents"]
            assert english.buttons


def test_a_late_order_is_late_from_its_day_on(demo: Shop) -> None:
    with demo.database.reading() as session:
        order = session.execute(select(Order).where(Order.number == "A1024")).scalar_one()
        assert status_told(order, MONDAY_NOON + timedelta(days=3), "en").response == "utter_order_shipped_late"


def test_the_list_is_the_customers_own(demo: Shop) -> None:
    demo.greet("C-2001", "zh")
    listed = demo.opens(demo.build(OrderListForm, NUMBERS), "我的订单", "list_orders")
    assert [each.title for each in listed.says[0].buttons] == ["A2048", "A2031", "A2015"]
    assert "已打包" in listed.says[0].values["orders"]


@pytest.mark.parametrize(
    ("number", "intent", "response"),
    [
        ("A1037", "cancel_order", "utter_confirm_cancellation"),
        ("A1024", "cancel_order", "utter_cancellation_impossible"),
        ("A1011", "return_order", "utter_confirm_return"),
        ("A1037", "return_order", "utter_return_impossible"),
        ("A1024", "ask_invoice", "utter_confirm_invoice"),
    ],
)
def test_what_may_be_requested(demo: Shop, number: str, intent: str, response: str) -> None:
    demo.greet("C-1001")
    form = demo.build(OrderRequestForm, NUMBERS)
    assert said(demo.opens(form, "please", intent, order_number=number)) == [response]


@pytest.mark.parametrize("intent", ["cancel_order", "return_order"])
def test_what_is_over_is_over(demo: Shop, intent: str) -> None:
    demo.greet("C-1004")
    form = demo.build(OrderRequestForm, NUMBERS)
    assert said(demo.opens(form, "please", intent, order_number="A1005")) == ["utter_order_is_over"]


def test_another_kind_of_request_is_confirmed_anew(demo: Shop) -> None:
    demo.greet("C-1001")
    form = demo.build(OrderRequestForm, NUMBERS)
    demo.opens(form, "invoice for A1037", "ask_invoice", order_number="A1037")
    changed = demo.answers(form, "yes but cancel it instead", "cancel_order")
    assert said(changed) == ["utter_confirm_cancellation"]
    assert demo.answers(form, "yes", "affirm").says[0].done == "ticket_opened"
    with demo.database.reading() as session:
        assert session.scalars(select(Ticket.category)).all() == ["cancellation"]


def test_another_number_at_the_read_back(demo: Shop) -> None:
    demo.greet("C-1001")
    form = demo.build(OrderRequestForm, NUMBERS)
    demo.opens(form, "invoice for A1037", "ask_invoice", order_number="A1037")
    changed = demo.answers(form, "no, A1011", "deny", order_number="A1011")
    assert said(changed) == ["utter_confirm_invoice"]
    assert changed.says[0].values["order"] == "A1011"


def test_a_repeated_yes_opens_one_ticket(demo: Shop) -> None:
    demo.greet("C-1001")
    form = demo.build(OrderRequestForm, NUMBERS)
    demo.opens(form, "cancel A1037", "cancel_order", order_number="A1037")
    slots = dict(demo.slots)
    turn = demo.turn("yes", "affirm")
    first = form.answer(turn)
    assert form.answer(turn) == first
    demo.slots = slots
    with demo.database.reading() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1
