"""What happens to the second of two requests."""

import dataclasses

import pytest

from actions.outcome import Outcome, say
from actions.requests import GO_ON, NEXT_REQUEST, WAITING, Request, as_slot
from actions.several import carried_on, for_each_number
from actions.turn import Turn

CANCEL, PHONE = Request("cancel_order", "cancel A1024"), Request("change_contact", "change my phone")
BOTH = Turn("c", "m", "cancel A1024 and change my phone", "en", "cancel_order", parts=(CANCEL, PHONE))
LATER = dataclasses.replace(BOTH, parts=(), intent="affirm", slots={WAITING: as_slot([PHONE])})
TOLD = Outcome((say("utter_told"),))


def test_one_request_alone_changes_nothing() -> None:
    assert carried_on(dataclasses.replace(BOTH, parts=()), TOLD) == TOLD


def test_the_second_follows_at_once_where_the_first_asks_nothing() -> None:
    outcome = carried_on(BOTH, TOLD)
    assert (outcome.then, outcome.says) == (NEXT_REQUEST, TOLD.says)
    assert outcome.slots[WAITING] == as_slot([PHONE])


def test_while_the_first_asks_the_second_waits_and_the_customer_is_told() -> None:
    outcome = carried_on(BOTH, TOLD, asks=True)
    assert outcome.then is None
    assert [each.response for each in outcome.says] == ["utter_one_by_one", "utter_told"]
    assert outcome.slots[WAITING] == as_slot([PHONE])
    assert carried_on(LATER, TOLD, asks=True) == TOLD


def test_when_the_form_ends_the_second_follows() -> None:
    assert carried_on(LATER, TOLD, asks=False).then == NEXT_REQUEST


def test_inside_another_form_nothing_older_is_gone_on_with() -> None:
    inside = dataclasses.replace(LATER, form="ticket_form", intent="ask_shipping")
    assert carried_on(inside, TOLD) == TOLD
    left = carried_on(inside, dataclasses.replace(TOLD, leaves_form=True))
    assert left.then == NEXT_REQUEST


def test_a_message_taken_as_an_answer_makes_no_requests() -> None:
    assert carried_on(BOTH, TOLD, asks=True, makes_request=False) == TOLD


def test_who_takes_up_the_second_has_it_once() -> None:
    ahead = dataclasses.replace(LATER, intent="change_contact")
    assert carried_on(ahead, TOLD, asks=True).slots == {WAITING: None}


def test_an_offer_that_was_passed_over_lapses() -> None:
    passed = dataclasses.replace(LATER, offer=GO_ON, intent="ask_shipping")
    outcome = carried_on(passed, TOLD)
    assert outcome.slots == {WAITING: None}
    assert outcome.then is None


def test_a_request_without_words_of_ours_is_told_in_the_customers() -> None:
    gifts = dataclasses.replace(
        BOTH, text="gift wrap?", intent="ask_gift_wrap", parts=(Request("ask_gift_wrap"), PHONE)
    )
    outcome = carried_on(gifts, TOLD, asks=True)
    assert outcome.says[0].values == {"topic": "“gift wrap?”"}


def orders(text: str, intent: str, *numbers: str, **more: object) -> Turn:
    named = tuple(("order_number", each) for each in numbers)
    return dataclasses.replace(Turn("c", "m", text, "en", intent, named), **more)


def test_each_of_several_orders_is_a_request() -> None:
    both = for_each_number(orders("cancel A1024 and A1030", "cancel_order", "A1024", "A1030"))
    assert [each.numbers("order_number") for each in both.parts] == [("A1024",), ("A1030",)]
    assert both.of_first_part().entity("order_number") == "A1024"
    waiting = carried_on(both.of_first_part(), TOLD, asks=True).slots[WAITING]
    assert [each["entities"] for each in waiting] == [[["order_number", "A1030"]]]


@pytest.mark.parametrize(
    "turn",
    [
        orders("cancel A1024, sorry, A1030", "cancel_order", "A1024", "A1030"),
        orders("取消A1024，不对，A1030", "cancel_order", "A1024", "A1030"),
        orders("A1024 and A1030 both leak", "report_problem", "A1024", "A1030"),
        orders("where is A1024, my A1024", "ask_order_status", "A1024", "A1024"),
        orders("", "ask_order_status", "A1024", "A1030"),
        orders("where are they", "ask_order_status", "A1024", "A1030", done_since=("action_next_request",)),
    ],
)
def test_what_remains_one_request(turn: Turn) -> None:
    assert for_each_number(turn).parts == ()


def test_of_three_orders_the_third_waits_while_the_second_is_seen_to() -> None:
    third = Request("cancel_order", "", (("order_number", "A1031"),))
    second = orders("", "cancel_order", "A1030", slots={WAITING: as_slot([third])})
    assert carried_on(second, TOLD).then == NEXT_REQUEST
    taken_up = orders("cancel A1031", "cancel_order", "A1031", slots={WAITING: as_slot([third])})
    assert carried_on(taken_up, TOLD).slots == {WAITING: None}
