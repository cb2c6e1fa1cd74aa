"""Keeps what a browser test needs beside Playwright out of the thread in which Playwright runs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def apart(manager: AbstractContextManager[T]) -> Iterator[T]:
    """Enters and leaves a context in a thread of its own.

    Playwright keeps an event loop running in the tests' thread, and what finds one there may refuse to start.
    """
    with ThreadPoolExecutor(1) as thread:
        value = thread.submit(manager.__enter__).result()
        try:
            yield value
        finally:
            thread.submit(manager.__exit__, None, None, None).result()
