"""Who writes on a channel, and what is noted of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.channels.base import Proof, Sender
from bot.senders import (
    NAME_LIMIT,
    accept_proof,
    find_identity,
    find_or_make_identity,
    has_spoken,
    name_of,
    note_seen,
    obey,
)
from bot.start_links import sign_start_link
from crm.conversations import add_message
from crm.models import Conversation, Customer
from crm.unit_of_work import Database
from tests.unit.bot.chat import NOON, records

ANN = Sender("chat", "bot", "ann", name=" Ann ", language="zh")
KEY = "site-key-of-the-test"


@pytest.fixture
def database() -> Iterator[Database]:
    with records() as empty:
        yield empty


def test_an_identity_is_made_once(database: Database) -> None:
    with database.writing() as session:
        assert find_identity(session, ANN) is None
        made = find_or_make_identity(session, ANN)
        assert (made.name, made.language) == ("Ann", "zh")
        assert find_or_make_identity(session, ANN) is made
        assert find_identity(session, Sender("other", "bot", "ann")) is None


def test_a_name_is_tidied_and_an_empty_one_is_none() -> None:
    assert name_of(Sender("chat", "bot", "x", name="  ")) is None
    assert name_of(Sender("chat", "bot", "x", name="n" * 2 * NAME_LIMIT)) == "n" * NAME_LIMIT


def test_whoever_is_seen_can_be_reached_and_keeps_the_name_they_had(database: Database) -> None:
    with database.writing() as session:
        identity = find_or_make_identity(session, ANN)
        identity.unreachable_at = NOON
        note_seen(identity, Sender("chat", "bot", "ann"), NOON)
        note_seen(identity, Sender("chat", "bot", "ann", name="Anna"), NOON - timedelta(hours=1))
        assert (identity.last_seen_at, identity.unreachable_at, identity.name) == (NOON, None, "Anna")


def test_a_stop_is_kept_until_a_start(database: Database) -> None:
    with database.writing() as session:
        identity = find_or_make_identity(session, ANN)
        obey(identity, "stop", NOON)
        obey(identity, None, NOON)
        assert identity.opted_out_at == NOON
        obey(identity, "start", NOON)
        assert identity.opted_out_at is None


def test_words_tell_a_language_and_a_button_does_not(database: Database) -> None:
    with database.writing() as session:
        identity = find_or_make_identity(session, ANN)
        conversation = Conversation(identity_id=identity.id, channel="chat", language="zh")
        session.add(conversation)
        session.flush()
        add_message(session, conversation, author="customer", text="x", payload="/greet", language="en", at=NOON)
        assert not has_spoken(session, identity)
        add_message(session, conversation, author="customer", text="hello", language="en", at=NOON)
        assert has_spoken(session, identity)


def test_a_start_link_of_this_site_proves_who_they_are(database: Database) -> None:
    with database.writing() as session:
        identity = find_or_make_identity(session, ANN)
        customer = Customer(ref="c-1", name="Ann")
        session.add(customer)
        session.flush()
        proof = Proof("start_link", sign_start_link(KEY, "c-1", int(NOON.timestamp()) + 60))
        assert not accept_proof(session, identity, proof, NOON, site_key="another")
        assert not accept_proof(session, identity, proof, NOON + timedelta(hours=1), site_key=KEY)
        assert identity.customer_id is None
        assert accept_proof(session, identity, proof, NOON, site_key=KEY)
        assert identity.customer_id == customer.id
