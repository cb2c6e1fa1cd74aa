"""Who is at the other end: the one place that turns a browser's cookie into a staff account.

Everything under the console's path is closed unless it is listed here as open, so that a page added later is
guarded without being told. The cookie holds a session's token; the account and the session's end are looked up
in the database at every request and before every act, so that a disabled account is out at once.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import quote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from crm.staff import StaffAccount, signed_in
from crm.unit_of_work import Database

OPEN = re.compile(
    r"/(sign-in|preferences|favicon\.ico|static/.+"
    r"|_nicegui/[^/]+/(static|libraries|components|resources|esm)/.+)"
)
"""The sign-in page and what pages are made of: style sheets, scripts, fonts. No word of a customer is in these."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_TOKEN = "token"  # noqa: S105  (a key's name)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",  # Vue compiles its templates in the browser
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
}


class Access:
    """Looks up the staff account behind a connection or a token."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def account(self, token: str | None) -> StaffAccount | None:
        """Whose session this is, or None when it has ended. Asks the database every time."""
        return await asyncio.to_thread(self._account, token) if token else None

    def _account(self, token: str) -> StaffAccount | None:
        with self._database.reading() as session:
            return signed_in(session, token)


class Guard:
    """ASGI middleware: lets in those who are signed in, sends the others to the sign-in page.

    Stands inside the session middleware. Leaves the account on ``scope["state"]["staff"]``.
    """

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        connection = HTTPConnection(scope)
        path = local_path(connection)
        if not same_origin(connection):
            await _refuse(scope, receive, send, PlainTextResponse("cross-site request refused", status_code=403))
            return
        if OPEN.fullmatch(path):
            await self._app(scope, receive, send)
            return
        account = await self._access.account(session_token(connection))
        if account is None:
            await _refuse(scope, receive, send, _sign_in_first(connection))
            return
        scope.setdefault("state", {})["staff"] = account
        await self._app(scope, receive, send)


class SecurityHeaders:
    """ASGI middleware: the browser itself refuses foreign scripts, frames and hosts. A response's own headers win."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


def session_token(connection: HTTPConnection) -> str | None:
    token = connection.session.get(_TOKEN)
    return token if isinstance(token, str) else None


def keep_token(connection: HTTPConnection, token: str) -> None:
    """Starts the browser's session anew around ``token``; nothing planted before the sign-in survives."""
    kept = {key: value for key, value in connection.session.items() if key in ("language", "theme")}
    connection.session.clear()
    connection.session.update(kept, token=token)


def drop_token(connection: HTTPConnection) -> None:
    connection.session.pop(_TOKEN, None)


def staff_of(connection: HTTPConnection) -> StaffAccount:
    """The account that Guard let in."""
    account: StaffAccount = connection.state.staff
    return account


def local_path(connection: HTTPConnection) -> str:
    """The path below the console's mount."""
    path: str = connection.scope["path"]
    return path.removeprefix(connection.scope.get("root_path", "")) or "/"


def same_origin(connection: HTTPConnection) -> bool:
    """Whether a request that may change something comes from a page of this very host; a websocket always may."""
    if connection.scope.get("method") in _SAFE_METHODS:
        return True
    origin = connection.headers.get("origin")
    if origin is None:  # no browser leaves it out of a cross-site POST
        return connection.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
    return urlsplit(origin).netloc == connection.headers.get("host")


def next_page(target: str | None, root: str) -> str:
    """``target`` where it is a page of the console, else the console's first page: no way out to another host."""
    home = f"{root}/"
    if not target or not target.startswith(home) or "\\" in target or any(map(str.isspace, target)):
        return home
    return target


def _sign_in_first(connection: HTTPConnection) -> Response:
    if "text/html" not in connection.headers.get("accept", ""):
        return PlainTextResponse("sign in first", status_code=401)
    query = connection.scope["query_string"].decode()
    target = quote(connection.scope["path"] + (f"?{query}" if query else ""))
    return RedirectResponse(f"{connection.scope.get('root_path', '')}/sign-in?next={target}", status_code=303)


async def _refuse(scope: Scope, receive: Receive, send: Send, response: Response) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4403})  # before it was accepted: the handshake fails
    else:
        await response(scope, receive, send)
