"""Orders: where one is, which there are, and asking for a cancellation, a return or an invoice.

A request never changes the order itself: it becomes a ticket that people work on, and the customer is told so.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from actions.base import Desk
from actions.forms import Asking, Ending, Taken
from actions.outcome import Button, Say, payload, say
from actions.reading import says_no, says_yes, takes_over
from actions.turn import Language, Turn
from actions.verified import OwnOrder, VerifiedForm
from actions.wording import arrival, button_title, day, money, order_contents, order_status, order_summary, tracking
from crm.models import Customer, Order
from crm.orders import can_cancel, can_return, recent_orders
from crm.tickets import active_request, open_ticket

RequestKind = Literal["cancellation", "return", "invoice"]

_KIND_OF_INTENT: dict[str, RequestKind] = {
    "cancel_order": "cancellation",
    "return_order": "return",
    "ask_invoice": "invoice",
}
_LISTED = 5


class OrderStatusForm(VerifiedForm[OwnOrder]):
    """Tells where an order is."""

    form = "order_status_form"
    fields_type = OwnOrder
    triggers = frozenset({"ask_order_status"})

    def serve(self, desk: Desk, customer: Customer, fields: OwnOrder) -> Asking[OwnOrder] | Ending:
        order = self.own_order(desk, customer, fields)
        if not isinstance(order, Order):
            return order
        return Ending((status_told(order, desk.now, desk.turn.language),), {"recent_order": order.number})


class OrderListForm(VerifiedForm[OwnOrder]):
    """Lists a customer's latest orders."""

    form = "order_list_form"
    fields_type = OwnOrder
    triggers = frozenset({"list_orders"})
    number_question = "utter_any_order_number_wanted"

    def serve(self, desk: Desk, customer: Customer, fields: OwnOrder) -> Ending:
        language = desk.turn.language
        orders = recent_orders(desk.session, customer.id, _LISTED)
        if not orders:
            return Ending((say("utter_no_orders"),))
        buttons = [Button(each.number, payload("ask_order_status", order_number=each.number)) for each in orders]
        lines = "\n".join(order_summary(each, language) for each in orders)
        return Ending((say("utter_orders_listed", *buttons, done="orders_listed", orders=lines),))


@dataclass(frozen=True, slots=True)
class OrderRequest(OwnOrder):
    """``request_confirmed`` is True once the customer said yes to what was read back."""

    request_kind: RequestKind | None = None
    request_confirmed: bool | None = None


class OrderRequestForm(VerifiedForm[OrderRequest]):
    """Takes a request about an order and, after a yes, makes a ticket of it."""

    form = "order_request_form"
    fields_type = OrderRequest
    triggers = frozenset(_KIND_OF_INTENT)

    def open(self, desk: Desk) -> Taken[OrderRequest]:
        taken = super().open(desk)
        return Taken(dataclasses.replace(taken.fields, request_kind=_KIND_OF_INTENT[desk.turn.intent]))

    def take(self, desk: Desk, held: OrderRequest) -> Taken[OrderRequest] | Asking[OrderRequest] | Ending | None:
        kind = _KIND_OF_INTENT.get(desk.turn.intent, held.request_kind)
        if kind != held.request_kind:
            held = dataclasses.replace(held, request_kind=kind, request_confirmed=None)
        return super().take(desk, held)

    def take_more(self, desk: Desk, held: OrderRequest) -> Taken[OrderRequest] | Ending | None:
        turn = desk.turn
        number = self._numbers.named(turn)
        if takes_over(turn, self.triggers, number):
            return None
        if number and number != held.order_number:
            return Taken(dataclasses.replace(held, order_number=number))
        if _changed_kind(turn, held):
            return Taken(held)
        if says_no(turn, self.triggers):
            return Ending((say("utter_request_dropped"),))
        if says_yes(turn, self.triggers):
            return Taken(dataclasses.replace(held, request_confirmed=True))
        return Taken(held) if turn.intent in self.triggers else None

    def serve(self, desk: Desk, customer: Customer, fields: OrderRequest) -> Asking[OrderRequest] | Ending:
        order = self.own_order(desk, customer, fields)
        if not isinstance(order, Order):
            return order
        kind: RequestKind = fields.request_kind or "invoice"
        known = {"recent_order": order.number}
        if refusal := _refusal(order, kind, desk.turn.language):
            return Ending((refusal,), known)
        earlier = active_request(desk.session, order.id, kind)
        if earlier is not None and earlier.source_message_id != desk.turn.message_id:
            return Ending((say("utter_request_already_open", order=order.number, ticket=earlier.number),), known)
        if not fields.request_confirmed:
            asked = dataclasses.replace(fields, order_number=order.number)
            return Asking(asked, "request_confirmed", (_read_back(order, kind, desk.turn.language),))
        return Ending((self._requested(desk, customer, order, kind),), known)

    def _requested(self, desk: Desk, customer: Customer, order: Order, kind: RequestKind) -> Say:
        ticket = open_ticket(
            desk.session,
            desk.conversation,
            category=kind,
            description=f"{kind} of order {order.number}",
            language=desk.turn.language,
            source_message_id=desk.turn.message_id,
            customer_id=customer.id,
            order_id=order.id,
        )
        return say(f"utter_{kind}_requested", order=order.number, ticket=ticket.number, done="ticket_opened")


def status_told(order: Order, now: datetime, language: Language) -> Say:
    """The state of an order in words, with the next steps that make sense for it."""
    late = order.status == "shipped" and order.expected_at is not None and order.expected_at < now
    return Say(
        f"utter_order_{order.status}{'_late' if late else ''}",
        values={
            "order": order.number,
            "contents": order_contents(order.lines, language),
            "placed": day(order.placed_at, language),
            "shipped": day(order.shipped_at, language),
            "expected": day(order.expected_at, language),
            "arrival": arrival(order.expected_at, language),
            "delivered": day(order.delivered_at, language),
            "tracking": tracking(order.carrier, order.tracking_number, language),
        },
        buttons=_next_steps(order, language),
        done="order_status_told",
    )


def _next_steps(order: Order, language: Language) -> tuple[Button, ...]:
    steps = [("problem", "report_problem")]
    if can_cancel(order):
        steps.append(("cancel", "cancel_order"))
    if order.status == "delivered":
        steps.append(("return", "return_order"))
    own = [Button(button_title(name, language), payload(intent, order_number=order.number)) for name, intent in steps]
    return (*own, Button(button_title("orders", language), payload("list_orders")))


def _changed_kind(turn: Turn, held: OrderRequest) -> bool:
    return turn.intent in _KIND_OF_INTENT and turn.slots.get("request_kind") != held.request_kind


def _refusal(order: Order, kind: RequestKind, language: Language) -> Say | None:
    """Why the request makes no sense for the order as it is, and what does; None when it does."""
    if kind == "invoice" or (kind == "cancellation" and can_cancel(order)) or (kind == "return" and can_return(order)):
        return None
    if order.status in ("returned", "cancelled"):
        return say("utter_order_is_over", order=order.number, status=order_status(order.status, language))
    return say(f"utter_{kind}_impossible", order=order.number, status=order_status(order.status, language))


def _read_back(order: Order, kind: RequestKind, language: Language) -> Say:
    return say(
        f"utter_confirm_{kind}",
        order=order.number,
        contents=order_contents(order.lines, language),
        total=money(order.total_minor, order.currency),
    )
