"""Who an identity is: linked by proof alone, never over somebody else, undone by staff and then not remade."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.contacts import change_contact
from crm.conversations import add_message, close, open_conversation
from crm.errors import NotFound
from crm.linking import link, merged, prove, unlink
from crm.models import AuditEntry, Base, Customer, Identity, IdentityLink, Staff
from crm.tickets import find_ticket, open_ticket
from crm.unit_of_work import Database

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def session() -> Iterator[Session]:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        session.add(Staff(email="ana@shop.example", name="Ana", password_hash="x"))
        session.flush()
        yield session
    database.close()


@pytest.fixture
def maria(session: Session) -> Customer:
    return customer(session, "C-1", phone="+46701234567", email="Maria@example.com")


@pytest.fixture
def telegram(session: Session) -> Identity:
    return identity(session, "telegram", "1001")


def customer(session: Session, ref: str, **contacts: str) -> Customer:
    row = Customer(ref=ref, name=ref, **contacts)
    session.add(row)
    session.flush()
    return row


def identity(session: Session, channel: str, external_id: str) -> Identity:
    row = Identity(channel=channel, external_id=external_id)
    session.add(row)
    session.flush()
    return row


def links(session: Session) -> list[IdentityLink]:
    return list(session.scalars(select(IdentityLink).order_by(IdentityLink.id)))


# linking


def test_a_link_is_kept_with_its_proof_and_reaches_the_open_conversation(session, maria, telegram):
    ended = open_conversation(session, telegram, NOW)
    close(ended, "goodbye", NOW)
    running = open_conversation(session, telegram, LATER)
    assert link(session, telegram, maria, "phone", LATER)
    assert telegram.customer_id == running.customer_id == maria.id
    assert ended.customer_id is None
    (row,) = links(session)
    assert (row.identity_id, row.customer_id, row.proof, row.at) == (telegram.id, maria.id, "phone", LATER)


def test_linking_again_by_whatever_proof_adds_nothing(session, maria, telegram):
    assert link(session, telegram, maria, "phone", NOW)
    assert link(session, telegram, maria, "phone", LATER)
    assert link(session, telegram, maria, "start_link", LATER)
    assert len(links(session)) == 1


def test_somebody_elses_identity_stays_theirs(session, maria, telegram):
    other = customer(session, "C-2")
    running = open_conversation(session, telegram, NOW)
    link(session, telegram, maria, "phone", NOW)
    assert not link(session, telegram, other, "start_link", LATER)
    assert telegram.customer_id == running.customer_id == maria.id
    assert [row.customer_id for row in links(session)] == [maria.id]


def test_identities_of_one_customer_are_merged_and_keep_their_own_threads(session, maria, telegram):
    slack, stranger = identity(session, "slack", "U1"), identity(session, "web", "w1")
    link(session, telegram, maria, "phone", NOW)
    link(session, slack, maria, "email", LATER)
    assert merged(session, maria.id) == [telegram, slack]
    assert stranger not in merged(session, maria.id)
    for each in (telegram, slack):
        assert add_message(session, open_conversation(session, each, LATER), author="customer", text="hi").seq == 1


# proving


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "+46701234567"),
        ("phone", "+46 70-123 45 67"),
        ("email", "maria@EXAMPLE.com"),
        ("email", "MARIA@example.com "),
    ],
)
def test_a_contact_that_one_customer_has_links(session, maria, telegram, kind, value):
    assert prove(session, telegram, kind, value, NOW) is maria
    assert [row.proof for row in links(session)] == [kind]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "+46709999999"),
        ("phone", "0701234567"),
        ("phone", ""),
        ("email", "nobody@example.com"),
        ("email", "maria"),
    ],
)
def test_a_contact_that_nobody_has_links_nothing(session, maria, telegram, kind, value):
    assert prove(session, telegram, kind, value, NOW) is None
    assert links(session) == []


@pytest.mark.parametrize(("kind", "value"), [("phone", "+46701234567"), ("email", "maria@example.com")])
def test_a_contact_that_several_have_is_not_guessed_at(session, maria, telegram, kind, value):
    customer(session, "C-2", phone="+46701234567", email="maria@example.com")
    assert prove(session, telegram, kind, value, NOW) is None
    assert telegram.customer_id is None


@pytest.mark.parametrize(("field", "value"), [("phone", "+46709999999"), ("email", "new@example.com")])
def test_a_contact_that_was_given_in_a_chat_proves_nothing(session, maria, telegram, field, value):
    message = add_message(session, open_conversation(session, telegram, NOW), author="customer", text="yes")
    change_contact(session, maria.id, field, value, message.id)
    assert prove(session, telegram, field, value, NOW) is None
    other = {"phone": "email", "email": "phone"}[field]
    assert prove(session, telegram, other, getattr(maria, other), NOW) is maria


def test_a_contact_of_another_customer_changes_nothing(session, maria, telegram):
    link(session, telegram, customer(session, "C-2"), "start_link", NOW)
    assert prove(session, telegram, "phone", "+46701234567", LATER) is None
    assert len(links(session)) == 1


# undoing


def test_staff_undo_a_link_and_the_same_proof_does_not_remake_it(session, maria, telegram):
    prove(session, telegram, "phone", "+46701234567", NOW)
    unlink(session, telegram.id, 1, LATER)
    assert telegram.customer_id is None
    (row,) = links(session)
    assert (row.undone_at, row.undone_by) == (LATER, 1)
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.staff_id, entry.action, entry.target) == (1, "identity.unlink", f"identity:{telegram.id}")
    assert prove(session, telegram, "phone", "+46701234567", LATER) is None
    assert telegram.customer_id is None
    assert len(links(session)) == 1


def test_other_proof_another_customer_and_staff_may_link_after_that(session, maria, telegram):
    link(session, telegram, maria, "phone", NOW)
    unlink(session, telegram.id, 1, NOW)
    assert link(session, telegram, maria, "start_link", LATER)
    unlink(session, telegram.id, 1, LATER)
    assert link(session, telegram, customer(session, "C-2"), "phone", LATER)
    unlink(session, telegram.id, 1, LATER)
    assert link(session, telegram, maria, "staff", LATER)
    unlink(session, telegram.id, 1, LATER)
    assert link(session, telegram, maria, "staff", LATER)


def test_undoing_makes_conversations_since_the_link_forget_the_customer(session, maria, telegram):
    other = customer(session, "C-2")
    before, during, someone_else = (open_and_close(session, telegram, NOW + timedelta(hours=n)) for n in (-5, 2, 3))
    before.customer_id = during.customer_id = maria.id
    someone_else.customer_id = other.id
    elsewhere = open_conversation(session, identity(session, "slack", "U1"), LATER)
    elsewhere.customer_id = maria.id
    running = open_conversation(session, telegram, NOW)
    link(session, telegram, maria, "phone", NOW)
    unlink(session, telegram.id, 1, LATER)
    assert running.customer_id is None
    assert during.customer_id is None
    assert before.customer_id == elsewhere.customer_id == maria.id
    assert someone_else.customer_id == other.id


def open_and_close(session, identity, at):
    conversation = open_conversation(session, identity, at)
    close(conversation, "silence", at + timedelta(minutes=5))
    return conversation


def test_a_ticket_of_the_wrongly_linked_is_no_longer_shown_to_the_customer(session, maria, telegram):
    conversation = open_conversation(session, telegram, NOW)
    link(session, telegram, maria, "phone", NOW)
    message = add_message(session, conversation, author="customer", text="it broke")
    ticket = open_ticket(
        session,
        conversation,
        customer_id=maria.id,
        category="problem",
        description="it broke",
        language="en",
        source_message_id=message.id,
    )
    web = identity(session, "web", "w1")
    assert find_ticket(session, ticket.number, identity_id=web.id, customer_id=maria.id) is ticket
    unlink(session, telegram.id, 1, LATER)
    with pytest.raises(NotFound):
        find_ticket(session, ticket.number, identity_id=web.id, customer_id=maria.id)
    assert find_ticket(session, ticket.number, identity_id=telegram.id, customer_id=None) is ticket


def test_there_is_nothing_to_undo_without_a_link(session, maria, telegram):
    with pytest.raises(NotFound):
        unlink(session, telegram.id, 1, NOW)
    with pytest.raises(NotFound):
        unlink(session, 4711, 1, NOW)
    link(session, telegram, maria, "phone", NOW)
    unlink(session, telegram.id, 1, LATER)
    with pytest.raises(NotFound):
        unlink(session, telegram.id, 1, LATER)
    assert len(list(session.scalars(select(AuditEntry)))) == 1
