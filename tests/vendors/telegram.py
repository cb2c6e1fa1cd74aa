"""Telegram, as far as a bot sees it: the Bot API on a loopback port, and the people who write to the bot.

``FakeTelegram`` speaks the vendor's HTTP: real paths, forms, bodies and errors (see ``payloads/telegram``), the real
meaning of ``offset``, and what Telegram checks before it takes a message. ``Person`` is somebody with the app: what
they do becomes an update, what the bot sends is in ``seen``. Everything is safe to call from any thread.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import filetype
import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.serving import running

PAYLOADS = Path(__file__).parent / "payloads" / "telegram"
TOKEN = "700000001:AAFexampleTOKENexampleTOKENexampleTOK"
BOT = {"id": 700000001, "is_bot": True, "first_name": "Example Shop", "username": "example_shop_bot"}
ERRORS: dict[str, tuple[int, Any]] = {
    name: (status, body)
    for name, (status, body) in json.loads((PAYLOADS / "errors" / "errors.json").read_text()).items()
}
_UNASKED = {"chat_member", "message_reaction", "message_reaction_count"}
"""Kinds of update that Telegram sends only to a bot that names them in ``allowed_updates``."""
_TEXTS = {"text", "caption", "url", "secret_token", "callback_query_id", "file_id", "language_code", "action"}
_LARGEST_DOWNLOAD = 20 * 1024 * 1024
_HOOK_RETRY_S = 0.1
_LONGEST_WAIT_S = 50.0


class Refusal(Exception):
    """An answer that is no success: ``name`` of an entry in ``errors.json``."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name

    @property
    def response(self) -> Response:
        status, body = ERRORS[self.name]
        return HTMLResponse(body, status) if isinstance(body, str) else JSONResponse(body, status)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file as it was sent: ``field`` is the part's name in the form."""

    field: str
    filename: str
    mime: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the Bot API. ``parameters`` are decoded from JSON where they are JSON."""

    method: str
    parameters: dict[str, Any]
    uploads: tuple[Upload, ...] = ()


@dataclass(slots=True)
class Sent:
    """A message from the bot as the app shows it; ``inline`` and ``keyboard`` are rows of button objects."""

    method: str
    chat_id: int
    message_id: int
    text: str
    inline: list[list[dict[str, Any]]] = field(default_factory=list)
    keyboard: list[list[dict[str, Any]]] | None = None
    removes_keyboard: bool = False
    uploads: tuple[Upload, ...] = ()

    @property
    def buttons(self) -> list[str]:
        return [button["text"] for row in self.inline for button in row]


@dataclass(frozen=True, slots=True)
class Notice:
    """What the app shows in answer to a press: a toast, or an alert that must be tapped away."""

    text: str
    alert: bool


@dataclass(slots=True)
class _Failure:
    method: str
    name: str
    times: int
    after_taking: bool


def payload(name: str) -> dict[str, Any]:
    """A recorded update, to be changed at will."""
    return dict(json.loads((PAYLOADS / f"{name}.json").read_text()))


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


class FakeTelegram:
    """The vendor. ``api_url`` is what CRMBOT_TELEGRAM_API_URL is set to; it is known while it runs.

    ``calls`` are all calls in order, refused ones too; ``sent`` the messages that were taken. ``acknowledged`` are
    the ids of updates that the bot has said it has: by the next offset, or by 200 to a web hook.
    """

    def __init__(self, token: str = TOKEN) -> None:
        self.token = token
        self.api_url = ""
        self.calls: list[Call] = []
        self.sent: list[Sent] = []
        self.acknowledged: list[int] = []
        self.commands: dict[str, list[dict[str, str]]] = {}
        self.typing: list[int] = []
        self.notices: dict[str, Notice] = {}
        self.hook: dict[str, Any] = {}
        self.hook_answers: list[int] = []
        self.local_paths = False
        """As a Bot API server in local mode answers: with a path on its own disk."""
        self.reads_groups = False
        """As the bot of somebody who has turned its privacy mode off."""
        self.people: dict[int, Person] = {}
        self._known_chats: set[int] = set()
        self._files: dict[str, tuple[str, bytes]] = {}
        self._declared_sizes: dict[str, int] = {}
        self._pending: deque[dict[str, Any]] = deque()
        self._queries: set[str] = set()
        self._failures: list[_Failure] = []
        self._allowed: set[str] | None = None
        self._poll = 0
        self._closed = False
        self._changed = threading.Condition(threading.RLock())
        self._update_ids = itertools.count(494890300)
        self._latest_id = 0
        self._message_ids = itertools.count(100)
        self._people_ids = itertools.count(500100201)
        self._names = itertools.count(1)

    # --- the people's side

    def person(self, *, language: str = "en", started: bool = True) -> Person:
        """Somebody new; one who has not ``started`` the bot cannot be written to."""
        person = Person(self, next(self._people_ids), language, started=started)
        self.people[person.id] = person
        return person

    def deliver(self, update: dict[str, Any]) -> dict[str, Any]:
        """Queues an update under a new id, and returns it as the bot will get it."""
        with self._changed:
            update = {**update, "update_id": next(self._update_ids)}
            self._latest_id = update["update_id"]
            self._queue([update])
            return update

    def after_a_quiet_week(self, first_id: int) -> None:
        """Later updates are counted from any number (core.telegram.org/bots/api#update)."""
        self._update_ids = itertools.count(first_id)

    def redeliver(self, *updates: dict[str, Any]) -> None:
        """The same updates again, under the same ids: what a server does that did not see the acknowledgement."""
        with self._changed:
            self._queue([copy.deepcopy(update) for update in updates])

    def store_file(self, data: bytes, extension: str, *, size: int | None = None) -> dict[str, Any]:
        """``file_id``, ``file_unique_id`` and ``file_size`` of a file that the bot may ask for."""
        number = next(self._names)
        file_id = f"AwACAgIAAxkBAAMTZitpN09G4YxVXg5swK80bQK1Ct{number:06d}"
        self._files[file_id] = (f"documents/file_{number}.{extension}", data)
        self._declared_sizes[file_id] = len(data) if size is None else size
        return {"file_id": file_id, "file_unique_id": f"AgAD{number:06d}", "file_size": self._declared_sizes[file_id]}

    def forget_file(self, file_id: str) -> None:
        self._files.pop(file_id)

    def fail(self, method: str, name: str, times: int = 1, *, after_taking: bool = False) -> None:
        """The next ``times`` calls of ``method`` (a prefix: ``send`` is all of them) end in that error.

        ``after_taking``: the message was taken, and the answer got lost on its way.
        """
        with self._changed:
            self._failures.append(_Failure(method, name, times, after_taking))

    def mend(self) -> None:
        """No failures any more."""
        with self._changed:
            self._failures.clear()

    @property
    def waiting(self) -> list[int]:
        """Ids of the updates that are not acknowledged."""
        with self._changed:
            return [update["update_id"] for update in self._pending]

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in list(self.calls) if call.method == method]

    def _queue(self, updates: list[dict[str, Any]]) -> None:
        for update in updates:
            kind = next(key for key in update if key != "update_id")
            allowed = kind not in _UNASKED if self._allowed is None else kind in self._allowed
            if allowed:
                self._pending.append(update)
        self._changed.notify_all()

    # --- the bot's side

    async def answer(self, request: Request) -> Response:
        """``/bot<token>/<method>``."""
        method = request.path_params["method"]
        async with request.form() as form:
            parameters: dict[str, Any] = dict(request.query_params)
            uploads = []
            for key, value in form.multi_items():
                if isinstance(value, UploadFile):
                    mime = value.content_type or ""
                    uploads.append(Upload(key, value.filename or "", mime, await value.read()))
                else:
                    parameters[key] = value if key in _TEXTS else _decoded(value)
        call = Call(method, parameters, tuple(uploads))
        return await run_in_threadpool(self._answer, request.path_params["token"], call)

    def _answer(self, token: str, call: Call) -> Response:
        self.calls.append(call)
        try:
            if token != self.token:
                raise Refusal("unauthorized")
            handler: Callable[[Call], Any] | None = getattr(self, f"_on_{call.method}", None)
            if handler is None:
                raise Refusal("not_found")
            failure = self._failure(call.method)
            if failure is not None and not failure.after_taking:
                raise Refusal(failure.name)
            result = handler(call)
            if failure is not None:
                raise Refusal(failure.name)
        except Refusal as refusal:
            return refusal.response
        return JSONResponse({"ok": True, "result": result})

    def _failure(self, method: str) -> _Failure | None:
        with self._changed:
            for failure in self._failures:
                if failure.times and method.startswith(failure.method):
                    failure.times -= 1
                    return failure
        return None

    async def download(self, request: Request) -> Response:
        """``/file/bot<token>/<path>``."""
        if request.path_params["token"] != self.token:
            return Refusal("unauthorized").response
        failure = self._failure("download")
        if failure is not None:
            return Refusal(failure.name).response
        for path, data in self._files.values():
            if path == request.path_params["path"]:
                return Response(data, media_type="application/octet-stream")
        return Refusal("not_found").response

    def _on_getMe(self, _: Call) -> Any:  # noqa: N802
        more = {
            "can_join_groups": True,
            "can_read_all_group_messages": self.reads_groups,
            "supports_inline_queries": False,
        }
        return {**BOT, **more, "can_connect_to_business": False, "has_main_web_app": False}

    def _on_getUpdates(self, call: Call) -> Any:  # noqa: N802
        offset = int(call.parameters.get("offset", 0))
        limit = int(call.parameters.get("limit", 100))
        deadline = time.monotonic() + min(float(call.parameters.get("timeout", 0)), _LONGEST_WAIT_S)
        with self._changed:
            if self.hook:
                raise Refusal("webhook_active")
            if "allowed_updates" in call.parameters:
                self._allowed = set(call.parameters["allowed_updates"])
            self._poll += 1
            mine = self._poll
            self._changed.notify_all()  # an older call that still waits is ended
            self._forget(offset)
            while not self._pending and not self._closed and self._poll == mine:
                if not self._changed.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    break
            if self._poll != mine:
                raise Refusal("other_poller")
            return sorted(self._pending, key=lambda update: update["update_id"])[:limit]

    def _forget(self, offset: int) -> None:
        """An offset acknowledges every update below it; a negative one counts from the end of the queue.

        One from far beyond the queue's end counts as none (telegram-bot-api, Client.cpp; td, TQueue.cpp).
        """
        if offset > self._latest_id + 11:
            return
        ids = sorted(update["update_id"] for update in self._pending)
        if offset < 0:
            offset = ids[offset:][0] if ids else 0
        self.acknowledged += [each for each in ids if each < offset]
        self._pending = deque(update for update in self._pending if update["update_id"] >= offset)

    def _on_setWebhook(self, call: Call) -> Any:  # noqa: N802
        url = str(call.parameters.get("url", ""))
        secret = str(call.parameters.get("secret_token", ""))
        if urlsplit(url).scheme != "https" and urlsplit(url).hostname not in ("127.0.0.1", "localhost"):
            raise Refusal("https_needed")  # (a Bot API server in local mode takes plain HTTP, too)
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", secret):
            raise Refusal("secret_token")
        with self._changed:
            if "allowed_updates" in call.parameters:
                self._allowed = set(call.parameters["allowed_updates"])
            if call.parameters.get("drop_pending_updates"):
                self._pending.clear()
            self.hook = {"url": url, "secret": secret, "error": None, "error_at": None}
            self._changed.notify_all()
        return True

    def _on_deleteWebhook(self, call: Call) -> Any:  # noqa: N802
        with self._changed:
            if call.parameters.get("drop_pending_updates"):
                self._pending.clear()
            self.hook = {}
        return True

    def _on_getWebhookInfo(self, _: Call) -> Any:  # noqa: N802
        with self._changed:
            info = {
                "url": self.hook.get("url", ""),
                "has_custom_certificate": False,
                "pending_update_count": len(self._pending),
            }
            if self.hook:
                info |= {"max_connections": 40, "ip_address": "127.0.0.1"}
            if self.hook.get("error"):
                info |= {"last_error_date": self.hook["error_at"], "last_error_message": self.hook["error"]}
            return info

    def _on_setMyCommands(self, call: Call) -> Any:  # noqa: N802
        self.commands[str(call.parameters.get("language_code", ""))] = call.parameters["commands"]
        return True

    def _on_sendChatAction(self, call: Call) -> Any:  # noqa: N802
        self.typing.append(self._reachable(call))
        return True

    def _on_sendMessage(self, call: Call) -> Any:  # noqa: N802
        text = call.parameters.get("text", "")
        if not str(text).strip():
            raise Refusal("text_empty")
        if utf16_length(str(text)) > 4096:
            raise Refusal("text_too_long")
        return self._take(call, str(text), text=str(text))

    def _on_sendPhoto(self, call: Call) -> Any:  # noqa: N802
        if filetype.image_match(call.uploads[0].data) is None:
            raise Refusal("image_failed")
        return self._take(call, self._caption(call))

    def _on_sendVoice(self, call: Call) -> Any:  # noqa: N802
        return self._take(call, self._caption(call))

    _on_sendAudio = _on_sendVoice  # noqa: N815
    _on_sendDocument = _on_sendVoice  # noqa: N815

    def _caption(self, call: Call) -> str:
        caption = str(call.parameters.get("caption", ""))
        if utf16_length(caption) > 1024:
            raise Refusal("caption_too_long")
        return caption

    def _take(self, call: Call, shown: str, **content: str) -> dict[str, Any]:
        """The message is on the person's screen. What Telegram answers holds what it took."""
        chat_id = self._reachable(call)
        markup = call.parameters.get("reply_markup") or {}
        inline = markup.get("inline_keyboard", [])
        for button in itertools.chain.from_iterable(inline):
            if not 1 <= len(button.get("callback_data", "").encode()) <= 64:
                raise Refusal("button_data_invalid")
        sent = Sent(
            call.method,
            chat_id,
            next(self._message_ids),
            shown,
            inline,
            markup.get("keyboard"),
            bool(markup.get("remove_keyboard")),
            call.uploads,
        )
        with self._changed:
            self.sent.append(sent)
        return self._as_message(sent) | content

    def _as_message(self, sent: Sent) -> dict[str, Any]:
        chat = self.people[sent.chat_id].chat if sent.chat_id in self.people else {"id": sent.chat_id, "type": "group"}
        message = {"message_id": sent.message_id, "from": BOT, "chat": chat, "date": int(time.time())}
        if sent.inline:
            message["reply_markup"] = {"inline_keyboard": sent.inline}
        return message

    def _reachable(self, call: Call) -> int:
        try:
            chat_id = int(call.parameters["chat_id"])
        except (KeyError, ValueError):
            raise Refusal("chat_not_found") from None
        person = self.people.get(chat_id)
        if person is None and chat_id not in self._known_chats:
            raise Refusal("chat_not_found")
        if person is not None and person.has_blocked:
            raise Refusal("blocked")
        if person is not None and not person.started:
            raise Refusal("not_started")
        return chat_id

    def open_group(self, chat_id: int) -> None:
        """A group that the bot is in."""
        self._known_chats.add(chat_id)

    def _on_answerCallbackQuery(self, call: Call) -> Any:  # noqa: N802
        query = str(call.parameters["callback_query_id"])
        with self._changed:
            if query not in self._queries:
                raise Refusal("query_too_old")
            self._queries.remove(query)
            self.notices[query] = Notice(str(call.parameters.get("text", "")), bool(call.parameters.get("show_alert")))
        return True

    def _on_editMessageReplyMarkup(self, call: Call) -> Any:  # noqa: N802
        inline = (call.parameters.get("reply_markup") or {}).get("inline_keyboard", [])
        with self._changed:
            for sent in self.sent:
                if (sent.chat_id, sent.message_id) == (call.parameters["chat_id"], call.parameters["message_id"]):
                    if sent.inline == inline:
                        raise Refusal("not_modified")
                    sent.inline = inline
                    return self._as_message(sent)
        raise Refusal("edit_not_found")

    def _on_getFile(self, call: Call) -> Any:  # noqa: N802
        file_id = str(call.parameters["file_id"])
        if file_id not in self._files:
            raise Refusal("file_unknown")
        path, _ = self._files[file_id]
        size = self._declared_sizes[file_id]
        if size > _LARGEST_DOWNLOAD and not self.local_paths:
            raise Refusal("file_too_big")
        if self.local_paths:
            path = f"/var/lib/telegram-bot-api/{self.token}/{path}"
        return {"file_id": file_id, "file_unique_id": file_id[-12:], "file_size": size, "file_path": path}

    # --- the web hook

    def post_hooks(self) -> None:
        """Posts what waits to the web hook, one update at a time, until the server is closed."""
        with httpx.Client(timeout=10) as client:
            while True:
                with self._changed:
                    while not (self.hook and self._pending) and not self._closed:
                        self._changed.wait()
                    if self._closed:
                        return
                    hook, update = self.hook, self._pending[0]
                trouble = self._post(client, hook, update)
                with self._changed:
                    if trouble is None:
                        self.acknowledged.append(update["update_id"])
                        self._pending = deque(each for each in self._pending if each is not update)
                        continue
                    hook |= {"error": trouble, "error_at": int(time.time())}
                    self._changed.wait(_HOOK_RETRY_S)

    def _post(self, client: httpx.Client, hook: dict[str, Any], update: dict[str, Any]) -> str | None:
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret"]} if hook["secret"] else {}
        try:
            response = client.post(hook["url"], json=update, headers=headers)
        except httpx.HTTPError:
            return "Connection refused"
        self.hook_answers.append(response.status_code)
        if response.is_success:
            return None
        return f"Wrong response from the webhook: {response.status_code} {response.reason_phrase}"

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/bot{token}/{method}", self.answer, methods=["GET", "POST"]),
                Route("/file/bot{token}/{path:path}", self.download, methods=["GET"]),
            ]
        )


