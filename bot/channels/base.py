"""What every channel that is pushed to must be able to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from bot.errors import ChannelError
from bot.messages import Reply


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message and whom it is for: ``external_id`` on the channel's ``bot``."""

    message_id: str
    bot: str
    external_id: str
    reply: Reply


class DeliveryRefused(ChannelError):
    """The vendor will never take this message: trying again does not help."""

    code = "delivery_refused"


class Channel(Protocol):
    """A way to reach people. ``name`` is what conversations carry as their channel."""

    name: str

    def send(self, outgoing: Outgoing) -> str:
        """Sends and returns the vendor's name for the message.

        Raises DeliveryRefused, or another ChannelError when a later try may succeed.
        """
        ...
