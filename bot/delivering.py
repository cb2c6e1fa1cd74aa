"""Carries stored messages to the channels that must be pushed to: attempts, pauses, and the end of each.

A message ends ``sent`` or ``dead``, never both; within a thread the order is kept. Knows no vendor and no durable
engine: it is given the channels, and a way to have itself called later. Messages are stored by ``bot.outbox``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Literal

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from bot.channels.base import (
    Channel,
    DeliveryDelayed,
    DeliveryRefused,
    Outgoing,
    OutgoingButton,
    OutgoingFile,
    Unreachable,
)
from bot.errors import ChannelError
from bot.live import Live, Notice
from bot.media_store import MediaStore
from bot.metrics import Metrics
from bot.outbox import Delivery
from bot.phrases import phrase
from crm.models import Attachment, Conversation, Message, OutboxRow, utc_now
from crm.unit_of_work import Database

log = structlog.get_logger(__name__)

FIRST_PAUSE_S, PAUSE_GROWTH, LONGEST_PAUSE_S = 0.5, 3.0, 600.0
"""Pauses between attempts: 0.5, 1.5, 4.5 … s; eight attempts take nine minutes."""
LONGEST_DELAY = timedelta(days=1)
"""How old a message may become while a vendor asks to wait; later than that it would only confuse."""
LONG_WAIT = timedelta(hours=1)
"""A delivery that has not ended by then is queued anew each hour: its record may have been lost."""


class Interrupted(BaseException):
    """The program is ending: whoever goes on with the work finds the message waiting.

    Not an ``Exception``: nothing that handles failures is to take this for one.
    """


class AttemptsExhausted(DeliveryRefused):
    """As many attempts as there may be have failed."""

    code = "attempts_exhausted"


class TooLate(DeliveryRefused):
    """The vendor asked to wait until long after the message was of use."""

    code = "too_late"


class MediaMissing(DeliveryRefused):
    """A file of the message is no longer in the media store."""

    code = "media_missing"


@dataclass(frozen=True, slots=True)
class Head:
    """The first message of a thread that waits to be sent, and since when it does."""

    message_id: str
    identity_id: int
    seq: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to send a message; the bytes of ``attachments`` are not read yet."""

    outgoing: Outgoing
    attachments: tuple[Attachment, ...]
    channel: str
    created_at: datetime


