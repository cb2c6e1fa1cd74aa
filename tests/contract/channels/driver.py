"""Who plays the customers and the vendor at once, for the one suite that every channel passes.

A driver is a channel's other side: what customers do in their app, what the vendor's servers make of it, and what the
app shows in the end. The suite knows nothing else of any vendor. Where a vendor cannot do a thing the driver names it
in ``refuses`` or ``shows``, and the suite asserts what then happens instead.
"""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Literal

import httpx
from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from bot.channels.base import Channel
from bot.server import free_port
from crm.models import Conversation, Identity, Message, OutboxRow
from tests.serving import Serving, serving, wait_until

MEDIA = Path(__file__).parents[2] / "media"
VOICE = (MEDIA / "where_is_my_order.ogg").read_bytes()

Deed = Literal["album", "edit", "stale press", "long text", "large file", "text file", "half a character"]
"""What a channel may refuse at once, or cannot do; the suite then asserts the refusal."""
Failure = Literal["rate limit", "blocked", "server error", "refused"]
"""How a vendor may fail to take a message: it asks to wait; the customer has shut us out; 5xx; 4xx for good."""


class Refused(Exception):
    """The channel told the customer's app at once that it does not take this; ``code`` is what it said."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status, self.code = status, code


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing the shop sent, as the customer's app shows it."""

    text: str
    buttons: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class Customer(ABC):
    """One person in the vendor's app. The ``send_…`` return the vendor's name for the message that was sent."""

    driver: Driver

    @abstractmethod
    def send_text(self, text: str) -> str: ...

    @abstractmethod
    def send_voice(self, data: bytes = VOICE) -> str: ...

    @abstractmethod
    def send_photo(self, data: bytes, caption: str = "") -> str: ...

    @abstractmethod
    def send_album(self, photos: list[bytes], caption: str = "") -> str: ...

    @abstractmethod
    def edit(self, name: str, text: str) -> None: ...

    @abstractmethod
    def press(self, title: str) -> None:
        """Presses the latest button of that title that the app shows, whether or not the shop still minds it."""

    @abstractmethod
    def seen(self) -> list[Shown]:
        """All that the shop has sent, in order."""

    @abstractmethod
    def identity(self) -> Any:
        """The condition on ``Identity`` that finds this person."""

    def notices(self) -> list[str]:
        """What the app showed in passing: the words in answer to a press."""
        return []

    def wait_for(self, count: int, timeout_s: float = 20) -> list[Shown]:
        """What was seen, once there is as much of it; and what came a moment later, as that may be one too many."""
        return list(wait_until(lambda: found if len(found := self.seen()) >= count else None, timeout_s))

    def texts(self) -> list[str]:
        return [each.text for each in self.seen()]

    def messages(self) -> list[Message]:
        """What is stored of both sides, in order."""
        with self.driver.server.database.reading() as session:
            return list(
                session.scalars(
                    select(Message)
                    .join(Identity, Identity.id == Message.identity_id)
                    .where(self.identity())
                    .order_by(Message.seq)
                    .options(selectinload(Message.attachments))
                )
            )

    def own(self) -> list[Message]:
        """What is stored of what the customer sent."""
        return [message for message in self.messages() if message.author == "customer"]

    def outbox(self) -> list[OutboxRow]:
        with self.driver.server.database.reading() as session:
            return list(
                session.scalars(
                    select(OutboxRow)
                    .join(Message, Message.id == OutboxRow.message_id)
                    .join(Identity, Identity.id == Message.identity_id)
                    .where(self.identity())
                    .order_by(OutboxRow.id)
                )
            )

    def record(self) -> Identity:
        with self.driver.server.database.reading() as session:
            return session.scalars(select(Identity).where(self.identity())).one()

    def conversation(self) -> Conversation:
        """The latest."""
        with self.driver.server.database.reading() as session:
            return (
                session.scalars(
                    select(Conversation)
                    .join(Identity, Identity.id == Conversation.identity_id)
                    .where(self.identity())
                    .order_by(Conversation.opened_at.desc())
                ).first()
                or self._no_conversation()
            )

    def _no_conversation(self) -> Conversation:
        raise AssertionError("the customer has no conversation yet")

    def settled(self) -> None:
        """Waits until all that is stored is answered, and every answer is sent or dead."""
        wait_until(
            lambda: (
                all(message.state in ("answered", "failed") for message in self.messages())
                and all(row.state != "pending" for row in self.outbox())
            ),
            timeout_s=40,
        )


