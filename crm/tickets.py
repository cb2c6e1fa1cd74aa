"""Tickets: opening one for a message, attaching its pictures, and who may see it. Knows no dialogue."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from crm.errors import NotFound
from crm.models import Attachment, Conversation, Message, Ticket, TicketAttachment, new_id

TicketCategory = Literal["problem", "cancellation", "return", "invoice", "privacy"]

FIRST_NUMBER = 1001
_ACTIVE = ("open", "pending")


def open_ticket(
    session: Session,
    conversation: Conversation,
    *,
    category: TicketCategory,
    description: str,
    language: str,
    source_message_id: str,
    customer_id: int | None = None,
    order_id: int | None = None,
    attachment_ids: Iterable[str] = (),
) -> Ticket:
    """A new ticket; asked again for the same message and category, the first one.

    Attachments that this identity never sent are left out.
    """
    same = (Ticket.source_message_id == source_message_id, Ticket.category == category)
    earlier = session.scalar(select(Ticket).where(*same))
    if earlier is not None:
        return earlier
    ticket = Ticket(
        number=new_id(),  # replaced below: the number follows the id that the database gives
        customer_id=customer_id,
        identity_id=conversation.identity_id,
        conversation_id=conversation.id,
        order_id=order_id,
        category=category,
        description=description,
        language=language,
        source_message_id=source_message_id,
    )
    session.add(ticket)
    session.flush()
    ticket.number = f"T-{FIRST_NUMBER - 1 + ticket.id}"
    attach(session, ticket, attachment_ids)
    session.flush()
    return ticket


def attach(session: Session, ticket: Ticket, attachment_ids: Iterable[str]) -> int:
    """Adds what the ticket's identity sent and the ticket does not have yet; returns how many were added."""
    wanted = list(dict.fromkeys(attachment_ids))
    if not wanted:
        return 0
    theirs = set(
        session.scalars(
            select(Attachment.id)
            .join(Message, Attachment.message_id == Message.id)
            .where(Attachment.id.in_(wanted), Message.identity_id == ticket.identity_id)
        )
    )
    present = set(
        session.scalars(select(TicketAttachment.attachment_id).where(TicketAttachment.ticket_id == ticket.id))
    )
    added = [each for each in wanted if each in theirs and each not in present]
    session.add_all(TicketAttachment(ticket_id=ticket.id, attachment_id=each) for each in added)
    session.flush()
    return len(added)


def find_ticket(session: Session, number: str, *, identity_id: int, customer_id: int | None) -> Ticket:
    """A ticket that this identity opened, or that is the verified customer's. Raises NotFound otherwise."""
    ticket = session.scalar(
        select(Ticket).where(Ticket.number == number, _visible_to(identity_id=identity_id, customer_id=customer_id))
    )
    if ticket is None:
        raise NotFound(f"no ticket {number} to be seen here")
    return ticket


def recent_tickets(session: Session, *, identity_id: int, customer_id: int | None, limit: int = 3) -> list[Ticket]:
    """The latest tickets they may see, newest first."""
    visible = select(Ticket).where(_visible_to(identity_id=identity_id, customer_id=customer_id))
    return list(session.scalars(visible.order_by(Ticket.id.desc()).limit(limit)))


def active_request(session: Session, order_id: int, category: TicketCategory) -> Ticket | None:
    """The request of that kind that is already being worked on for the order, if any."""
    return session.scalar(
        select(Ticket)
        .where(Ticket.order_id == order_id, Ticket.category == category, Ticket.status.in_(_ACTIVE))
        .order_by(Ticket.id.desc())
        .limit(1)
    )


def _visible_to(*, identity_id: int, customer_id: int | None) -> ColumnElement[bool]:
    theirs = Ticket.identity_id == identity_id
    return theirs if customer_id is None else or_(theirs, Ticket.customer_id == customer_id)
