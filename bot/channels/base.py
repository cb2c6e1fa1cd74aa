"""What a channel is: it converts what a vendor sends into values for the intake, and messages into vendor calls.

A channel never runs a model, never talks to Rasa, never opens the database and imports no other channel. The web
channel is fetched from by its clients and stands apart; every other is a subclass of ``Channel`` here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Literal, Protocol

from fastapi import APIRouter

from bot.errors import ChannelError
from crm.models import LinkProof, MessageKind

Command = Literal["start", "help", "human", "privacy", "stop"]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who writes: ``external_id`` names them, and the place where they are answered, on the channel's ``bot``.

    ``language`` is what their app is set to (``en``, ``zh``), a first guess only.
    """

    channel: str
    bot: str
    external_id: str
    name: str | None = None
    language: Literal["en", "zh"] | None = None


@dataclass(frozen=True, slots=True)
class RemoteMedia:
    """A file that the vendor still holds; ``remote`` is what ``Channel.fetch`` needs, and holds no secret.

    ``mime`` and ``size_bytes`` are the vendor's word, used for early refusal alone.
    """

    kind: Literal["image", "audio"]
    remote: str
    mime: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What the vendor vouches for: an E.164 ``phone`` or a verified ``email``; or a ``start_link`` of the shop."""

    kind: LinkProof
    value: str


@dataclass(frozen=True, slots=True)
class Received:
    """One message as a customer sent it. ``channel_message_id`` is unique within the sender's ``channel`` and ``bot``.

    ``kind`` is set for what is neither words, photos nor sound; ``text`` then tells staff what it was. ``album`` joins
    photos that were sent as one. ``proof`` comes with a shared contact, a start link, or a verified profile.
    """

    sender: Sender
    channel_message_id: str
    text: str = ""
    command: Command | None = None
    media: tuple[RemoteMedia, ...] = ()
    kind: MessageKind | None = None
    album: str | None = None
    proof: Proof | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """Other words for a message that was sent before; ``at`` orders several edits of one message.

    One whose message never came (it is then taken as new) needs all that ``Received`` has, so it holds one.
    """

    message: Received
    at: datetime


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button was pressed; ``ref`` is ``OutgoingButton.ref``."""

    sender: Sender
    channel_message_id: str
    ref: str
    at: datetime | None = None


class Intake(Protocol):
    """Where a channel puts what it receives. Every call may be repeated, in any order, by several processes.

    When a call returns, what it brought is on the disk: only then may the vendor be told that it arrived. The calls
    block on the database for milliseconds: make them from a thread, not on an event loop.
    """

    def message(self, received: Received) -> None: ...

    def edit(self, edited: Edited) -> None: ...

    def press(self, pressed: Pressed) -> bool:
        """False when the button is no longer open: its question has been left behind."""
        ...

    def prove(self, sender: Sender, proof: Proof) -> None:
        """Links the sender to the one customer the proof names, if there is exactly one."""
        ...

    def introduce(self, sender: Sender) -> None:
        """Tells the name and the language of somebody who has written before these were known."""
        ...

    def reachable(self, sender: Sender, *, reachable: bool) -> None:
        """The sender has blocked the bot, or let it in again."""
        ...


@dataclass(frozen=True, slots=True)
class OutgoingButton:
    """``ref`` (at most 64 bytes of ASCII) comes back in ``Pressed``."""

    title: str
    ref: str


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    kind: Literal["image", "audio"]
    mime: str
    filename: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message and whom it is for: ``external_id`` on the channel's ``bot``.

    ``attempt`` counts from 1: a later one may follow a crash after the vendor took the message. ``parts`` are the
    vendor's names for the parts that earlier attempts have sent.
    """

    message_id: str
    bot: str
    external_id: str
    language: str
    text: str
    buttons: tuple[OutgoingButton, ...] = ()
    files: tuple[OutgoingFile, ...] = ()
    asks_for: Literal["phone"] | None = None
    attempt: int = 1
    parts: tuple[str, ...] = ()


class DeliveryRefused(ChannelError):
    """The vendor will never take this message: trying again does not help."""

    code = "delivery_refused"


class Unreachable(DeliveryRefused):
    """The customer has blocked the bot, left, or never let it in."""

    code = "unreachable"


class DeliveryDelayed(ChannelError):
    """The vendor wants no message for a while; waiting it out is no failed attempt."""

    code = "delivery_delayed"

    def __init__(self, retry_after_s: float) -> None:
        super().__init__(f"try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


class MediaUnavailable(ChannelError):
    """The vendor does not give the file now; trying again may help."""

    code = "media_unavailable"


class MediaRefused(ChannelError):
    """The file will never be had: gone, or from a place that files are not fetched from."""

    code = "media_refused"


class FileTooLarge(MediaRefused):
    """The file is larger than may be fetched: a smaller one is asked for, not the same again."""

    code = "media_too_large"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing ``crmbot doctor`` found out; ``advice`` says what to do where it is not ``ok``."""

    name: str
    ok: bool
    advice: str = ""


class Channel(ABC):
    """A way to reach people. ``name`` (16 characters at most) is what conversations carry as their channel."""

    name: ClassVar[str]

    def start(self, intake: Intake) -> None:  # noqa: B027  (a channel may leave it out)
        """Begins to receive. Called once; must return soon, also when the vendor cannot be reached."""

    def close(self) -> None:  # noqa: B027
        """Ends receiving and sending; called even when ``start`` never was."""

    def routes(self) -> APIRouter | None:
        """Web hooks, to be served below ``/channels/<name>`` on the public port."""
        return None

    def can_start(self, external_id: str) -> bool:
        """Whether the shop may write first to this place; a thread that somebody else began is none."""
        return True

    @abstractmethod
    def send(self, outgoing: Outgoing) -> Iterator[str]:
        """Sends the parts after ``outgoing.parts`` and yields the vendor's name for each once it has been taken.

        Called from worker threads. Raises DeliveryRefused, Unreachable, DeliveryDelayed, or another ChannelError
        when a later try may succeed.
        """

    def fetch(self, remote: str) -> bytes:
        """The bytes of a ``RemoteMedia``. Raises MediaUnavailable or MediaRefused. Called from worker threads."""
        raise MediaRefused(f"{self.name} has no files")

    def typing(self, bot: str, external_id: str) -> None:  # noqa: B027
        """Shows that an answer is being made, where the vendor can; returns at once and never raises."""

    def check(self) -> list[Finding]:
        """Asks the vendor whether everything is set up; for ``crmbot doctor``, while nothing is started."""
        return []
