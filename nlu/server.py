"""``POST /model/parse``, the endpoint that Rasa asks (``endpoints.yml``: ``nlu:``).

Understanding runs in a few worker threads behind a bounded queue, never on the event loop: too many waiting texts
are an honest 503, which Rasa reports and the turn tries again. Nothing here logs what a customer wrote. It belongs on
the internal port alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, FastAPI
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, StringConstraints

from nlu.errors import NluError, Overloaded
from nlu.rasa_format import to_rasa
from nlu.understanding import Understanding

WORKERS = 2
WAITING = 256
"""Texts in work or waiting; at a few milliseconds each, more would mean answers that come too late."""
MOST_CHARACTERS = 1_000_000


class Parser(Protocol):
    """What the endpoint needs of an ``Understander``."""

    def parse(self, text: str) -> Understanding: ...


class ParseRequest(BaseModel):
    """As Rasa sends it. Its ``message_id`` holds the sender's id; it and ``token`` are taken and not used."""

    model_config = ConfigDict(extra="ignore")

    text: Annotated[str, StringConstraints(max_length=MOST_CHARACTERS)]
    message_id: str | None = None


class ParsePool:
    """A bounded pool of threads around a parser."""

    def __init__(self, parser: Parser, *, workers: int = WORKERS, waiting: int = WAITING) -> None:
        self._parser = parser
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="understand")
        self._free = waiting

    async def parse(self, text: str) -> Understanding:
        """Raises Overloaded at once when the queue is full. To be called from one event loop."""
        if self._free <= 0:
            raise Overloaded("too many texts are waiting to be understood")
        self._free -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, self._parser.parse, text)
        finally:
            self._free += 1

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def parse_router(understander: Parser, *, workers: int = WORKERS, waiting: int = WAITING) -> APIRouter:
    """The endpoint, ready to be included in an app; its threads end with the app."""
    pool = ParsePool(understander, workers=workers, waiting=waiting)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        yield
        pool.close()

    router = APIRouter(lifespan=lifespan)

    @router.post("/model/parse")
    async def parse(request: ParseRequest) -> JSONResponse:
        try:
            understanding = await pool.parse(request.text)
        except Overloaded as error:
            return _refusal(503, error)
        return JSONResponse(to_rasa(understanding))

    return router


def _refusal(status: int, error: NluError) -> JSONResponse:
    content: dict[str, Any] = {"error": {"code": error.code, "message": str(error)}}
    return JSONResponse(content, status, headers={"Retry-After": "1"})
