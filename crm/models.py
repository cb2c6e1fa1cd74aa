"""The tables of the CRM database, and nothing else.

One database holds everything a company must be able to show, correct and erase: customers and what they
bought, who they are on each channel, every conversation with its messages and media, tickets, scores and
staff. Times are aware UTC; money is integer minor units (cents, fen) with an ISO 4217 currency.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, DateTime, ForeignKey, Index, MetaData, String, Text, TypeDecorator, UniqueConstraint
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

Author = Literal["customer", "bot", "staff"]
ConversationMode = Literal["bot", "waiting", "staff"]
CloseReason = Literal["goodbye", "rating", "silence", "staff"]
MessageState = Literal["received", "asked", "answered", "failed"]
OrderStatus = Literal["placed", "paid", "packed", "shipped", "delivered", "returned", "cancelled"]
TicketStatus = Literal["open", "pending", "solved", "closed"]
OutboxState = Literal["pending", "sent", "dead"]
MessageKind = Literal["too_long", "location", "contact", "sticker", "video", "document", "other"]
LinkProof = Literal["signature", "start_link", "phone", "email", "staff"]


def utc_now() -> datetime:
    """The present moment, aware."""
    return datetime.now(UTC)


def new_id() -> str:
    """A random 128-bit identifier, 32 hexadecimal digits."""
    return uuid.uuid4().hex


def new_secret_name() -> str:
    """A name that cannot be guessed: 256 random bits, URL-safe."""
    return secrets.token_urlsafe(32)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python on every database; SQLite itself keeps no offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime was given where an aware one is needed")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads it as a class attribute)
        datetime: UtcDateTime(),
        dict[str, Any]: JSON(),
        list[dict[str, Any]]: JSON(),
        list[float]: JSON(),
        list[str]: JSON(),
        Author: String(16),
        ConversationMode: String(16),
        CloseReason: String(16),
        MessageState: String(16),
        OrderStatus: String(16),
        TicketStatus: String(16),
        OutboxState: String(16),
        MessageKind: String(16),
        LinkProof: String(16),
    }


class Customer(Base):
    """A person who buys. ``ref`` is the shop's own key for them; ``phone`` is E.164.

    ``preferred_channel`` is where they want to be written to, if they said so.
    """

    __tablename__ = "customer"

    id: Mapped[int] = mapped_column(primary_key=True)
    ref: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    phone: Mapped[str | None] = mapped_column(String(20), index=True)
    address: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8), default="en")
    preferred_channel: Mapped[str | None] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    orders: Mapped[list[Order]] = relationship(back_populates="customer", order_by="Order.placed_at.desc()")


class Product(Base):
    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), unique=True)
    name_en: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(200))
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    stock: Mapped[int] = mapped_column(default=0)


class Order(Base):
    __tablename__ = "order"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    status: Mapped[OrderStatus]
    placed_at: Mapped[datetime]
    shipped_at: Mapped[datetime | None]
    expected_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    carrier: Mapped[str | None] = mapped_column(String(64))
    tracking_number: Mapped[str | None] = mapped_column(String(64), index=True)
    total_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))

    customer: Mapped[Customer] = relationship(back_populates="orders")
    lines: Mapped[list[OrderLine]] = relationship(order_by="OrderLine.id")


class OrderLine(Base):
    __tablename__ = "order_line"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("order.id"), index=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    quantity: Mapped[int]
    unit_price_minor: Mapped[int]

    product: Mapped[Product] = relationship()


class Identity(Base):
    """One person's presence on one channel. ``bot`` is which of the shop's bots there they speak with.

    ``customer_id`` is set only by proof that outlives a conversation (an ``IdentityLink``); what a visitor
    proves within a conversation is kept on the conversation. ``last_seq`` counts the messages of the
    identity's thread: a conversation's messages are consecutive in it. ``name`` is what the channel calls them.
    ``unreachable_at`` is set while the channel does not let us write to them; ``opted_out_at`` once they asked
    not to be written to unasked; ``last_seen_at`` is when they last wrote.
    """

    __tablename__ = "identity"
    __table_args__ = (UniqueConstraint("channel", "bot", "external_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    bot: Mapped[str] = mapped_column(String(64), default="default")
    external_id: Mapped[str] = mapped_column(String(128))
    name: Mapped[str | None] = mapped_column(String(200))
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    language: Mapped[str] = mapped_column(String(8), default="en")
    last_seq: Mapped[int] = mapped_column(default=0)
    failed_matches: Mapped[int] = mapped_column(default=0)
    last_failed_match_at: Mapped[datetime | None]
    unreachable_at: Mapped[datetime | None]
    opted_out_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)

    customer: Mapped[Customer | None] = relationship()


class IdentityLink(Base):
    """That an identity is a customer's, by which proof and since when; undone by staff where it was wrong.

    Identities that are linked to one customer are merged: each keeps its own thread, and all are that customer's.
    """

    __tablename__ = "identity_link"

    id: Mapped[int] = mapped_column(primary_key=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    proof: Mapped[LinkProof]
    at: Mapped[datetime] = mapped_column(default=utc_now)
    undone_at: Mapped[datetime | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))

    identity: Mapped[Identity] = relationship()
    customer: Mapped[Customer] = relationship()


class MatchFailure(Base):
    """A try to match an order number with a contact that failed; ``subject`` is the SHA-256 of either."""

    __tablename__ = "match_failure"

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class Conversation(Base):
    """An exchange from its first message to its close. ``id`` is also Rasa's sender id.

    ``mode``: ``bot`` answers; ``waiting`` means a human was asked for (the bot still answers); ``staff``
    means a human has taken over and the bot is silent.
    """

    __tablename__ = "conversation"
    __table_args__ = (Index("ix_conversation_open", "closed_at", "last_at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    channel: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8), default="en")
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    mode: Mapped[ConversationMode] = mapped_column(default="bot")
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    opened_at: Mapped[datetime] = mapped_column(default=utc_now)
    last_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    closed_at: Mapped[datetime | None]
    close_reason: Mapped[CloseReason | None]

    identity: Mapped[Identity] = relationship()
    customer: Mapped[Customer | None] = relationship()
    staff: Mapped[Staff | None] = relationship()
    messages: Mapped[list[Message]] = relationship(back_populates="conversation", order_by="Message.seq")
    scores: Mapped[list[SatisfactionScore]] = relationship(order_by="SatisfactionScore.at")
    rating: Mapped[Rating | None] = relationship()


class Message(Base):
    """One message of any author.

    ``channel_message_id`` is the sender's own name for it, unique per identity: a repeat is recognised.
    ``text`` is what was written, or what was heard once that is known; ``payload`` is set when a button was
    pressed. ``state`` tells how far a customer's message has come: ``received``, ``asked`` (Rasa may have seen it),
    ``answered`` or ``failed`` (given up with an apology); bot and staff messages are ``answered``.
    ``answers_id`` on a bot message is the customer message it answers, ``ordinal`` its place among the answers;
    ``done`` names what it got done for them (``order_status_told``, ``ticket_opened`` …), if anything; ``asks_for``
    what a channel may offer to be shared by a tap instead of typed (``phone``).
    ``kind`` is set on what is neither words nor a photo or voice note. ``error_code`` says why a shared contact
    proved nothing: ``contact_of_another`` (not vouched to be the sender's own) or ``contact_unknown`` (no one customer
    has it). ``album`` joins photos that were sent as one. ``burst_id`` is the later message of a burst whose turn
    answers this one, too. ``edited_at`` is when the customer last changed the words, ``first_text`` what they were
    before.
    """

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("identity_id", "channel_message_id"),
        UniqueConstraint("identity_id", "seq"),
        UniqueConstraint("answers_id", "ordinal"),
        Index("ix_message_conversation_seq", "conversation_id", "seq"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"))
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"))
    seq: Mapped[int]
    author: Mapped[Author]
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"))
    channel_message_id: Mapped[str | None] = mapped_column(String(128))
    answers_id: Mapped[str | None] = mapped_column(ForeignKey("message.id"))
    ordinal: Mapped[int | None]
    text: Mapped[str] = mapped_column(Text, default="")
    payload: Mapped[str | None] = mapped_column(Text)
    kind: Mapped[MessageKind | None]
    album: Mapped[str | None] = mapped_column(String(64))
    burst_id: Mapped[str | None] = mapped_column(ForeignKey("message.id"), index=True)
    edited_at: Mapped[datetime | None]
    first_text: Mapped[str | None] = mapped_column(Text)
    buttons: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    asks_for: Mapped[str | None] = mapped_column(String(16))
    state: Mapped[MessageState] = mapped_column(default="answered", index=True)
    error_code: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=utc_now)

    language: Mapped[str | None] = mapped_column(String(8))
    intent: Mapped[str | None] = mapped_column(String(64))
    confidence: Mapped[float | None]
    ranking: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    entities: Mapped[list[dict[str, Any]] | None] = mapped_column(JSON)
    sentiment: Mapped[float | None]
    understood: Mapped[bool | None]
    done: Mapped[str | None] = mapped_column(String(64))

    conversation: Mapped[Conversation] = relationship(back_populates="messages")
    attachments: Mapped[list[Attachment]] = relationship(back_populates="message", order_by="Attachment.at")


class Attachment(Base):
    """A picture, a voice note or another file of a message.

    ``id`` is unguessable and part of its URL. ``key`` names the bytes in the media store; it is empty until a file
    that the channel holds, by the name ``remote``, has been fetched. ``facts`` is what perception saw or heard, as
    JSON; ``error_code`` tells why it could not, or why there are no bytes.
    """

    __tablename__ = "attachment"

    id: Mapped[str] = mapped_column(String(64), primary_key=True, default=new_secret_name)
    message_id: Mapped[str] = mapped_column(ForeignKey("message.id"), index=True)
    kind: Mapped[str] = mapped_column(String(16))
    mime: Mapped[str] = mapped_column(String(64))
    key: Mapped[str | None] = mapped_column(String(128))
    remote: Mapped[str | None] = mapped_column(Text)
    size_bytes: Mapped[int]
    duration_s: Mapped[float | None]
    transcript: Mapped[str | None] = mapped_column(Text)
    transcript_confidence: Mapped[float | None]
    engine: Mapped[str | None] = mapped_column(String(64))
    facts: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    error_code: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=utc_now)

    message: Mapped[Message] = relationship(back_populates="attachments")


class OutboxRow(Base):
    """One message on its way out. It ends ``sent`` or ``dead``, never both.

    ``parts`` are the vendor's names of what has been sent of it: a long message goes out in several.
    """

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(ForeignKey("message.id"), unique=True)
    channel: Mapped[str] = mapped_column(String(16))
    state: Mapped[OutboxState] = mapped_column(default="pending", index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    error_code: Mapped[str | None] = mapped_column(String(64))
    parts: Mapped[list[str]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    sent_at: Mapped[datetime | None]

    message: Mapped[Message] = relationship()


class Ticket(Base):
    """A problem or a request that people work on. ``number`` (T-1001 …) is what the customer is told.

    ``source_message_id`` is the message that opened it. One message may ask for things of several categories; opening
    twice for one message and category finds the first.
    """

    __tablename__ = "ticket"
    __table_args__ = (UniqueConstraint("source_message_id", "category"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(32), unique=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customer.id"), index=True)
    identity_id: Mapped[int] = mapped_column(ForeignKey("identity.id"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("order.id"), index=True)
    category: Mapped[str] = mapped_column(String(32))
    description: Mapped[str] = mapped_column(Text)
    status: Mapped[TicketStatus] = mapped_column(default="open", index=True)
    language: Mapped[str] = mapped_column(String(8))
    source_message_id: Mapped[str] = mapped_column(ForeignKey("message.id"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)

    order: Mapped[Order | None] = relationship()
    attachments: Mapped[list[Attachment]] = relationship(secondary="ticket_attachment")


class TicketAttachment(Base):
    __tablename__ = "ticket_attachment"

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id"), primary_key=True)
    attachment_id: Mapped[str] = mapped_column(ForeignKey("attachment.id"), primary_key=True)


class ContactChange(Base):
    """A change of a customer's phone, e-mail or address that the customer confirmed; the old value is kept."""

    __tablename__ = "contact_change"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"), index=True)
    field: Mapped[str] = mapped_column(String(16))
    old: Mapped[str | None] = mapped_column(Text)
    new: Mapped[str] = mapped_column(Text)
    source_message_id: Mapped[str] = mapped_column(ForeignKey("message.id"), unique=True)
    at: Mapped[datetime] = mapped_column(default=utc_now)


