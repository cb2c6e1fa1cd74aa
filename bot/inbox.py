"""Takes customers' messages in: stored first, then acknowledged. Knows no channel, no model and no Rasa.

A message is identified by its identity and the sender's own name for it; a repeat finds the first and does
nothing else. Work on it is queued after the commit; what a crash leaves unqueued is found by ``requeue``.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from sqlalchemy import Exists, SQLColumnExpression, bindparam, exists, select
from sqlalchemy.orm import Session, aliased

from bot.errors import ChannelError, TooLarge, Unauthorized, Unprocessable, UnsupportedFile
from bot.live import Live, Notice
from bot.media_intake import MediaIntake, StoredMedia
from bot.messages import Inbound, Queued
from crm.conversations import WAITING, add_message, open_conversation
from crm.models import Attachment, Identity, Message, MessageKind, utc_now
from crm.unit_of_work import Database
from perception.errors import EmptyMedia, MediaTooLarge, PerceptionError, UnsupportedMedia

LONG_WAIT = timedelta(minutes=15)
"""A turn takes less, with every try waiting its longest for Rasa."""
PAYLOAD_MEMORY = 30
"""How many of the bot's latest messages may have offered the button that is pressed now."""


class EnqueueTurn(Protocol):
    """Queues the work on a message, to begin after ``delay_s``; ``again`` tells a later try apart.

    ``has_media``: the message, or one that waits before it in its conversation, came with files.
    """

    def __call__(self, message: Queued, has_media: bool, *, again: str = "", delay_s: float = 0) -> None: ...


@dataclass(frozen=True, slots=True)
class Draft:
    """A customer's message as it is to be stored; the fields are those of ``Message``."""

    channel_message_id: str
    text: str
    at: datetime
    payload: str | None = None
    kind: MessageKind | None = None
    album: str | None = None
    error_code: str | None = None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """A message that has just been stored and is to be announced once that is committed."""

    message: Queued
    identity_id: int
    has_media: bool


class Inbox:
    """``burst_window_s`` is the pause after which messages are answered together; 0 answers each at once."""

    def __init__(
        self,
        database: Database,
        media: MediaIntake,
        live: Live,
        enqueue_turn: EnqueueTurn,
        *,
        text_limit: int,
        burst_window_s: float = 0,
    ) -> None:
        self._database = database
        self._media = media
        self._live = live
        self._enqueue_turn = enqueue_turn
        self._text_limit = text_limit
        self._burst_window_s = burst_window_s

    def accept(self, inbound: Inbound) -> str:
        """Stores a message and queues its turn; returns its id.

        Raises TooLarge, UnsupportedFile and Unprocessable for what cannot be taken; nothing is stored then.
        """
        with self._database.reading() as session:
            known = known_message(session, inbound.identity_id, inbound.channel_message_id)
        if known is not None:
            return known.id
        text = clean_text(inbound.text)
        if len(text) > self._text_limit:
            raise TooLarge(f"A message may have {self._text_limit} characters at most; this one has {len(text)}.")
        if not text.strip() and inbound.payload is None and not inbound.media:
            raise Unprocessable("empty_message", "The message is empty.")
        try:
            files = self._media.take([each.data for each in inbound.media])
        except PerceptionError as error:
            raise refusal(error) from error
        try:
            new = self._insert(inbound, text, files)
        except BaseException:
            self._media.discard(files)
            raise
        if isinstance(new, Stored):
            self.announce(new, delay_s=0 if inbound.payload else self._burst_window_s)
            return new.message.id
        self._media.discard(files)
        return new.id

    def announce(self, stored: Stored, *, delay_s: float) -> None:
        """Tells who watches of a committed message, and queues its turn to begin after ``delay_s``."""
        self._live.publish(Notice(stored.message.conversation_id, stored.identity_id))
        self._enqueue_turn(stored.message, stored.has_media, delay_s=delay_s)

    def requeue(self, older_than: timedelta = timedelta(0), *, at_start: bool = False) -> int:
        """Queues the turns of stored messages that have none yet; returns how many were looked at.

        At the start, and when it has waited for long, a message is queued anew: its turn may have ended without an
        answer while the program was ending, or its record may have been restored from a backup. Turns of one
        conversation never run side by side and find their work done, so one too many does no harm.
        """
        with self._database.reading() as session:
            waiting = session.execute(
                select(
                    Message.id,
                    Message.conversation_id,
                    Message.seq,
                    Message.at,
                    waits_with_media(Message.conversation_id, Message.seq),
                )
                .where(Message.state.in_(WAITING), Message.at <= utc_now() - older_than)
                .order_by(Message.identity_id, Message.seq)
            ).all()
        now = utc_now()
        for message_id, conversation_id, seq, at, has_media in waiting:
            again = f"-{now:%Y%m%d%H%M%S}" if at_start else f"-{now:%Y%m%d%H}" if now - at > LONG_WAIT else ""
            self._enqueue_turn(Queued(message_id, conversation_id, seq), has_media, again=again)
        return len(waiting)

    def _insert(self, inbound: Inbound, text: str, files: list[StoredMedia]) -> Stored | Queued:
        """The message just stored, or the one that another request has stored meanwhile."""
        with self._database.writing() as session:
            known = known_message(session, inbound.identity_id, inbound.channel_message_id)
            if known is not None:
                return known
            identity = session.get(Identity, inbound.identity_id, with_for_update=True)
            if identity is None:
                raise Unauthorized("This visitor is not known.")
            title = _offered_title(session, identity.id, inbound.payload)
            draft = Draft(
                channel_message_id=inbound.channel_message_id,
                text=text or title,
                at=inbound.at or utc_now(),
                payload=inbound.payload,
            )
            kept = [
                Attachment(kind=each.kind, mime=each.mime, key=each.key, size_bytes=each.size_bytes) for each in files
            ]
            return store_message(session, identity, draft, kept)


