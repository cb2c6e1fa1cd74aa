"""The values that travel between channels, inbox, turn and outbox. Frozen, no I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class InboundMedia:
    """A file as the channel received it; its type is decided from ``data``, never from ``filename``."""

    data: bytes
    filename: str | None = None


@dataclass(frozen=True, slots=True)
class Inbound:
    """One message as a customer sent it. ``channel_message_id`` is the sender's own name for it.

    Exactly one of ``text`` and ``payload`` may be set beside ``media``; ``payload`` is a button's.
    """

    identity_id: int
    channel_message_id: str
    text: str = ""
    payload: str | None = None
    media: tuple[InboundMedia, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Queued:
    """A stored message that work is queued for: by conversation, in the order of ``seq``."""

    id: str
    conversation_id: str
    seq: int


@dataclass(frozen=True, slots=True)
class Button:
    """``title`` is shown, ``payload`` (``/intent{"slot": …}``) comes back when it is pressed."""

    title: str
    payload: str


@dataclass(frozen=True, slots=True)
class Reply:
    """One message to a customer, from the bot or from staff. ``done`` names what it got done, if anything.

    ``media`` are photos and voice notes to send along. ``asks_for`` names what a channel may offer to be shared by
    a tap instead of typed.
    """

    text: str
    buttons: tuple[Button, ...] = ()
    done: str | None = None
    media: tuple[InboundMedia, ...] = ()
    asks_for: Literal["phone"] | None = None
