"""The web: a visitor's client of protocol v1. There is no vendor; answers are fetched."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar

import httpx
from sqlalchemy import ColumnElement

from crm.models import Identity
from tests.contract.channels.driver import VOICE, Customer, Deed, Driver, Refused, Shown


@dataclass
class WebDriver(Driver):
    channel = "web"
    refuses: ClassVar[frozenset[Deed]] = frozenset(
        {"album", "edit", "stale press", "long text", "large file", "text file"}
    )
    posted: list[Callable[[], httpx.Response]] = field(default_factory=list)

    def customer(self) -> WebCustomer:
        return WebCustomer(self, self.server.visitor().token)

    def replay(self, times: int = 3) -> None:
        again = self.posted * times
        Random(7).shuffle(again)
        for post in again:
            assert post().status_code == 202
        self.posted.clear()

    def forge(self) -> httpx.Response:
        return httpx.post(
            f"{self.server.base_url}/v1/chat/messages",
            headers={"Authorization": "Bearer forged"},
            json={"client_message_id": "1", "text": "forged"},
        )


@dataclass
class WebCustomer(Customer):
    driver: WebDriver
    token: str
    sent: int = 0

    def send_text(self, text: str) -> str:
        name = self._name()
        body = json.dumps({"client_message_id": name, "text": text}).encode()  # as a browser does, half an emoji too
        self._post(content=body, headers={"Content-Type": "application/json"})
        return name

    def send_voice(self, data: bytes = VOICE) -> str:
        return self._upload([data], "note.ogg", "")

    def send_photo(self, data: bytes, caption: str = "") -> str:
        return self._upload([data], "photo.jpg", caption)

    def send_album(self, photos: list[bytes], caption: str = "") -> str:
        return self._upload(photos, "photo.jpg", caption)

    def edit(self, name: str, text: str) -> None:
        answer = self._request("PATCH", "/messages", json={"client_message_id": name, "text": text})
        raise Refused(answer.status_code, answer.json()["error"]["code"])

    def press(self, title: str) -> None:
        offers = [button for message in self._from_shop() for button in message["buttons"] if button["title"] == title]
        self._post(json={"client_message_id": self._name(), "payload": offers[-1]["payload"]})

    def seen(self) -> list[Shown]:
        return [
            Shown(
                message["text"],
                tuple(button["title"] for button in message["buttons"]),
                tuple(attachment["kind"] for attachment in message["attachments"]),
            )
            for message in self._from_shop()
        ]

    def identity(self) -> ColumnElement[bool]:
        return Identity.token_hash == hashlib.sha256(self.token.encode()).hexdigest()

    def _name(self) -> str:
        self.sent += 1
        return f"m{self.sent}"

    def _upload(self, files: list[bytes], filename: str, text: str) -> str:
        name = self._name()
        fields = {"client_message_id": name} | ({"text": text} if text else {})
        self._post(data=fields, files=[("file", (filename, data)) for data in files])
        return name

    def _from_shop(self) -> list[dict[str, Any]]:
        answer = self._request("GET", "/messages").raise_for_status()
        return [message for message in answer.json()["messages"] if message["author"] != "customer"]

    def _post(self, **arguments: Any) -> None:
        def post() -> httpx.Response:
            return self._request("POST", "/messages", **arguments)

        answer = post()
        if answer.status_code != 202:
            raise Refused(answer.status_code, answer.json()["error"]["code"])
        self.driver.posted.append(post)

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"} | arguments.pop("headers", {})
        return httpx.request(
            method, f"{self.driver.server.base_url}/v1/chat{path}", headers=headers, timeout=30, **arguments
        )
