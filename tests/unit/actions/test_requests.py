"""Requests as values: kept in a slot, given back as if they had just been said."""

from actions.requests import Request, as_slot, requests_in
from nlu.payloads import parse_payload

CANCEL = Request("cancel_order", "cancel A1024", (("order_number", "A1024"),))
DELIVERY = Request("ask_shipping", "how long does it take", answer={"title": "Delivery", "text": "Two days."})


def test_a_slot_gives_back_what_was_put_there() -> None:
    held = (CANCEL, DELIVERY, Request("ask_human", chosen=True))
    assert requests_in(as_slot(held)) == held
    assert as_slot(()) is None
    assert requests_in(None) == ()


def test_a_button_for_it_carries_what_was_named() -> None:
    pressed = parse_payload(CANCEL.payload)
    assert pressed is not None
    assert (pressed.intent.name, pressed.entities[0].value) == ("cancel_order", "A1024")


def test_what_was_named_later_counts_more() -> None:
    more = CANCEL.with_more((("order_number", "A1030"),))
    assert dict(more.entities) == {"order_number": "A1030"}


def test_it_reads_like_an_answer_of_understanding() -> None:
    assert DELIVERY.as_parsed()["answer"] == {"title": "Delivery", "text": "Two days."}
    assert CANCEL.as_parsed() == {
        "text": "cancel A1024",
        "intent": {"name": "cancel_order", "confidence": 1.0},
        "entities": [{"entity": "order_number", "value": "A1024"}],
    }
    assert Request("ask_human").as_parsed()["text"] == "/ask_human"
