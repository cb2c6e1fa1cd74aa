"""Takes customers' messages in: stored first, then acknowledged. Knows no channel, no model and no Rasa.

A message is identified by its identity and the sender's own name for it; a repeat finds the first and does
nothing else. Work on it is queued after the commit; what a crash leaves unqueued is found by ``requeue``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.errors import ChannelError, TooLarge, Unauthorized, Unprocessable, UnsupportedFile
from bot.live import Live, Notice
from bot.media_store import MediaStore
from bot.messages import Inbound, InboundMedia, Queued
from crm.conversations import add_message, open_conversation
from crm.models import Attachment, Identity, Message, utc_now
from crm.unit_of_work import Database
from perception.errors import EmptyMedia, MediaTooLarge, PerceptionError, UnsupportedMedia
from perception.media import MediaLimits, identify

LONG_WAIT = timedelta(minutes=15)
"""A turn takes less, with every try waiting its longest for Rasa."""
PAYLOAD_MEMORY = 30
"""How many of the bot's latest messages may have offered the button that is pressed now."""


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """Bytes already in the media store, not yet on a message."""

    kind: str
    mime: str
    key: str
    size_bytes: int


class Inbox:
    """``enqueue_turn(message, has_media, again)`` queues the work on a message; ``again`` tells a later try apart.

    ``clean_photo`` turns a photo upright and drops what it says about its place; it raises PerceptionError.
    """

    def __init__(
        self,
        database: Database,
        media: MediaStore,
        live: Live,
        enqueue_turn: Callable[[Queued, bool, str], None],
        *,
        clean_photo: Callable[[bytes], bytes],
        text_limit: int,
        media_limits: MediaLimits,
    ) -> None:
        self._database = database
        self._media = media
        self._live = live
        self._enqueue_turn = enqueue_turn
        self._clean_photo = clean_photo
        self._text_limit = text_limit
        self._media_limits = media_limits

    def accept(self, inbound: Inbound) -> str:
        """Stores a message and queues its turn; returns its id.

        Raises TooLarge, UnsupportedFile and Unprocessable for what cannot be taken; nothing is stored then.
        """
        known = self._find(inbound)
        if known is not None:
            return known.id
        text = clean_text(inbound.text)
        if len(text) > self._text_limit:
            raise TooLarge(f"A message may have {self._text_limit} characters at most; this one has {len(text)}.")
        if not text.strip() and inbound.payload is None and not inbound.media:
            raise Unprocessable("empty_message", "The message is empty.")
        stored = [self._store(each) for each in inbound.media]
        try:
            message, is_new = self._insert(inbound, text, stored)
        except BaseException:
            self._discard(stored)
            raise
        if not is_new:
            self._discard(stored)
            return message.id
        self._live.publish(Notice(message.conversation_id, inbound.identity_id))
        self._enqueue_turn(message, bool(stored), "")
        return message.id

    def requeue(self, older_than: timedelta = timedelta(0), *, at_start: bool = False) -> int:
        """Queues the turns of stored messages that have none yet; returns how many were looked at.

        At the start, and when it has waited for long, a message is queued anew: its turn may have ended without an
        answer while the program was ending, or its record may have been restored from a backup. Turns of one
        conversation never run side by side and find their work done, so one too many does no harm.
        """
        with self._database.reading() as session:
            waiting = session.execute(
                select(Message.id, Message.conversation_id, Message.seq, Message.at, Message.attachments.any())
                .where(Message.state.in_(("received", "asked")), Message.at <= utc_now() - older_than)
                .order_by(Message.identity_id, Message.seq)
            ).all()
        now = utc_now()
        for message_id, conversation_id, seq, at, has_media in waiting:
            again = f"-{now:%Y%m%d%H%M%S}" if at_start else f"-{now:%Y%m%d%H}" if now - at > LONG_WAIT else ""
            self._enqueue_turn(Queued(message_id, conversation_id, seq), has_media, again)
        return len(waiting)

    def _find(self, inbound: Inbound) -> Queued | None:
        with self._database.reading() as session:
            return _known_message(session, inbound)

    def _insert(self, inbound: Inbound, text: str, stored: list[StoredMedia]) -> tuple[Queued, bool]:
        """The message, and whether it is new: another request may have stored it meanwhile."""
        with self._database.writing() as session:
            known = _known_message(session, inbound)
            if known is not None:
                return known, False
            identity = session.get(Identity, inbound.identity_id, with_for_update=True)
            if identity is None:
                raise Unauthorized("This visitor is not known.")
            title = _offered_title(session, identity.id, inbound.payload)
            now = inbound.at or utc_now()
            conversation = open_conversation(session, identity, now)
            message = add_message(
                session,
                conversation,
                author="customer",
                channel_message_id=inbound.channel_message_id,
                text=text or title,
                payload=inbound.payload,
                state="received",
                at=now,
            )
            session.add_all(
                Attachment(
                    message_id=message.id, kind=each.kind, mime=each.mime, key=each.key, size_bytes=each.size_bytes
                )
                for each in stored
            )
            return Queued(message.id, conversation.id, message.seq), True

    def _store(self, media: InboundMedia) -> StoredMedia:
        try:
            data, media_type = media.data, identify(media.data, limits=self._media_limits)
            if media_type.kind == "image":
                data = self._clean_photo(data)  # where a photo was taken is never stored
                # a photo of few bytes may grow when it is drawn anew
                media_type = identify(data, limits=replace(self._media_limits, max_bytes=max(len(data), 1)))
        except PerceptionError as error:
            raise refusal(error) from error
        key = self._media.save(data, media_type.extension)
        return StoredMedia(media_type.kind, media_type.mime, key, len(data))

    def _discard(self, stored: list[StoredMedia]) -> None:
        for each in stored:
            self._media.delete(each.key)


def refusal(error: PerceptionError) -> ChannelError:
    """What the sender of a file is told when it cannot be taken."""
    if isinstance(error, MediaTooLarge):
        return TooLarge(f"The file is too large: {error}.")
    if isinstance(error, EmptyMedia | UnsupportedMedia):
        return UnsupportedFile("Photos (JPEG, PNG, WebP, GIF) and sound (Opus, AAC, MP3, WAV) are taken.")
    return Unprocessable("unreadable_media", "The file is damaged and cannot be opened.")


def clean_text(text: str) -> str:
    """The text without what no customer means to send: control characters and broken surrogates."""
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "".join(char for char in whole if char in "\n\t" or unicodedata.category(char) != "Cc")


def _known_message(session: Session, inbound: Inbound) -> Queued | None:
    row = session.execute(
        select(Message.id, Message.conversation_id, Message.seq).where(
            Message.identity_id == inbound.identity_id,
            Message.channel_message_id == inbound.channel_message_id,
        )
    ).first()
    return Queued(*row) if row else None


def _offered_title(session: Session, identity_id: int, payload: str | None) -> str:
    """The title of the button that carries this payload; raises Unprocessable when none was offered."""
    if payload is None:
        return ""
    offers = session.scalars(
        select(Message.buttons)
        .where(Message.identity_id == identity_id, Message.author != "customer")
        .order_by(Message.seq.desc())
        .limit(PAYLOAD_MEMORY)
    )
    for buttons in offers:
        for button in buttons:
            if button["payload"] == payload:
                return str(button["title"])
    raise Unprocessable("unknown_payload", "No button offered that.")
