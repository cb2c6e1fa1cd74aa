"""What the tests of satisfaction share: the packaged scorer, and conversations written as short rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from satisfaction.scorer import Scorer
from satisfaction.transcript import Transcript, Turn

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def scorer() -> Scorer:
    return Scorer.load()


@pytest.fixture(scope="session")
def conversation() -> Callable[..., Transcript]:
    """``conversation("en", ("customer", "Hello", {"sentiment": 0.2}), …)``; turn ids are t0, t1 …"""

    def build(language: str, *rows: tuple[Any, ...], channel: str = "web", gap_s: float | None = None) -> Transcript:
        turns = []
        for position, (author, text, *known) in enumerate(rows):
            at = START + timedelta(seconds=position * gap_s) if gap_s is not None else None
            turns.append(Turn(f"t{position}", author, text, at=at, **(known[0] if known else {})))
        return Transcript("c1", language, channel, tuple(turns))

    return build
