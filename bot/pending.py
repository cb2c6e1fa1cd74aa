"""What waits for an answer: a customer's unanswered messages, read as one burst.

Owns which messages a turn answers together, what they hold beside words, and what the server says of it itself. Knows
no dialogue and no understanding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session, aliased

from bot.bursts import MOST_MESSAGES, first_burst, joined_text
from bot.phrases import Phrase
from bot.remarks import remark_on_kind, remark_on_media
from crm.conversations import WAITING
from crm.models import Attachment, Message, MessageKind, MessageState
from nlu.payloads import format_payload

_WANTED = aliased(Message)
_WAITING_BESIDE = (  # made once, for making it takes longer than running it
    select(Message, _WANTED.seq)
    .join(_WANTED, _WANTED.conversation_id == Message.conversation_id)
    .where(_WANTED.id == bindparam("message_id"), _WANTED.state.in_(WAITING))
    .where(Message.author == "customer", Message.state.in_(WAITING))
    .order_by(Message.seq)
    .limit(MOST_MESSAGES)
)
"""The unanswered messages of a message's conversation, the first of them, each with the ``seq`` of that message."""


@dataclass(frozen=True, slots=True)
class Pending:
    """A burst of messages that waits for its answer, read in one go; mostly a single message.

    ``message_id`` is the last of them, which the answer is to; ``earlier`` are the others. ``text`` is that of all
    but those of a kind of their own, which ``kinds`` are, each with its message's error code; ``only_kinds`` tells
    that there are no others. ``attachments`` are those of all. ``turns`` counts the conversation's turns, this one
    included.
    """

    message_id: str
    earlier: tuple[str, ...]
    conversation_id: str
    identity_id: int
    text: str
    payload: str | None
    kinds: tuple[tuple[MessageKind, str | None], ...]
    only_kinds: bool
    language: str
    mode: str
    asked: bool
    turns: int
    attachments: tuple[Attachment, ...]

    @property
    def unperceived(self) -> bool:
        return any(each.facts is None and each.error_code is None for each in self.attachments)


def next_pending(session: Session, message_id: str, burst_window: Callable[[str], timedelta]) -> Pending | None:
    """The first burst that waits, none of it later than the message; ``burst_window(channel)`` is the pause that ends
    a burst there.
    """
    rows = session.execute(_WAITING_BESIDE, {"message_id": message_id}).all()
    if not rows:
        return None
    burst = first_burst([row[0] for row in rows], burst_window(rows[0][0].conversation.channel))
    return _pending(session, burst) if burst[-1].seq <= rows[0][1] else None


def remarks_instead(pending: Pending) -> list[Phrase]:
    """What the server says itself, where Rasa need not be asked; nothing where it is."""
    of_kinds = remarks_on_kinds(pending)
    if not pending.only_kinds and (pending.text or pending.payload):
        return []
    of_media = remark_on_media(pending.attachments)
    if of_media is not None:
        return [*of_kinds, of_media]
    return of_kinds if pending.only_kinds else []


def remarks_on_kinds(pending: Pending) -> list[Phrase]:
    """What to say of locations, documents and the like, once however many of them were sent as one."""
    return list(dict.fromkeys(remark_on_kind(kind, code) for kind, code in pending.kinds))


def _pending(session: Session, burst: list[Message]) -> Pending:
    first, last = burst[0], burst[-1]
    of_kinds = [(each.kind, each.error_code) for each in burst if each.kind is not None and each.payload is None]
    others = [each for each in burst if each.kind is None or each.payload is not None]
    conversation = last.conversation
    earlier_turns = session.scalar(
        select(func.count())
        .select_from(Message)
        .where(Message.conversation_id == conversation.id, Message.author == "customer")
        .where(Message.burst_id.is_(None), Message.seq < first.seq)
    )
    return Pending(
        message_id=last.id,
        earlier=tuple(each.id for each in burst[:-1]),
        conversation_id=conversation.id,
        identity_id=last.identity_id,
        text=joined_text(others) if others else "",
        payload=others[-1].payload if others else None,
        kinds=tuple(of_kinds),
        only_kinds=not others,
        language=conversation.language,
        mode=conversation.mode,
        asked=last.state == "asked",
        turns=(earlier_turns or 0) + 1,
        attachments=tuple(attachment for each in burst for attachment in each.attachments),
    )


def mark(session: Session, pending: Pending, last: Message, state: MessageState) -> None:
    """Moves the whole burst on, whose last message is ``last``."""
    last.state = state
    for message_id in pending.earlier:
        message = session.get_one(Message, message_id)
        message.state, message.burst_id = state, last.id


def payload_of_media(pending: Pending) -> str | None:
    """A message without words says what was sent, and the order number seen in it."""
    if pending.text.strip() or not pending.attachments:
        return None
    if not any(each.kind == "image" and each.key is not None for each in pending.attachments):
        return format_payload("send_voice")
    number = order_number_seen(pending.attachments)
    return format_payload("send_photo", {"order_number": number} if number else None)


def order_number_seen(attachments: Sequence[Attachment]) -> str | None:
    """The first order number that was read off a photo, if any."""
    fields = (field for each in attachments if each.kind == "image" for field in (each.facts or {}).get("fields", []))
    return next((str(field["value"]) for field in fields if field["name"] == "order_number"), None)
