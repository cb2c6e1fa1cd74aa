"""Tells whoever waits that a conversation has changed. Carries ids only; the waiter reads the database.

Within one process this is immediate. A waiter in another process finds out by its own slow polling, so that a
lost notice costs a second and never a message.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Notice:
    """``changed``: messages were added or altered. ``typing``: an answer is being made."""

    conversation_id: str
    identity_id: int
    kind: Literal["changed", "typing"] = "changed"


class Subscription:
    """Notices for one waiter, in order. Belongs to the event loop it was made on."""

    def __init__(self, identity_id: int | None) -> None:
        self.identity_id = identity_id
        self._loop = asyncio.get_running_loop()
        self._notices: asyncio.Queue[Notice] = asyncio.Queue()

    def offer(self, notice: Notice) -> None:
        if self.identity_id in (None, notice.identity_id) and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._notices.put_nowait, notice)

    async def next(self, timeout_s: float) -> Notice | None:
        """The next notice, or None when none came in time."""
        try:
            return await asyncio.wait_for(self._notices.get(), timeout_s)
        except TimeoutError:
            return None

    async def __aiter__(self) -> AsyncIterator[Notice]:
        while True:
            yield await self._notices.get()


class Live:
    """Publish from any thread; subscribe on an event loop, or listen for as long as the program runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._subscriptions: set[Subscription] = set()
        self._listeners: list[Callable[[Notice], None]] = []

    def publish(self, notice: Notice) -> None:
        with self._lock:
            subscriptions = list(self._subscriptions)
        for subscription in subscriptions:
            subscription.offer(notice)
        for listener in self._listeners:
            listener(notice)

    def listen(self, listener: Callable[[Notice], None]) -> None:
        """Calls ``listener`` with every notice, on the publisher's thread: it must be quick and never raise."""
        self._listeners.append(listener)

    @contextmanager
    def subscribe(self, identity_id: int | None = None) -> Iterator[Subscription]:
        """Notices of one identity's thread, or of all with None."""
        subscription = Subscription(identity_id)
        with self._lock:
            self._subscriptions.add(subscription)
        try:
            yield subscription
        finally:
            with self._lock:
                self._subscriptions.discard(subscription)
