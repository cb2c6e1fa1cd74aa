"""Whether a message asks for several things, and which clauses belong to which.

Takes clauses that have been scored one by one and decides: a new request begins where a clause is surely a request, and
another one than that before it. All else belongs to what it follows. Reasons ("it came broken, I want to return it")
and the steps of one matter are one request. Holds the thresholds; runs no model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from nlu.clauses import Border, Clause
from nlu.intents import NO_REQUEST
from nlu.patterns import Found
from nlu.understanding import IntentScore

_SURE: dict[Border | None, float] = {None: 0.5, "strong": 0.4, "mark": 0.5, "weak": 0.5, "comma": 0.5, "space": 0.7}
"""How sure a clause must be to count as a request, by what sets it off. These and ``_CERTAIN`` were chosen on pairs of
our examples, joined at random, and on single examples, all of a quarter that the model had not learnt."""
_CERTAIN = 0.99
"""A message that as a whole leaves no doubt is not cut at a comma or a gap."""
_STORY = "report_problem"
_NOT_OF_THE_STORY = frozenset({"ask_invoice", "ask_shipping", "ask_opening_hours", "ask_privacy"})
"""What is hardly ever asked for because of the problem told before."""
_ONE_MATTER = (
    frozenset({"cancel_order", "return_order"}),
    frozenset({"return_order", "ask_returns"}),
    frozenset({"ask_order_status", "ask_shipping"}),
    frozenset({"ask_returns", "ask_warranty"}),
)
"""Said of one thing in one breath these are one wish; only other order numbers or words such as "also" part them."""
_CONTACTS = frozenset({"email", "phone"})


@dataclass(frozen=True, slots=True)
class Scored:
    """A clause and its likeliest intent. ``bare``: it is nothing but data. ``orders`` are the order numbers in it."""

    clause: Clause
    intent: IntentScore
    bare: bool = False
    orders: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: ``text[start:end]`` of the prepared text, with all that belongs to it."""

    start: int
    end: int
    intent: IntentScore
    border: Border | None
    orders: frozenset[str] = frozenset()


def asked_for(scored: Sequence[Scored], whole: IntentScore) -> tuple[Asked, ...]:
    """The requests of a message, in its order; empty where there are not several. ``whole`` is its best intent when it
    is read as one.
    """
    found: list[Asked] = []
    start = scored[0].clause.start if scored else 0
    for one in scored:
        if not found and _is_request(one):
            found.append(Asked(start, one.clause.end, one.intent, None, one.orders))
        elif found and _begins_another(one, found) and _is_apart(one, found[-1], whole):
            found.append(Asked(one.clause.start, one.clause.end, one.intent, one.clause.border, one.orders))
        elif found:
            found[-1] = _with(found[-1], one)
    return tuple(found) if len(found) > 1 else ()


def belonging_to(asked: Asked, others: Sequence[Asked], found: Sequence[Found]) -> tuple[Found, ...]:
    """The entities of one request: those that stand in it, and what it shares with the others.

    "Cancel A1024 and send me the invoice": the only order that is named is meant by both. An e-mail or a phone that
    changes nothing proves who asks, for all of them.
    """
    own = [one for one in found if asked.start <= one.start and one.end <= asked.end]
    names = {one.name for one in own}
    orders = [one for one in found if one.name == "order_number"]
    shared = orders[:1] if len({one.value for one in orders}) == 1 and asked.intent.name != _STORY else []
    if all(one.intent.name != "change_contact" for one in (asked, *others)):
        shared = [*shared, *(one for one in found if one.name in _CONTACTS)]
    return (*own, *(one for one in shared if one.name not in names))


def _is_request(one: Scored) -> bool:
    sure = one.intent.confidence >= _SURE[one.clause.border]
    return sure and not one.bare and one.intent.name not in NO_REQUEST


def _begins_another(one: Scored, before: Sequence[Asked]) -> bool:
    return _is_request(one) and all(one.intent.name != each.intent.name for each in before)


def _is_apart(one: Scored, last: Asked, whole: IntentScore) -> bool:
    """Whether it is another matter, and not the reason or the rest of the one before."""
    if one.orders and last.orders and not one.orders & last.orders:
        return True
    border, pair = one.clause.border, frozenset({one.intent.name, last.intent.name})
    if border == "strong":
        return True
    if (_STORY in pair and not pair & _NOT_OF_THE_STORY) or pair in _ONE_MATTER:
        return False
    return border not in ("comma", "space") or whole.confidence < _CERTAIN


def _with(last: Asked, one: Scored) -> Asked:
    """The request goes on; after its reason has been told, the wish is what it is."""
    told_first = last.intent.name == _STORY and _is_request(one)
    intent = one.intent if told_first else last.intent
    return replace(last, end=one.clause.end, intent=intent, orders=last.orders | one.orders)