class Delivering:
    """``channels`` are those that must be pushed to, by name.

    ``enqueue_delivery`` has ``deliver`` called. While ``running`` says no, the program is ending and no message is
    given up for what fails then.
    """

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        enqueue_delivery: Callable[[Delivery], None],
        media: MediaStore,
        live: Live,
        metrics: Metrics,
        *,
        attempts: int,
        running: Callable[[], bool],
    ) -> None:
        self._database = database
        self._channels = channels
        self._enqueue_delivery = enqueue_delivery
        self._media = media
        self._live = live
        self._metrics = metrics
        self._attempts = attempts
        self._running = running

    def requeue(self, *, at_start: bool = False) -> None:
        """Queues the first waiting delivery of each thread: a crash may have left it without one.

        At the start, and when it has waited for long, it is queued anew: its work may have ended with the program, or
        its record may be lost. One too many does no harm.
        """
        now = utc_now()
        for head in self._heads():
            late = now - head.created_at > LONG_WAIT
            again = f"-{now:%Y%m%d%H%M%S}" if at_start else f"-{now:%Y%m%d%H}" if late else ""
            self._enqueue_delivery(Delivery(head.message_id, head.identity_id, head.seq, again))

    def deliver(self, message_id: str) -> None:
        """Sends what waits in the message's thread, from this message on. No thread may be worked on twice at a time.

        Does nothing while an earlier message waits: whoever ends that one goes on with this one. So the order is kept
        even while a vendor asks to wait, and nobody sits idle in between. Raises Interrupted while the program ends.
        """
        with self._database.reading() as session:
            message = session.get(Message, message_id)
        if message is None:
            return  # erased meanwhile
        while (head := self._head(message.identity_id)) is not None and head.seq >= message.seq:
            pause_s = self._attempt(head.message_id)
            if pause_s is not None:
                again = f"-{utc_now():%Y%m%d%H%M%S%f}"
                self._enqueue_delivery(Delivery(head.message_id, head.identity_id, head.seq, again, pause_s))
                return

    def bury(self, message_id: str, code: str) -> None:
        """Gives a pending message up. Staff are asked to look, except where the customer has shut us out."""
        with self._database.writing() as session:
            row = _pending(session, message_id)
            if row is None:
                return
            row.state, row.error_code = "dead", code
            conversation = row.message.conversation
            if code == Unreachable.code:
                conversation.identity.unreachable_at = utc_now()
            elif conversation.mode == "bot":
                conversation.mode = "waiting"
            notice, channel = Notice(conversation.id, conversation.identity_id), row.channel
        log.warning("message_undeliverable", message_id=message_id, channel=channel, code=code)
        self._count(channel, Unreachable.code if code == Unreachable.code else "dead")
        self._live.publish(notice)

    def show_typing(self, notice: Notice) -> None:
        """Shows a customer on a pushed channel that an answer is being made. A courtesy: it never raises."""
        if notice.kind != "typing" or not self._channels:
            return
        try:
            with self._database.reading() as session:
                conversation = session.get_one(Conversation, notice.conversation_id)
                recipient = conversation.identity
            if conversation.channel in self._channels and conversation.mode != "staff":
                self._channels[conversation.channel].typing(recipient.bot, recipient.external_id)
        except Exception as error:
            log.warning("typing_not_shown", conversation_id=notice.conversation_id, error=type(error).__name__)

    def _attempt(self, message_id: str) -> float | None:
        """Tries once to send the rest of a message; the pause before the next try, or None when it has ended."""
        if not self._running():
            raise Interrupted
        begun = self._begin(message_id)
        if begun is None:
            return None
        try:
            return self._try(begun)
        except DeliveryRefused as refusal:
            self.bury(message_id, refusal.code)
            return None

    def _try(self, begun: Attempt) -> float | None:
        """The pause before the next try, or None when all is sent. Raises DeliveryRefused when there is none."""
        if begun.outgoing.attempt > self._attempts + 1:
            raise AttemptsExhausted("every attempt ended the program")
        try:
            self._send(begun)
        except DeliveryRefused:
            raise
        except Exception as error:  # an adapter's own fault is a failed attempt like any other
            if not self._running():
                raise Interrupted from None  # the vendor's words would reach a log
            if isinstance(error, DeliveryDelayed):
                return self._delay(begun, max(error.retry_after_s, FIRST_PAUSE_S))
            return self._fail(begun, error)
        self._end(begun)
        return None

    def _begin(self, message_id: str) -> Attempt | None:
        """Counts the attempt before it is made: one that ends the program is known of afterwards."""
        with self._database.writing() as session:
            row = _pending(session, message_id)
            if row is None:
                return None
            row.attempts += 1
            outgoing = _outgoing(row, _heard_before(session, row.message))
            return Attempt(outgoing, tuple(row.message.attachments), row.channel, row.created_at)

    def _send(self, begun: Attempt) -> None:
        channel = self._channels.get(begun.channel)
        if channel is None:
            raise ChannelError(f"{begun.channel} is turned off")
        files = tuple(self._file(each) for each in begun.attachments)
        for part in channel.send(replace(begun.outgoing, files=files)):
            with self._database.writing() as session:
                row = _pending(session, begun.outgoing.message_id)
                if row is not None:
                    row.parts = [*row.parts, part]

    def _file(self, attachment: Attachment) -> OutgoingFile:
        """The name a customer sees tells what it is and nothing else."""
        key = PurePosixPath(attachment.key or "")
        kind: Literal["image", "audio"] = "image" if attachment.kind == "image" else "audio"
        stem = "photo" if kind == "image" else "voice"
        try:
            return OutgoingFile(kind, attachment.mime, f"{stem}{key.suffix}", self._media.read(str(key)))
        except FileNotFoundError as error:
            raise MediaMissing("a file of the message is gone") from error

    def _end(self, begun: Attempt) -> None:
        with self._database.writing() as session:
            row = _pending(session, begun.outgoing.message_id)
            if row is None:
                return
            row.state, row.sent_at = "sent", utc_now()
            row.message.conversation.identity.unreachable_at = None
        self._count(begun.channel, "sent")

    def _delay(self, begun: Attempt, pause_s: float) -> float:
        """The vendor asked to wait: that was no attempt, but it cannot go on for ever."""
        message_id = begun.outgoing.message_id
        if utc_now() + timedelta(seconds=pause_s) > begun.created_at + LONGEST_DELAY:
            raise TooLate("the vendor asked to wait for too long")
        with self._database.writing() as session:
            row = _pending(session, message_id)
            if row is not None:
                row.attempts -= 1
        log.info("delivery_delayed", message_id=message_id, channel=begun.channel, pause_s=pause_s)
        self._count(begun.channel, "delayed")
        return pause_s

    def _fail(self, begun: Attempt, error: Exception) -> float:
        """Only the error's type and code are logged: a vendor's words may quote the customer's, or hold a token."""
        message_id, attempt = begun.outgoing.message_id, begun.outgoing.attempt
        code = error.code if isinstance(error, ChannelError) else type(error).__name__
        log.warning("delivery_failed", message_id=message_id, channel=begun.channel, attempt=attempt, error=code)
        if attempt >= self._attempts:
            raise AttemptsExhausted("every attempt failed") from error
        self._count(begun.channel, "failed")
        return min(FIRST_PAUSE_S * PAUSE_GROWTH ** (attempt - 1), LONGEST_PAUSE_S)

    def _count(self, channel: str, outcome: str) -> None:
        self._metrics.deliveries.labels(channel, outcome).inc()

    def _head(self, identity_id: int) -> Head | None:
        heads = self._heads(Message.identity_id == identity_id)
        return heads[0] if heads else None

    def _heads(self, *which: ColumnElement[bool]) -> list[Head]:
        """The first waiting message of each thread, or of the one thread asked for."""
        first = (
            select(Message.identity_id, func.min(Message.seq).label("seq"))
            .join(OutboxRow, OutboxRow.message_id == Message.id)
            .where(OutboxRow.state == "pending", *which)
            .group_by(Message.identity_id)
            .subquery()
        )
        with self._database.reading() as session:
            rows = session.execute(
                select(Message.id, Message.identity_id, Message.seq, OutboxRow.created_at)
                .join(OutboxRow, OutboxRow.message_id == Message.id)
                .join(first, and_(first.c.identity_id == Message.identity_id, first.c.seq == Message.seq))
                .order_by(OutboxRow.id)
            ).all()
        return [Head(*row) for row in rows]