class SatisfactionScore(Base):
    """A predicted score. ``mean`` and the interval lie in 1–5; ``distribution`` has five probabilities."""

    __tablename__ = "satisfaction_score"
    __table_args__ = (UniqueConstraint("conversation_id", "phase"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), index=True)
    phase: Mapped[str] = mapped_column(String(16))
    mean: Mapped[float]
    low: Mapped[float]
    high: Mapped[float]
    distribution: Mapped[list[float]]
    reasons: Mapped[list[dict[str, Any]]]
    model_version: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(default=utc_now)


class Rating(Base):
    """What the customer said themselves, 1–5. Kept apart from any prediction."""

    __tablename__ = "rating"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id"), unique=True)
    score: Mapped[int]
    comment: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(default=utc_now, onupdate=utc_now)


class Staff(Base):
    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class StaffSession(Base):
    """A signed-in browser. ``token_hash`` is the SHA-256 of what its cookie holds; signing out deletes the row."""

    __tablename__ = "staff_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(index=True)

    staff: Mapped[Staff] = relationship()


class AuditEntry(Base):
    """What a staff member did, to what, when. ``staff_id`` is empty where the operator did it at the command line."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), index=True)
    action: Mapped[str] = mapped_column(String(64))
    target: Mapped[str] = mapped_column(String(128))
    at: Mapped[datetime] = mapped_column(default=utc_now)
