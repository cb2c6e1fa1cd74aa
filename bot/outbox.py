"""The one way out: every message to a customer, from the bot or from staff, is a row here first.

On a channel whose client fetches its messages (the web) a stored message is a delivered one. On one that is
pushed to, a durable delivery sends it; it ends ``sent`` or ``dead``, never both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.channels.base import Channel, DeliveryRefused, Outgoing, OutgoingButton
from bot.messages import Queued, Reply
from crm.conversations import add_message
from crm.models import Author, Conversation, Message, OutboxRow, utc_now
from crm.unit_of_work import Database

log = structlog.get_logger(__name__)


class Outbox:
    """``channels`` are those that must be pushed to, by name; all others are fetched from."""

    def __init__(
        self, database: Database, channels: Mapping[str, Channel], enqueue_delivery: Callable[[Queued], None]
    ) -> None:
        self._database = database
        self._channels = channels
        self._enqueue_delivery = enqueue_delivery

    def add(
        self,
        session: Session,
        conversation: Conversation,
        reply: Reply,
        *,
        author: Author = "bot",
        staff_id: int | None = None,
        answers_id: str | None = None,
        ordinal: int | None = None,
    ) -> Message:
        """Stores a message on its way out, within the caller's transaction."""
        now = utc_now()
        message = add_message(
            session,
            conversation,
            author=author,
            staff_id=staff_id,
            answers_id=answers_id,
            ordinal=ordinal,
            text=reply.text,
            buttons=[{"title": each.title, "payload": each.payload} for each in reply.buttons],
            done=reply.done,
            language=conversation.language,
            at=now,
        )
        pushed = conversation.channel in self._channels
        session.add(
            OutboxRow(
                message_id=message.id,
                channel=conversation.channel,
                state="pending" if pushed else "sent",
                created_at=now,
                sent_at=None if pushed else now,
            )
        )
        return message

    def dispatch(self, channel: str, messages: list[Message]) -> None:
        """Queues the delivery of stored messages, after the commit; does nothing on a fetched channel."""
        if channel in self._channels:
            for message in messages:
                self._enqueue_delivery(Queued(message.id, message.conversation_id, message.seq))

    def requeue(self) -> None:
        """Queues every delivery that a crash has left without one."""
        with self._database.reading() as session:
            waiting = session.execute(
                select(Message.id, Message.conversation_id, Message.seq)
                .select_from(OutboxRow)
                .join(Message, Message.id == OutboxRow.message_id)
                .where(OutboxRow.state == "pending")
                .order_by(OutboxRow.id)
            ).all()
        for row in waiting:
            self._enqueue_delivery(Queued(*row))

    def deliver(self, message_id: str) -> None:
        """Sends one message; raises ChannelError when trying again may help. A refusal makes the row ``dead``."""
        with self._database.reading() as session:
            row = session.scalars(select(OutboxRow).where(OutboxRow.message_id == message_id)).one()
            if row.state != "pending":
                return
            outgoing = _outgoing(row.message)
            channel = self._channels[row.channel]
        try:
            parts = list(channel.send(outgoing))
        except DeliveryRefused as error:
            self.bury(message_id, error.code)
            return
        with self._database.writing() as session:
            row = session.scalars(select(OutboxRow).where(OutboxRow.message_id == message_id)).one()
            row.state, row.parts, row.sent_at = "sent", parts, utc_now()
            row.attempts += 1

    def bury(self, message_id: str, code: str) -> None:
        """Gives a pending message up; staff see it."""
        with self._database.writing() as session:
            row = session.scalars(select(OutboxRow).where(OutboxRow.message_id == message_id)).one()
            if row.state == "pending":
                row.state, row.error_code = "dead", code
        log.warning("message_undeliverable", message_id=message_id, code=code)


def _outgoing(message: Message) -> Outgoing:
    buttons = tuple(
        OutgoingButton(each["title"], f"{message.id}:{index}") for index, each in enumerate(message.buttons)
    )
    recipient, language = message.conversation.identity, message.conversation.language
    return Outgoing(message.id, recipient.bot, recipient.external_id, language, message.text, buttons)
