"""Texts waiting to be understood: a bounded queue in front of a few threads, never the event loop.

First come, first served. Who finds the queue full, or has waited too long, is told so with a guess at when to come
again; whoever stops waiting is taken out of the queue. It knows nothing of HTTP and nothing of what texts mean. Texts
are not put together for one run of the encoder: docs/understanding.md ("Serving") has the figures.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Literal, Protocol

from nlu.errors import Overloaded
from nlu.understanding import Understanding

WORKERS = 2
WAITING = 256
"""Texts in work or waiting; at a few milliseconds each, more would mean answers that come too late."""
LIMIT_S = 10.0
"""Longest that a text may wait and be worked on: the full queue, all of long texts, on a slow machine."""
LONGEST_RETRY_S = 60
_RECENT = 16  # texts over which the time of one is averaged

Understand = Callable[[str, str | None], Understanding]
"""What a text means that this sender wrote; None where Rasa does not say who."""
Outcome = Literal["understood", "failed", "refused", "late", "gone"]
"""``refused``: the queue was full; ``late``: it took too long; ``gone``: who asked did not wait."""


class Watch(Protocol):
    """Who counts what happens here."""

    def parses_held(self, texts: int) -> None:
        """So many are in work or waiting now."""

    def parse_ended(self, outcome: Outcome, seconds: float) -> None:
        """One text's time from asking to the end of it."""


class ParsePool:
    """To be called from one event loop."""

    def __init__(
        self,
        understand: Understand,
        *,
        workers: int = WORKERS,
        waiting: int = WAITING,
        limit_s: float = LIMIT_S,
        watch: Watch | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._understand = understand
        self._workers = workers
        self._most = waiting
        self._limit_s = limit_s
        self._watch = watch
        self._clock = clock
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="understand")
        # One more for each thread lies ready, so that no thread waits for the event loop.
        self._handed_over = asyncio.Semaphore(2 * workers)
        self._held = 0
        self._typical_s = 0.0

    async def parse(self, text: str, sender: str | None) -> Understanding:
        """Raises Overloaded at once when the queue is full, and after ``limit_s`` when it took too long."""
        began = self._clock()
        outcome: Outcome = "failed"
        try:
            with self._place():
                async with asyncio.timeout(self._limit_s) as limit:
                    understanding = await self._in_turn(text, sender)
            outcome = "understood"
        except Overloaded:
            outcome = "refused"
            raise
        except TimeoutError as error:
            if not limit.expired():
                raise
            outcome = "late"
            raise self._overloaded("understanding took too long") from error
        except asyncio.CancelledError:
            outcome = "gone"
            raise
        finally:
            if self._watch:
                self._watch.parse_ended(outcome, self._clock() - began)
        return understanding

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    @contextmanager
    def _place(self) -> Iterator[None]:
        """A place in the queue, for as long as the block runs. Raises Overloaded."""
        if self._held >= self._most:
            raise self._overloaded("too many texts are waiting to be understood")
        self._count(self._held + 1)
        try:
            yield
        finally:
            self._count(self._held - 1)

    def _count(self, held: int) -> None:
        self._held = held
        if self._watch:
            self._watch.parses_held(held)

    async def _in_turn(self, text: str, sender: str | None) -> Understanding:
        await self._handed_over.acquire()
        work = self._threads.submit(self._timed, text, sender)
        done = asyncio.wrap_future(work)
        done.add_done_callback(self._given_back)
        try:
            # A thread cannot be stopped: its place becomes free when it is done, whoever still waits for it.
            return await asyncio.shield(done)
        except asyncio.CancelledError:
            work.cancel()
            raise

    def _given_back(self, done: asyncio.Future[Understanding]) -> None:
        self._handed_over.release()
        if not done.cancelled():
            done.exception()  # looked at, since who asked may be gone

    def _timed(self, text: str, sender: str | None) -> Understanding:
        began = self._clock()
        try:
            return self._understand(text, sender)
        finally:
            took = self._clock() - began
            self._typical_s += (took - self._typical_s) / (_RECENT if self._typical_s else 1)

    def _overloaded(self, message: str) -> Overloaded:
        """With the time in which what waits now should be worked off."""
        seconds = math.ceil(self._held * self._typical_s / self._workers)
        return Overloaded(message, retry_after_s=min(max(seconds, 1), LONGEST_RETRY_S))
