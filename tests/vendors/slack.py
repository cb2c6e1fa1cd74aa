"""Slack, as far as a bot sees it: the Web API, Socket Mode and files on a loopback port, and one workspace behind them.

``FakeSlack`` speaks the vendor's HTTP and WebSocket: real methods, forms, bodies and errors, the limits of Block Kit,
scopes, tickets, envelopes that are sent again until they are acknowledged, and requests signed as Slack signs them.
What happens in the workspace is told by ``deliver`` with a body of ``slack_bodies``; what the bot sends is in
``posts``. Everything is safe to call from any thread.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import threading
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Literal
from urllib.parse import urlencode

import httpx
from slack_sdk.signature import SignatureVerifier
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.serving import running, wait_until
from tests.vendors import slack_bodies as bodies
from tests.vendors.slack_blocks import complaints
from tests.vendors.slack_bodies import APP, BOT, BOT_USER, TEAM, Body

BOT_TOKEN = "xoxb-2149773189-1290381233-ExampleExampleExampleEx"
APP_TOKEN = "xapp-1-A0CRMBOT1-1290381233-0123456789abcdef0123456789abcdef"
SIGNING_SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
LOGIN_PAGE = "<!DOCTYPE html><html lang=en><head><title>Sign in | Slack</title></head><body>Sign in</body></html>"
RETRIES, PATIENCE_S = 3, 3.0
"""How often an event that was not acknowledged is sent again, and after how long it counts as such."""
SCOPES: dict[str, tuple[str, ...]] = {
    "chat.postMessage": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.update": ("chat:write",),
    "conversations.open": ("im:write",),
    "conversations.history": ("im:history",),
    "conversations.replies": ("channels:history", "groups:history", "im:history"),
    "users.info": ("users:read",),
    "files.info": ("files:read",),
    "files.getUploadURLExternal": ("files:write",),
    "files.completeUploadExternal": ("files:write",),
}
"""What each method asks for: one of these."""
ALL_SCOPES = frozenset(scope for scopes in SCOPES.values() for scope in scopes) | {
    "app_mentions:read", "commands", "users:read.email",
}  # fmt: skip


class NotAcknowledged(AssertionError):
    """An event was sent as often as Slack sends it, and was never acknowledged."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Web API, as it came in."""

    method: str
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Failure:
    """What a method shall answer instead: an ``error``, a ``status`` of HTTP, or a connection that breaks.

    ``after`` lets the method do its work first, so that only the answer is lost.
    """

    error: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    after: bool = False
    more: dict[str, Any] = field(default_factory=dict)


def rate_limited(retry_after_s: int) -> Failure:
    return Failure("ratelimited", 429, {"Retry-After": str(retry_after_s)})


@dataclass(slots=True)
class Acknowledged:
    """How an event was taken: after ``attempts``, with the ``payload`` that answered it, if any."""

    attempts: int
    payload: Any = None
    statuses: tuple[int, ...] = ()


@dataclass(slots=True)
class _Envelope:
    body: Body
    type: str
    taken: threading.Event = field(default_factory=threading.Event)
    payload: Any = None


