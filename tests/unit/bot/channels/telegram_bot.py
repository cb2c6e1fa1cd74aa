"""Telegram and a channel of ours that talks with it, for the tests of the channel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import FastAPI

from bot.channels.base import Outgoing
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram.receiving import Pauses
from tests.serving import running
from tests.vendors.intake import RecordingIntake
from tests.vendors.telegram import TOKEN, FakeTelegram, Person

SECRET = "a-secret_of-the-hook"
QUICK = Pauses(first_s=0.01, longest_s=0.05, conflict_s=0.05, token_s=0.05, tries=3)


@contextmanager
def channel(fake: FakeTelegram, **changes: Any) -> Iterator[TelegramChannel]:
    """One that is not started; closed in the end."""
    settings: dict[str, Any] = {
        "mode": "polling",
        "api_url": fake.api_url,
        "public_url": None,
        "secret": SECRET,
        "media_limit_bytes": 20 * 1024 * 1024,
        "fetch_timeout_s": 10,
        "pauses": QUICK,
    }
    made = TelegramChannel(changes.pop("token", TOKEN), **(settings | changes))
    try:
        yield made
    finally:
        made.close()


@contextmanager
def polling(fake: FakeTelegram, intake: RecordingIntake, **changes: Any) -> Iterator[TelegramChannel]:
    with channel(fake, **changes) as made:
        made.start(intake)
        yield made


@contextmanager
def hooked(fake: FakeTelegram, intake: RecordingIntake | None, **changes: Any) -> Iterator[str]:
    """A server with the web hook; its URL. It is not started without an intake."""
    app = FastAPI()
    with running(app) as base_url, channel(fake, **{"mode": "webhook", "public_url": base_url} | changes) as made:
        router = made.routes()
        assert router is not None
        app.include_router(router, prefix="/channels/telegram")
        if intake is not None:
            made.start(intake)
        yield f"{base_url}/channels/telegram"


def outgoing(person: Person, text: str = "", **changes: Any) -> Outgoing:
    fields: dict[str, Any] = {"bot": TOKEN.partition(":")[0], "external_id": str(person.id), "language": "en"}
    return Outgoing("m1", text=text, **(fields | changes))
