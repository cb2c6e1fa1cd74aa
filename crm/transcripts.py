"""One conversation with everything staff may see of it, read from the database as plain values.

Like views.py it only reads, with a fixed number of queries however long the conversation is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from crm.errors import NotFound
from crm.models import (
    Attachment,
    Author,
    Conversation,
    Customer,
    Identity,
    IdentityLink,
    LinkProof,
    Message,
    MessageKind,
    MessageState,
    Order,
    OrderStatus,
    OutboxRow,
    OutboxState,
    Rating,
    Staff,
    Ticket,
    TicketStatus,
)
from crm.views import ConversationSummary, owner_id, summarise

RECENT_ORDERS = 5
RECENT_CONVERSATIONS = 8
SHOWN_IDENTITIES = 8


@dataclass(frozen=True, slots=True)
class RatingView:
    """What the customer said themselves, 1–5."""

    score: int
    comment: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """``stored`` is False while there are no bytes: the channel still holds them, or ``error_code`` tells why not."""

    id: str
    kind: str
    stored: bool
    mime: str
    size_bytes: int
    duration_s: float | None
    transcript: str | None
    transcript_confidence: float | None
    engine: str | None
    facts: dict[str, Any] | None
    error_code: str | None


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """How far a message to the customer has come; ``error_code`` tells why a ``dead`` one never arrived."""

    state: OutboxState
    error_code: str | None


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message with all that was understood of it. ``entities`` and ``ranking`` are as nlu/ stored them.

    ``burst_id`` is the later message that it was read together with. ``delivery`` is None on what customers wrote.
    """

    id: str
    seq: int
    author: Author
    staff_name: str | None
    text: str
    payload: str | None
    kind: MessageKind | None
    burst_id: str | None
    edited_at: datetime | None
    first_text: str | None
    at: datetime
    state: MessageState
    error_code: str | None
    language: str | None
    intent: str | None
    confidence: float | None
    ranking: tuple[dict[str, Any], ...]
    entities: tuple[dict[str, Any], ...]
    sentiment: float | None
    understood: bool | None
    done: str | None
    button_titles: tuple[str, ...]
    attachments: tuple[AttachmentView, ...]
    delivery: DeliveryView | None


@dataclass(frozen=True, slots=True)
class TicketView:
    number: str
    category: str
    status: TicketStatus
    description: str
    order_number: str | None
    created_at: datetime
    source_message_id: str


@dataclass(frozen=True, slots=True)
class OrderView:
    number: str
    status: OrderStatus
    placed_at: datetime
    total_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class IdentityView:
    """Who the customer is on one channel. ``proof`` and ``linked_at`` are None where no link stands.

    ``here`` is True for the one that this conversation is with. The other times are None where nothing of the kind
    happened: they may be written to, they did not ask to be left alone, they never wrote.
    """

    id: int
    channel: str
    name: str | None
    proof: LinkProof | None
    linked_at: datetime | None
    unreachable_at: datetime | None
    opted_out_at: datetime | None
    last_seen_at: datetime | None
    here: bool


@dataclass(frozen=True, slots=True)
class EarlierView:
    """Another conversation of the same customer, by whichever channel."""

    id: str
    channel: str
    last_at: datetime


@dataclass(frozen=True, slots=True)
class CustomerView:
    """A customer's card, with their latest orders and their other conversations on all channels."""

    id: int
    ref: str
    name: str
    email: str | None
    phone: str | None
    address: str | None
    language: str
    order_count: int
    orders: tuple[OrderView, ...]
    earlier: tuple[EarlierView, ...]


@dataclass(frozen=True, slots=True)
class TranscriptView:
    """``omitted`` older messages are left out where there are more than were asked for.

    ``identities`` are the one of this conversation and, latest first, those linked to the customer; there are
    ``identity_count`` in all.
    """

    conversation: ConversationSummary
    messages: tuple[MessageView, ...]
    omitted: int
    rating: RatingView | None
    tickets: tuple[TicketView, ...]
    customer: CustomerView | None
    identities: tuple[IdentityView, ...]
    identity_count: int


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """Where an attachment's bytes lie and what they are."""

    key: str
    mime: str
    size_bytes: int