class FakeSlack:
    """A workspace with the app installed. ``mode`` is how it reaches the app; HTTP needs ``request_url``."""

    def __init__(self, mode: Literal["socket", "http"] = "socket") -> None:
        self.mode = mode
        self.base_url = ""
        self.request_url = ""
        self.patience_s = PATIENCE_S
        self.resend_pause_s = 0.05
        self.echo = True
        """Whether the bot is told of what it posted itself in direct messages, as Slack does."""
        self.bot_token, self.app_token, self.signing_secret = BOT_TOKEN, APP_TOKEN, SIGNING_SECRET
        self.scopes = set(ALL_SCOPES)
        self.users: dict[str, Body] = {bodies.USER: bodies.profile()}
        self.calls: list[Call] = []
        self.posts: list[Body] = []
        """Messages the bot has posted, in order, as Slack keeps them; ``channel`` is where. Edits change them."""
        self.ephemerals: list[Body] = []
        self.homes: dict[str, Body] = {}
        self.uploads: dict[str, Body] = {}
        """Files that the bot has shared: their ``name``, ``title``, ``data`` and ``channel``."""
        self.connections = 0
        self.tickets_refused = 0
        """So many connections are turned away, and their tickets are used up by it."""
        self.login_instead_of_redirect = False
        self._files: dict[str, tuple[Body, bytes]] = {}
        self._failures: dict[str, deque[Failure]] = defaultdict(deque)
        self._direct: dict[str, str] = {bodies.USER: bodies.DM}
        self.tickets: list[str] = []
        """All that were given out: they are secrets, too."""
        self._tickets: set[str] = set()
        self._sockets: list[WebSocket] = []
        self._pending: dict[str, _Envelope] = {}
        self._echoes: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._numbers = count(1)
        self._lock = threading.RLock()
        self._http = httpx.Client(verify=False)

    # what a test says

    @property
    def api_url(self) -> str:
        return f"{self.base_url}/api/"

    @property
    def origin(self) -> str:
        return self.base_url

    def fail(self, method: str, *failures: Failure | str) -> None:
        """The next calls of ``method`` fail in these ways, one each."""
        self._failures[method].extend(Failure(each) if isinstance(each, str) else each for each in failures)

    def calls_of(self, method: str) -> list[dict[str, Any]]:
        return [call.parameters for call in list(self.calls) if call.method == method]

    def posts_in(self, channel: str) -> list[Body]:
        return [post for post in list(self.posts) if post["channel"] == channel]

    def wait_for_posts(self, number: int, channel: str | None = None, timeout_s: float = 20) -> list[Body]:
        def enough() -> list[Body] | None:
            found = self.posts_in(channel) if channel else list(self.posts)
            return found if len(found) >= number else None

        return list(wait_until(enough, timeout_s))

    def direct_channel(self, user: str) -> str:
        """The channel of the direct messages of ``user`` and the bot."""
        with self._lock:
            return self._direct.setdefault(user, f"D{next(self._numbers):08d}")

    def add_user(self, user: str, **changes: Any) -> None:
        self.users[user] = bodies.profile(user, **changes)

    def add_file(self, kind: str, data: bytes, **changes: Any) -> Body:
        """Puts a file into the workspace; gives what a message says of it. ``kind`` as in ``slack_bodies.file``."""
        file_id = f"F{next(self._numbers):08d}"
        found = bodies.file(kind, file_id, **{"size": len(data)} | changes)
        for key in ("url_private", "url_private_download"):
            found[key] = found[key].replace("https://files.slack.com", self.base_url)
        self._files[file_id] = (found, data)
        return found

    def remove_file(self, file_id: str) -> None:
        del self._files[file_id]

    def deliver(self, body: Body) -> Acknowledged:
        """Tells the app of ``body`` as Slack does, until it is acknowledged. Raises NotAcknowledged."""
        return self._deliver_by_http(body) if self.mode == "http" else self._deliver_by_socket(body)

    def post_once(self, body: Body | bytes, *, headers: dict[str, str] | None = None, url: str = "") -> httpx.Response:
        """One signed request; ``headers`` replace Slack's own."""
        raw, content_type = body if isinstance(body, bytes) else _form(body), "application/json"
        if not raw.startswith(b"{"):
            content_type = "application/x-www-form-urlencoded"
        given = {"Content-Type": content_type, **self.signature(raw), **(headers or {})}
        return self._http.post(url or self.request_url, content=raw, headers=given, timeout=self.patience_s)

    def signature(self, raw: bytes, *, at: float | None = None, secret: str = "") -> dict[str, str]:
        timestamp = str(int(time.time() if at is None else at))
        signed = SignatureVerifier(secret or self.signing_secret).generate_signature(timestamp=timestamp, body=raw)
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signed or ""}

    def wait_for_connection(self, number: int = 1, timeout_s: float = 20) -> None:
        """Until the app has connected ``number`` times in all, and is connected."""
        wait_until(lambda: self.connections >= number and self._sockets, timeout_s)

    def disconnect(self, reason: str = "refresh_requested", *, close: bool = True) -> None:
        """Asks the app to connect anew, and closes the connection a moment later, as Slack does."""
        message = {"type": "disconnect", "reason": reason, "debug_info": {"host": "wss-111.slack.com"}}
        for socket in list(self._sockets):
            self._run(socket.send_text(json.dumps(message)))
            if close:
                self._run(_close_later(socket))

    def break_connections(self) -> None:
        for socket in list(self._sockets):
            self._run(socket.close(1011))

    def send_raw(self, text: str) -> None:
        """Something on the socket that is no envelope."""
        for socket in list(self._sockets):
            self._run(socket.send_text(text))

    # delivery

    def _deliver_by_http(self, body: Body) -> Acknowledged:
        statuses: list[int] = []
        repeats = RETRIES if body.get("type") == "event_callback" else 0  # Slack repeats events alone
        for attempt in range(1 + repeats):
            reason = "http_timeout" if statuses and statuses[-1] == 0 else "http_error"
            again = {"X-Slack-Retry-Num": str(attempt), "X-Slack-Retry-Reason": reason} if attempt else {}
            try:
                response = self.post_once(body, headers=again)
            except httpx.HTTPError:
                statuses.append(0)
            else:
                statuses.append(response.status_code)
                if response.is_success:
                    return Acknowledged(attempt + 1, _answer_of(response), tuple(statuses))
            time.sleep(self.resend_pause_s)
        raise NotAcknowledged(f"answered {statuses}")

    def _deliver_by_socket(self, body: Body) -> Acknowledged:
        kind = "slash_commands" if "command" in body else "events_api"
        kind = "interactive" if str(body.get("type")) in {"block_actions", "view_submission", "shortcut"} else kind
        for attempt in range(1 + RETRIES):
            envelope_id, envelope = secrets.token_hex(16), _Envelope(body, kind)
            self._pending[envelope_id] = envelope
            sockets = wait_until(lambda: list(self._sockets), self.patience_s)
            with suppress(Exception):  # a connection that has just broken: the event is sent again
                self._run(sockets[-1].send_text(json.dumps(_enveloped(envelope_id, envelope, attempt))))
            if envelope.taken.wait(self.patience_s):
                return Acknowledged(attempt + 1, envelope.payload)
        raise NotAcknowledged(f"{1 + RETRIES} envelopes of {kind} stayed without an answer")

    def _run(self, work: Awaitable[Any]) -> Any:
        assert self._loop is not None, "nobody has connected yet"
        return asyncio.run_coroutine_threadsafe(_awaited(work), self._loop).result(10)

    async def _socket(self, socket: WebSocket) -> None:
        ticket = socket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await socket.close(4001)
            return
        self._tickets.discard(ticket)  # good for one connection
        if self.tickets_refused:
            self.tickets_refused -= 1
            await socket.close(1013)
            return
        await socket.accept()
        self._loop = asyncio.get_running_loop()
        await socket.send_text(json.dumps(_HELLO))
        self._sockets.append(socket)
        self.connections += 1
        try:
            while True:
                answer = json.loads(await socket.receive_text())
                if envelope := self._pending.get(answer.get("envelope_id", "")):
                    envelope.payload = answer.get("payload")
                    envelope.taken.set()
        except (WebSocketDisconnect, RuntimeError):
            pass
        finally:
            self._sockets.remove(socket)

    # the Web API

    async def _api(self, request: Request) -> Response:
        method, parameters = request.path_params["method"], await _parameters(request)
        self.calls.append(Call(method, parameters))
        failure = self._failures[method].popleft() if self._failures[method] else None
        if failure and not failure.after:
            return self._failed(failure)
        answer = self._answer(method, parameters, _bearer(request))
        if failure:
            return self._failed(failure)
        headers = {"X-OAuth-Scopes": ",".join(sorted(self.scopes)), "X-Slack-Req-Id": secrets.token_hex(16)}
        return JSONResponse(answer, headers=headers)

    def _failed(self, failure: Failure) -> Response:
        if failure.drop:
            return _BrokenOff()
        if failure.status >= 500:
            return HTMLResponse("<html><body>Server Error</body></html>", failure.status)
        return JSONResponse({"ok": False, "error": failure.error, **failure.more}, failure.status, failure.headers)

    def _answer(self, method: str, parameters: dict[str, Any], token: str) -> Body:
        if not token:
            return {"ok": False, "error": "not_authed"}
        if token != (self.app_token if method == "apps.connections.open" else self.bot_token):
            return {"ok": False, "error": "invalid_auth"}
        needed = SCOPES.get(method, ())
        if needed and not self.scopes & set(needed):
            provided = ",".join(sorted(self.scopes))
            return {"ok": False, "error": "missing_scope", "needed": needed[0], "provided": provided}
        handler: Callable[[dict[str, Any]], Body] | None = getattr(self, "_" + method.replace(".", "_").lower(), None)
        if handler is None:
            return {"ok": False, "error": "unknown_method", "req_method": method}
        with self._lock:
            return handler(parameters)

    def _auth_test(self, parameters: dict[str, Any]) -> Body:
        return {
            "ok": True, "url": "https://example.slack.com/", "team": "Example Shop", "user": "crmbot",
            "team_id": TEAM, "user_id": BOT_USER, "bot_id": BOT, "is_enterprise_install": False,
        }  # fmt: skip

    def _apps_connections_open(self, parameters: dict[str, Any]) -> Body:
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        self.tickets.append(ticket)
        url = self.base_url.replace("http://", "ws://")
        return {"ok": True, "url": f"{url}/link/?ticket={ticket}&app_id={APP}"}

    def _conversations_open(self, parameters: dict[str, Any]) -> Body:
        user = parameters.get("users", "")
        found = self.users.get(user)
        if found is None:
            return {"ok": False, "error": "user_not_found"}
        if found["deleted"]:
            return {"ok": False, "error": "user_disabled"}
        return {"ok": True, "no_op": True, "already_open": True, "channel": {"id": self.direct_channel(user)}}

    def _chat_postmessage(self, parameters: dict[str, Any]) -> Body:
        if refusal := self._refusal(parameters):
            return refusal
        post = {
            "type": "message", "subtype": None, "user": BOT_USER, "bot_id": BOT, "app_id": APP, "team": TEAM,
            "ts": bodies.next_ts(), "text": parameters["text"], "blocks": _named(parameters.get("blocks", [])),
            "channel": parameters["channel"],
        }  # fmt: skip
        post |= {key: parameters[key] for key in ("thread_ts", "metadata") if key in parameters}
        self.posts.append(post)
        self._tell(post)
        return {"ok": True, "channel": post["channel"], "ts": post["ts"], "message": _shown(post)}

    def _chat_postephemeral(self, parameters: dict[str, Any]) -> Body:
        if refusal := self._refusal(parameters):
            return refusal
        self.ephemerals.append(dict(parameters))
        return {"ok": True, "message_ts": bodies.next_ts()}

    def _chat_update(self, parameters: dict[str, Any]) -> Body:
        if refusal := self._refusal(parameters):
            return refusal
        places = (parameters["channel"], parameters["ts"])
        post = next((each for each in self.posts if (each["channel"], each["ts"]) == places), None)
        if post is None:
            return {"ok": False, "error": "message_not_found"}
        post |= {"text": parameters["text"], "blocks": _named(parameters.get("blocks", []))}
        return {"ok": True, "channel": post["channel"], "ts": post["ts"], "text": post["text"]}

    def _refusal(self, parameters: dict[str, Any]) -> Body | None:
        channel = parameters.get("channel", "")
        if not re.fullmatch(r"[CDG][A-Z0-9]{8,}", channel):
            return {"ok": False, "error": "channel_not_found"}
        if not parameters.get("text"):
            return {"ok": False, "error": "no_text"}
        if len(parameters["text"]) > 40_000:
            return {"ok": False, "error": "msg_too_long"}
        if found := complaints(parameters.get("blocks", [])):
            return {"ok": False, "error": "invalid_blocks", "response_metadata": {"messages": found}}
        return None

    def _tell(self, post: Body) -> None:
        if self.echo and self._sockets and post["channel"].startswith("D"):
            envelope = _Envelope(bodies.own_message(post["text"], channel=post["channel"]), "events_api")
            name = secrets.token_hex(16)
            self._pending[name] = envelope
            telling = asyncio.ensure_future(self._sockets[-1].send_text(json.dumps(_enveloped(name, envelope, 0))))
            self._echoes.add(telling)
            telling.add_done_callback(self._echoes.discard)

    def _conversations_history(self, parameters: dict[str, Any]) -> Body:
        return self._history(parameters, lambda post: True)

    def _conversations_replies(self, parameters: dict[str, Any]) -> Body:
        return self._history(parameters, lambda post: parameters["ts"] in (post.get("thread_ts"), post["ts"]))

    def _history(self, parameters: dict[str, Any], wanted: Callable[[Body], bool]) -> Body:
        found = [_shown(post) for post in self.posts if post["channel"] == parameters["channel"] and wanted(post)]
        oldest = float(parameters.get("oldest") or 0)
        found = [post for post in found if float(post["ts"]) >= oldest]
        if parameters.get("include_all_metadata") not in ("1", "true", True):
            for post in found:
                post.pop("metadata", None)
        limit = int(parameters.get("limit") or 100)
        found = found[:limit] if "ts" in parameters else found[::-1][:limit]  # a thread is told from its beginning
        return {"ok": True, "messages": found, "has_more": False, "pin_count": 0}

    def _users_info(self, parameters: dict[str, Any]) -> Body:
        found = self.users.get(parameters.get("user", ""))
        if found is None:
            return {"ok": False, "error": "user_not_found"}
        found = json.loads(json.dumps(found))
        if "users:read.email" not in self.scopes:
            found["profile"].pop("email", None)
        if parameters.get("include_locale") not in ("1", "true", True):
            found.pop("locale", None)
        return {"ok": True, "user": found}

    def _views_publish(self, parameters: dict[str, Any]) -> Body:
        if found := complaints(parameters["view"]["blocks"], most=100):
            return {"ok": False, "error": "invalid_arguments", "response_metadata": {"messages": found}}
        self.homes[parameters["user_id"]] = parameters["view"]
        return {"ok": True, "view": {"id": "V0PV52K33", **parameters["view"]}}

    # files

    def _files_info(self, parameters: dict[str, Any]) -> Body:
        if parameters.get("file") not in self._files:
            return {"ok": False, "error": "file_not_found"}
        return {"ok": True, "file": self._files[parameters["file"]][0], "comments": []}

    def _files_getuploadurlexternal(self, parameters: dict[str, Any]) -> Body:
        file_id = f"F{next(self._numbers):08d}"
        self.uploads[file_id] = {"name": parameters["filename"], "length": int(parameters["length"])}
        return {"ok": True, "upload_url": f"{self.base_url}/upload/v1/{file_id}", "file_id": file_id}

    def _files_completeuploadexternal(self, parameters: dict[str, Any]) -> Body:
        wanted = json.loads(parameters["files"])
        for each in wanted:
            upload = self.uploads.get(each["id"])
            if upload is None or "data" not in upload:
                return {"ok": False, "error": "file_not_found"}
            upload |= {"title": each.get("title"), "channel": parameters["channel_id"]}
            shared = {"id": each["id"], "name": upload["name"], "title": upload["title"]}
            post = {
                "type": "message", "user": BOT_USER, "bot_id": BOT, "ts": bodies.next_ts(), "text": "", "blocks": [],
                "files": [shared], "channel": parameters["channel_id"], "upload": True,
            }  # fmt: skip
            post |= {"thread_ts": parameters["thread_ts"]} if parameters.get("thread_ts") else {}
            self.posts.append(post)
        return {"ok": True, "files": [{"id": each["id"], "title": each.get("title")} for each in wanted]}

    async def _upload(self, request: Request) -> Response:
        upload, data = self.uploads[request.path_params["file_id"]], await request.body()
        if len(data) != upload["length"]:
            return PlainTextResponse("ERROR - length", 400)
        upload["data"] = data
        return PlainTextResponse(f"OK - {len(data)}")

    async def _download(self, request: Request) -> Response:
        _, _, file_id = request.path_params["place"].partition("-")
        if _bearer(request) != self.bot_token or "files:read" not in self.scopes:
            if self.login_instead_of_redirect:
                return HTMLResponse(LOGIN_PAGE)
            return RedirectResponse(f"{self.base_url}/login?redir=%2F", 302)
        if file_id not in self._files:
            return HTMLResponse("<html>Not found</html>", 404)
        found, data = self._files[file_id]
        return Response(data, media_type=found["mimetype"])

    async def _login(self, request: Request) -> Response:
        return HTMLResponse(LOGIN_PAGE)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/api/{method}", self._api, methods=["GET", "POST"]),
                WebSocketRoute("/link/", self._socket),
                Route("/upload/v1/{file_id}", self._upload, methods=["POST"]),
                Route("/files-pri/{place}/{name:path}", self._download),
                Route("/login", self._login),
            ]
        )


