"""Telegram, by both ways of receiving: people of the fake vendor write, and the vendor's library is ours unpatched."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

import httpx
from sqlalchemy import ColumnElement

from bot.channels.base import Channel
from bot.channels.registry import build_channels
from crm.models import Identity
from tests.contract.channels.driver import VOICE, Customer, Deed, Driver, Failure, Shown
from tests.serving import KEYS, settings_for, wait_until
from tests.vendors.telegram import TOKEN, FakeTelegram, Person, Sent, telegram

FAILURES: dict[Failure, str] = {
    "rate limit": "rate_limited",
    "blocked": "blocked",
    "server error": "server_error",
    "refused": "text_too_long",
}
LARGEST_PHOTO = 50_000
"""Telegram makes photos smaller; a larger one comes as a file, as people send them who mind."""
KINDS = {"sendPhoto": "image", "sendVoice": "audio", "sendAudio": "audio"}


@dataclass
class TelegramDriver(Driver):
    channel = "telegram"
    failures: ClassVar[frozenset[Failure]] = frozenset(FAILURES)
    refuses: ClassVar[frozenset[Deed]] = frozenset({"half a character"})
    longest = 4096
    forged_status = 404
    mode: ClassVar[str] = "polling"
    vendor: FakeTelegram = field(default_factory=FakeTelegram)
    updates: list[dict[str, Any]] = field(default_factory=list)

    def open_vendor(self, vendor: ExitStack) -> None:
        self.vendor = vendor.enter_context(telegram())

    def channels(self) -> Mapping[str, Channel]:
        self.settings |= {
            "telegram_token": TOKEN,
            "telegram_api_url": self.vendor.api_url,
            "telegram_mode": self.mode,
            "public_url": self.public_url,
        }
        return build_channels(settings_for(self.directory, **self.settings), KEYS)

    def customer(self) -> TelegramCustomer:
        return self.newcomer("en")

    def newcomer(self, language: str) -> TelegramCustomer:
        """Somebody whose app is set to this language."""
        return TelegramCustomer(self, self.vendor.person(language=language, started=False))

    def replay(self, times: int = 3) -> None:
        again = self.updates * times
        Random(7).shuffle(again)
        self.vendor.redeliver(*again)
        wait_until(lambda: not self.vendor.waiting)
        self.updates.clear()

    def forge(self) -> httpx.Response:
        update = {"update_id": 1, "message": {"message_id": 1, "date": 1, "chat": {"id": 7, "type": "private"}}}
        return httpx.post(f"{self.server.base_url}/channels/telegram", json=update)

    def fail_next(self, failure: Failure, count: int = 1) -> None:
        self.vendor.fail("sendMessage", FAILURES[failure], count)


@dataclass
class TelegramHookDriver(TelegramDriver):
    mode = "webhook"
    forged_status = 401


@dataclass
class TelegramCustomer(Customer):
    driver: TelegramDriver
    person: Person

    def send_text(self, text: str) -> str:
        return self._sent(self.person.text(text))

    def send_voice(self, data: bytes = VOICE) -> str:
        self.person.started = True
        return self._sent(self.person.voice(data))

    def send_photo(self, data: bytes, caption: str = "") -> str:
        self.person.started = True
        if len(data) > LARGEST_PHOTO:
            stored = self.driver.vendor.store_file(data, "png")
            document = {"file_name": "photo.png", "mime_type": "image/png", **stored}
            return self._sent(self.person.does("image_document", document=document, caption=caption or None))
        return self._sent(self.person.photo(data, caption or None))

    def send_album(self, photos: list[bytes], caption: str = "") -> str:
        self.person.started = True
        first, *_ = [self._sent(update) for update in self.person.album(photos, caption or None)]
        return first

    def edit(self, name: str, text: str) -> None:
        earlier = next(each for each in self.person.deeds if self._name(each) == name)
        self._sent(self.person.edit(earlier, text))

    def press(self, title: str) -> None:
        """A key of a keyboard types its title."""
        latest = next((each for each in reversed(self.person.seen) if title in _shown(each).buttons), None)
        is_key = latest is not None and title in _keys(latest)
        self._sent(self.person.text(title) if is_key else self.person.press(title))

    def seen(self) -> list[Shown]:
        return [_shown(sent) for sent in self.person.seen]

    def notices(self) -> list[str]:
        return [notice.text for notice in self.person.notices if notice.text]

    def identity(self) -> ColumnElement[bool]:
        return (Identity.channel == "telegram") & (Identity.external_id == str(self.person.id))

    def _sent(self, update: dict[str, Any]) -> str:
        self.driver.updates.append(update)
        return self._name(update)

    def _name(self, update: dict[str, Any]) -> str:
        return str(update["message"]["message_id"]) if "message" in update else ""


def _shown(sent: Sent) -> Shown:
    files = (KINDS[sent.method],) if sent.method in KINDS else ()
    return Shown(sent.text, (*sent.buttons, *_keys(sent)), files)


def _keys(sent: Sent) -> tuple[str, ...]:
    return tuple(key["text"] for row in sent.keyboard or [] for key in row)
