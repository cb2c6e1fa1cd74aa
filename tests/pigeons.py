"""A channel whose vendor is told how to fail, and an outbox over an empty database for tests that need no server."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from PIL import ExifTags, Image
from sqlalchemy import select

from bot.channels.base import Channel, Outgoing
from bot.delivering import Delivering
from bot.live import Live
from bot.media_intake import MediaIntake
from bot.media_store import MediaStore
from bot.messages import Reply
from bot.metrics import Metrics
from bot.outbox import Delivery, Outbox
from bot.outreach import Outreach
from crm.conversations import open_conversation
from crm.models import Base, Identity, OutboxRow, utc_now
from crm.unit_of_work import Database
from perception.media import MediaLimits
from perception.picture import clean_photo

BETWEEN_PARTS = "|"


@dataclass
class Pigeon(Channel):
    """Carries one part of a text, from ``|`` to ``|``, at a time. ``weather`` lists what happens to the next parts."""

    name: ClassVar[str] = "pigeon"
    sent: list[str] = field(default_factory=list)
    tried: list[Outgoing] = field(default_factory=list)
    weather: list[BaseException | Callable[[], None] | None] = field(default_factory=list)
    typed: list[tuple[str, str]] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        self.tried.append(outgoing)
        for text in outgoing.text.split(BETWEEN_PARTS)[len(outgoing.parts) :]:
            happens = self.weather.pop(0) if self.weather else None
            if isinstance(happens, BaseException):
                raise happens
            if happens is not None:
                happens()
            self.sent.append(text)
            yield f"{self.name}-{len(self.sent)}"

    def typing(self, bot: str, external_id: str) -> None:
        self.typed.append((bot, external_id))


@dataclass
class Owl(Pigeon):
    """Another channel; a place that begins with ``thread`` is one that somebody else began."""

    name: ClassVar[str] = "owl"

    def can_start(self, external_id: str) -> bool:
        return not external_id.startswith("thread")


@dataclass
class Loft:
    """An outbox and what stands around it; ``queued`` is what it wants done."""

    directory: Path
    database: Database
    outbox: Outbox
    delivering: Delivering
    outreach: Outreach
    media: MediaStore
    live: Live
    metrics: Metrics
    queued: list[Delivery]

    def write(self, identity_id: int, reply: Reply, name: str | None = None) -> str:
        """Stores a message to somebody; its id."""
        with self.database.writing() as session:
            conversation = open_conversation(session, session.get_one(Identity, identity_id), utc_now())
            return self.outbox.add(session, conversation, reply, name=name).id

    def row_of(self, message_id: str) -> OutboxRow:
        with self.database.reading() as session:
            return session.scalars(select(OutboxRow).where(OutboxRow.message_id == message_id)).one()

    def delivered(self, channel: str, outcome: str) -> float:
        return self.metrics.deliveries.labels(channel, outcome)._value.get()

    def deliver_all(self) -> None:
        """Does what is queued, also what that queues, without waiting for any delay."""
        while self.queued:
            self.delivering.deliver(self.queued.pop(0).message_id)


def a_photo() -> bytes:
    with io.BytesIO() as written:
        Image.new("RGB", (32, 32), "steelblue").save(written, "JPEG", exif=_taken_somewhere())
        return written.getvalue()


def _taken_somewhere() -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.GPSInfo] = {ExifTags.GPS.GPSLatitude: (52.0, 31.0, 0.0)}
    return exif


def a_voice_note() -> bytes:
    return (Path(__file__).parent / "media" / "where_is_my_order.ogg").read_bytes()


def files_in(loft: Loft) -> int:
    """How many files the media store holds."""
    return sum(1 for each in loft.directory.rglob("??/*.*"))


@contextmanager
def a_loft(channels: Mapping[str, Channel], *, attempts: int = 3) -> Iterator[Loft]:
    queued: list[Delivery] = []
    with tempfile.TemporaryDirectory() as directory:
        database = Database(f"sqlite:///{directory}/crm.sqlite")
        Base.metadata.create_all(database.engine)
        media, live, metrics = MediaStore(Path(directory)), Live(), Metrics()
        outbox = Outbox(channels, queued.append, MediaIntake(media, clean_photo, MediaLimits()))
        delivering = Delivering(
            database,
            channels,
            queued.append,
            media,
            live,
            metrics,
            attempts=attempts,
            running=lambda: True,
        )
        try:
            yield Loft(
                Path(directory),
                database,
                outbox,
                delivering,
                Outreach(database, outbox, live, metrics),
                media,
                live,
                metrics,
                queued,
            )
        finally:
            database.close()


@contextmanager
def a_peopled_loft(pigeon: Pigeon, *, attempts: int) -> Iterator[Loft]:
    """Two people, 1 and 2, whom pigeons reach, and one on the web, 3."""
    with a_loft({"pigeon": pigeon}, attempts=attempts) as loft:
        with loft.database.writing() as session:
            for id_, channel in enumerate(("pigeon", "pigeon", "web"), start=1):
                session.add(Identity(id=id_, channel=channel, external_id=str(id_)))
        yield loft
