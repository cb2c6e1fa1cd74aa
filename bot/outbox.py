"""The one way out: every message to a customer, from the bot or from staff, is a row here first.

On a channel whose client fetches its messages (the web) a stored message is a delivered one; on one that is pushed
to, ``bot.delivering`` sends it later. Stores messages with their files and asks for deliveries; sends nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.orm import Session

from bot.channels.base import Channel
from bot.media_intake import MediaIntake, StoredMedia
from bot.messages import Reply
from crm.conversations import add_message
from crm.errors import FileRefused
from crm.models import Attachment, Author, Conversation, Message, OutboxRow, utc_now
from perception.errors import PerceptionError


@dataclass(frozen=True, slots=True)
class Delivery:
    """Work to be queued: one at a time for each ``identity_id``, the least ``seq`` first, after ``delay_s``.

    The same message with the same ``again`` is queued once, however often it is asked for.
    """

    message_id: str
    identity_id: int
    seq: int
    again: str = ""
    delay_s: float = 0


class Outbox:
    """``channels`` are those that must be pushed to, by name; all others are fetched from.

    ``enqueue_delivery`` has a message delivered later.
    """

    def __init__(
        self, channels: Mapping[str, Channel], enqueue_delivery: Callable[[Delivery], None], intake: MediaIntake
    ) -> None:
        self._channels = channels
        self._enqueue_delivery = enqueue_delivery
        self._intake = intake

    @contextmanager
    def keeping(self, reply: Reply) -> Iterator[list[StoredMedia]]:
        """The reply's files in the media store, for ``add``; they are forgotten again when the block fails.

        Files are checked and written before the transaction begins, as that takes a while. Raises FileRefused.
        """
        files = self._take(reply)
        try:
            yield files
        except BaseException:
            self._intake.discard(files)
            raise

    def forget(self, files: Sequence[StoredMedia]) -> None:
        """Drops kept files: there is to be no message with them after all."""
        self._intake.discard(files)

    def add(
        self,
        session: Session,
        conversation: Conversation,
        reply: Reply,
        *,
        files: Sequence[StoredMedia] | None = None,
        author: Author = "bot",
        staff_id: int | None = None,
        answers_id: str | None = None,
        ordinal: int | None = None,
        name: str | None = None,
    ) -> Message:
        """Stores a message on its way out, within the caller's transaction.

        ``files`` are what ``keeping`` made of the reply's media; without, they are kept here, which may raise
        FileRefused. ``name`` becomes the message's ``channel_message_id``: only one of it can ever go to an identity.
        """
        files = self._take(reply) if files is None else files
        now = utc_now()
        message = add_message(
            session,
            conversation,
            author=author,
            staff_id=staff_id,
            channel_message_id=name,
            answers_id=answers_id,
            ordinal=ordinal,
            text=reply.text,
            buttons=[{"title": each.title, "payload": each.payload} for each in reply.buttons],
            asks_for=reply.asks_for,
            done=reply.done,
            language=conversation.language,
            at=now,
        )
        session.add_all(
            Attachment(message_id=message.id, kind=each.kind, mime=each.mime, key=each.key, size_bytes=each.size_bytes)
            for each in files
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

    def can_start(self, channel: str, external_id: str) -> bool:
        """Whether the shop may write first to this place: on a pushed channel, where it is no thread of others."""
        return channel in self._channels and self._channels[channel].can_start(external_id)

    def dispatch(self, channel: str, messages: list[Message]) -> None:
        """Queues the delivery of stored messages, after the commit; does nothing on a fetched channel."""
        if channel in self._channels:
            for message in messages:
                self._enqueue_delivery(Delivery(message.id, message.identity_id, message.seq))

    def _take(self, reply: Reply) -> list[StoredMedia]:
        try:
            return self._intake.take([each.data for each in reply.media])
        except PerceptionError as error:
            raise FileRefused(error.code) from error
