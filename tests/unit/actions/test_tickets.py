"""The problem report and the ticket's state, without Rasa."""

import pytest
from sqlalchemy import select

from actions.outcome import Outcome
from actions.tickets import TicketForm, TicketStatus, add_media
from crm.models import Ticket
from tests.unit.actions.desk import NUMBERS, Shop, said


@pytest.fixture
def form(demo: Shop) -> TicketForm:
    return demo.build(TicketForm, NUMBERS)  # type: ignore[return-value]


def report(demo: Shop, form: TicketForm, text: str = "the kettle leaks badly") -> str:
    """Opens a ticket about no order; returns its number."""
    demo.opens(form, text, "report_problem")
    return demo.answers(form, "none", "deny").says[0].values["ticket"]


def status(demo: Shop, **entities: str) -> Outcome:
    return demo.run(demo.build(TicketStatus), demo.turn("news?", "ask_ticket_status", **entities))


def test_what_is_told_first_is_the_description(demo: Shop, form: TicketForm) -> None:
    assert said(demo.opens(form, "the kettle\n leaks", "report_problem")) == ["utter_ticket_order_wanted"]
    assert demo.slots["description"] == "the kettle leaks"


def test_an_announcement_is_asked_about(demo: Shop, form: TicketForm) -> None:
    assert said(demo.opens(form, "I have a problem", "report_problem")) == ["utter_describe_problem"]
    assert not demo.answers(form, "asdf", "nlu_fallback").slots
    assert not demo.answers(form, "how long is the warranty?", "ask_warranty").slots
    asked = demo.answers(form, "the warranty card is missing", "ask_warranty")
    assert said(asked) == ["utter_ticket_order_wanted"]


@pytest.mark.parametrize("intent", ["ask_order_status", "return_order", "complain", "nlu_fallback", "report_problem"])
def test_a_story_stays_one_however_it_was_read(demo: Shop, form: TicketForm, intent: str) -> None:
    demo.opens(form, "a problem", "report_problem")
    assert said(demo.answers(form, "the parcel never arrived here", intent)) == ["utter_ticket_order_wanted"]


@pytest.mark.parametrize("intent", ["ask_human", "stop", "list_orders", "greet", "switch_language"])
def test_a_story_is_not_made_of_other_wishes(demo: Shop, form: TicketForm, intent: str) -> None:
    demo.opens(form, "a problem", "report_problem")
    assert not demo.answers(form, "connect somebody real right away", intent).slots


def test_more_of_the_story_at_the_order_question(demo: Shop, form: TicketForm) -> None:
    demo.opens(form, "the kettle leaks", "report_problem")
    again = demo.answers(form, "and it smells", "report_problem")
    assert said(again) == ["utter_ticket_order_wanted"]
    assert demo.slots["description"] == "the kettle leaks and it smells"


def test_pictures_before_during_and_at_the_end(demo: Shop, form: TicketForm) -> None:
    earlier = demo.turn("", "send_photo", attachments=1).attachments
    demo.slots["media"] = [*earlier, "somebody-elses"]
    demo.opens(form, "the kettle leaks", "report_problem", attachments=1)
    added = demo.answers(form, "", "send_photo", attachments=1)
    assert said(added) == ["utter_photo_added", "utter_ticket_order_wanted"]
    told = demo.answers(form, "A1024", "inform", order_number="A1024")
    assert said(told) == ["utter_ticket_opened"]
    assert told.slots["media"] is None
    with demo.database.reading() as session:
        ticket = session.execute(select(Ticket)).scalar_one()
        assert len(ticket.attachments) == 3


def test_the_recent_order_is_offered(demo: Shop, form: TicketForm) -> None:
    demo.slots["recent_order"] = "A1024"
    asked = demo.opens(form, "the kettle leaks", "report_problem")
    assert [each.title for each in asked.says[0].buttons] == ["A1024", "Not about an order"]


def test_a_repeated_turn_opens_one_ticket(demo: Shop, form: TicketForm) -> None:
    demo.opens(form, "the kettle leaks", "report_problem")
    turn = demo.turn("no order", "deny")
    assert form.answer(turn) == form.answer(turn)
    with demo.database.reading() as session:
        assert len(session.scalars(select(Ticket)).all()) == 1


def test_states_are_told_to_those_who_may_know(demo: Shop, form: TicketForm) -> None:
    assert said(status(demo)) == ["utter_no_tickets"]
    number = report(demo, form)
    assert said(status(demo)) == ["utter_ticket_status"]
    second = report(demo, form, "the lamp flickers badly")
    listed = status(demo)
    assert said(listed) == ["utter_tickets_listed"]
    assert [each.title for each in listed.says[0].buttons] == [second, number]
    demo.greet("C-1002")
    assert said(status(demo, ticket_number=number)) == ["utter_ticket_not_found"]


def test_pictures_are_added_to_ones_own_ticket_only(demo: Shop, form: TicketForm) -> None:
    number = report(demo, form)
    turn = demo.turn("", "send_photo", attachments=1)
    demo.slots["media"] = list(turn.attachments)

    class Adding(TicketStatus):
        def act(self, desk):  # type: ignore[no-untyped-def]
            return add_media(desk, number) or Outcome()

        writes = True

    assert said(demo.run(demo.build(Adding), demo.turn("", "inform"))) == ["utter_added_to_ticket"]
    assert not demo.run(demo.build(Adding), demo.turn("", "inform")).says  # nothing left to add
    demo.greet()
    demo.slots["media"] = list(turn.attachments)
    assert not demo.run(demo.build(Adding), demo.turn("", "inform")).says