def _pending(session: Session, message_id: str) -> OutboxRow | None:
    """The message's row while it has not ended."""
    return session.scalars(
        select(OutboxRow).where(OutboxRow.message_id == message_id, OutboxRow.state == "pending").with_for_update()
    ).first()


def _heard_before(session: Session, message: Message) -> str:
    """What was heard in the voice notes that the message is the first answer to.

    A chat app cannot show it with the note, as the web does, and who sees how a note was misheard says it again.
    """
    if message.answers_id is None or message.ordinal != 0:
        return ""
    transcripts = session.scalars(
        select(Attachment.transcript)
        .join(Message, Message.id == Attachment.message_id)
        .where(or_(Message.id == message.answers_id, Message.burst_id == message.answers_id))
        .where(Attachment.kind == "audio", Attachment.transcript.is_not(None))
        .order_by(Message.seq, Attachment.at)
    )
    return "\n".join(filter(None, transcripts))


def _outgoing(row: OutboxRow, heard: str) -> Outgoing:
    """All of the message but its files, whose bytes are read outside the transaction."""
    message = row.message
    recipient, language = message.conversation.identity, message.conversation.language
    told = [phrase("heard", language, words=heard)] if heard else []
    return Outgoing(
        message_id=message.id,
        bot=recipient.bot,
        external_id=recipient.external_id,
        language=language,
        text="\n\n".join([*told, message.text]),
        buttons=tuple(
            OutgoingButton(each["title"], f"{message.id}:{index}") for index, each in enumerate(message.buttons)
        ),
        asks_for="phone" if message.asks_for == "phone" else None,
        attempt=row.attempts,
        parts=tuple(row.parts),
    )
