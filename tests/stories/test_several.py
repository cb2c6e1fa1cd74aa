"""Whole conversations in which one message asks for two things: both are done, in order, and none is forgotten."""

from sqlalchemy import select

from crm.models import Customer, Ticket
from tests.stories.stage import Stage, Visitor, done, told

CANCEL = ("cancel A1011", "cancel_order", {"order_number": "A1011"})
PHONE = ("change my phone to +1 202 555 0188", "change_contact", {"contact_field": "phone", "phone": "+12025550188"})


def _phone(stage: Stage, ref: str) -> str | None:
    with stage.database.reading() as session:
        return session.scalar(select(Customer.phone).where(Customer.ref == ref))


def _tickets(visitor: Visitor) -> list[str]:
    with visitor.stage.database.reading() as session:
        found = select(Ticket.category).where(Ticket.conversation_id == visitor.conversation_id).order_by(Ticket.id)
        return list(session.scalars(found))


def test_two_facts_are_told_one_after_the_other(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    replies = visitor.says_several(
        ("how long is shipping", "ask_shipping", {}), ("what about the warranty", "ask_warranty", {})
    )
    texts = [each.text for each in replies]
    assert "working days" in texts[0]
    assert texts[1] == "Now to the other thing you asked for: the warranty."
    assert "two-year" in texts[2]


def test_the_second_begins_when_the_first_is_done(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1001")
    asked = visitor.says_several(("invoice for A1011", "ask_invoice", {"order_number": "A1011"}), PHONE)
    assert "one thing after the other. First: the invoice" in asked[0].text
    assert "request an invoice for order A1011" in asked[1].text
    replies = visitor.presses("Yes, please")
    assert "I've requested an invoice" in replies[0].text
    assert "your contact details" in replies[1].text
    assert "Your phone number will become: +12025550188" in replies[2].text
    assert done(visitor.says("yes", "affirm")) == ["contact_changed"]
    assert _phone(on_stage, "C-1001") == "+12025550188"
    assert "other thing" not in told(visitor.says("thanks", "thank"))


def test_after_a_crash_the_retried_turn_says_the_same(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1003")
    visitor.says_several(("my orders", "list_orders", {}), PHONE)
    before = told(visitor.replies)
    assert "Your phone number will become" in before
    assert told(visitor.repeats()) == before


def test_who_must_prove_who_they_are_does_it_once(on_stage: Stage) -> None:
    """Told in lower case and without punctuation, as a voice note comes."""
    visitor = on_stage.visitor()
    asked = visitor.says_several(
        ("where is my order a1018", "ask_order_status", {"order_number": "A1018"}),
        ("i need an invoice for it", "ask_invoice", {}),
    )
    assert "e-mail address or phone number that goes with order A1018" in told(asked)
    replies = visitor.says("my number is 202 555 0143", "inform", {"phone": "+12025550143"})
    assert "A1018" in replies[0].text
    assert "the invoice" in replies[1].text
    assert "request an invoice for order A1018" in replies[2].text
    visitor.says("yes", "affirm")
    assert _tickets(visitor) == ["invoice"]


def test_both_in_chinese(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-2001", language="zh")
    replies = visitor.says_several(
        ("查一下我的订单", "list_orders", {}),
        ("把手机改成13900000018", "change_contact", {"contact_field": "phone", "phone": "13900000018"}),
        joined_by="，顺便",
    )
    assert replies[1].text == "接下来是您提到的另一件事：修改联系方式。"
    assert "手机号将改为：+8613900000018" in replies[2].text
    assert done(visitor.says("对", "affirm")) == ["contact_changed"]


def test_a_stop_offers_what_else_was_asked_for(on_stage: Stage) -> None:
    for answer, words in (("yes", "Your phone number will become"), ("no", "something else")):
        visitor = on_stage.visitor(customer="C-1002")
        visitor.says_several(("a return please", "return_order", {"order_number": "A1018"}), PHONE)
        stopped = visitor.says("stop that", "stop")
        assert "You also asked for something else: your contact details" in told(stopped)
        assert words in told(visitor.says(answer, "affirm" if answer == "yes" else "deny"))
        if answer == "no":
            assert "contact details" not in told(visitor.says("opening hours?", "ask_opening_hours"))


def test_a_fact_in_between_does_not_make_it_forgotten(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1003")
    visitor.says_several(("an invoice", "ask_invoice", {}), PHONE)
    assert "working days" in told(visitor.says("how long is shipping?", "ask_shipping"))
    visitor.says("A1009", "inform", {"order_number": "A1009"})
    assert "request an invoice for order A1009" in told(visitor.replies)
    replies = visitor.says("no", "deny")
    assert "requested nothing" in replies[0].text
    assert "phone number will become" in replies[2].text


def test_two_facts_inside_a_form_are_both_told_and_the_form_goes_on(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("where is my order", "ask_order_status")
    replies = visitor.says_several(("how long is shipping", "ask_shipping", {}), ("how can I pay", "ask_payment", {}))
    assert "working days" in told(replies)
    assert "PayPal" in told(replies)
    assert "Which order is it?" in replies[-1].text


def test_a_story_told_to_a_form_is_one_answer(on_stage: Stage) -> None:
    visitor = on_stage.visitor()
    visitor.says("I have a problem", "report_problem")
    replies = visitor.says_several(
        ("it is still not here", "ask_order_status", {}), ("I want to cancel it", "cancel_order", {})
    )
    assert "Which order is it about?" in told(replies)
    visitor.says("no order", "deny")
    assert _tickets(visitor) == ["problem"]
    with on_stage.database.reading() as session:
        described = session.scalar(select(Ticket.description).where(Ticket.conversation_id == visitor.conversation_id))
    assert described == "it is still not here and I want to cancel it"


def test_the_forms_own_request_may_bring_another(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1004")
    visitor.says("cancel something", "cancel_order")
    replies = visitor.says_several(("cancel A1021", "cancel_order", {"order_number": "A1021"}), PHONE)
    assert "Order A1021 has already left us" in told(replies)
    assert "phone number will become" in told(replies)


def test_two_tickets_from_one_yes(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1003")
    visitor.says_several(
        ("invoice for A1033", "ask_invoice", {"order_number": "A1033"}),
        ("the mug in A1033 came broken", "report_problem", {"order_number": "A1033"}),
    )
    replies = visitor.presses("Yes, please")
    assert done(replies) == ["ticket_opened", "ticket_opened"]
    assert _tickets(visitor) == ["invoice", "problem"]


def test_a_person_first_and_then_the_rest(on_stage: Stage) -> None:
    """The rule of the first ends a form before it answers; the second is not lost by that."""
    visitor = on_stage.visitor(customer="C-1001")
    visitor.says("an invoice", "ask_invoice")
    replies = visitor.says_several(("get me a person", "ask_human", {}), PHONE)
    assert "human_asked" in done(replies)
    assert "phone number" in replies[-1].text


def test_each_of_several_orders_is_seen_to(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1003")
    replies = visitor.says("where are both", "ask_order_status", {"order_number": ("A1033", "A1009")})
    assert ("A1033" in replies[0].text, "A1009" in replies[-1].text) == (True, True)
    assert done(replies) == ["order_status_told", "order_status_told"]


def test_two_orders_are_confirmed_one_by_one(on_stage: Stage) -> None:
    visitor = on_stage.visitor(customer="C-1001")
    asked = visitor.says("invoices for both", "ask_invoice", {"order_number": ("A1024", "A1037")})
    for number in ("A1024", "A1037"):
        assert f"an invoice for order {number}" in asked[-1].text
        asked = visitor.says("yes", "affirm")
    assert _tickets(visitor) == ["invoice", "invoice"]
