"""A database with the demo shop and turns made by hand, for testing actions without Rasa."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from actions.base import CrmAction
from actions.outcome import Outcome
from actions.reading import OrderNumbers
from actions.registry import DEFAULT_OPENING_HOURS, DEFAULT_ORDER_NUMBER_PATTERN
from actions.turn import Language, Turn
from crm.conversations import add_message
from crm.demo import seed_demo_shop
from crm.models import Attachment, Base, Conversation, Customer, Identity, new_id
from crm.unit_of_work import Database

MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
NUMBERS = OrderNumbers(DEFAULT_ORDER_NUMBER_PATTERN)
HOURS = DEFAULT_OPENING_HOURS


class Shop:
    """The demo shop and one visitor who speaks turn after turn; ``slots`` carries on from one to the next."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now = MONDAY_NOON
        self.slots: dict[str, Any] = {}
        self.form: str | None = None
        self.greet()

    def greet(self, customer: str | None = None, language: Language = "en") -> None:
        """A new visitor in a new conversation; ``customer`` is the shop's key when they are known."""
        self.slots, self.form, self.language = {}, None, language
        with self.database.writing() as session:
            known = session.scalar(select(Customer).where(Customer.ref == customer)) if customer else None
            identity = Identity(channel="web", external_id=new_id(), language=language, customer_id=known and known.id)
            session.add(identity)
            session.flush()
            conversation = Conversation(identity_id=identity.id, channel="web", language=language)
            session.add(conversation)
            session.flush()
            self.conversation_id = conversation.id

    def identify(self, customer: str) -> None:
        """The channel vouches that the visitor is this customer."""
        with self.database.writing() as session:
            known = session.scalars(select(Customer).where(Customer.ref == customer)).one()
            session.get_one(Conversation, self.conversation_id).customer_id = known.id

    def build(self, kind: Callable[..., CrmAction], *more: Any) -> CrmAction:
        return kind(self.database, lambda: self.now, *more)

    def turn(self, text: str, intent: str, attachments: int = 0, **entities: str) -> Turn:
        """What Rasa would make of a message now."""
        with self.database.writing() as session:
            conversation = session.get_one(Conversation, self.conversation_id)
            message = add_message(session, conversation, author="customer", text=text)
            sent = [
                Attachment(message_id=message.id, kind="image", mime="image/png", key=new_id(), size_bytes=1)
                for _ in range(attachments)
            ]
            session.add_all(sent)
            session.flush()
            return Turn(
                conversation_id=self.conversation_id,
                message_id=message.id,
                text=text,
                language=self.language,
                intent=intent,
                entities=tuple(entities.items()),
                attachments=tuple(each.id for each in sent),
                slots=dict(self.slots),
                form=self.form,
                requested=self.slots.get("requested_slot"),
            )

    def run(self, action: CrmAction, turn: Turn) -> Outcome:
        """The action's answer; its slots stay."""
        outcome = action.answer(turn)
        self.slots.update(outcome.slots)
        return outcome

    def opens(self, form: Any, text: str, intent: str, attachments: int = 0, **entities: str) -> Outcome:
        """A message that starts ``form``."""
        turn = self.turn(text, intent, attachments, **entities)
        outcome = self.run(form, dataclasses.replace(turn, form=form.form, opened=frozenset({form.form})))
        self.form = form.form if self.slots.get("requested_slot") else None
        return outcome

    def answers(self, form: Any, text: str, intent: str, attachments: int = 0, **entities: str) -> Outcome:
        """A message while ``form`` waits."""
        outcome = self.run(form, self.turn(text, intent, attachments, **entities))
        self.form = form.form if self.slots.get("requested_slot") else None
        return outcome

    def returns(self, form: Any) -> Outcome:
        """Rasa calls the form again after another action has answered."""
        turn = self.turn("how long does it take?", "ask_shipping")
        return self.run(form, dataclasses.replace(turn, done_since=("utter_shipping",)))


def make_shop(path: Path) -> None:
    """The demo shop's database, to be copied for each test."""
    database = Database(f"sqlite:///{path}")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        seed_demo_shop(session, MONDAY_NOON)
    database.close()


@contextmanager
def open_shop(path: Path) -> Iterator[Shop]:
    database = Database(f"sqlite:///{path}")
    yield Shop(database)
    database.close()


def said(outcome: Outcome) -> list[str]:
    """The names of the responses."""
    return [each.response for each in outcome.says]
