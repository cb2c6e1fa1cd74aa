"""A stand-in for the Rasa server, over real HTTP: answers, remembers in a tracker, and can be told to be slow.

It lives in the test's process, so that the server under test can be killed around it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI

from tests.serving import running

BUTTONS = [{"title": "The first", "payload": '/choose{"which": "1"}'}]
"""What it offers to those who say "buttons"."""


@dataclass
class RasaDouble:
    """``trackers`` holds the events by conversation; ``heard`` every message id in the order it came."""

    delay_s: float = 0.05
    trackers: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/webhooks/rest/webhook")
        async def converse(body: dict[str, Any]) -> list[dict[str, Any]]:
            self.heard.append(body["metadata"]["message_id"])
            await asyncio.sleep(self.delay_s)
            answer = f"You said: {body['message']}"
            buttons = BUTTONS if body["message"] == "buttons" else []
            events = self.trackers.setdefault(body["sender"], [])
            events.append({"event": "user", "metadata": body["metadata"]})
            events.append({"event": "bot", "text": answer, "data": {"buttons": buttons}})
            await asyncio.sleep(self.delay_s / 2)
            return [{"recipient_id": body["sender"], "text": answer, "buttons": buttons}]

        @app.get("/conversations/{conversation_id}/tracker")
        async def tracker(conversation_id: str) -> dict[str, Any]:
            return {"events": self.trackers.get(conversation_id, [])}

        @app.post("/conversations/{conversation_id}/tracker/events")
        async def events(conversation_id: str) -> dict[str, Any]:
            return {"slots": {}, "active_loop": {}}

        @app.get("/status")
        async def status() -> dict[str, str]:
            return {"model_file": "dialogue.tar.gz"}

        return app


@contextmanager
def rasa_double() -> Iterator[tuple[RasaDouble, str]]:
    double = RasaDouble()
    with running(double.app()) as base_url:
        yield double, base_url