def store_message(session: Session, identity: Identity, draft: Draft, attachments: Iterable[Attachment]) -> Stored:
    """Appends a customer's message to their open conversation, or to a new one, in the caller's transaction.

    The caller has looked whether it is known, in this transaction.
    """
    conversation = open_conversation(session, identity, utc_now())
    message = add_message(
        session,
        conversation,
        author="customer",
        channel_message_id=draft.channel_message_id,
        text=draft.text,
        payload=draft.payload,
        kind=draft.kind,
        album=draft.album,
        error_code=draft.error_code,
        edited_at=draft.edited_at,
        state="received",
        at=draft.at,
    )
    for attachment in attachments:
        attachment.message_id = message.id
        session.add(attachment)
    session.flush()
    place = {"conversation_id": conversation.id, "seq": message.seq}
    return Stored(
        Queued(message.id, conversation.id, message.seq), identity.id, bool(session.scalar(_WAITS_WITH_MEDIA, place))
    )


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


def known_message(session: Session, identity_id: int, channel_message_id: str) -> Queued | None:
    """The message that this sender has sent under this name, if it is stored."""
    row = session.execute(
        select(Message.id, Message.conversation_id, Message.seq).where(
            Message.identity_id == identity_id, Message.channel_message_id == channel_message_id
        )
    ).first()
    return Queued(*row) if row else None


def waits_with_media(conversation_id: SQLColumnExpression[str], seq: SQLColumnExpression[int]) -> Exists:
    """Whether a message of the conversation up to ``seq`` has files and has not been answered."""
    earlier = aliased(Message)
    return exists().where(
        Attachment.message_id == earlier.id,
        earlier.conversation_id == conversation_id,
        earlier.seq <= seq,
        earlier.state.in_(WAITING),
    )


_WAITS_WITH_MEDIA = select(waits_with_media(bindparam("conversation_id"), bindparam("seq")))
"""Made once: making it takes longer than running it."""


def latest_offers(session: Session, identity_id: int) -> Sequence[Message]:
    """The messages to this customer whose buttons may still be pressed, latest first."""
    return session.scalars(
        select(Message)
        .where(Message.identity_id == identity_id, Message.author != "customer")
        .order_by(Message.seq.desc())
        .limit(PAYLOAD_MEMORY)
    ).all()


def _offered_title(session: Session, identity_id: int, payload: str | None) -> str:
    """The title of the button that carries this payload; raises Unprocessable when none was offered."""
    if payload is None:
        return ""
    for offer in latest_offers(session, identity_id):
        for button in offer.buttons:
            if button["payload"] == payload:
                return str(button["title"])
    raise Unprocessable("unknown_payload", "No button offered that.")