def view_transcript(session: Session, conversation_id: str, *, limit: int = 400) -> TranscriptView:
    """A conversation with its newest ``limit`` messages, oldest of them first. Raises NotFound."""
    summaries = summarise(session, [conversation_id])
    if not summaries:
        raise NotFound("no such conversation")
    messages = _messages(session, conversation_id, limit)
    rating = session.scalar(select(Rating).where(Rating.conversation_id == conversation_id))
    identity_id, customer = session.execute(
        select(Conversation.identity_id, Customer)
        .join(Identity, Conversation.identity_id == Identity.id)
        .outerjoin(Customer, Customer.id == owner_id())
        .where(Conversation.id == conversation_id)
    ).one()
    identities, identity_count = _identities(session, identity_id, None if customer is None else customer.id)
    return TranscriptView(
        conversation=summaries[0],
        messages=messages,
        omitted=max(0, summaries[0].message_count - len(messages)),
        rating=None if rating is None else RatingView(rating.score, rating.comment, rating.at),
        tickets=_tickets(session, conversation_id),
        customer=None if customer is None else _customer(session, customer, conversation_id),
        identities=identities,
        identity_count=identity_count,
    )


def find_media(session: Session, attachment_id: str) -> StoredMedia:
    """Raises NotFound, also while the channel still holds the bytes."""
    row = session.execute(
        select(Attachment.key, Attachment.mime, Attachment.size_bytes).where(Attachment.id == attachment_id)
    ).first()
    if row is None or row.key is None:
        raise NotFound("no such attachment")
    return StoredMedia(row.key, row.mime, row.size_bytes)


def _messages(session: Session, conversation_id: str, limit: int) -> tuple[MessageView, ...]:
    rows = session.execute(
        select(Message, Staff.name, OutboxRow.state, OutboxRow.error_code)
        .outerjoin(Staff, Message.staff_id == Staff.id)
        .outerjoin(OutboxRow, OutboxRow.message_id == Message.id)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.seq.desc())
        .limit(limit)
    ).all()
    attachments = _attachments(session, conversation_id, {message.id for message, *_ in rows})
    return tuple(
        _message(message, name, attachments.get(message.id, ()), DeliveryView(state, error) if state else None)
        for message, name, state, error in reversed(rows)
    )


def _attachments(
    session: Session, conversation_id: str, message_ids: Iterable[str]
) -> dict[str, tuple[AttachmentView, ...]]:
    wanted = set(message_ids)
    by_message: dict[str, tuple[AttachmentView, ...]] = {}
    query = (
        select(Attachment)
        .join(Message, Attachment.message_id == Message.id)
        .where(Message.conversation_id == conversation_id)
        .order_by(Attachment.at, Attachment.id)
    )
    for row in session.scalars(query):
        if row.message_id in wanted:
            view = AttachmentView(
                id=row.id,
                kind=row.kind,
                stored=row.key is not None,
                mime=row.mime,
                size_bytes=row.size_bytes,
                duration_s=row.duration_s,
                transcript=row.transcript,
                transcript_confidence=row.transcript_confidence,
                engine=row.engine,
                facts=row.facts,
                error_code=row.error_code,
            )
            by_message[row.message_id] = (*by_message.get(row.message_id, ()), view)
    return by_message


