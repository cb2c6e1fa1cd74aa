"""The part that all forms about somebody's own records share: making sure whose they are, and which order.

A customer whom the shop's signature or this conversation has proved is never asked again. An anonymous
visitor gives an order number and the e-mail or phone on file; no answer tells which of them was wrong. Where the
channel can, they may share their phone number instead: then the form goes on by itself.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from actions.base import Clock, Desk
from actions.forms import Asking, Ending, Form, Taken
from actions.outcome import Button, payload, say
from actions.reading import OrderNumbers, contact_answered, contact_named, means_another, takes_over
from actions.turn import Language
from actions.wording import duration, order_summary
from crm.errors import MatchFailed, MatchLocked, NotFound
from crm.matching import match_customer
from crm.models import Customer, Order
from crm.orders import find_order, recent_orders
from crm.unit_of_work import Database

MOST_BUTTONS = 4
IDENTIFIED = "identified"
"""The intent that says that the channel has just vouched for who the customer is."""
PHONE = "phone"
"""What an anonymous visitor may share by a tap."""


@dataclass(frozen=True, slots=True)
class OwnOrder:
    """An order number, and the contact that proves whose it is (an e-mail or a phone as the customer wrote it)."""

    order_number: str | None = None
    contact: str | None = None


F = TypeVar("F", bound=OwnOrder)


class VerifiedForm(Form[F]):
    """A form that serves only a customer who is known or has just been matched.

    ``number_question`` is the response that asks an anonymous visitor for an order number.
    """

    number_question: ClassVar[str] = "utter_order_number_wanted"

    def __init__(self, database: Database, now: Clock, numbers: OrderNumbers) -> None:
        super().__init__(database, now)
        self._numbers = numbers

    @abstractmethod
    def serve(self, desk: Desk, customer: Customer, fields: F) -> Asking[F] | Ending:
        """What ``proceed`` does once the customer is known."""

    def take_more(self, desk: Desk, held: F) -> Taken[F] | Asking[F] | Ending | None:
        """``take`` for the questions beyond order number and contact."""
        return Taken(held) if desk.turn.intent in self.triggers else None

    def open(self, desk: Desk) -> Taken[F]:
        contact = contact_named(desk.turn) or desk.turn.slots.get("contact")
        return Taken(self.fields_type(order_number=self.order_meant(desk), contact=contact))

    def order_meant(self, desk: Desk) -> str | None:
        """The order named in the message, or else the one the conversation has just been about."""
        recent = None if means_another(desk.turn) else desk.turn.slots.get("recent_order")
        return self._numbers.named(desk.turn) or recent

    def take(self, desk: Desk, held: F) -> Taken[F] | Asking[F] | Ending | None:
        turn = desk.turn
        if turn.intent == IDENTIFIED:
            return Taken(held, (say("utter_identified_meanwhile"),)) if desk.customer else None
        if turn.requested not in ("order_number", "contact"):
            return self.take_more(desk, held)
        number = self._numbers.answered(turn)
        contact = contact_answered(turn) if turn.requested == "contact" else contact_named(turn)
        if takes_over(turn, self.triggers, number or contact):
            return None
        if number or contact:
            changes: dict[str, Any] = {
                "order_number": number or held.order_number,
                "contact": contact or held.contact,
            }
            return Taken(dataclasses.replace(held, **changes))
        if turn.intent == "affirm" and turn.offer:
            return None  # a yes to what was offered, not to the form's question
        if turn.intent in ("inform", "affirm", "deny"):
            shared = None if desk.customer else PHONE
            return Asking(held, turn.requested, (say(f"utter_{turn.requested}_help", asks_for=shared),))
        return Taken(held) if turn.intent in self.triggers else None

    def proceed(self, desk: Desk, fields: F) -> Asking[F] | Ending:
        customer = desk.customer
        if customer is not None:
            return self.serve(desk, customer, fields)
        if fields.order_number is None:
            return Asking(fields, "order_number", (say(self.number_question, asks_for=PHONE),))
        if fields.contact is None:
            wanted = say("utter_contact_wanted", asks_for=PHONE, order=fields.order_number)
            return Asking(fields, "contact", (wanted,))
        return self._match(desk, fields, fields.order_number, fields.contact)

    def own_order(self, desk: Desk, customer: Customer, fields: F) -> Order | Asking[F] | Ending:
        """The customer's order, or what to do without one."""
        orders = recent_orders(desk.session, customer.id, MOST_BUTTONS)
        if fields.order_number is None and len(orders) > 1:
            buttons = order_buttons(orders, desk.turn.language)
            return Asking(fields, "order_number", (say("utter_which_order", *buttons),))
        if not orders:
            return Ending((say("utter_no_orders"),))
        number = fields.order_number or orders[0].number
        try:
            return find_order(desk.session, customer.id, number)
        except NotFound:
            buttons = order_buttons(orders, desk.turn.language)
            asked: Any = dataclasses.replace(fields, order_number=None)
            return Asking(asked, "order_number", (say("utter_order_not_found", *buttons, order=number),))

    def _match(self, desk: Desk, fields: F, number: str, contact: str) -> Asking[F] | Ending:
        try:
            customer = match_customer(desk.session, desk.conversation, number, contact, desk.now)
        except MatchFailed:
            again: Any = dataclasses.replace(fields, contact=None)
            return Asking(again, "contact", (say("utter_match_failed", asks_for=PHONE, order=number),))
        except MatchLocked as locked:
            wait = duration(locked.retry_after_s, desk.turn.language)
            return Ending((say("utter_match_locked", wait=wait, offer="ask_human"),))
        return self.serve(desk, customer, fields)


def order_buttons(orders: Iterable[Order], language: Language) -> tuple[Button, ...]:
    """One button an order; pressing it answers "which order?"."""
    return tuple(Button(order_summary(each, language), payload("inform", order_number=each.number)) for each in orders)
