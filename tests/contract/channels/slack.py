"""Slack, by both ways of receiving: people of a workspace write to the app in direct messages."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, ClassVar, Literal

import httpx
from sqlalchemy import ColumnElement

from bot.channels.base import Channel
from bot.channels.registry import build_channels
from crm.models import Identity
from tests.contract.channels import driver as base
from tests.contract.channels.driver import VOICE, Customer, Deed, Driver, Shown
from tests.serving import KEYS, settings_for
from tests.vendors import slack_bodies as bodies
from tests.vendors.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Failure, FakeSlack, fake_slack, rate_limited

FAILURES: dict[base.Failure, Failure] = {
    "rate limit": rate_limited(1),
    "blocked": Failure("channel_not_found"),
    "server error": Failure(status=503),
    "refused": Failure("msg_too_long"),
}


@dataclass
class SlackDriver(Driver):
    channel = "slack"
    failures: ClassVar[frozenset[base.Failure]] = frozenset(FAILURES)
    refuses: ClassVar[frozenset[Deed]] = frozenset()
    forged_status = 404
    mode: ClassVar[Literal["socket", "http"]] = "socket"
    vendor: FakeSlack = field(default_factory=FakeSlack)
    told: list[bodies.Body] = field(default_factory=list)
    people: Iterator[int] = field(default_factory=lambda: count(1))

    def open_vendor(self, vendor: ExitStack) -> None:
        self.vendor = vendor.enter_context(fake_slack(self.mode))

    def channels(self) -> Mapping[str, Channel]:
        self.settings |= slack_settings(self.vendor) | {"public_url": self.public_url}
        return build_channels(settings_for(self.directory, **self.settings), KEYS)

    def start(self) -> None:
        connected = self.vendor.connections
        super().start()
        self.vendor.request_url = f"{self.server.base_url}/channels/slack/events"
        if self.mode == "socket":
            self.vendor.wait_for_connection(connected + 1)

    def customer(self) -> SlackCustomer:
        return self.newcomer("en-GB")

    def newcomer(self, locale: str) -> SlackCustomer:
        """Somebody whose app is set to this language."""
        user = f"U{next(self.people):08d}"
        self.vendor.add_user(user, locale=locale)
        return SlackCustomer(self, user)

    def tell(self, body: bodies.Body) -> bodies.Body:
        self.told.append(body)
        self.vendor.deliver(body)
        return body

    def replay(self, times: int = 3) -> None:
        again = self.told * times
        Random(7).shuffle(again)
        for body in again:
            self.vendor.deliver(body)
        self.told.clear()

    def forge(self) -> httpx.Response:
        return httpx.post(f"{self.server.base_url}/channels/slack/events", json=bodies.message("forged"))

    def fail_next(self, failure: base.Failure, count: int = 1) -> None:
        self.vendor.fail("chat.postMessage", *[FAILURES[failure]] * count)


@dataclass
class SlackHttpDriver(SlackDriver):
    mode = "http"
    forged_status = 401


def slack_settings(vendor: FakeSlack) -> dict[str, Any]:
    return {
        "slack_bot_token": BOT_TOKEN,
        "slack_app_token": APP_TOKEN,
        "slack_signing_secret": SIGNING_SECRET,
        "slack_mode": vendor.mode,
        "slack_api_url": vendor.api_url,
    }


@dataclass
class SlackCustomer(Customer):
    driver: SlackDriver
    user: str
    said: dict[str, bodies.Body] = field(default_factory=dict)

    @property
    def direct(self) -> str:
        return self.driver.vendor.direct_channel(self.user)

    def send_text(self, text: str) -> str:
        return self._says(text)

    def send_voice(self, data: bytes = VOICE) -> str:
        return self._says("", self.driver.vendor.add_file("voice", data, mimetype="audio/ogg", name="note.ogg"))

    def send_photo(self, data: bytes, caption: str = "") -> str:
        return self._says(caption, self.driver.vendor.add_file("image", data))

    def send_album(self, photos: list[bytes], caption: str = "") -> str:
        return self._says(caption, *(self.driver.vendor.add_file("image", data) for data in photos))

    def edit(self, name: str, text: str) -> None:
        body = bodies.edited(self.said[name], html.escape(text, quote=False))
        _say_richly(body["event"]["message"], text)
        self.driver.tell(body)

    def press(self, title: str) -> None:
        for post in reversed(self._posts()):
            if title in _buttons(post):
                self.driver.tell(bodies.pressed(post, title, user=self.user))
                return
        raise AssertionError(f"no button says {title!r}")

    def seen(self) -> list[Shown]:
        return [Shown(_words(post), _buttons(post), self._files(post)) for post in self._posts()]

    def notices(self) -> list[str]:
        return [each["text"] for each in list(self.driver.vendor.ephemerals) if each["user"] == self.user]

    def identity(self) -> ColumnElement[bool]:
        named = Identity.external_id.contains(self.direct) | Identity.external_id.contains(self.user)
        return (Identity.channel == "slack") & named

    def _says(self, text: str, *files: bodies.Body) -> str:
        """Slack sends what was typed with three characters escaped, and once more as rich text."""
        body = bodies.message(html.escape(text, quote=False), user=self.user, channel=self.direct, files=files)
        _say_richly(body["event"], text)
        self.said[body["event"]["ts"]] = body
        self.driver.tell(body)
        return str(body["event"]["ts"])

    def _posts(self) -> list[bodies.Body]:
        return self.driver.vendor.posts_in(self.direct)

    def _files(self, post: bodies.Body) -> tuple[str, ...]:
        uploads = [self.driver.vendor.uploads[each["id"]] for each in post.get("files", [])]
        return tuple("audio" if each["name"].endswith((".ogg", ".m4a", ".mp3")) else "image" for each in uploads)


def _say_richly(message: bodies.Body, text: str) -> None:
    if message.get("blocks"):
        message["blocks"][0]["elements"][0]["elements"] = [{"type": "text", "text": text}]


def _words(post: bodies.Body) -> str:
    """What the app shows: the blocks where there are any, else the text."""
    sections = [block["text"] for block in post["blocks"] if block["type"] == "section"]
    if not sections:
        return html.unescape(post["text"])
    return "".join(each["text"] if each["type"] == "plain_text" else html.unescape(each["text"]) for each in sections)


def _buttons(post: bodies.Body) -> tuple[str, ...]:
    rows = [block["elements"] for block in post["blocks"] if block["type"] == "actions"]
    return tuple(button["text"]["text"] for row in rows for button in row)
