"""One customer's conversation on a chat app and the turns that answer it, without queue, channel or Rasa."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from bot.live import Live
from bot.messages import Reply
from bot.metrics import Metrics
from bot.outbox import Outbox
from bot.turn import Turn, TurnLimits
from crm.conversations import add_message
from crm.models import Attachment, Base, Conversation, Identity, Message, new_id
from crm.unit_of_work import Database
from tests.serving import FakeDialogue, FakeParser

NOON = datetime(2026, 3, 2, 12, 0, 0, 500, UTC)
WINDOW_S = 1.2


class Drawer(Outbox):
    """An outbox whose messages stay where they are."""

    def __init__(self) -> None:
        self.asked_for: list[str | None] = []

    def add(self, session: Session, conversation: Conversation, reply: Reply, **values: Any) -> Message:
        self.asked_for.append(reply.asks_for)
        return add_message(session, conversation, author="bot", text=reply.text, done=reply.done, **values)

    def dispatch(self, channel: str, messages: list[Message]) -> None:
        pass


class Chat:
    """``says`` stores a message as an intake would; ``answer`` runs the turn of one."""

    def __init__(self, database: Database, *, window_s: float = WINDOW_S, language: str = "en") -> None:
        self.database = database
        self.dialogue, self.parser, self.outbox = FakeDialogue(), FakeParser(), Drawer()
        self.perceived: list[str] = []
        self.closed: list[str] = []
        with database.writing() as session:
            identity = Identity(channel="chat", external_id=new_id(), language=language)
            session.add(identity)
            session.flush()
            conversation = Conversation(identity_id=identity.id, channel="chat", language=language)
            session.add(conversation)
            session.flush()
            self.conversation_id = conversation.id
        self.turn = Turn(
            database,
            self.outbox,
            Live(),
            self.dialogue,
            self.parser,
            Metrics(),
            limits=TurnLimits(audio_s=300, characters=4000, session_turns=4),
            burst_window=lambda channel: timedelta(seconds=window_s),
            perceive=self._perceive,
            on_close=lambda conversation_id, _: self.closed.append(conversation_id),
        )

    def says(self, text: str = "", at_s: float = 0, *, files: tuple[dict[str, Any], ...] = (), **columns: Any) -> str:
        """A message ``at_s`` seconds after noon; returns its id."""
        with self.database.writing() as session:
            conversation = session.get_one(Conversation, self.conversation_id)
            at = NOON + timedelta(seconds=at_s)
            message = add_message(
                session, conversation, author="customer", text=text, state="received", at=at, **columns
            )
            session.add_all(
                Attachment(
                    message_id=message.id, mime="x/y", size_bytes=1, at=at + timedelta(microseconds=index), **each
                )
                for index, each in enumerate(files)
            )
            return message.id

    def answer(self, *message_ids: str) -> None:
        for message_id in message_ids:
            self.turn.answer(message_id)

    @property
    def heard(self) -> list[str]:
        return [text for _, text, _ in self.dialogue.heard]

    @property
    def told(self) -> list[str]:
        with self.database.reading() as session:
            return list(session.scalars(self._column(Message.text, "bot")))

    def message(self, message_id: str) -> Message:
        with self.database.reading() as session:
            return session.get_one(Message, message_id, options=[selectinload(Message.attachments)])

    def states(self) -> list[str]:
        with self.database.reading() as session:
            return list(session.scalars(self._column(Message.state, "customer")))

    def change(self, message_id: str, **columns: Any) -> None:
        with self.database.writing() as session:
            message = session.get_one(Message, message_id)
            for name, value in columns.items():
                setattr(message, name, value)

    def staff_take_over(self) -> None:
        with self.database.writing() as session:
            session.get_one(Conversation, self.conversation_id).mode = "staff"

    def _column(self, column: Any, author: str) -> Any:
        mine = select(column).where(Message.conversation_id == self.conversation_id)
        return mine.where(Message.author == author).order_by(Message.seq)

    def _perceive(self, message_id: str) -> None:
        self.perceived.append(message_id)
        with self.database.writing() as session:
            for attachment in session.scalars(select(Attachment).where(Attachment.facts.is_(None))):
                attachment.facts = {"fields": []}


@contextmanager
def records() -> Iterator[Database]:
    """An empty CRM database."""
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


@contextmanager
def chat(**options: Any) -> Iterator[Chat]:
    with records() as database:
        yield Chat(database, **options)


def photo(**columns: Any) -> dict[str, Any]:
    return {"kind": "image", "key": "k", "facts": {"fields": []}, **columns}


def note(**columns: Any) -> dict[str, Any]:
    return {"kind": "audio", "key": "k", "facts": {"text": "x"}, **columns}


def failed(kind: str, code: str, *, key: str | None = "k") -> dict[str, Any]:
    return {"kind": kind, "key": key, "error_code": code}
