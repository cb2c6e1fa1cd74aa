"""Tickets: reporting a problem with its order and pictures, and asking later how far it has come."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from actions.base import Clock, CrmAction, Desk
from actions.forms import Asking, Ending, Form, Taken
from actions.outcome import Button, Outcome, Say, payload, say
from actions.reading import FACTS, OrderNumbers, is_question, says_no, takes_over, tells_something
from actions.turn import NOT_UNDERSTOOD, Language, Turn
from actions.verified import MOST_BUTTONS, order_buttons
from actions.wording import button_title, day, one_line, ticket_category, ticket_status
from crm.errors import NotFound
from crm.models import Customer, Order, Ticket
from crm.orders import find_order, recent_orders
from crm.tickets import attach, find_ticket, open_ticket, recent_tickets
from crm.unit_of_work import Database

#: What ``ticket_order`` holds when the problem is about no order.
NO_ORDER = "none"
#: Intents under which a description of a problem is easily read.
_STORIES = frozenset(
    {
        "report_problem",
        "complain",
        "praise",
        "inform",
        "ask_order_status",
        "return_order",
        "cancel_order",
        "ask_invoice",
    }
)


@dataclass(frozen=True, slots=True)
class ProblemReport:
    """``ticket_order`` is an order number or ``NO_ORDER``."""

    description: str | None = None
    ticket_order: str | None = None


class TicketForm(Form[ProblemReport]):
    """Takes a problem report. Pictures sent before or during the form go with it."""

    form = "ticket_form"
    fields_type = ProblemReport
    triggers = frozenset({"report_problem"})

    def __init__(self, database: Database, now: Clock, numbers: OrderNumbers) -> None:
        super().__init__(database, now)
        self._numbers = numbers

    def open(self, desk: Desk) -> Taken[ProblemReport]:
        turn = desk.turn
        told = one_line(turn.text) if tells_something(turn.text) else None
        return Taken(ProblemReport(told, self._numbers.named(turn)), slots=_media(turn))

    def take(self, desk: Desk, held: ProblemReport) -> Taken[ProblemReport] | Ending | None:
        turn = desk.turn
        fields = self._described(turn, held) if turn.requested == "description" else self._ordered(turn, held)
        if fields is None and not turn.attachments and turn.intent not in self.triggers:
            return _given_up(turn)
        notes = (say("utter_photo_added"),) if turn.attachments else ()
        return Taken(fields or held, notes, _media(turn))

    def proceed(self, desk: Desk, fields: ProblemReport) -> Asking[ProblemReport] | Ending:
        if fields.description is None:
            return Asking(fields, "description", (say("utter_describe_problem"),))
        if fields.ticket_order is None:
            return Asking(fields, "ticket_order", (self._which_order(desk),))
        ticket = self._opened(desk, fields.description, fields.ticket_order)
        told = say("utter_ticket_opened", ticket=ticket.number, done="ticket_opened")
        return Ending((told,), {"media": None, "recent_ticket": ticket.number})

    def _described(self, turn: Turn, held: ProblemReport) -> ProblemReport | None:
        told = tells_something(turn.text)
        asks_facts = turn.intent in FACTS and is_question(turn.text)
        if not told or asks_facts or turn.intent not in _STORIES | FACTS | NOT_UNDERSTOOD:
            return None
        number = self._numbers.named(turn) or held.ticket_order
        return dataclasses.replace(held, description=one_line(turn.text), ticket_order=number)

    def _ordered(self, turn: Turn, held: ProblemReport) -> ProblemReport | None:
        number = self._numbers.answered(turn)
        if takes_over(turn, self.triggers, number):
            return None
        if number:
            return dataclasses.replace(held, ticket_order=number)
        if says_no(turn, self.triggers) or turn.intent == "inform" or turn.intent in NOT_UNDERSTOOD:
            return dataclasses.replace(held, ticket_order=NO_ORDER)
        if turn.intent in self.triggers and turn.text:
            return dataclasses.replace(held, description=f"{held.description} {one_line(turn.text)}")
        return None

    def _which_order(self, desk: Desk) -> Say:
        language = desk.turn.language
        customer = desk.customer
        orders = recent_orders(desk.session, customer.id, MOST_BUTTONS - 1) if customer else []
        recent = desk.turn.slots.get("recent_order")
        buttons = list(order_buttons(orders, language))
        if recent and all(each.number != recent for each in orders):
            buttons.insert(0, Button(recent, payload("inform", order_number=recent)))
        return say("utter_ticket_order_wanted", *buttons, Button(button_title("skip", language), payload("deny")))

    def _opened(self, desk: Desk, description: str, number: str) -> Ticket:
        customer = desk.customer
        order = _own_order(desk, customer, number)
        if order is None and number != NO_ORDER:
            description = f"{description}\n[order number given, not verified: {number}]"
        return open_ticket(
            desk.session,
            desk.conversation,
            category="problem",
            description=description,
            language=desk.turn.language,
            source_message_id=desk.turn.message_id,
            customer_id=customer.id if customer else None,
            order_id=order.id if order else None,
            attachment_ids=_media(desk.turn)["media"],
        )


class TicketStatus(CrmAction):
    """Tells how far a ticket has come: the one that was named, or this person's latest."""

    action_name = "action_ticket_status"
    writes = False

    def act(self, desk: Desk) -> Outcome:
        return ticket_told(desk, desk.turn.entity("ticket_number"))


