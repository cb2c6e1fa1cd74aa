"""The list of conversations as staff pages show it, read from the database as plain values.

Only reads, a fixed number of queries whatever the number of rows, and no ORM object leaves. Knows nothing of
how a page looks: words, colours and time zones are the console's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, exists, false, func, or_, select, tuple_
from sqlalchemy.orm import Session

from crm.models import (
    Attachment,
    Author,
    CloseReason,
    Conversation,
    ConversationMode,
    Customer,
    Identity,
    Message,
    OutboxRow,
    Rating,
    SatisfactionScore,
    Staff,
    Ticket,
)

ConversationState = Literal["open", "waiting", "staff", "closed", "undelivered"]
"""``waiting`` and ``staff`` are open conversations: a human is asked for; a human answers. ``undelivered`` are those,
open or closed, of which a message could not be sent."""

PREVIEW_CHARACTERS = 160


@dataclass(frozen=True, slots=True)
class ReasonView:
    """What moved a predicted score, by ``effect`` points. ``message_id`` is the turn it is about."""

    message_id: str
    signal: str
    effect: float
    words_en: str
    words_zh: str


@dataclass(frozen=True, slots=True)
class ScoreView:
    """A predicted satisfaction; ``low``–``high`` is its 80 % interval, all in 1–5."""

    phase: str
    mean: float
    low: float
    high: float
    at: datetime
    model_version: str
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    """A line of the list. ``preview_kind`` is the last message's kind, or its attachment's, where it has one.

    ``visitor_name`` is what the channel calls them. ``undelivered`` counts messages that never reached them.
    """

    id: str
    opened_at: datetime
    last_at: datetime
    closed_at: datetime | None
    close_reason: CloseReason | None
    channel: str
    language: str
    mode: ConversationMode
    customer_name: str | None
    visitor_name: str | None
    staff_id: int | None
    staff_name: str | None
    preview: str
    preview_author: Author | None
    preview_kind: str | None
    message_count: int
    undelivered: int
    score: ScoreView | None
    rating: int | None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def wants_human(self) -> bool:
        return self.is_open and self.mode == "waiting"

    @property
    def position(self) -> Position:
        return Position(self.last_at, self.id)


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the list, newest first: everything after it is ``before`` it in time."""

    last_at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class ConversationPage:
    conversations: tuple[ConversationSummary, ...]
    more: bool


def list_conversations(
    session: Session,
    *,
    search: str | None = None,
    channel: str | None = None,
    language: str | None = None,
    state: ConversationState | None = None,
    before: Position | None = None,
    limit: int = 50,
) -> ConversationPage:
    """Conversations in which anything was said, newest first.

    ``search`` looks into names, contacts, ticket numbers and message texts.
    """
    found = select(Conversation.id).where(Conversation.messages.any())
    if channel:
        found = found.where(Conversation.channel == channel)
    if language:
        found = found.where(Conversation.language == language)
    if state:
        found = found.where(_in_state(state))
    if search and search.strip():
        found = found.where(_matches(search.strip()))
    if before is not None:
        found = found.where(tuple_(Conversation.last_at, Conversation.id) < (before.last_at, before.id))
    found = found.order_by(Conversation.last_at.desc(), Conversation.id.desc()).limit(limit + 1)
    ids = list(session.scalars(found))
    summaries = summarise(session, ids[:limit])
    return ConversationPage(tuple(summaries), more=len(ids) > limit)


def count_waiting(session: Session) -> int:
    """How many open conversations wait for a human."""
    count = select(func.count()).select_from(Conversation).where(_in_state("waiting"))
    return session.scalar(count) or 0


def list_channels(session: Session) -> tuple[str, ...]:
    """The channels that conversations came by, for a filter."""
    return tuple(session.scalars(select(Conversation.channel).distinct().order_by(Conversation.channel)))


def _in_state(state: ConversationState) -> ColumnElement[bool]:
    if state == "closed":
        return Conversation.closed_at.is_not(None)
    if state == "open":
        return Conversation.closed_at.is_(None)
    if state == "undelivered":
        lost = select(Message.conversation_id).join(OutboxRow, OutboxRow.message_id == Message.id)
        return Conversation.id.in_(lost.where(OutboxRow.state == "dead"))
    return and_(Conversation.closed_at.is_(None), Conversation.mode == state)


def _matches(search: str) -> ColumnElement[bool]:
    """Every word of ``search`` somewhere in the conversation or its customer."""
    words = search.split()[:8]
    return and_(*(_mentions(word) for word in words)) if words else false()


