"""A visitor's thread as protocol v1 shows it: the stored messages, read and put into the wire's form."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from bot.errors import UnknownRecord
from bot.media_store import MediaStore
from crm.conversations import words_of
from crm.models import Attachment, Message
from crm.unit_of_work import Database

PAGE = 200
"""Messages in one answer at most."""
GOODBYE = "goodbye"
"""``done`` of the bot messages that ask for a rating."""


class Thread:
    def __init__(self, database: Database, media: MediaStore) -> None:
        self._database = database
        self._media = media

    def after(self, identity_id: int, seq: int) -> list[dict[str, Any]]:
        """The messages that follow ``seq``, in order, a page at most."""
        return self._read(identity_id, Message.seq > seq)

    def at(self, identity_id: int, seqs: set[int]) -> list[dict[str, Any]]:
        """These messages as they are now, in order."""
        return self._read(identity_id, Message.seq.in_(seqs)) if seqs else []

    def attachment(self, identity_id: int, attachment_id: str) -> tuple[str, bytes]:
        """MIME type and bytes. Raises UnknownRecord for one of somebody else, as for none."""
        with self._database.reading() as session:
            found = session.execute(
                select(Attachment.mime, Attachment.key)
                .join(Message, Message.id == Attachment.message_id)
                .where(Attachment.id == attachment_id, Message.identity_id == identity_id)
            ).first()
        if found is None:
            raise UnknownRecord("There is no such attachment.")
        try:
            return found.mime, self._media.read(found.key)
        except FileNotFoundError as error:
            raise UnknownRecord("The attachment is no longer kept.") from error

    def _read(self, identity_id: int, condition: Any) -> list[dict[str, Any]]:
        with self._database.reading() as session:
            messages = session.scalars(
                select(Message)
                .where(Message.identity_id == identity_id, condition)
                .order_by(Message.seq)
                .limit(PAGE)
                .options(selectinload(Message.attachments))
            )
            return [to_wire(message) for message in messages]


def to_wire(message: Message) -> dict[str, Any]:
    """Protocol v1's ``Message``. ``survey`` is added where the bot asks for a rating."""
    wire: dict[str, Any] = {
        "seq": message.seq,
        "message_id": message.id,
        "author": message.author,
        "text": words_of(message),  # what was heard is shown with the voice note instead
        "buttons": message.buttons,
        "attachments": [_attachment(each) for each in message.attachments],
        "at": message.at.isoformat(),
    }
    if message.done == GOODBYE:
        wire["survey"] = True
    return wire


def awaits_transcript(wire: dict[str, Any]) -> bool:
    """Whether the message has a customer's voice note of which nothing is known yet; ours are never listened to."""
    unheard = (each["kind"] == "audio" and "transcript" not in each for each in wire["attachments"])
    return wire["author"] == "customer" and any(unheard)


def _attachment(attachment: Attachment) -> dict[str, Any]:
    wire = {
        "kind": attachment.kind,
        "url": f"/v1/chat/attachments/{attachment.id}",
        "mime": attachment.mime,
    }
    if attachment.kind == "audio" and (attachment.facts is not None or attachment.error_code is not None):
        wire["transcript"] = attachment.transcript or ""
    return wire
