from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import pairwise

import httpx
import pytest
from fastapi import FastAPI

from nlu.server import MOST_BYTES, MOST_CHARACTERS, parse_router
from nlu.understander import Understander
from nlu.understanding import IntentScore, Understanding


class SlowParser:
    """Answers when it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.begun = threading.Event()
        self.threads: set[str] = set()
        self.texts: list[str] = []

    def parse(self, text: str) -> Understanding:
        self.threads.add(threading.current_thread().name)
        self.texts.append(text)
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


def app_of(parser: object, **options: float) -> FastAPI:
    app = FastAPI()
    app.include_router(parse_router(lambda text, _sender: parser.parse(text), **options))  # type: ignore[attr-defined, arg-type]
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
        assert int(refused.headers["Retry-After"]) >= 1
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


async def test_what_takes_too_long_is_an_honest_refusal(slow: SlowParser) -> None:
    async with client_of(app_of(slow, limit_s=0.05)) as client:
        late = await client.post("/model/parse", json={"text": "hi"})
    assert (late.status_code, late.json()["error"]["code"], late.headers["Retry-After"]) == (503, "overloaded", "1")


async def test_a_body_without_end_is_refused(understander: Understander) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 1_000_000
            yield b" " * 1_000_000

    async with client_of(app_of(understander)) as client:
        answer = await client.post("/model/parse", content=endless())
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
    assert sent <= MOST_BYTES + 1_000_000


async def test_whoever_hangs_up_is_not_worked_for(slow: SlowParser) -> None:
    app = app_of(slow, workers=1)
    statuses: list[int] = []

    async def ask(text: str, hung_up: asyncio.Event) -> None:
        """As a server calls an app: the body, and then that the client is gone."""
        body = iter([{"type": "http.request", "body": b'{"text": "%s"}' % text.encode()}])

        async def receive() -> dict[str, object]:
            part = next(body, None)
            if part is None:
                await hung_up.wait()
            return part or {"type": "http.disconnect"}

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(int(str(message["status"])))

        scope = {"type": "http", "method": "POST", "path": "/model/parse", "headers": [], "query_string": b""}
        await app(scope, receive, send)  # type: ignore[arg-type]

    async with app.router.lifespan_context(app):
        stays, goes = asyncio.Event(), asyncio.Event()
        first = asyncio.create_task(ask("first", stays))
        await asyncio.to_thread(slow.begun.wait, 10)
        others = [asyncio.create_task(ask(f"gone {number}", goes)) for number in range(5)]
        last = asyncio.create_task(ask("last", stays))
        await asyncio.sleep(0)
        goes.set()
        await asyncio.gather(*others)
        assert statuses == [499] * 5, "told to nobody, and at once"
        slow.go.set()
        await asyncio.gather(first, last)
    assert slow.texts == ["first", "last"]
    assert statuses == [499] * 5 + [200] * 2


async def test_the_event_loop_beats_while_real_texts_are_understood(load: Callable[..., Understander]) -> None:
    """The longest gap between two beats is a small part of the whole; on the loop itself it would be all of it."""
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(time.perf_counter())
            await asyncio.sleep(0.001)

    texts = [f"my name is Jane Miller and my order A{number} is late " * 30 for number in range(1000, 1032)]
    async with client_of(app_of(load())) as client:
        heart = asyncio.create_task(beat())
        answers = await asyncio.gather(*(client.post("/model/parse", json={"text": text}) for text in texts))
        beats.append(time.perf_counter())
        heart.cancel()
    assert {answer.status_code for answer in answers} == {200}
    longest = max(after - before for before, after in pairwise(beats))
    assert longest < 0.5 * (beats[-1] - beats[0])
