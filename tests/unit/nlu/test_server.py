from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from nlu.server import MOST_CHARACTERS, parse_router
from nlu.understander import Understander
from nlu.understanding import IntentScore, Understanding


class SlowParser:
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Event()
        self.threads: set[str] = set()

    def parse(self, text: str) -> Understanding:
        self.threads.add(threading.current_thread().name)
        self.begun.set()
        assert self.go.wait(10)
        intent = IntentScore("greet", 1.0)
        return Understanding(text, "en", intent, (intent,))


@asynccontextmanager
async def client_of(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://nlu") as client,
    ):
        yield client


def app_of(parser: object, **options: int) -> FastAPI:
    app = FastAPI()
    app.include_router(parse_router(lambda text, _sender: parser.parse(text), **options))  # type: ignore[attr-defined]
    return app


@pytest.fixture
def slow() -> Iterator[SlowParser]:
    parser = SlowParser()
    yield parser
    parser.go.set()


async def test_what_rasa_posts_is_answered(understander: Understander) -> None:
    async with client_of(app_of(understander)) as client:
        sent = {"token": None, "text": "where is my order A1024?", "message_id": "web-17"}
        answer = await client.post("/model/parse", json=sent)
    assert answer.status_code == 200
    body = answer.json()
    assert (body["text"], body["intent"]["name"], body["language"]) == (sent["text"], "ask_order_status", "en")
    assert [one["entity"] for one in body["entities"]] == ["order_number", "language"]


@pytest.mark.parametrize("body", [{}, {"text": None}, {"text": 3}, {"text": "x" * (MOST_CHARACTERS + 1)}, [], "text"])
async def test_other_bodies_are_refused(understander: Understander, body: object) -> None:
    async with client_of(app_of(understander)) as client:
        answer = await client.post("/model/parse", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000])
async def test_what_is_no_json_is_refused(understander: Understander, body: bytes) -> None:
    async with client_of(app_of(understander)) as client:
        answer = await client.post("/model/parse", content=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")


async def test_who_wrote_is_passed_on() -> None:
    senders: list[str | None] = []

    def understand(text: str, sender: str | None) -> Understanding:
        senders.append(sender)
        return Understanding(text, "und", IntentScore("greet", 1.0), ())

    app = FastAPI()
    app.include_router(parse_router(understand))
    async with client_of(app) as client:
        for body in ({"text": "a", "message_id": "web-17"}, {"text": "b"}, {"text": "c", "message_id": 7}):
            assert (await client.post("/model/parse", json=body)).status_code == 200
    assert senders == ["web-17", None, None]


async def test_half_a_character_is_given_back_as_it_came(understander: Understander) -> None:
    async with client_of(app_of(understander)) as client:
        answer = await client.post(
            "/model/parse", content=b'{"text": "\\ud800 hi"}', headers={"content-type": "application/json"}
        )
    assert answer.status_code == 200
    assert answer.json()["text"] == "\ud800 hi"


async def test_a_full_queue_is_refused_and_recovers(slow: SlowParser) -> None:
    async with client_of(app_of(slow, workers=1, waiting=2)) as client:
        waiting = [asyncio.create_task(client.post("/model/parse", json={"text": str(n)})) for n in range(2)]
        await asyncio.to_thread(slow.begun.wait, 10)
        refused = await client.post("/model/parse", json={"text": "one too many"})
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "overloaded"
        slow.go.set()
        assert [answer.status_code for answer in await asyncio.gather(*waiting)] == [200, 200]
        assert (await client.post("/model/parse", json={"text": "now"})).status_code == 200


async def test_the_event_loop_goes_on_while_models_run(slow: SlowParser) -> None:
    async with client_of(app_of(slow)) as client:
        task = asyncio.create_task(client.post("/model/parse", json={"text": "hi"}))
        await asyncio.to_thread(slow.begun.wait, 10)
        assert not task.done()
        slow.go.set()
        assert (await task).status_code == 200
    assert all(name.startswith("understand") for name in slow.threads)
