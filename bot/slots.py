"""Which processes work on one durable database: each holds a numbered slot, an operating system's lock on a file.

A slot whose file nobody has locked belongs to a process that has ended, however it ended: the system lets go of the
locks of the dead. Knows nothing of what is done in a slot. For processes of one machine.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
from collections.abc import Iterator
from pathlib import Path


class Slots:
    """Slots 0, 1, 2 … as files ``<path>.slot-<number>``, which stay: deleting one would let two processes hold it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None  # the file descriptor of the slot that is ours

    def take(self) -> int:
        """Holds the least free slot until ``release`` or the end of the process; returns its number."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        for number in itertools.count():
            self._held = _locked(self._file(number))
            if self._held is not None:
                return number
        raise AssertionError("numbers do not end")

    def release(self) -> None:
        if self._held is not None:
            os.close(self._held)
            self._held = None

    @contextlib.contextmanager
    def abandoned(self) -> Iterator[list[int]]:
        """The slots that were used and that nobody holds; nobody can take one of them within the block."""
        with contextlib.ExitStack() as locks:
            found = []
            for number in itertools.count():
                file = self._file(number)
                if not file.exists():
                    break
                descriptor = _locked(file)
                if descriptor is not None:
                    locks.callback(os.close, descriptor)
                    found.append(number)
            yield found

    def _file(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.slot-{number}")


def _locked(file: Path) -> int | None:
    """A descriptor that holds the file's lock; None when somebody else does. Closing it lets go."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
