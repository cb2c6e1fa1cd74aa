"""Several requests of one customer, one after the other: the first is seen to, the others wait until it is done.

Owns the order and the rule that none is lost: what waits stands in a slot and is gone on with as soon as no form is
running. Knows no goal and no database; works for every action alike.
"""

from __future__ import annotations

import dataclasses

from actions.outcome import Outcome, say
from actions.requests import GO_ON, NEXT_REQUEST, WAITING, Request, as_slot, requests_in
from actions.turn import Turn
from actions.wording import request_topic


def carried_on(turn: Turn, outcome: Outcome, *, asks: bool | None = None, makes_request: bool = True) -> Outcome:
    """The outcome of an action, and then the next request where one waits and the action leaves the floor free.

    ``asks`` tells of a form's own action whether it now waits for an answer; None for all other actions.
    ``makes_request`` is false where the message was an answer. The customer hears that nothing is forgotten when the
    first of several requests begins with a question.
    """
    added = turn.parts[1:] if makes_request else ()
    kept = _kept(turn, outcome, turn.intent if makes_request else None)
    waiting = (*added, *(each for each in kept if each.intent not in {one.intent for one in added}))
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


def _kept(turn: Turn, outcome: Outcome, requested: str | None) -> tuple[Request, ...]:
    """What has waited and still does: neither taken up by the customer, nor passed over when it was offered."""
    if WAITING in outcome.slots:
        return requests_in(outcome.slots[WAITING])
    if turn.offer == GO_ON and not turn.done_since:
        return ()
    return tuple(each for each in turn.waiting if each.intent != requested)
