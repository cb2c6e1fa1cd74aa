"""``POST /model/parse``, the endpoint that Rasa asks (``endpoints.yml``: ``nlu:``).

Understanding runs in a few worker threads behind a bounded queue, never on the event loop: too many waiting texts
are an honest 503. Rasa then has no meaning to go on and says its ``utter_default``, which marks the turn as failed.
Nothing here logs what a customer wrote. It belongs on the internal port alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from nlu.errors import InvalidRequest, NluError, Overloaded
from nlu.rasa_format import to_rasa
from nlu.understanding import Understanding

WORKERS = 2
WAITING = 256
"""Texts in work or waiting; at a few milliseconds each, more would mean answers that come too late."""
MOST_CHARACTERS = 1_000_000


Understand = Callable[[str, str | None], Understanding]
"""What a text means that this sender wrote; None where Rasa does not say who."""


class ParsePool:
    """A bounded pool of threads around understanding."""

    def __init__(self, understand: Understand, *, workers: int = WORKERS, waiting: int = WAITING) -> None:
        self._understand = understand
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="understand")
        self._free = waiting

    async def parse(self, text: str, sender: str | None) -> Understanding:
        """Raises Overloaded at once when the queue is full. To be called from one event loop."""
        if self._free <= 0:
            raise Overloaded("too many texts are waiting to be understood")
        self._free -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._understand, text, sender)
        finally:
            self._free += 1

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def parse_router(understand: Understand, *, workers: int = WORKERS, waiting: int = WAITING) -> APIRouter:
    """The endpoint, ready to be included in an app; its threads end with the app."""
    pool = ParsePool(understand, workers=workers, waiting=waiting)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        pool.close()

    router = APIRouter(lifespan=lifespan)

    @router.post("/model/parse")
    async def parse(request: Request) -> Response:
        """Takes what Rasa sends, ``{"text", "message_id", "token"}``; its ``message_id`` holds the sender's id."""
        try:
            understanding = await pool.parse(*_question(await request.body()))
        except InvalidRequest as error:
            return _refusal(422, error)
        except Overloaded as error:
            return _refusal(503, error, headers={"Retry-After": "1"})
        return _json(200, to_rasa(understanding))

    return router


def _question(body: bytes) -> tuple[str, str | None]:
    """The text and its sender. Raises InvalidRequest; its message holds nothing of the body."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise InvalidRequest("the body is not JSON") from None
    text = content.get("text") if isinstance(content, dict) else None
    if not isinstance(text, str):
        raise InvalidRequest("the body needs a text")
    if len(text) > MOST_CHARACTERS:
        raise InvalidRequest(f"the text is longer than {MOST_CHARACTERS} characters")
    sender = content.get("message_id")
    return text, sender if isinstance(sender, str) else None


def _refusal(status: int, error: NluError, *, headers: dict[str, str] | None = None) -> Response:
    return _json(status, {"error": {"code": error.code, "message": str(error)}}, headers=headers)


def _json(status: int, content: dict[str, Any], *, headers: dict[str, str] | None = None) -> Response:
    # In ASCII: a text may hold half a surrogate pair, which JSON can carry and UTF-8 cannot.
    return Response(json.dumps(content), status, headers=headers, media_type="application/json")
