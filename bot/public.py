"""The public port: the web channel, the widget, the demo page, the console, health and metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog
from fastapi import FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bot.channels.base import Channel
from bot.channels.web import WebChannel
from bot.errors import BotError, ChannelError, TooManyRequests, UnknownRecord
from bot.metrics import Metrics
from bot.visitors import sign_identity
from crm.demo import DEMO_REFS
from crm.errors import CrmError, InvalidValue, NotFound
from crm.models import Customer
from crm.unit_of_work import Database

log = structlog.get_logger(__name__)

STATIC = Path(__file__).parent / "channels" / "static"
FORM_OVERHEAD_BYTES = 64 * 1024
JSON_LIMIT_BYTES = 1024 * 1024
DEMO_IDENTITY_S = 3600
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_STATUS_CODES = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}

Readiness = Callable[[], dict[str, bool]]


def public_app(
    web: WebChannel,
    metrics: Metrics,
    readiness: Readiness,
    *,
    media_limit_bytes: int,
    allowed_origins: frozenset[str],
    channels: Mapping[str, Channel] = MappingProxyType({}),
) -> FastAPI:
    """The app without the console and the demo, which are added to it; with the web hooks of ``channels``."""
    app = FastAPI(title="crmbot", docs_url=None, redoc_url=None, openapi_url="/v1/openapi.json")
    app.add_middleware(BodyLimit, limit_bytes=media_limit_bytes + FORM_OVERHEAD_BYTES)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=sorted(allowed_origins),
        allow_methods=["GET", "POST"],
        allow_headers=["Authorization", "Content-Type"],
        expose_headers=["Retry-After"],
    )
    app.include_router(web.router())
    for name, channel in channels.items():
        hooks = channel.routes()
        if hooks is not None:
            app.include_router(hooks, prefix=f"/channels/{name}", include_in_schema=False)
    _add_errors(app, metrics, {"/v1/chat": "web", **{f"/channels/{name}": name for name in channels}})

    @app.get("/healthz", tags=["operations"])
    def healthz() -> dict[str, str]:
        return {"status": "up"}

    @app.get("/readyz", tags=["operations"])
    def readyz() -> JSONResponse:
        parts = readiness()
        missing = sorted(name for name, ready in parts.items() if not ready)
        return JSONResponse({"ready": not missing, "not_ready": missing}, status_code=503 if missing else 200)

    @app.get("/metrics", tags=["operations"])
    def prometheus() -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @app.get("/widget.js", tags=["widget"])
    def widget() -> FileResponse:
        return _script("widget.js")

    return app


def add_demo(app: FastAPI, database: Database, site_secret: str) -> None:
    """The demo shop's page, and a sign-in that a real shop's back end would do."""

    @app.get("/", tags=["demo"])
    def page() -> FileResponse:
        headers = {"Content-Security-Policy": PAGE_POLICY, "X-Content-Type-Options": "nosniff"}
        return FileResponse(STATIC / "demo.html", media_type="text/html", headers=headers)

    @app.get("/demo.js", tags=["demo"])
    def script() -> FileResponse:
        return _script("demo.js")

    @app.get("/demo/customers", tags=["demo"])
    def customers() -> list[dict[str, str]]:
        with database.reading() as session:
            rows = session.scalars(select(Customer).where(Customer.ref.in_(DEMO_REFS)).order_by(Customer.id)).all()
        return [{"customer_ref": row.ref, "name": row.name, "language": row.language} for row in rows]

    @app.get("/demo/identity", tags=["demo"])
    def identity(customer_ref: str = Query(max_length=64)) -> dict[str, Any]:
        with database.reading() as session:
            known = session.scalar(select(Customer.id).where(Customer.ref == customer_ref))
            if known is None or customer_ref not in DEMO_REFS:  # nobody is let in as a real customer
                raise UnknownRecord("There is no such customer.")
        signed = sign_identity(site_secret, customer_ref, int(time.time()) + DEMO_IDENTITY_S)
        return {"customer_ref": signed.customer_ref, "expires": signed.expires, "signature": signed.signature}


def _script(name: str) -> FileResponse:
    return FileResponse(STATIC / name, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


class BodyLimit:
    """Refuses request bodies over a size while they arrive, before anything is kept of them.

    ``limit_bytes`` is for forms with a file; anything else is held to a mebibyte.
    """

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        kind = Headers(scope=scope).get("content-type", "").lower()
        limit_bytes = self._limit_bytes if kind.startswith("multipart/form-data") else JSON_LIMIT_BYTES
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit_bytes:
                raise HTTPException(413, "The request is too large.")  # FastAPI lets only these through
            return message

        await self._app(scope, counted, send)


def _add_errors(app: FastAPI, metrics: Metrics, places: Mapping[str, str]) -> None:
    """``places`` are the channels by the path below which they are called."""

    def answer(
        request: Request, status: int, code: str, message: str, retry_after_s: int | None = None
    ) -> JSONResponse:
        for path, channel in places.items():
            if request.url.path.startswith(f"{path}/"):
                metrics.refusals.labels(channel, code).inc()
        headers = {"Retry-After": str(retry_after_s)} if retry_after_s is not None else None
        return JSONResponse({"error": {"code": code, "message": message}}, status_code=status, headers=headers)

    @app.exception_handler(ChannelError)
    async def channel_error(request: Request, error: ChannelError) -> JSONResponse:
        wait_s = error.retry_after_s if isinstance(error, TooManyRequests) else None
        return answer(request, error.status, error.code, str(error), wait_s)

    @app.exception_handler(CrmError)
    async def crm_error(request: Request, error: CrmError) -> JSONResponse:
        if isinstance(error, InvalidValue):
            return answer(request, 422, f"invalid_{error.field}", str(error))
        if isinstance(error, NotFound):
            return answer(request, 404, error.code, "There is no such thing here.")
        return answer(request, 409, error.code, "That is not possible now.")

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        return answer(request, 400, "bad_request", f"{place}: {first['msg']}" if place else str(first["msg"]))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> JSONResponse:
        code = _STATUS_CODES.get(error.status_code, "bad_request")
        return answer(request, error.status_code, code, str(error.detail))

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> JSONResponse:
        known = error.code if isinstance(error, BotError) else type(error).__name__
        log.error("request_failed", path=request.url.path, error=known, exc_info=error)
        return answer(request, 500, "internal", "Something went wrong on our side. Please try again.")
