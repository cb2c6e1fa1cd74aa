"""The common shape of our Rasa actions: read the turn, open the records, act, hand the outcome back to Rasa.

The only module that touches rasa-sdk. Subclasses are plain synchronous code over a database session; the
base class runs them in a worker thread, so that the event loop never waits for the database.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from rasa_sdk import Action
from sqlalchemy.orm import Session

from actions.outcome import Outcome, Say
from actions.turn import Turn, read_turn
from crm.errors import NotFound
from crm.matching import known_customer
from crm.models import Conversation, Customer
from crm.unit_of_work import Database

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Desk:
    """The records open before an action, and whom it speaks with. Lives as long as one transaction."""

    session: Session
    turn: Turn
    conversation: Conversation
    now: datetime

    @property
    def customer(self) -> Customer | None:
        """Who this is, by proof; None for an anonymous visitor."""
        return known_customer(self.session, self.conversation)


class CrmAction(Action):  # type: ignore[misc]
    """An action over the CRM. ``action_name`` is its name in the domain."""

    action_name: ClassVar[str]
    writes: ClassVar[bool] = True

    def __init__(self, database: Database, now: Clock) -> None:
        self._database = database
        self._now = now

    def name(self) -> str:
        return self.action_name

    async def run(self, dispatcher: Any, tracker: Any, domain: dict[str, Any]) -> list[dict[str, Any]]:
        """Rasa's entry. Any error reaches the action endpoint, which answers 500; nothing is then written."""
        outcome = await asyncio.to_thread(self.answer, read_turn(tracker))
        for each in outcome.says:
            _utter(dispatcher, each)
        return _events(outcome)

    def answer(self, turn: Turn) -> Outcome:
        """The turn within one transaction. Raises NotFound when the conversation is in no record."""
        with self._database.writing() if self.writes else self._database.reading() as session:
            conversation = session.get(Conversation, turn.conversation_id)
            if conversation is None:
                raise NotFound(f"no conversation {turn.conversation_id}")
            return self.act(Desk(session, turn, conversation, self._now()))

    @abstractmethod
    def act(self, desk: Desk) -> Outcome:
        """What to say and to remember. Every write is keyed by the message, so that a repeat changes nothing."""


def _utter(dispatcher: Any, each: Say) -> None:
    buttons = [{"title": button.title, "payload": button.payload} for button in each.buttons]
    values = {name: _fillable(value) for name, value in each.values.items()}
    dispatcher.utter_message(response=each.response, buttons=buttons, json_message=each.custom, **values)


def _fillable(value: str) -> str:
    """Rasa leaves every blank of a response unfilled when the filled text holds ``0[``; a customer may write it."""
    return value.replace("0[", "0 [")


def _events(outcome: Outcome) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [
        {"event": "slot", "name": name, "value": value, "timestamp": None} for name, value in outcome.slots.items()
    ]
    if outcome.leaves_form:
        events.append({"event": "active_loop", "name": None, "timestamp": None})
        events.append({"event": "slot", "name": "requested_slot", "value": None, "timestamp": None})
    if outcome.then:
        events.append({"event": "followup", "name": outcome.then, "timestamp": None})
    return events
