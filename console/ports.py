"""What the console needs from the rest of the program, and gets by construction in one place.

The conversation server implements these; the tests play them. Nothing here is NiceGUI's.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol


class MediaSource(Protocol):
    def read(self, key: str) -> bytes:
        """The bytes stored under ``key``; FileNotFoundError when they are gone."""


class Notice(Protocol):
    @property
    def conversation_id(self) -> str: ...


class Subscription(Protocol):
    async def next(self, timeout_s: float) -> Notice | None:
        """The next notice, or None when none came in time."""


class LiveUpdates(Protocol):
    def subscribe(self) -> AbstractContextManager[Subscription]:
        """Notices of changed conversations, from the moment of entering, on the running event loop."""


class StaffDesk(Protocol):
    """What staff may do in a conversation, and to begin one.

    Acts in one raise the CrmErrors NotFound, AlreadyClosed, HeldByOther.
    """

    async def take_over(self, conversation_id: str, staff_id: int) -> None:
        """From now on this staff member answers and the bot is silent, whoever answered before."""

    async def reply(self, conversation_id: str, staff_id: int, text: str, media: Sequence[bytes] = ()) -> None:
        """Sends words, photos and voice notes to the customer. HeldByOther unless this staff member has taken over.

        InvalidValue when there is nothing to send, FileRefused for a file that cannot be taken.
        """

    async def hand_back(self, conversation_id: str, staff_id: int) -> None:
        """Lets the bot answer again."""

    async def close(self, conversation_id: str, staff_id: int) -> None:
        """Ends the conversation."""

    async def way_to(self, customer_id: int) -> str | None:
        """The channel by which a message would reach the customer now; None when none would."""

    async def start(self, customer_id: int, staff_id: int, text: str) -> str:
        """Writes to the customer first, and has this staff member answer from then on; the conversation's id.

        NotReachable when nothing reaches them, HeldByOther when another staff member answers them already.
        """
