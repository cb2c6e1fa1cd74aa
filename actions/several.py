"""Several requests of one customer, one after the other: the first is seen to, the others wait until it is done.

Owns the order and the rule that none is lost: each of several orders is a request of its own, what waits stands in a
slot and is gone on with as soon as no form is running. Knows no goal's work and no database.
"""

from __future__ import annotations

import dataclasses
import re

from actions.outcome import Outcome, say
from actions.requests import GO_ON, NEXT_REQUEST, WAITING, Request, as_slot, requests_in
from actions.turn import Turn
from actions.wording import request_topic

_NUMBER_OF = {
    "ask_order_status": "order_number",
    "cancel_order": "order_number",
    "return_order": "order_number",
    "ask_invoice": "order_number",
    "ask_ticket_status": "ticket_number",
}
"""What is done for one number at a time."""
_CORRECTED = re.compile(r"\b(?:no|not|sorry|mean|meant|instead|rather)\b|不是|不对|错|而是", re.IGNORECASE)
"""Then the number named last is the one."""


def for_each_number(turn: Turn) -> Turn:
    """ "Cancel A1024 and A1030" as the two requests that it is."""
    if turn.seen_to or not turn.text:
        return turn
    made = turn.parts or (Request(turn.intent, turn.text, turn.entities),)
    parts = tuple(each for one in made for each in _one_number_each(one))
    return turn if len(parts) == len(made) else dataclasses.replace(turn, parts=parts)


def _one_number_each(request: Request) -> tuple[Request, ...]:
    kind = _NUMBER_OF.get(request.intent)
    if kind is None or len(request.numbers(kind)) < 2 or _CORRECTED.search(request.text):
        return (request,)
    return request.of_each(kind)


def carried_on(turn: Turn, outcome: Outcome, *, asks: bool | None = None, makes_request: bool = True) -> Outcome:
    """The outcome of an action, and then the next request where one waits and the action leaves the floor free.

    ``asks`` tells of a form's own action whether it now waits for an answer; None for all other actions.
    ``makes_request`` is false where the message was an answer. The customer hears that nothing is forgotten when the
    first of several requests begins with a question.
    """
    added = turn.parts[1:] if makes_request else ()
    kept = _kept(turn, outcome, makes_request=makes_request)
    waiting = (*added, *(each for each in kept if not any(each.is_same(one) for one in added)))
    if waiting != turn.waiting or WAITING in outcome.slots:
        outcome = dataclasses.replace(outcome, slots={**outcome.slots, WAITING: as_slot(waiting)})
    if not waiting or outcome.pauses or outcome.then or outcome.as_if_said:
        return outcome
    if asks is None:
        asks = turn.form is not None and not outcome.leaves_form and not added
    if not asks:
        return dataclasses.replace(outcome, then=NEXT_REQUEST)
    if not added:
        return outcome
    first = say("utter_one_by_one", topic=request_topic(turn.intent, turn.text, turn.language))
    return dataclasses.replace(outcome, says=(first, *outcome.says))


def _kept(turn: Turn, outcome: Outcome, *, makes_request: bool) -> tuple[Request, ...]:
    """What has waited and still does: neither taken up by the customer, nor passed over when it was offered."""
    if WAITING in outcome.slots:
        return requests_in(outcome.slots[WAITING])
    if turn.offer == GO_ON and not turn.done_since:
        return ()
    made = Request(turn.intent, turn.text, turn.entities)
    return tuple(each for each in turn.waiting if not (makes_request and each.is_same(made)))