@dataclass
class Person:
    """Somebody with the app. What they do is delivered as an update, which is returned."""

    telegram: FakeTelegram
    id: int
    language: str = "en"
    started: bool = True
    has_blocked: bool = False
    deeds: list[dict[str, Any]] = field(default_factory=list)
    """Every update they made, in order."""

    @property
    def user(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": "Li",
            "last_name": "Wen",
            "username": f"liwen{self.id}",
            "language_code": self.language,
        }

    @property
    def chat(self) -> dict[str, Any]:
        return {key: self.user[key] for key in ("id", "first_name", "last_name", "username")} | {"type": "private"}

    @property
    def seen(self) -> list[Sent]:
        """What the bot has sent them, in order."""
        return [sent for sent in list(self.telegram.sent) if sent.chat_id == self.id]

    @property
    def notices(self) -> list[Notice]:
        return [
            self.telegram.notices[query]
            for update in self.deeds
            if "callback_query" in update and (query := update["callback_query"]["id"]) in self.telegram.notices
        ]

    def text(self, text: str) -> dict[str, Any]:
        command = re.match(r"/\w+(@\w+)?", text)
        entities = [{"offset": 0, "length": command.end(), "type": "bot_command"}] if command else None
        self.started = True
        return self.does("text", text=text, **({"entities": entities} if entities else {}))

    def voice(self, data: bytes, *, duration: int = 2, size: int | None = None) -> dict[str, Any]:
        stored = self.telegram.store_file(data, "oga", size=size)
        return self.does("voice", voice={"duration": duration, "mime_type": "audio/ogg", **stored})

    def video_note(self, data: bytes) -> dict[str, Any]:
        stored = self.telegram.store_file(data, "mp4")
        return self.does("video_note", video_note={"duration": 3, "length": 384, **stored})

    def photo(self, data: bytes, caption: str | None = None, **more: Any) -> dict[str, Any]:
        """A photo in two sizes; ``media_group_id`` in ``more`` makes it one of an album."""
        small = self.telegram.store_file(data, "jpg") | {"width": 90, "height": 67, "file_size": 1502}
        large = self.telegram.store_file(data, "jpg") | {"width": 1280, "height": 960}
        return self.does("photo", photo=[small, large], caption=caption, **more)

    def album(self, photos: list[bytes], caption: str | None = None) -> list[dict[str, Any]]:
        """Photos sent as one; the caption stands on the first."""
        group = str(13245678901234000 + next(self.telegram._names))
        return [
            self.photo(data, caption if place == 0 else None, media_group_id=group) for place, data in enumerate(photos)
        ]

    def contact(self, phone: str, *, own: bool = True) -> dict[str, Any]:
        shared = {"phone_number": phone, "first_name": "Li", "user_id": self.id if own else self.id + 1}
        return self.does("contact_own", contact=shared)

    def edit(self, update: dict[str, Any], text: str, *, at: int | None = None) -> dict[str, Any]:
        """Other words (or another caption) for an earlier message."""
        message = copy.deepcopy(update.get("message") or update["edited_message"])
        message["caption" if "photo" in message else "text"] = text
        message["edit_date"] = at or int(time.time())
        return self._delivered({"edited_message": message})

    def press(self, title: str) -> dict[str, Any]:
        """Presses the latest inline button of that title which the app shows."""
        for sent in reversed(self.seen):
            for button in itertools.chain.from_iterable(sent.inline):
                if button["text"] == title:
                    return self.press_data(button["callback_data"], sent)
        raise AssertionError(f"no button says {title!r}")

    def press_data(self, data: str, sent: Sent) -> dict[str, Any]:
        query = str(2147914020184465000 + next(self.telegram._names))
        self.telegram._queries.add(query)
        message = self.telegram._as_message(sent) | {"text": sent.text}
        callback = {"id": query, "from": self.user, "message": message, "chat_instance": "77", "data": data}
        return self._delivered({"callback_query": callback})

    def blocks(self) -> dict[str, Any]:
        self.has_blocked = True
        return self._member("blocked")

    def unblocks(self) -> dict[str, Any]:
        self.has_blocked, self.started = False, True
        return self._member("unblocked")

    def does(self, kind: str, **changes: Any) -> dict[str, Any]:
        """The recorded update of that name, as if this person had made it; None drops a field."""
        update = payload(kind)
        body = next(key for key in update if key != "update_id")
        message = update[body] | {
            "message_id": next(self.telegram._message_ids),
            "from": self.user,
            "chat": self.chat,
            "date": int(time.time()),
        }
        message = {key: value for key, value in (message | changes).items() if value is not None}
        return self._delivered({body: message})

    def _member(self, kind: str) -> dict[str, Any]:
        change = payload(kind)["my_chat_member"] | {"chat": self.chat, "from": self.user, "date": int(time.time())}
        return self._delivered({"my_chat_member": change})

    def _delivered(self, update: dict[str, Any]) -> dict[str, Any]:
        update = self.telegram.deliver(update)
        self.deeds.append(update)
        return update


def _decoded(value: str) -> Any:
    """A form's field that is no text: objects, lists, numbers and truths, written as JSON."""
    if value[:1] in "[{" or value in ("true", "false") or re.fullmatch(r"-?\d{1,18}", value):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


@contextmanager
def telegram(token: str = TOKEN) -> Iterator[FakeTelegram]:
    """Telegram on a free loopback port, until the block ends."""
    fake = FakeTelegram(token)
    poster = threading.Thread(target=fake.post_hooks, daemon=True)
    with running(fake.app()) as url:
        fake.api_url = url
        poster.start()
        try:
            yield fake
        finally:
            fake.close()
            poster.join(15)
