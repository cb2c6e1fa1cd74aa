"""The web channel: protocol v1 over HTTP and WebSocket. Converts, checks and limits; knows no model and no Rasa."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Annotated, Any, Literal

import anyio
import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Query, Request, Response, WebSocket, WebSocketDisconnect
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from bot.channels.thread import Thread, awaits_transcript
from bot.closing import Closing
from bot.errors import BadRequest, ChannelError, TooManyRequests, Unauthorized
from bot.inbox import Inbox
from bot.live import Live, Subscription
from bot.messages import Inbound, InboundMedia
from bot.metrics import Metrics
from bot.visitors import SignedIdentity, Visitors

LONGEST_WAIT_S = 30.0
RECHECK_S = 1.0
"""How often a waiter looks by itself, for changes made by another process."""
TOKEN_TIMEOUT_S = 10.0
POLICY_VIOLATION = 1008
HIGHEST_SEQ = 2**53 - 1
"""The largest number that every client counts exactly."""
STAR = "*"
UPLOAD_THREADS = 4


class IdentityBody(BaseModel):
    model_config = ConfigDict(strict=True)
    customer_ref: str = Field(max_length=64)
    expires: int
    signature: str = Field(max_length=128)


class VisitorBody(BaseModel):
    model_config = ConfigDict(strict=True)
    language: Literal["en", "zh"] | None = None
    identity: IdentityBody | None = None


class MessageBody(BaseModel):
    model_config = ConfigDict(strict=True)
    client_message_id: str = Field(min_length=1, max_length=128)
    text: str | None = None
    payload: str | None = Field(default=None, max_length=1000)


class RatingBody(BaseModel):
    model_config = ConfigDict(strict=True)
    score: int
    comment: str | None = Field(default=None, max_length=4000)


class StreamBody(BaseModel):
    """The first frame of a stream."""

    model_config = ConfigDict(strict=True)
    token: str
    after: int = Field(default=0, ge=0, le=HIGHEST_SEQ)


class Limits:
    """How often something may be done, counted in this process."""

    def __init__(self, *, visitors: str, messages: str, uploads: str) -> None:
        self._strategy = SlidingWindowCounterRateLimiter(MemoryStorage())  # forgets whom it has not seen lately
        self._visitors, self._messages, self._uploads = parse(visitors), parse(messages), parse(uploads)

    def visitor(self, address: str) -> None:
        self._hit(self._visitors, "visitor", address)

    def message(self, identity_id: int, *, upload: bool) -> None:
        self._hit(self._messages, "message", str(identity_id))
        if upload:
            self._hit(self._uploads, "upload", str(identity_id))

    def _hit(self, item: RateLimitItem, *key: str) -> None:
        if not self._strategy.hit(item, *key):
            reset_at = self._strategy.get_window_stats(item, *key).reset_time
            raise TooManyRequests(max(1, round(reset_at - time.time())))


class WebChannel:
    """The routes under ``/v1/chat``."""

    def __init__(
        self,
        visitors: Visitors,
        inbox: Inbox,
        thread: Thread,
        closing: Closing,
        live: Live,
        limits: Limits,
        metrics: Metrics,
        *,
        allowed_origins: frozenset[str],
    ) -> None:
        self._visitors = visitors
        self._inbox = inbox
        self._thread = thread
        self._closing = closing
        self._live = live
        self._limits = limits
        self._metrics = metrics
        self._allowed_origins = allowed_origins
        self._upload_threads = anyio.CapacityLimiter(UPLOAD_THREADS)

    def router(self) -> APIRouter:
        router = APIRouter(prefix="/v1/chat", tags=["chat"])
        identity = Depends(self._identity)

        @router.post("/visitors", status_code=201)
        def welcome(body: VisitorBody, request: Request) -> dict[str, str]:
            self._limits.visitor(request.client.host if request.client else "unknown")
            signed = SignedIdentity(**body.identity.model_dump()) if body.identity else None
            visitor = self._visitors.welcome(body.language, signed)
            return {"visitor_token": visitor.token, "conversation_id": visitor.conversation_id}

        @router.post("/messages", status_code=202)
        async def send(request: Request, identity_id: int = identity) -> dict[str, str]:
            inbound = await read_inbound(request, identity_id)
            self._limits.message(identity_id, upload=bool(inbound.media))
            # Cleaning a photo takes a while: uploads wait for each other and never for the threads of others.
            uploads = self._upload_threads if inbound.media else None
            message_id = await anyio.to_thread.run_sync(self._inbox.accept, inbound, limiter=uploads)
            self._metrics.messages.labels("web", "customer").inc()
            return {"message_id": message_id}

        @router.get("/messages")
        async def messages(
            identity_id: int = identity,
            after: Annotated[int, Query(ge=0, le=HIGHEST_SEQ)] = 0,
            wait: Annotated[float, Query(ge=0)] = 0,
        ) -> dict[str, Any]:
            return {"messages": await self._wait_for_messages(identity_id, after, min(wait, LONGEST_WAIT_S))}

        @router.post("/rating", status_code=204)
        def rating(body: RatingBody, identity_id: int = identity) -> Response:
            self._limits.message(identity_id, upload=False)
            self._closing.rate(identity_id, body.score, body.comment)
            return Response(status_code=204)

        @router.get("/attachments/{attachment_id}")
        def attachment(attachment_id: str, identity_id: int = identity) -> Response:
            mime, data = self._thread.attachment(identity_id, attachment_id)
            headers = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, max-age=3600"}
            return Response(data, media_type=mime, headers=headers)

        router.add_api_websocket_route("/stream", self._stream)
        return router

    def _identity(self, authorization: Annotated[str | None, Header()] = None) -> int:
        scheme, _, token = (authorization or "").partition(" ")
        return self._visitors.identify(token if scheme.lower() == "bearer" else None)

    async def _wait_for_messages(self, identity_id: int, after: int, wait_s: float) -> list[dict[str, Any]]:
        deadline = time.monotonic() + wait_s
        with self._live.subscribe(identity_id) as subscription:
            while True:
                found = await run_in_threadpool(self._thread.after, identity_id, after)
                left_s = deadline - time.monotonic()
                if found or left_s <= 0:
                    return found
                await subscription.next(min(left_s, RECHECK_S))

    async def _stream(self, socket: WebSocket) -> None:
        origin = socket.headers.get("origin")
        if origin is not None and not self._allows(origin, socket.headers.get("host", "")):
            await socket.close(POLICY_VIOLATION)
            return
        await socket.accept()
        try:
            identity_id, after = await self._open_stream(socket)
        except (ChannelError, TimeoutError, WebSocketDisconnect):
            await close_quietly(socket, POLICY_VIOLATION)
            return
        self._metrics.streams.inc()
        try:
            with self._live.subscribe(identity_id) as subscription:
                await until_first(_drain(socket), self._feed(socket, subscription, identity_id, after))
        finally:
            self._metrics.streams.dec()
            await close_quietly(socket, 1001)

    def _allows(self, origin: str, host: str) -> bool:
        return STAR in self._allowed_origins or origin in self._allowed_origins or origin.split("//")[-1] == host

    async def _open_stream(self, socket: WebSocket) -> tuple[int, int]:
        frame = await asyncio.wait_for(socket.receive(), TOKEN_TIMEOUT_S)
        if frame["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(frame["code"])
        try:
            first = StreamBody.model_validate(json.loads(frame.get("text") or ""))
        except (ValueError, RecursionError) as error:
            raise Unauthorized("The first frame carries the token.") from error
        return await run_in_threadpool(self._visitors.identify, first.token), first.after

    async def _feed(self, socket: WebSocket, subscription: Subscription, identity_id: int, after: int) -> None:
        """Sends what is new, in order, and again what has changed since it was sent."""
        unheard: set[int] = set()
        while True:
            fresh = await run_in_threadpool(self._thread.after, identity_id, after)
            known = await run_in_threadpool(self._thread.at, identity_id, unheard)
            changed = [wire for wire in known if not awaits_transcript(wire)]
            unheard -= {wire["seq"] for wire in changed}
            for wire in sorted(changed + fresh, key=lambda each: int(each["seq"])):
                await socket.send_json(wire)
            if fresh:
                after = fresh[-1]["seq"]
                unheard |= {wire["seq"] for wire in fresh if awaits_transcript(wire)}
                continue
            notice = await subscription.next(RECHECK_S)
            if notice is not None and notice.kind == "typing":
                await socket.send_json({"typing": True})


async def read_inbound(request: Request, identity_id: int) -> Inbound:
    """The message of a JSON or multipart request. Raises BadRequest for any other form."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _read_multipart(request, identity_id)
    if kind != "application/json":
        raise BadRequest("Send JSON or multipart/form-data.")
    try:
        # json and not pydantic's own reader: browsers do send half an emoji, and that reader refuses it
        body = MessageBody.model_validate(json.loads(await request.body()))
    except ValidationError as error:
        raise BadRequest(describe(error)) from error
    except (ValueError, RecursionError) as error:
        raise BadRequest("The body is not JSON.") from error
    if body.text is not None and body.payload is not None:
        raise BadRequest("Send either text or payload.")
    return Inbound(identity_id, body.client_message_id, text=body.text or "", payload=body.payload)