def _mentions(word: str) -> ColumnElement[bool]:
    def contains(column: Any) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = column.icontains(word, autoescape=True)
        return condition

    customers = select(Customer.id).where(
        or_(*map(contains, (Customer.name, Customer.email, Customer.phone, Customer.ref)))
    )
    identities = select(Identity.id).where(or_(contains(Identity.name), Identity.customer_id.in_(customers)))
    return or_(
        Conversation.id == word,
        Conversation.customer_id.in_(customers),
        Conversation.identity_id.in_(identities),
        exists().where(Ticket.conversation_id == Conversation.id, contains(Ticket.number)),
        exists().where(Message.conversation_id == Conversation.id, contains(Message.text)),
    )


def owner_id() -> ColumnElement[int | None]:
    """Whose a conversation is, joined with its identity: proven in it, or by a link of the identity, even later."""
    return func.coalesce(Conversation.customer_id, Identity.customer_id)


def summarise(session: Session, ids: Sequence[str]) -> list[ConversationSummary]:
    """Summaries in the order of ``ids``; unknown ones are left out."""
    if not ids:
        return []
    lasts = _last_messages(session, ids)
    scores = _latest_scores(session, ids)
    lost = _undelivered(session, ids)
    rows = session.execute(
        select(Conversation, Identity.name, Customer.name, Staff.name, Rating.score)
        .join(Identity, Conversation.identity_id == Identity.id)
        .outerjoin(Customer, Customer.id == owner_id())
        .outerjoin(Staff, Conversation.staff_id == Staff.id)
        .outerjoin(Rating, Rating.conversation_id == Conversation.id)
        .where(Conversation.id.in_(ids))
    )
    summaries = {}
    for conversation, visitor_name, customer_name, staff_name, rating in rows:
        last = lasts.get(conversation.id)
        summaries[conversation.id] = ConversationSummary(
            id=conversation.id,
            opened_at=conversation.opened_at,
            last_at=conversation.last_at,
            closed_at=conversation.closed_at,
            close_reason=conversation.close_reason,
            channel=conversation.channel,
            language=conversation.language,
            mode=conversation.mode,
            customer_name=customer_name,
            visitor_name=visitor_name,
            staff_id=conversation.staff_id,
            staff_name=staff_name,
            preview=last.preview if last else "",
            preview_author=last.author if last else None,
            preview_kind=last.kind if last else None,
            message_count=last.count if last else 0,
            undelivered=lost.get(conversation.id, 0),
            score=scores.get(conversation.id),
            rating=rating,
        )
    return [summaries[id_] for id_ in ids if id_ in summaries]


@dataclass(frozen=True, slots=True)
class _Last:
    preview: str
    author: Author
    kind: str | None
    count: int


def _last_messages(session: Session, ids: Sequence[str]) -> dict[str, _Last]:
    last = (
        select(Message.conversation_id, func.max(Message.seq).label("seq"), func.count().label("count"))
        .where(Message.conversation_id.in_(ids))
        .group_by(Message.conversation_id)
        .subquery()
    )
    kind = (
        select(func.min(Attachment.kind))
        .where(Attachment.message_id == Message.id)
        .correlate(Message)
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Message.conversation_id,
            func.substr(Message.text, 1, PREVIEW_CHARACTERS),
            Message.author,
            func.coalesce(Message.kind, kind),
            last.c.count,
        ).join(last, and_(Message.conversation_id == last.c.conversation_id, Message.seq == last.c.seq))
    )
    return {id_: _Last(" ".join(text.split()), author, kind_, count) for id_, text, author, kind_, count in rows}


def _undelivered(session: Session, ids: Sequence[str]) -> dict[str, int]:
    rows = session.execute(
        select(Message.conversation_id, func.count())
        .join(OutboxRow, OutboxRow.message_id == Message.id)
        .where(OutboxRow.state == "dead", Message.conversation_id.in_(ids))
        .group_by(Message.conversation_id)
    )
    return dict(rows.all())


def _latest_scores(session: Session, ids: Sequence[str]) -> dict[str, ScoreView]:
    rows = session.scalars(
        select(SatisfactionScore)
        .where(SatisfactionScore.conversation_id.in_(ids))
        .order_by(SatisfactionScore.at, SatisfactionScore.id)
    )
    return {row.conversation_id: _score(row) for row in rows}


def _score(row: SatisfactionScore) -> ScoreView:
    reasons = tuple(
        ReasonView(
            message_id=str(reason.get("turn_id", "")),
            signal=str(reason.get("signal", "")),
            effect=float(reason.get("effect", 0.0)),
            words_en=str(reason.get("words_en", "")),
            words_zh=str(reason.get("words_zh", "")),
        )
        for reason in row.reasons
    )
    return ScoreView(row.phase, row.mean, row.low, row.high, row.at, row.model_version, reasons)
