"""An intake that remembers what it was brought, for the tests of a channel alone."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bot.channels.base import Edited, Intake, Pressed, Proof, Received, Sender
from tests.serving import wait_until


@dataclass
class RecordingIntake(Intake):
    """``taken`` is everything in order but the ``introduced``. ``weather`` may raise before a call is taken.

    ``open_buttons`` is what ``press`` answers.
    """

    open_buttons: bool = True
    weather: Callable[[Any], None] = lambda value: None
    taken: list[Any] = field(default_factory=list)
    introduced: list[Sender] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def message(self, received: Received) -> None:
        self._take(received)

    def edit(self, edited: Edited) -> None:
        self._take(edited)

    def press(self, pressed: Pressed) -> bool:
        self._take(pressed)
        return self.open_buttons

    def prove(self, sender: Sender, proof: Proof) -> None:
        self._take((sender, proof))

    def introduce(self, sender: Sender) -> None:
        self.introduced.append(sender)

    def reachable(self, sender: Sender, *, reachable: bool) -> None:
        self._take((sender, reachable))

    def wait_for(self, count: int, timeout_s: float = 10) -> list[Any]:
        """What was taken, once there is as much of it."""
        wait_until(lambda: len(self.taken) >= count, timeout_s)
        return list(self.taken)

    def texts(self) -> list[str]:
        return [each.text for each in list(self.taken) if isinstance(each, Received)]

    def _take(self, value: Any) -> None:
        self.weather(value)
        with self._lock:
            self.taken.append(value)
