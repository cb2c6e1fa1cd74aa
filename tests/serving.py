"""Runs the real server for a test: real inbox, turn, durable work and protocol; dialogue, parser and senses are given.

``FakeDialogue`` subclasses the port that Rasa stands behind and is told what to answer and when to fail.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from bot.channels.base import Channel
from bot.composition import Site, build_site
from bot.dialogue import Conversing
from bot.errors import EngineUnavailable
from bot.keys import Keys
from bot.messages import Button, Reply
from bot.public import add_demo, public_app
from bot.settings import Settings
from crm.models import utc_now
from crm.schema import migrate
from crm.unit_of_work import Database
from nlu.understanding import IntentScore, Sentiment, Understanding
from perception.errors import NoRecogniser
from perception.facts import Field, Photo, Speech
from perception.picture import clean_photo

KEYS = Keys(site="site-secret", console="console-secret", engine="engine-secret")


def echo(text: str, metadata: dict[str, Any]) -> list[Reply]:
    """Answers with what was said; some words do special things."""
    if text == "buttons":
        return [Reply("Which?", (Button("The first", '/choose{"which": "1"}'),))]
    if text == "goodbye":
        return [Reply("Bye.", done="goodbye")]
    return [Reply(f"You said: {text}")]


@dataclass
class FakeDialogue(Conversing):
    """Remembers what it answered, as Rasa's tracker does; ``fail_before`` and ``fail_after`` count failures to make."""

    answer: Callable[[str, dict[str, Any]], list[Reply]] = echo
    delay_s: float = 0.0
    fail_before: int = 0
    fail_after: int = 0
    heard: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    sessions: list[str] = field(default_factory=list)
    _memory: dict[str, list[Reply]] = field(default_factory=dict)
    _busy: set[str] = field(default_factory=set)
    overlaps: int = 0

    def converse(self, conversation_id: str, text: str, metadata: dict[str, Any]) -> list[Reply]:
        self.overlaps += conversation_id in self._busy
        self._busy.add(conversation_id)
        try:
            if self.fail_before:
                self.fail_before -= 1
                raise EngineUnavailable("before")
            time.sleep(self.delay_s)
            self.heard.append((conversation_id, text, metadata))
            replies = self.answer(text, metadata)
            self._memory[metadata["message_id"]] = replies
            if self.fail_after:
                self.fail_after -= 1
                raise EngineUnavailable("after")
            return replies
        finally:
            self._busy.discard(conversation_id)

    def recall(self, conversation_id: str, message_id: str) -> list[Reply] | None:
        return self._memory.get(message_id)

    def start_fresh_session(self, conversation_id: str, language: str) -> None:
        self.sessions.append(conversation_id)

    def ready(self) -> bool:
        return True


class FakeParser:
    """Understands the language and little else; ``broken`` makes it fail."""

    broken = False

    def parse(self, text: str) -> Understanding:
        if self.broken:
            raise RuntimeError("the parser is broken")
        language = "zh" if any("\u4e00" <= char <= "\u9fff" for char in text) else "en" if text.isalpha() else "und"
        intent = IntentScore({"human": "ask_human", "gibberish": "nlu_fallback"}.get(text, "inform"), 0.9)
        return Understanding(text, language, intent, (intent,), (), Sentiment(0.1, "neutral"))

    def update_products(self, products: Sequence[str]) -> None:
        """It knows none."""


@dataclass
class FakeSenses:
    """Hears and sees what it is told to."""

    speech: Speech | Exception = field(
        default_factory=lambda: Speech("where is my order", "en", 0.9, "fake", 1.5, has_speech=True)
    )
    photo: Photo | Exception = field(
        default_factory=lambda: Photo(
            "receipt", 100, 100, fields=(Field("order_number", "A1024", (0, 0, 10, 10), 0.9),)
        )
    )

    def transcribe(self, data: bytes, *, language_hint: str | None) -> Speech:
        if language_hint == "zh":
            raise NoRecogniser("no engine for zh")
        if isinstance(self.speech, Exception):
            raise self.speech
        return self.speech

    def look(self, data: bytes) -> Photo:
        if isinstance(self.photo, Exception):
            raise self.photo
        return self.photo

    def clean_photo(self, data: bytes) -> bytes:
        return clean_photo(data)


@dataclass
class Serving:
    """A running server and what stands behind it."""

    base_url: str
    site: Site
    dialogue: FakeDialogue
    parser: FakeParser
    senses: FakeSenses

    @property
    def database(self) -> Database:
        return self.site.database

    def visitor(self, **body: Any) -> Visitor:
        created = httpx.post(f"{self.base_url}/v1/chat/visitors", json=body)
        assert created.status_code == 201, created.text
        return Visitor(self.base_url, created.json()["visitor_token"], created.json()["conversation_id"])


