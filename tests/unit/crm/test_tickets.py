"""Tickets: one for a message, with the pictures of the one who opened it, seen by those who may."""

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.conversations import add_message
from crm.errors import NotFound
from crm.models import Attachment, Base, Conversation, Customer, Identity, Order, Ticket, new_id, utc_now
from crm.tickets import active_request, attach, find_ticket, open_ticket, recent_tickets
from crm.unit_of_work import Database


@pytest.fixture
def session() -> Iterator[Session]:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        yield session
    database.close()


def begin(session: Session) -> Conversation:
    identity = Identity(channel="web", external_id=new_id())
    session.add(identity)
    session.flush()
    conversation = Conversation(identity_id=identity.id, channel="web")
    session.add(conversation)
    session.flush()
    return conversation


def write(session: Session, conversation: Conversation) -> str:
    return add_message(session, conversation, author="customer", text="x").id


def picture(session: Session, conversation: Conversation) -> str:
    sent = Attachment(
        message_id=write(session, conversation), kind="image", mime="image/png", key=new_id(), size_bytes=1
    )
    session.add(sent)
    session.flush()
    return sent.id


def opened(session: Session, conversation: Conversation, message_id: str | None = None, **more: Any) -> Ticket:
    return open_ticket(
        session,
        conversation,
        category=more.pop("category", "problem"),
        description="it leaks",
        language="en",
        source_message_id=message_id or write(session, conversation),
        **more,
    )


def test_numbers_count_up_and_a_message_opens_one(session: Session) -> None:
    conversation = begin(session)
    message_id = write(session, conversation)
    first = opened(session, conversation, message_id)
    assert opened(session, conversation, message_id) is first
    assert (first.number, opened(session, conversation).number) == ("T-1001", "T-1002")
    assert first.status == "open"


def test_a_message_opens_one_of_each_category(session: Session) -> None:
    conversation = begin(session)
    message_id = write(session, conversation)
    problem = opened(session, conversation, message_id)
    invoice = opened(session, conversation, message_id, category="invoice")
    assert (problem.number, invoice.number) == ("T-1001", "T-1002")
    assert opened(session, conversation, message_id, category="invoice") is invoice


def test_only_ones_own_pictures_are_attached_and_once(session: Session) -> None:
    conversation, stranger = begin(session), begin(session)
    mine, theirs = picture(session, conversation), picture(session, stranger)
    ticket = opened(session, conversation, attachment_ids=[mine, theirs, mine, "unknown"])
    assert [each.id for each in ticket.attachments] == [mine]
    assert attach(session, ticket, [mine, theirs]) == 0
    assert attach(session, ticket, [picture(session, conversation)]) == 1
    assert attach(session, ticket, []) == 0


def test_who_may_see_a_ticket(session: Session) -> None:
    customer = Customer(ref="C1", name="Ana")
    session.add(customer)
    session.flush()
    conversation, stranger = begin(session), begin(session)
    ticket = opened(session, conversation, customer_id=customer.id)
    assert find_ticket(session, ticket.number, identity_id=conversation.identity_id, customer_id=None) is ticket
    assert find_ticket(session, ticket.number, identity_id=stranger.identity_id, customer_id=customer.id) is ticket
    for number in (ticket.number, "T-9999"):
        with pytest.raises(NotFound):
            find_ticket(session, number, identity_id=stranger.identity_id, customer_id=None)
    assert recent_tickets(session, identity_id=stranger.identity_id, customer_id=None) == []


def test_the_latest_come_first_and_not_too_many(session: Session) -> None:
    conversation = begin(session)
    tickets = [opened(session, conversation) for _ in range(5)]
    latest = recent_tickets(session, identity_id=conversation.identity_id, customer_id=None)
    assert latest == tickets[:1:-1]


def test_a_request_counts_until_it_is_solved(session: Session) -> None:
    customer = Customer(ref="C1", name="Ana")
    session.add(customer)
    session.flush()
    order = Order(
        number="A1", customer_id=customer.id, status="paid", placed_at=utc_now(), total_minor=1, currency="USD"
    )
    session.add(order)
    session.flush()
    ticket = opened(session, begin(session), category="return", order_id=order.id)
    assert active_request(session, order.id, "return") is ticket
    assert active_request(session, order.id, "cancellation") is None
    ticket.status = "solved"
    session.flush()
    assert active_request(session, order.id, "return") is None
    assert session.scalars(select(Ticket)).all() == [ticket]