async def _read_multipart(request: Request, identity_id: int) -> Inbound:
    async with request.form(max_files=1, max_fields=5) as form:
        file, text, name = form.get("file"), form.get("text", ""), form.get("client_message_id")
        if not isinstance(file, UploadFile) or not isinstance(text, str):
            raise BadRequest("A form needs the fields client_message_id and file, and may have text.")
        if not isinstance(name, str) or not 1 <= len(name) <= 128:
            raise BadRequest("client_message_id: a string of 1 to 128 characters.")
        media = InboundMedia(await file.read(), file.filename)
    return Inbound(identity_id, name, text=text, media=(media,))


def describe(error: ValidationError) -> str:
    """The first thing that is wrong, without what was sent."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else str(first["msg"])


async def until_first(*tasks: Any) -> None:
    """Runs all until one ends, then ends the others; raises nothing but what no disconnection explains."""
    running = [asyncio.ensure_future(task) for task in tasks]
    try:
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
    for task in done:
        error = task.exception()
        if error is not None and not isinstance(error, WebSocketDisconnect | RuntimeError):
            raise error


async def _drain(socket: WebSocket) -> None:
    """Reads until the client leaves; what it says after the token means nothing."""
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return


async def close_quietly(socket: WebSocket, code: int) -> None:
    try:
        await socket.close(code)
    except (RuntimeError, WebSocketDisconnect):
        return  # closed already
