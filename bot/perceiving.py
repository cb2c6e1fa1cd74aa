"""The first stage of a turn: hears its voice notes and looks at its photos, and keeps what was found.

Runs the perception service, which does the work in a process of its own. Whatever cannot be made out is kept with
its error code: staff can still play it and see it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Protocol

import structlog
from sqlalchemy import select

from bot.live import Live, Notice
from bot.media_store import MediaStore
from bot.metrics import Metrics
from crm.models import Attachment, Message
from crm.unit_of_work import Database
from perception.errors import PerceptionError
from perception.facts import Photo, Speech

log = structlog.get_logger(__name__)

SILENCE = "silence"
"""Error code of a voice note in which nobody speaks."""


class Senses(Protocol):
    """Raises PerceptionError."""

    def transcribe(self, data: bytes, *, language_hint: str | None) -> Speech: ...

    def look(self, data: bytes) -> Photo: ...

    def clean_photo(self, data: bytes) -> bytes: ...


class Perceiving:
    """The stage ``perceive``."""

    def __init__(self, database: Database, media: MediaStore, live: Live, senses: Senses, metrics: Metrics) -> None:
        self._database = database
        self._media = media
        self._live = live
        self._senses = senses
        self._metrics = metrics

    def perceive(self, message_id: str) -> None:
        """Finds out what every attachment holds that is not known yet: the message's, and of what waits before it."""
        with self._database.reading() as session:
            message = session.get_one(Message, message_id)
            language = message.conversation.language
            notice = Notice(message.conversation_id, message.identity_id)
            unknown = session.scalars(
                select(Attachment)
                .join(Message, Message.id == Attachment.message_id)
                .where(Message.conversation_id == message.conversation_id, Message.seq <= message.seq)
                .where(Message.state.in_(("received", "asked")))
                .where(Attachment.facts.is_(None), Attachment.error_code.is_(None))
                .order_by(Message.seq, Attachment.at)
            ).all()
        self._live.publish(Notice(notice.conversation_id, notice.identity_id, "typing"))
        for attachment in unknown:
            self._keep(attachment.id, self._make_out(attachment, language))
        if unknown:
            self._live.publish(notice)

    def _make_out(self, attachment: Attachment, language: str) -> dict[str, Any]:
        """The columns to set on the attachment."""
        if attachment.key is None:  # the channel holds it still, and did not give it
            return {"error_code": "media_unavailable"}
        with self._metrics.stage_seconds.labels(f"perceive_{attachment.kind}").time():
            try:
                data = self._media.read(attachment.key)
                if attachment.kind == "image":
                    return {"facts": asdict(self._senses.look(data))}
                return _heard(self._senses.transcribe(data, language_hint=language))
            except FileNotFoundError:
                log.error("media_missing", attachment_id=attachment.id)
                return {"error_code": "media_missing"}
            except PerceptionError as error:
                log.info("media_not_made_out", attachment_id=attachment.id, code=error.code)
                return {"error_code": error.code}

    def _keep(self, attachment_id: str, columns: dict[str, Any]) -> None:
        with self._database.writing() as session:
            attachment = session.get_one(Attachment, attachment_id)
            for name, value in columns.items():
                setattr(attachment, name, value)
            message = attachment.message
            if attachment.transcript:
                message.text = f"{message.text}\n{attachment.transcript}".strip()


def _heard(speech: Speech) -> dict[str, Any]:
    return {
        "facts": asdict(speech),
        "transcript": speech.text or None,
        "transcript_confidence": speech.confidence,
        "engine": speech.engine,
        "duration_s": speech.duration_s,
        "error_code": None if speech.has_speech and speech.text else SILENCE,
    }
