"""What a customer wants, as a value that can wait: an intent with the words and the data that it came with.

Owns how such a request is kept in a slot and how it is given back to Rasa as if the customer had just said it. Knows
no tracker and no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from actions.outcome import payload

#: The slot that holds what is still to be seen to, first things first.
WAITING = "waiting"
#: The action that sees to the first of them.
NEXT_REQUEST = "action_next_request"
#: What a yes accepts after "you also asked about …": going on with what waits.
GO_ON = "next_request"

Entities = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """``text`` is empty for a button's; ``entities`` are pairs of name and value in the order found.

    ``answer`` is what the shop's knowledge holds on it, as ``/model/parse`` gives it. A ``chosen`` request is what
    the customer has just picked: it is gone on with at once, without saying so.
    """

    intent: str
    text: str = ""
    entities: Entities = ()
    answer: Mapping[str, Any] | None = None
    chosen: bool = False

    @property
    def payload(self) -> str:
        """What a button for it sends."""
        return payload(self.intent, **dict(self.entities))

    def numbers(self, kind: str) -> tuple[str, ...]:
        """The different values named of a kind, in the order found."""
        return tuple(dict.fromkeys(value for name, value in self.entities if name == kind))

    def is_same(self, other: Request) -> bool:
        """Whether both want the same: of two orders it is not."""
        orders, others = self.numbers("order_number"), other.numbers("order_number")
        return self.intent == other.intent and (not orders or not others or bool(set(orders) & set(others)))

    def of_each(self, kind: str) -> tuple[Request, ...]:
        """One request for each number of a kind."""
        return tuple(
            replace(
                self, entities=tuple((name, value) for name, value in self.entities if name != kind or value == one)
            )
            for one in self.numbers(kind)
        )

    def with_more(self, entities: Entities) -> Request:
        """With what was named since: the last of a kind counts."""
        return replace(self, entities=(*self.entities, *entities))

    def as_slot(self) -> dict[str, Any]:
        """JSON-ready; the inverse of ``requests_in``."""
        held: dict[str, Any] = {"intent": self.intent, "text": self.text, "entities": [list(e) for e in self.entities]}
        if self.answer:
            held["answer"] = dict(self.answer)
        return {**held, "chosen": True} if self.chosen else held

    def as_parsed(self) -> dict[str, Any]:
        """What understanding would answer for it. Where there are no words the payload stands for them, as it does
        when a button is pressed.
        """
        parsed: dict[str, Any] = {
            "text": self.text or self.payload,
            "intent": {"name": self.intent, "confidence": 1.0},
            "entities": [{"entity": name, "value": value} for name, value in self.entities],
        }
        return {**parsed, "answer": dict(self.answer)} if self.answer else parsed


def requests_in(slot: object) -> tuple[Request, ...]:
    """What ``as_slot`` has put there."""
    return tuple(
        Request(
            str(each["intent"]),
            str(each.get("text") or ""),
            tuple((str(name), str(value)) for name, value in each.get("entities") or ()),
            each.get("answer"),
            bool(each.get("chosen")),
        )
        for each in (slot if isinstance(slot, list) else ())
    )


def as_slot(requests: Iterable[Request]) -> list[dict[str, Any]] | None:
    """None where nothing waits."""
    return [each.as_slot() for each in requests] or None