@dataclass
class Driver(ABC):
    """The other side of one channel, and the server that is tried.

    ``refuses`` names what the customer's app cannot do or is told at once; ``pushed`` whether answers are sent to a
    vendor (who may fail) rather than fetched; ``longest`` the length at which a text is sent in parts.
    """

    directory: Path
    settings: dict[str, Any] = field(default_factory=dict)
    _vendor: ExitStack = field(default_factory=ExitStack)
    _running: ExitStack = field(default_factory=ExitStack)
    _server: Serving | None = None
    _port: int = field(default_factory=free_port)

    channel: ClassVar[str]
    """What conversations carry as their channel."""
    refuses: ClassVar[frozenset[Deed]] = frozenset()
    failures: ClassVar[frozenset[Failure]] = frozenset()
    """How the vendor may fail; none where answers are fetched."""
    longest: ClassVar[int | None] = None
    forged_status: ClassVar[int] = 401
    """What a forger is answered; 404 where nobody is listened to."""

    @abstractmethod
    def customer(self) -> Customer:
        """A person who has never written before."""

    @abstractmethod
    def replay(self, times: int = 3) -> None:
        """The vendor delivers every update of the latest customer deeds again, shuffled, ``times`` times."""

    @abstractmethod
    def forge(self) -> httpx.Response:
        """Somebody who is not the vendor claims that a customer wrote."""

    def fail_next(self, failure: Failure, count: int = 1) -> None:
        """The vendor fails to take the next ``count`` messages in this way."""
        raise AssertionError(f"{type(self).__name__} has no vendor who might fail")

    def open_vendor(self, vendor: ExitStack) -> None:  # noqa: B027
        """Starts what plays the vendor; it outlives the server."""

    def channels(self) -> Mapping[str, Channel]:
        """Fresh channels for a server that starts."""
        return {}

    @property
    def server(self) -> Serving:
        assert self._server is not None, "the server does not run"
        return self._server

    @property
    def pushed(self) -> bool:
        return bool(self.failures)

    @contextmanager
    def running(self) -> Iterator[Driver]:
        with self._vendor:
            self.open_vendor(self._vendor)
            try:
                self.start()
                yield self
            finally:
                self.stop()

    @property
    def public_url(self) -> str:
        """Where the server is called, also after it has begun anew."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        site = serving(self.directory, channels=self.channels(), port=self._port, **self.settings)
        self._server = self._running.enter_context(site)
        self._server.site.inbox.requeue(at_start=True)
        self._server.site.delivering.requeue(at_start=True)

    def stop(self) -> None:
        self._running.close()
        self._server = None


def photo(colour: str = "steelblue", size: int = 64) -> bytes:
    """A small photo as JPEG; of another colour it is another photo."""
    picture = Image.new("RGB", (size, size), colour)
    ImageDraw.Draw(picture).ellipse((8, 8, size - 8, size - 8), fill="white")
    with io.BytesIO() as written:
        picture.save(written, "JPEG")
        return written.getvalue()


def noise(size: int) -> bytes:
    """A photo that no compression makes small: about three bytes a pixel."""
    picture = Image.frombytes("RGB", (size, size), Random(size).randbytes(3 * size * size))
    with io.BytesIO() as written:
        picture.save(written, "PNG")
        return written.getvalue()


def expect_refusal(deed: Callable[[], object]) -> Refused:
    """Does what the channel refuses at once."""
    try:
        deed()
    except Refused as refusal:
        return refusal
    raise AssertionError("the channel took what its driver says it refuses")
