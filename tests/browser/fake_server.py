"""A small server that speaks the web channel's protocol v1, for tests of the widget alone.

It keeps one conversation per visitor in memory, answers what the test tells it to, and can be told to fail,
to forget its visitors or to refuse sockets. It runs in a thread of its own, on a free port of 127.0.0.1.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, JSONResponse
from starlette.datastructures import UploadFile

STATIC = Path(__file__).parents[2] / "bot" / "channels" / "static"

STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""The demo page's own policy."""

BARE_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; img-src blob:; media-src blob:"
"""The least a page must allow for the widget: no style source at all."""

KINDS = {
    b"\x89PNG": ("image", "image/png"),
    b"\xff\xd8\xff": ("image", "image/jpeg"),
    b"\x1aE\xdf\xa3": ("audio", "audio/webm"),
}


@dataclass
class Thread:
    """One visitor's conversation."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)  # client_message_id -> message_id
    language: str | None = None
    customer_ref: str | None = None


@dataclass(frozen=True)
class Refusal:
    """What the next call is answered with instead."""

    status: int
    code: str
    retry_after_s: int | None = None


class FakeChatServer:
    """The server and the strings by which a test pulls it. All lists may be read from the test's thread."""

    def __init__(self) -> None:
        self.threads: dict[str, Thread] = {}
        self.media: dict[str, tuple[str, bytes]] = {}
        self.received: list[dict[str, Any]] = []  # every accepted or repeated POST /messages
        self.uploads: list[tuple[str, str, bytes]] = []  # file name, declared type, bytes
        self.ratings: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.refusals: list[Refusal] = []  # for POST /messages, used up one by one
        self.sockets_allowed = True
        self.answer: Callable[[dict[str, Any]], None] | None = None  # called with each new customer message
        self.url = ""
        self.policy = STRICT_POLICY
        self.page_attributes = ""
        self._streams: list[tuple[str, WebSocket, asyncio.Queue[dict[str, Any] | None]]] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self.app = self._build()

    # -- what a test does to it

    def say(self, text: str, *, author: str = "bot", token: str | None = None, **more: Any) -> dict[str, Any]:
        """Adds a message of the bot or of staff to the latest visitor's conversation, and streams it."""
        return self._append(token or self.last_token, author, text, **more)

    def type(self) -> None:
        self._stream(self.last_token, {"typing": True})

    def change(self, message: dict[str, Any]) -> None:
        """Streams a message again, under its old ``seq``."""
        self._stream(self.last_token, message)

    def hear(self, transcript: str) -> None:
        """Makes known what was heard in the latest voice note."""
        message = next(each for each in reversed(self.last.messages) if each["attachments"])
        message["attachments"][0]["transcript"] = transcript
        self.change(message)

    def add_media(self, kind: str, mime: str, data: bytes) -> dict[str, Any]:
        """An attachment of the wire's form, whose bytes can be fetched with the visitor's token."""
        name = uuid.uuid4().hex
        self.media[name] = (mime, data)
        return {"kind": kind, "url": f"/v1/chat/attachments/{name}", "mime": mime}

    def forget_visitors(self) -> None:
        self.threads.clear()
        self.drop_sockets()

    def drop_sockets(self) -> None:
        for _, _, queue in list(self._streams):
            self._call(queue.put_nowait, None)

    @property
    def last_token(self) -> str:
        return next(reversed(self.threads))

    @property
    def last(self) -> Thread:
        return self.threads[self.last_token]

    @contextmanager
    def running(self) -> Iterator[FakeChatServer]:
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(self.app, log_level="critical", ws="websockets-sansio", lifespan="off")
        server = uvicorn.Server(config)

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await server.serve(sockets=[listener])

        thread = threading.Thread(target=lambda: asyncio.run(serve()), name="fake-chat-server")
        thread.start()
        deadline = time.monotonic() + 10
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        assert server.started, "the fake chat server did not start"
        try:
            yield self
        finally:
            self.drop_sockets()
            server.should_exit = True
            server.force_exit = True
            thread.join(timeout=10)
            listener.close()

    # -- the conversation

    def _append(self, token: str, author: str, text: str, **more: Any) -> dict[str, Any]:
        thread = self.threads[token]
        message = {
            "seq": len(thread.messages) + 1,
            "message_id": uuid.uuid4().hex,
            "author": author,
            "text": text,
            "buttons": [],
            "attachments": [],
            "at": datetime.now(UTC).isoformat(),
        } | more
        thread.messages.append(message)
        self._stream(token, message)
        return message

    def _stream(self, token: str, frame: dict[str, Any]) -> None:
        for owner, _, queue in list(self._streams):
            if owner == token:
                self._call(queue.put_nowait, json.loads(json.dumps(frame)))

    def _call(self, function: Callable[..., Any], *arguments: Any) -> None:
        assert self._loop is not None
        self._loop.call_soon_threadsafe(function, *arguments)

    def _title(self, thread: Thread, payload: str) -> str:
        offered = [button for message in thread.messages for button in message["buttons"]]
        return next((button["title"] for button in offered if button["payload"] == payload), payload)

    # -- the routes

    def _build(self) -> FastAPI:
        app = FastAPI()

        @app.middleware("http")
        async def remember(request: Request, call_next: Any) -> Response:
            self.calls.append(f"{request.method} {request.url.path}")
            response: Response = await call_next(request)
            return response

        @app.get("/")
        def demo() -> FileResponse:
            return FileResponse(STATIC / "demo.html", headers={"Content-Security-Policy": self.policy})

        @app.get("/page")
        def page() -> Response:
            body = "<!doctype html><html lang=en><title>A shop</title><link rel=icon href=data:,><h1>A shop</h1>"
            body += '<meta name=viewport content="width=device-width, initial-scale=1">'
            tag = f'<script src="/widget.js" {self.page_attributes} async></script>'
            return Response(body + tag, media_type="text/html", headers={"Content-Security-Policy": self.policy})

        @app.get("/widget.js")
        def widget() -> FileResponse:
            return FileResponse(STATIC / "widget.js", media_type="text/javascript")

        @app.get("/demo.js")
        def script() -> FileResponse:
            return FileResponse(STATIC / "demo.js", media_type="text/javascript")

        @app.get("/demo/customers")
        def customers() -> list[dict[str, str]]:
            return [
                {"customer_ref": "C-1", "name": "Jane Miller", "language": "en"},
                {"customer_ref": "C-2", "name": "王芳", "language": "zh"},
            ]

        @app.get("/demo/identity")
        def identity(customer_ref: str) -> dict[str, Any]:
            return {"customer_ref": customer_ref, "expires": int(time.time()) + 3600, "signature": "good"}

        @app.post("/v1/chat/visitors", status_code=201)
        async def visitors(request: Request) -> Any:
            body = await request.json()
            claimed = body.get("identity")
            if claimed and claimed["signature"] != "good":
                return error(401, "unauthorized")
            token = uuid.uuid4().hex
            ref = claimed["customer_ref"] if claimed else None
            self.threads[token] = Thread(language=body.get("language"), customer_ref=ref)
            return {"visitor_token": token, "conversation_id": uuid.uuid4().hex}

        @app.post("/v1/chat/messages", status_code=202)
        async def send(request: Request) -> Any:
            token = self._token(request)
            if token is None:
                return error(401, "unauthorized")
            if self.refusals:
                return self._refuse(self.refusals.pop(0))
            return await self._take(token, request)

        @app.get("/v1/chat/messages")
        async def messages(request: Request, after: int, wait: float = 0) -> Any:
            token = self._token(request)
            if token is None:
                return error(401, "unauthorized")
            deadline = time.monotonic() + wait
            while token in self.threads:
                found = [each for each in self.threads[token].messages if each["seq"] > after]
                if found or time.monotonic() >= deadline:
                    return {"messages": found}
                await asyncio.sleep(0.05)
            return error(401, "unauthorized")

        @app.post("/v1/chat/rating", status_code=204)
        async def rating(request: Request) -> Response:
            if self._token(request) is None:
                return error(401, "unauthorized")
            self.ratings.append(await request.json())
            return Response(status_code=204)

        @app.get("/v1/chat/attachments/{name}")
        def attachment(name: str, request: Request) -> Response:
            if self._token(request) is None:
                return error(401, "unauthorized")
            mime, data = self.media[name]
            return Response(data, media_type=mime)

        app.add_api_websocket_route("/v1/chat/stream", self._serve_stream)
        return app

    def _token(self, request: Request) -> str | None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return token if token in self.threads else None

    def _refuse(self, refusal: Refusal) -> JSONResponse:
        response = error(refusal.status, refusal.code)
        if refusal.retry_after_s is not None:
            response.headers["Retry-After"] = str(refusal.retry_after_s)
        return response

    async def _take(self, token: str, request: Request) -> Any:
        thread = self.threads[token]
        body, attachments = await self._read(request)
        self.received.append(body)
        known = thread.answers.get(body["client_message_id"])
        if known is not None:
            return {"message_id": known}
        if attachments is None:
            return error(415, "unsupported_media")
        text = body.get("text") or (self._title(thread, body["payload"]) if body.get("payload") else "")
        message = self._append(token, "customer", text, attachments=attachments)
        thread.answers[body["client_message_id"]] = message["message_id"]
        if self.answer is not None:
            self.answer(message | {"payload": body.get("payload")})
        return {"message_id": message["message_id"]}

    async def _read(self, request: Request) -> tuple[dict[str, Any], list[dict[str, Any]] | None]:
        if not request.headers["content-type"].startswith("multipart/"):
            return await request.json(), []
        async with request.form() as form:
            file = form["file"]
            assert isinstance(file, UploadFile)
            data = await file.read()
            self.uploads.append((file.filename or "", file.content_type or "", data))
            body = {key: value for key, value in form.items() if isinstance(value, str)}
        kind = next((known for magic, known in KINDS.items() if data.startswith(magic)), None)
        return body, None if kind is None else [self.add_media(*kind, data)]

    async def _serve_stream(self, websocket: WebSocket) -> None:
        if not self.sockets_allowed:
            await websocket.close(1008)
            return
        await websocket.accept()
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        try:
            first = await websocket.receive_json()
            if first["token"] not in self.threads:
                await websocket.close(1008)
                return
            stream = (first["token"], websocket, queue)
            for message in self.threads[first["token"]].messages[first.get("after", 0) :]:
                queue.put_nowait(json.loads(json.dumps(message)))
            self._streams.append(stream)
            try:
                while (frame := await queue.get()) is not None:
                    await websocket.send_json(frame)
            finally:
                self._streams.remove(stream)
            await websocket.close(1001)
        except (WebSocketDisconnect, RuntimeError):
            return


def error(status: int, code: str) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": f"the call was refused: {code}"}}, status)