def _message(
    row: Message, staff_name: str | None, attachments: tuple[AttachmentView, ...], delivery: DeliveryView | None
) -> MessageView:
    return MessageView(
        id=row.id,
        seq=row.seq,
        author=row.author,
        staff_name=staff_name,
        text=row.text,
        payload=row.payload,
        kind=row.kind,
        burst_id=row.burst_id,
        edited_at=row.edited_at,
        first_text=row.first_text,
        at=row.at,
        state=row.state,
        error_code=row.error_code,
        language=row.language,
        intent=row.intent,
        confidence=row.confidence,
        ranking=tuple(row.ranking or ()),
        entities=tuple(row.entities or ()),
        sentiment=row.sentiment,
        understood=row.understood,
        done=row.done,
        button_titles=tuple(str(button.get("title", "")) for button in row.buttons),
        attachments=attachments,
        delivery=delivery,
    )


def _tickets(session: Session, conversation_id: str) -> tuple[TicketView, ...]:
    rows = session.execute(
        select(Ticket, Order.number)
        .outerjoin(Order, Ticket.order_id == Order.id)
        .where(Ticket.conversation_id == conversation_id)
        .order_by(Ticket.created_at, Ticket.id)
    )
    return tuple(
        TicketView(
            number=ticket.number,
            category=ticket.category,
            status=ticket.status,
            description=ticket.description,
            order_number=order_number,
            created_at=ticket.created_at,
            source_message_id=ticket.source_message_id,
        )
        for ticket, order_number in rows
    )


def _customer(session: Session, customer: Customer, conversation_id: str) -> CustomerView:
    orders = session.scalars(
        select(Order).where(Order.customer_id == customer.id).order_by(Order.placed_at.desc()).limit(RECENT_ORDERS)
    )
    order_count = session.scalar(select(func.count()).select_from(Order).where(Order.customer_id == customer.id))
    earlier = session.execute(
        select(Conversation.id, Conversation.channel, Conversation.last_at)
        .join(Identity, Conversation.identity_id == Identity.id)
        .where(_of(customer.id), Conversation.id != conversation_id, Conversation.messages.any())
        .order_by(Conversation.last_at.desc(), Conversation.id)
        .limit(RECENT_CONVERSATIONS)
    )
    return CustomerView(
        id=customer.id,
        ref=customer.ref,
        name=customer.name,
        email=customer.email,
        phone=customer.phone,
        address=customer.address,
        language=customer.language,
        order_count=order_count or 0,
        orders=tuple(
            OrderView(order.number, order.status, order.placed_at, order.total_minor, order.currency)
            for order in orders
        ),
        earlier=tuple(EarlierView(*row) for row in earlier),
    )


def _of(customer_id: int) -> ColumnElement[bool]:
    """As ``owner_id`` has it, in the form that indexes serve."""
    linked = and_(Conversation.customer_id.is_(None), Identity.customer_id == customer_id)
    return or_(Conversation.customer_id == customer_id, linked)


def _identities(session: Session, identity_id: int, customer_id: int | None) -> tuple[tuple[IdentityView, ...], int]:
    """The latest, and how many there are: each browser in which a customer signed in at the shop is one."""
    theirs = Identity.id == identity_id
    if customer_id is not None:
        theirs = or_(theirs, Identity.customer_id == customer_id)
    rows = session.execute(
        select(Identity, IdentityLink.proof, IdentityLink.at, func.count().over())
        .outerjoin(IdentityLink, and_(IdentityLink.identity_id == Identity.id, IdentityLink.undone_at.is_(None)))
        .where(theirs)
        .order_by(
            (Identity.id == identity_id).desc(),
            func.coalesce(Identity.last_seen_at, Identity.created_at).desc(),
            Identity.id.desc(),
        )
        .limit(SHOWN_IDENTITIES)
    ).all()
    views = tuple(
        IdentityView(
            id=row.id,
            channel=row.channel,
            name=row.name,
            proof=proof,
            linked_at=at,
            unreachable_at=row.unreachable_at,
            opted_out_at=row.opted_out_at,
            last_seen_at=row.last_seen_at,
            here=row.id == identity_id,
        )
        for row, proof, at, _ in rows
    )
    return views, rows[0][3]
