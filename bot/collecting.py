"""The first stage of a turn with files from a chat app: has them fetched by their channel, and keeps them.

The vendor held them since the message came. What cannot be had gets an error code, so that the customer is told and
staff see that something was sent. Knows no vendor and does not look into the files.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from sqlalchemy import select

from bot.channels.base import Channel, MediaRefused, MediaUnavailable
from bot.live import Live, Notice
from bot.media_intake import MediaIntake, StoredMedia
from bot.metrics import Metrics
from crm.conversations import WAITING
from crm.models import Attachment, Message
from crm.unit_of_work import Database
from perception.errors import PerceptionError

log = structlog.get_logger(__name__)


class Collecting:
    """The stage ``collect``; ``channels`` are those that files are fetched from, by name."""

    def __init__(
        self,
        database: Database,
        channels: Mapping[str, Channel],
        media: MediaIntake,
        live: Live,
        metrics: Metrics,
    ) -> None:
        self._database = database
        self._channels = channels
        self._media = media
        self._live = live
        self._metrics = metrics

    def collect(self, message_id: str) -> None:
        """Fetches every file of the message, and of what waits before it, that the vendor still holds.

        Raises MediaUnavailable, with all others fetched, when one may be had later.
        """
        with self._database.reading() as session:
            message = session.get_one(Message, message_id)
            channel = self._channels.get(message.conversation.channel)
            notice = Notice(message.conversation_id, message.identity_id)
            rows = session.execute(
                select(Attachment.id, Attachment.remote)
                .join(Message, Message.id == Attachment.message_id)
                .where(Message.conversation_id == message.conversation_id, Message.seq <= message.seq)
                .where(Message.state.in_(WAITING))
                .where(Attachment.remote.is_not(None), Attachment.key.is_(None), Attachment.error_code.is_(None))
                .order_by(Message.seq, Attachment.at)
            )
            remote = [(attachment_id, name) for attachment_id, name in rows if name is not None]
        if not remote:
            return
        self._live.publish(Notice(notice.conversation_id, notice.identity_id, "typing"))
        unavailable: MediaUnavailable | None = None
        for attachment_id, name in remote:
            try:
                self._collect_one(channel, attachment_id, name)
            except MediaUnavailable as error:
                log.info("media_unavailable", attachment_id=attachment_id)
                unavailable = error
        self._live.publish(notice)
        if unavailable is not None:
            raise unavailable

    def _collect_one(self, channel: Channel | None, attachment_id: str, remote: str) -> None:
        try:
            if channel is None:
                raise MediaRefused("the channel is no longer there")
            with self._metrics.stage_seconds.labels("collect").time():
                (stored,) = self._media.take([channel.fetch(remote)], films=True)  # of a video note the sound
        except (MediaRefused, PerceptionError) as error:
            log.info("media_refused", attachment_id=attachment_id, code=error.code)
            self._refuse(attachment_id, error.code)
            return
        try:
            kept = self._keep(attachment_id, stored)
        except BaseException:
            self._media.discard([stored])
            raise
        if not kept:
            self._media.discard([stored])

    def _keep(self, attachment_id: str, stored: StoredMedia) -> bool:
        """False when the file has come meanwhile by another way."""
        with self._database.writing() as session:
            attachment = session.get_one(Attachment, attachment_id)
            if attachment.key is not None:
                return False
            attachment.kind, attachment.mime = stored.kind, stored.mime
            attachment.key, attachment.size_bytes = stored.key, stored.size_bytes
            attachment.remote = None
            return True

    def _refuse(self, attachment_id: str, code: str) -> None:
        with self._database.writing() as session:
            attachment = session.get_one(Attachment, attachment_id)
            if attachment.key is None:
                attachment.error_code, attachment.remote = code, None
