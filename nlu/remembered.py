"""What was understood lately, so that nothing is worked out twice: bounded by bytes, shared between threads.

Equal questions asked at the same moment are worked out once, and who comes second waits for the first. It keeps values
under the keys that it is given and knows nothing of what they mean: a key must name all that its value depends on.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from dataclasses import fields, is_dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")

KEPT_BYTES = 16 * 1024 * 1024
"""About 6,000 short messages; a busy shop's week of "hello" and "thank you" needs far less."""
LARGEST_SHARE = 16
"""A value that would take more than this part of the room is not kept: one giant text pushes out nothing."""
_ENTRY_BYTES = 300
"""A key's tuple and its place in the dictionary."""


class Remembered(Generic[Value]):
    """Thread-safe. The one used longest ago goes first."""

    def __init__(self, kept_bytes: int = KEPT_BYTES) -> None:
        self._room = kept_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, tuple[Value, int]] = OrderedDict()
        self._under_way: dict[Hashable, Future[Value]] = {}
        self.used_bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable, work_out: Callable[[], Value]) -> Value:
        """The value kept under ``key``, or what ``work_out`` makes of it, here or in the thread that asked before.

        Raises what ``work_out`` raises, to all who wait for it; an error is not kept.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                return kept[0]
            under_way = self._under_way.get(key)
            mine: Future[Value] = Future()
            if under_way is None:
                self._under_way[key] = mine
        if under_way is not None:
            return under_way.result()
        return self._worked_out(key, work_out, mine)

    def forget(self) -> None:
        """All of it. What is being worked out is told to those who wait and not kept."""
        with self._lock:
            self._kept.clear()
            self._under_way.clear()
            self.used_bytes = 0

    def _worked_out(self, key: Hashable, work_out: Callable[[], Value], mine: Future[Value]) -> Value:
        try:
            value = work_out()
        except BaseException as error:
            self._finish(key, mine)
            mine.set_exception(error)
            raise
        size = _ENTRY_BYTES + size_of(value)
        with self._lock:
            if self._finish_locked(key, mine):
                self._keep(key, value, size)
        mine.set_result(value)
        return value

    def _finish(self, key: Hashable, mine: Future[Value]) -> None:
        with self._lock:
            self._finish_locked(key, mine)

    def _finish_locked(self, key: Hashable, mine: Future[Value]) -> bool:
        """Whether it was still wanted: nothing was forgotten since it was begun."""
        wanted = self._under_way.get(key) is mine
        if wanted:
            del self._under_way[key]
        return wanted

    def _keep(self, key: Hashable, value: Value, size: int) -> None:
        if size > self._room // LARGEST_SHARE:
            return
        self._kept[key] = value, size
        self.used_bytes += size
        while self.used_bytes > self._room:
            _, (_, freed) = self._kept.popitem(last=False)
            self.used_bytes -= freed


def size_of(value: object) -> int:
    """Bytes of a frozen value and all within it. Strings that several values share are counted for each."""
    size = sys.getsizeof(value)
    if isinstance(value, tuple):
        return size + sum(map(size_of, value))
    if is_dataclass(value):
        return size + sum(size_of(getattr(value, field.name)) for field in fields(value))
    return size