def ticket_told(desk: Desk, number: str | None) -> Outcome:
    """The state of ticket ``number``, else of this person's latest tickets; only of those they may see."""
    customer = desk.customer
    seen_by: dict[str, Any] = {
        "identity_id": desk.conversation.identity_id,
        "customer_id": customer.id if customer else None,
    }
    if number is None:
        return _latest_told(recent_tickets(desk.session, **seen_by), desk.turn.language)
    try:
        ticket = find_ticket(desk.session, number, **seen_by)
    except NotFound:
        return Outcome((say("utter_ticket_not_found", ticket=number),))
    return Outcome((_ticket_said(ticket, desk.turn.language),))


def add_media(desk: Desk, number: str) -> Outcome | None:
    """Puts the pictures sent since the last ticket on ticket ``number``; None when there are none or no ticket."""
    media = _media(desk.turn)["media"]
    try:
        ticket = find_ticket(desk.session, number, identity_id=desk.conversation.identity_id, customer_id=None)
    except NotFound:
        return None
    if not media:
        return None
    attach(desk.session, ticket, media)
    return Outcome((say("utter_added_to_ticket", ticket=ticket.number, done="ticket_extended"),), {"media": None})


def _latest_told(tickets: list[Ticket], language: Language) -> Outcome:
    if not tickets:
        return Outcome((say("utter_no_tickets"),))
    if len(tickets) == 1:
        return Outcome((_ticket_said(tickets[0], language),))
    lines = "\n".join(f"{each.number} · {ticket_status(each.status, language)}" for each in tickets)
    buttons = [Button(each.number, payload("ask_ticket_status", ticket_number=each.number)) for each in tickets]
    return Outcome((say("utter_tickets_listed", *buttons, tickets=lines, done="ticket_status_told"),))


def _ticket_said(ticket: Ticket, language: Language) -> Say:
    return say(
        "utter_ticket_status",
        ticket=ticket.number,
        about=ticket_category(ticket.category, language),
        opened=day(ticket.created_at, language),
        status=ticket_status(ticket.status, language),
        done="ticket_status_told",
    )


def _own_order(desk: Desk, customer: Customer | None, number: str) -> Order | None:
    if customer is None or number == NO_ORDER:
        return None
    try:
        return find_order(desk.session, customer.id, number)
    except NotFound:
        return None


def _given_up(turn: Turn) -> Ending | None:
    """A plain no to "what happened?" drops the report."""
    dropped = turn.requested == "description" and turn.intent == "deny"
    return Ending((say("utter_report_dropped"),)) if dropped else None


def _media(turn: Turn) -> dict[str, list[str]]:
    """The slot ``media``: attachment ids since the last ticket, this message's included."""
    held: Iterable[str] = turn.slots.get("media") or ()
    return {"media": list(dict.fromkeys([*held, *turn.attachments]))}
