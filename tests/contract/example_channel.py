"""The example of ``docs/channels.md``, taken out of the document and run: what a reader copies is what is tested here.

``HookDriver`` plays the other side of that channel: a small server that customers' messages come from, and that is
posted the answers.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any, ClassVar

import httpx
from fastapi import FastAPI, Request, Response
from sqlalchemy import ColumnElement

from bot.channels.base import Channel
from bot.settings import PROJECT
from crm.models import Identity
from tests.contract.channels.driver import VOICE, Customer, Deed, Driver, Failure, Shown
from tests.serving import running

DOCUMENT = PROJECT / "docs" / "channels.md"
SECRET = "a secret of both sides"
STATUS: dict[Failure, int] = {"rate limit": 429, "blocked": 410, "server error": 503, "refused": 404}


def example() -> str:
    """The one block of Python under "A channel of your own"."""
    section = DOCUMENT.read_text("utf-8").partition("\n## A channel of your own\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return str(block)


def load_example(directory: Path) -> ModuleType:
    """The example as the module ``hook``, from a file that a reader would have made."""
    path = directory / "hook.py"
    path.write_text(example(), "utf-8")
    spec = importlib.util.spec_from_file_location("hook", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["hook"] = module  # pydantic looks its annotations up there
    spec.loader.exec_module(module)
    return module


@dataclass
class Partner:
    """The other side's server: what it was posted, the files it holds, and how it is to fail next."""

    posted: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    failures: list[Failure] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/answers")
        async def take(request: Request) -> Response:
            if request.headers["Authorization"] != f"Bearer {SECRET}":
                return Response(status_code=401)
            if self.failures:
                return Response(status_code=STATUS[self.failures.pop(0)], headers={"Retry-After": "1"})
            self.posted.append(await request.json())
            return Response()

        @app.get("/files/{name}")
        async def file(name: str, request: Request) -> Response:
            if request.headers.get("Authorization") != f"Bearer {SECRET}" or name not in self.files:
                return Response(status_code=404)
            return Response(self.files[name])

        return app


@dataclass
class HookDriver(Driver):
    channel = "hook"
    failures: ClassVar[frozenset[Failure]] = frozenset(STATUS)
    refuses: ClassVar[frozenset[Deed]] = frozenset({"half a character"})
    partner: Partner = field(default_factory=Partner)
    delivered: list[dict[str, Any]] = field(default_factory=list)
    people: Iterator[int] = field(default_factory=lambda: count(1))
    _example: ModuleType | None = None

    def open_vendor(self, vendor: ExitStack) -> None:
        url = vendor.enter_context(running(self.partner.app()))
        environment = {"HOOK_URL": f"{url}/answers", "HOOK_SECRET": SECRET}
        os.environ.update(environment)
        vendor.callback(lambda: [os.environ.pop(name) for name in environment])
        self._example = load_example(self.directory)

    def channels(self) -> Mapping[str, Channel]:
        assert self._example is not None
        return {"hook": self._example.Hook()}

    def customer(self) -> HookCustomer:
        return HookCustomer(self, f"person-{next(self.people)}")

    def post(self, update: dict[str, Any], secret: str = SECRET) -> httpx.Response:
        return httpx.post(
            f"{self.server.base_url}/channels/hook/updates",
            content=json.dumps(update).encode(),  # as most programs do, half an emoji too
            headers={"Authorization": f"Bearer {secret}", "Content-Type": "application/json"},
            timeout=30,
        )

    def deliver(self, update: dict[str, Any]) -> bool:
        self.delivered.append(update)
        return bool(self.post(update).raise_for_status().json()["taken"])

    def replay(self, times: int = 3) -> None:
        again = self.delivered * times
        Random(7).shuffle(again)
        for update in again:
            self.post(update).raise_for_status()
        self.delivered.clear()

    def forge(self) -> httpx.Response:
        return self.post({"id": "1", "sender": "person-1", "at": now(), "text": "forged"}, secret="guessed")

    def fail_next(self, failure: Failure, count: int = 1) -> None:
        self.partner.failures.extend([failure] * count)


@dataclass
class HookCustomer(Customer):
    driver: HookDriver
    person: str
    sent: int = 0
    told: list[str] = field(default_factory=list)

    def send_text(self, text: str) -> str:
        return self._send(text=text)

    def send_voice(self, data: bytes = VOICE) -> str:
        return self._send(files=[self._file("audio", data)])

    def send_photo(self, data: bytes, caption: str = "") -> str:
        return self._send(text=caption, files=[self._file("image", data)])

    def send_album(self, photos: list[bytes], caption: str = "") -> str:
        return self._send(text=caption, files=[self._file("image", data) for data in photos])

    def edit(self, name: str, text: str) -> None:
        self.driver.deliver({"what": "edit", "id": name, "sender": self.person, "at": now(), "text": text})

    def press(self, title: str) -> None:
        refs = [each["ref"] for posted in self._posted() for each in posted["buttons"] if each["title"] == title]
        update = {"what": "press", "id": self._name(), "sender": self.person, "at": now(), "text": refs[-1]}
        if not self.driver.deliver(update):
            self.told.append("That question is closed.")

    def seen(self) -> list[Shown]:
        return [
            Shown(
                posted["text"],
                tuple(button["title"] for button in posted["buttons"]),
                tuple(file["kind"] for file in posted["files"]),
            )
            for posted in self._posted()
        ]

    def notices(self) -> list[str]:
        return self.told

    def identity(self) -> ColumnElement[bool]:
        return (Identity.channel == "hook") & (Identity.external_id == self.person)

    def _posted(self) -> list[dict[str, Any]]:
        return [posted for posted in self.driver.partner.posted if posted["external_id"] == self.person]

    def _send(self, **parts: Any) -> str:
        name = self._name()
        self.driver.deliver({"id": name, "sender": self.person, "at": now(), **parts})
        return name

    def _file(self, kind: str, data: bytes) -> dict[str, str]:
        name = f"{len(self.driver.partner.files)}.bin"
        self.driver.partner.files[name] = data
        return {"kind": kind, "remote": f"/files/{name}"}

    def _name(self) -> str:
        self.sent += 1
        return f"m{self.sent}"


def now() -> str:
    return datetime.now(UTC).isoformat()