@dataclass
class Visitor:
    """A client of protocol v1."""

    base_url: str
    token: str
    conversation_id: str
    sent: int = 0

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def post(self, path: str, **arguments: Any) -> httpx.Response:
        return httpx.post(f"{self.base_url}/v1/chat{path}", headers=self.headers, timeout=30, **arguments)

    def send(self, text: str | None = None, *, name: str | None = None, **body: Any) -> httpx.Response:
        self.sent += 1
        message = {"client_message_id": name or f"m{self.sent}", **({"text": text} if text is not None else {}), **body}
        return self.post("/messages", json=message)

    def upload(self, data: bytes, filename: str, text: str | None = None) -> httpx.Response:
        self.sent += 1
        fields = {"client_message_id": f"m{self.sent}"} | ({"text": text} if text is not None else {})
        return self.post("/messages", data=fields, files={"file": (filename, data)})

    def messages(self, after: int = 0, wait: float = 0) -> list[dict[str, Any]]:
        response = httpx.get(
            f"{self.base_url}/v1/chat/messages",
            params={"after": after, "wait": wait},
            headers=self.headers,
            timeout=wait + 10,
        )
        assert response.status_code == 200, response.text
        return list(response.json()["messages"])

    def wait_for(self, count: int, timeout_s: float = 20) -> list[dict[str, Any]]:
        """All messages, once there are ``count`` from the bot."""
        deadline = time.monotonic() + timeout_s
        found: list[dict[str, Any]] = []
        while time.monotonic() < deadline:
            found += self.messages(after=found[-1]["seq"] if found else 0, wait=1)
            if sum(message["author"] == "bot" for message in found) >= count:
                return found
        raise AssertionError(f"{count} answers awaited, got: {[message['text'] for message in found]}")

    def ask(self, text: str) -> str:
        """Sends a text and returns the next answer."""
        before = self.messages()
        sent = self.send(text)
        assert sent.status_code == 202, sent.text
        answers = self.wait_for(sum(message["author"] == "bot" for message in before) + 1)
        return str(answers[-1]["text"])


def settings_for(directory: Path, **changes: Any) -> Settings:
    defaults: dict[str, Any] = {
        "turn_attempts": 3,
        "delivery_attempts": 3,
        "rate_visitors": "10000/minute",
        "rate_messages": "10000/minute",
        "rate_uploads": "10000/minute",
    }
    return Settings(_env_file=None, data=directory, **{**defaults, **changes})


@contextmanager
def serving(
    directory: Path,
    *,
    dialogue: Conversing | None = None,
    channels: Mapping[str, Channel] | None = None,
    port: int = 0,
    **changes: Any,
) -> Iterator[Serving]:
    """The server on a loopback port, a free one where none is given, until the block ends.

    ``channels`` are started once it can be called, with their web hooks, and closed at the end.
    """
    settings = settings_for(directory, **changes)
    settings.media_dir.mkdir(parents=True, exist_ok=True)
    fake, parser, senses = FakeDialogue(), FakeParser(), FakeSenses()
    site = build_site(settings, KEYS, dialogue=dialogue or fake, parser=parser, senses=senses, channels=channels or {})
    migrate(site.database)
    app = public_app(
        site.web,
        site.metrics,
        lambda: {"database": True},
        media_limit_bytes=settings.media_limit_bytes,
        allowed_origins=frozenset(settings.allowed_origins.split()),
        channels=site.channels,
    )
    add_demo(app, site.database, KEYS.site)
    site.durable.launch()
    try:
        with running(app, port) as base_url:
            for channel in site.channels.values():
                channel.start(site.intake)
            yield Serving(base_url, site, fake, parser, senses)
    finally:
        site.durable.close()
        for channel in site.channels.values():
            channel.close()
        site.database.close()


@contextmanager
def running(app: Any, port: int = 0) -> Iterator[str]:
    """Serves an ASGI app in a thread, on a free loopback port where none is given."""
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, ws_max_size=65536)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    assert server.started, "the server did not start"
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


def wait_until(condition: Callable[[], Any], timeout_s: float = 20) -> Any:
    """What ``condition`` returns, once it is true."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("the awaited did not come true in time")


__all__ = ["KEYS", "FakeDialogue", "FakeParser", "FakeSenses", "Serving", "Visitor", "serving", "utc_now", "wait_until"]
