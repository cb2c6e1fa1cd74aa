"""``POST /model/parse``, the endpoint that Rasa asks (``endpoints.yml``: ``nlu:``).

Understanding runs in the threads of ``nlu.parse_pool``, never on the event loop: too many waiting texts are an honest
503, and a text whose asker has hung up is dropped. Rasa has no meaning to go on after a 503 and says its
``utter_default``, which marks the turn as failed. Nothing here logs what a customer wrote. It belongs on the internal
port alone.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response

from nlu.errors import InvalidRequest, NluError, Overloaded
from nlu.parse_pool import LIMIT_S, WAITING, WORKERS, ParsePool, Understand, Watch
from nlu.rasa_format import to_rasa
from nlu.understanding import Understanding

MOST_CHARACTERS = 1_000_000
MOST_BYTES = 12 * MOST_CHARACTERS + 65_536
"""Of a body: JSON in ASCII writes an emoji with twelve."""
GONE = 499
"""nginx's number for a client that hung up; nobody reads it."""


def parse_router(
    understand: Understand,
    *,
    workers: int = WORKERS,
    waiting: int = WAITING,
    limit_s: float = LIMIT_S,
    watch: Watch | None = None,
) -> APIRouter:
    """The endpoint, ready to be included in an app; its threads end with the app."""
    pool = ParsePool(understand, workers=workers, waiting=waiting, limit_s=limit_s, watch=watch)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        pool.close()

    router = APIRouter(lifespan=lifespan)

    @router.post("/model/parse")
    async def parse(request: Request) -> Response:
        """Takes what Rasa sends, ``{"text", "message_id", "token"}``; its ``message_id`` holds the sender's id."""
        try:
            question = _question(await _body(request))
            understanding = await _while_listening(request, pool.parse(*question))
        except InvalidRequest as error:
            return _refusal(422, error)
        except Overloaded as error:
            return _refusal(503, error, headers={"Retry-After": str(error.retry_after_s)})
        return Response(status_code=GONE) if understanding is None else _json(200, to_rasa(understanding))

    return router


async def _body(request: Request) -> bytes:
    """Raises InvalidRequest for more than any text needs, before it is all in memory."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise InvalidRequest(f"the body is longer than {MOST_BYTES} bytes")
    return bytes(body)


async def _while_listening(request: Request, work: Coroutine[Any, Any, Understanding]) -> Understanding | None:
    """What comes of the work; None, and the work is dropped, when who asked hangs up first."""
    working, listening = asyncio.ensure_future(work), asyncio.ensure_future(_hung_up(request))
    try:
        await asyncio.wait({working, listening}, return_when=asyncio.FIRST_COMPLETED)
        return working.result() if working.done() else None
    finally:
        working.cancel()
        listening.cancel()


async def _hung_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


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
