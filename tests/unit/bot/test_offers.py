"""Which buttons are still open, and which was meant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.offers import Offer, open_offer, typed_offer
from crm.conversations import add_message
from crm.models import Conversation, Identity
from crm.unit_of_work import Database
from tests.unit.bot.chat import NOON, records

BUTTONS = [{"title": "Yes", "payload": "/affirm"}, {"title": "No", "payload": "/deny"}]


@pytest.fixture
def database() -> Iterator[Database]:
    with records() as empty:
        yield empty


def asked(database: Database, **columns: object) -> tuple[int, str]:
    """The identity and the message of somebody who was just offered the buttons."""
    with database.writing() as session:
        identity = Identity(channel="chat", external_id="ann", language="en")
        session.add(identity)
        session.flush()
        conversation = Conversation(identity_id=identity.id, channel="chat", language="en")
        session.add(conversation)
        session.flush()
        message = add_message(session, conversation, author="bot", text="?", buttons=BUTTONS, at=NOON, **columns)
        return identity.id, message.id


def test_a_press_names_message_and_place(database: Database) -> None:
    identity, message = asked(database)
    with database.reading() as session:
        assert open_offer(session, identity, f"{message}:1") == Offer("No", "/deny")
        assert [open_offer(session, identity, ref) for ref in (f"{message}:2", f"{message}:²", message, "x:0", "")] == [
            None
        ] * 5


def test_a_typed_title_counts_only_where_something_was_to_be_shared(database: Database) -> None:
    identity, _ = asked(database, asks_for="phone")
    with database.reading() as session:
        assert typed_offer(session, identity, " Yes ") == "/affirm"
        assert typed_offer(session, identity, "maybe") is None


def test_a_plain_question_is_answered_in_words(database: Database) -> None:
    identity, _ = asked(database)
    with database.reading() as session:
        assert typed_offer(session, identity, "Yes") is None
