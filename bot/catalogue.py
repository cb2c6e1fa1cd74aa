"""Keeps the understanding's product names those of the records, in each process for itself, without a restart.

Looked up again at the first text that comes ``REFRESHED_S`` after the last look, in the thread that asks; texts that
come meanwhile are understood by the names known so far. The understanding is told only when something has changed,
since building its matcher takes longer than the look. It knows neither the database nor what is made of the names.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog
from sqlalchemy.exc import SQLAlchemyError

from nlu.understanding import Understanding

log = structlog.get_logger(__name__)

REFRESHED_S = 10.0
"""How long, at most, a name that is new in the records is not recognised yet."""


class NamesProducts(Protocol):
    """An understanding that can be told what products are called."""

    def parse(self, text: str) -> Understanding: ...

    def update_products(self, products: Sequence[str]) -> None: ...


class FreshCatalogue:
    """Understands as ``parser`` does, by the names that ``names`` gives. Thread-safe if both are."""

    def __init__(
        self,
        parser: NamesProducts,
        names: Callable[[], Sequence[str]],
        *,
        known: Sequence[str] = (),
        refreshed_s: float = REFRESHED_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``known`` are the names that the parser has been given already."""
        self._parser = parser
        self._names = names
        self._known = frozenset(known)
        self._refreshed_s = refreshed_s
        self._clock = clock
        self._looked = clock()
        self._looking = threading.Lock()

    def parse(self, text: str) -> Understanding:
        if self._clock() - self._looked >= self._refreshed_s and self._looking.acquire(blocking=False):
            try:
                self._refresh()
            finally:
                self._looked = self._clock()
                self._looking.release()
        return self._parser.parse(text)

    def _refresh(self) -> None:
        try:
            names = self._names()
        except SQLAlchemyError as error:  # the next text but a few tries again; those known go on serving
            log.warning("products_not_read", error=type(error).__name__)
            return
        if frozenset(names) != self._known:
            self._parser.update_products(names)
            self._known = frozenset(names)
            log.info("products_updated", count=len(self._known))
