"""The life of a conversation in the records: opened by its first message, counted, closed once.

An identity's messages form one thread; ``seq`` counts them and a conversation is a stretch of it. Whoever calls
these holds a writing transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crm.errors import InvalidValue, NotFound
from crm.models import CloseReason, Conversation, Identity, Message, MessageState, Rating

LOWEST_RATING, HIGHEST_RATING = 1, 5
COMMENT_LIMIT = 2000
WAITING: tuple[MessageState, ...] = ("received", "asked")
"""States of a customer's message that has not been answered."""


def current_conversation(session: Session, identity_id: int) -> Conversation | None:
    """The identity's latest conversation, open or closed."""
    return session.scalars(
        select(Conversation)
        .where(Conversation.identity_id == identity_id)
        .order_by(Conversation.opened_at.desc(), Conversation.id.desc())
        .limit(1)
    ).first()


def open_conversation(session: Session, identity: Identity, now: datetime) -> Conversation:
    """The identity's open conversation, or a new one. What the shop's signature proves carries over."""
    latest = current_conversation(session, identity.id)
    if latest is not None and latest.closed_at is None:
        latest.last_at = now
        return latest
    conversation = Conversation(
        identity_id=identity.id,
        channel=identity.channel,
        language=identity.language,
        customer_id=identity.customer_id,
        opened_at=now,
        last_at=now,
    )
    session.add(conversation)
    session.flush()
    return conversation


def next_seq(session: Session, identity_id: int) -> int:
    """Counts one more message of the identity's thread; atomic on every database."""
    seq = session.scalar(
        update(Identity)
        .where(Identity.id == identity_id)
        .values(last_seq=Identity.last_seq + 1)
        .returning(Identity.last_seq)
        .execution_options(synchronize_session=False)
    )
    if seq is None:
        raise NotFound(f"identity {identity_id}")
    return seq


def add_message(session: Session, conversation: Conversation, **values: Any) -> Message:
    """Appends a message to the conversation's thread."""
    message = Message(
        conversation_id=conversation.id,
        identity_id=conversation.identity_id,
        seq=next_seq(session, conversation.identity_id),
        **values,
    )
    session.add(message)
    session.flush()
    return message


def heard_in(message: Message) -> list[str]:
    """What was heard in each voice note of the message in which something was."""
    return [each.transcript for each in message.attachments if each.transcript]


def words_of(message: Message) -> str:
    """What was written, without what was heard."""
    heard = "\n".join(heard_in(message))
    if heard and message.text == heard:
        return ""
    return message.text.removesuffix(f"\n{heard}") if heard else message.text


def close(conversation: Conversation, reason: CloseReason, now: datetime) -> bool:
    """Ends the conversation; False when it had ended before."""
    if conversation.closed_at is not None:
        return False
    conversation.closed_at = now
    conversation.close_reason = reason
    if conversation.mode == "staff":
        conversation.mode = "bot"
    return True


def rate(session: Session, conversation_id: str, score: int, comment: str | None) -> Rating:
    """Keeps what the customer says of the conversation; a later rating replaces an earlier one.

    Raises InvalidValue for a score outside 1–5.
    """
    if not LOWEST_RATING <= score <= HIGHEST_RATING:
        raise InvalidValue("rating", "A rating is a whole number from 1 to 5.")
    rating = session.scalars(select(Rating).where(Rating.conversation_id == conversation_id)).first()
    if rating is None:
        rating = Rating(conversation_id=conversation_id, score=score)
        session.add(rating)
    rating.score = score
    rating.comment = (comment or "").strip()[:COMMENT_LIMIT] or rating.comment
    session.flush()
    return rating
