"""The event loop that everything of Slack's libraries runs on, in a thread of its own; it knows nothing of Slack."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError, Future
from contextlib import ExitStack
from typing import Any, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from bot.errors import ChannelError

T = TypeVar("T")


class Loop:
    """Begins with the first call, which may come from any thread but its own; after ``close`` every call fails."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        self._closed = False

    def call(self, function: Callable[..., Awaitable[T]], *args: Any) -> T:
        """Runs a coroutine function on the loop and waits for what it returns. Raises ChannelError after ``close``."""
        try:
            return self.begin(function, *args).result()
        except CancelledError:
            raise ChannelError("the channel is being closed") from None

    def begin(self, function: Callable[..., Awaitable[T]], *args: Any) -> Future[T]:
        """The same without waiting; cancelling the future cancels the work. Raises ChannelError after ``close``."""
        portal = self._begun()
        try:
            return portal.start_task_soon(function, *args)
        except RuntimeError:
            raise ChannelError("the channel is being closed") from None

    def close(self) -> None:
        """Ends the loop; work that is still under way is cancelled."""
        with self._lock:
            self._closed = True
            portal, self._portal = self._portal, None
        if portal is not None:
            portal.call(portal.stop, True)
            self._stack.close()

    def _begun(self) -> BlockingPortal:
        with self._lock:
            if self._closed:
                raise ChannelError("the channel has been closed")
            if self._portal is None:
                self._portal = self._stack.enter_context(start_blocking_portal(name=self._name))
            return self._portal