_HELLO = {
    "type": "hello",
    "num_connections": 1,
    "debug_info": {"host": "applink-111", "build_number": 10, "approximate_connection_time": 18060},
    "connection_info": {"app_id": APP},
}


@contextmanager
def fake_slack(mode: Literal["socket", "http"] = "socket") -> Iterator[FakeSlack]:
    """A workspace on a free loopback port, until the block ends."""
    slack = FakeSlack(mode)
    with running(slack.app()) as base_url:
        slack.base_url = base_url
        with slack._http:
            yield slack


class _BrokenOff(Response):
    """Promises bytes that never come: the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = [(b"content-type", b"application/json"), (b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": length})


async def _awaited(work: Awaitable[Any]) -> Any:
    return await work


async def _close_later(socket: WebSocket) -> None:
    await asyncio.sleep(0.05)
    with suppress(RuntimeError, WebSocketDisconnect):  # the app was faster
        await socket.close(1000)


async def _parameters(request: Request) -> dict[str, Any]:
    found: dict[str, Any] = dict(request.query_params)
    if request.headers.get("content-type", "").startswith("application/json"):
        return found | dict(await request.json())
    return found | {key: value for key, value in (await request.form()).items() if isinstance(value, str)}


def _bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token if kind == "Bearer" else ""


def _form(body: Body) -> bytes:
    """How a body travels by HTTP: events as JSON, presses as JSON within a form, slash commands as a form."""
    if "command" in body:
        return urlencode(body).encode()
    if str(body.get("type")) in {"event_callback", "url_verification"} or "type" not in body:
        return json.dumps(body).encode()
    return urlencode({"payload": json.dumps(body)}).encode()


def _answer_of(response: httpx.Response) -> Any:
    if response.headers.get("content-type", "").startswith("application/json"):
        return response.json()
    return {"text": response.text} if response.text else None


def _enveloped(envelope_id: str, envelope: _Envelope, attempt: int) -> Body:
    found = {
        "envelope_id": envelope_id, "type": envelope.type, "payload": envelope.body,
        "accepts_response_payload": envelope.type != "events_api",
    }  # fmt: skip
    if envelope.type == "events_api":
        found |= {"retry_attempt": attempt, "retry_reason": "timeout" if attempt else ""}
    return found


def _named(blocks: list[Body]) -> list[Body]:
    """Slack gives a name to each block that has none."""
    return [{"block_id": secrets.token_hex(3), **block} for block in blocks]


def _shown(post: Body) -> Body:
    return {key: value for key, value in post.items() if key != "channel" and value is not None}
