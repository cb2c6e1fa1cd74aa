"""The common shape of our Rasa actions: read the turn, open the records, act, hand the outcome back to Rasa.

The only module that touches rasa-sdk. Subclasses are plain synchronous code over a database session; the
base class runs them in a worker thread, so that the event loop never waits for the database.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from rasa_sdk import Action
from sqlalchemy.orm import Session

from actions.outcome import Outcome, Say
from actions.several import carried_on, for_each_number
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
        turn = read_turn(tracker)
        outcome = await asyncio.to_thread(self.answer, turn)
        for each in outcome.says:
            _utter(dispatcher, each)
        return _events(outcome, turn)

    def answer(self, turn: Turn) -> Outcome:
        """The turn within one transaction. Raises NotFound when the conversation is in no record."""
        with self._database.writing() if self.writes else self._database.reading() as session:
            conversation = session.get(Conversation, turn.conversation_id)
            if conversation is None:
                raise NotFound(f"no conversation {turn.conversation_id}")
            heard = turn if self.takes_whole(turn) else for_each_number(turn).of_first_part()
            return self.goes_on(heard, self.act(Desk(session, heard, conversation, self._now())))

    def takes_whole(self, turn: Turn) -> bool:
        """Whether a message that makes several requests is to be read as one here."""
        return False

    def goes_on(self, turn: Turn, outcome: Outcome) -> Outcome:
        """The outcome, and what comes after it where more than one thing was asked for."""
        return carried_on(turn, outcome)

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


def _events(outcome: Outcome, turn: Turn) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = [
        {"event": "slot", "name": name, "value": value, "timestamp": None} for name, value in outcome.slots.items()
    ]
    if outcome.leaves_form:
        events.append({"event": "active_loop", "name": None, "timestamp": None})
        events.append({"event": "slot", "name": "requested_slot", "value": None, "timestamp": None})
    if outcome.then:
        events.append({"event": "followup", "name": outcome.then, "timestamp": None})
    if outcome.as_if_said:
        events += _as_if_said(outcome.as_if_said, turn)
    return events


def _as_if_said(parsed: Mapping[str, Any], turn: Turn) -> list[dict[str, Any]]:
    """Rasa has waited for a message, and it is this one; it carries the id of the customer's own."""
    text = parsed["text"]
    metadata = {
        "message_id": turn.message_id,
        "text": "" if text.startswith("/") else text,
        "language": turn.language,
        "attachments": list(turn.attachments),
    }
    return [
        {"event": "action", "name": "action_listen", "timestamp": None},
        {
            "event": "user",
            "text": text,
            "parse_data": {**parsed, "metadata": metadata},
            "metadata": metadata,
            "input_channel": "rest",
            "timestamp": None,
        },
    ]
