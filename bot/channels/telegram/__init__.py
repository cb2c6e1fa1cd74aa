"""Telegram: people write to the shop's bot, by long polling or by a web hook.

Owns the channel's event-loop thread, and puts reading (``updates``), receiving and sending together. The library
python-telegram-bot is used here and nowhere else, and of it the client alone: what is acknowledged when is ours to
decide (``receiving``).
"""

from __future__ import annotations

import concurrent.futures
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from hmac import compare_digest
from typing import Any, Literal, TypeVar

import anyio
import structlog
from anyio.from_thread import BlockingPortal, start_blocking_portal
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool
from telegram import Update, User, WebhookInfo
from telegram.constants import ChatAction
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.channels.base import (
    Channel,
    DeliveryRefused,
    FileTooLarge,
    Finding,
    Intake,
    MediaRefused,
    MediaUnavailable,
    Outgoing,
)
from bot.channels.telegram.client import Client, delivery_error, read_update, readable
from bot.channels.telegram.receiving import Pauses, Receiver, attempt
from bot.channels.telegram.sending import parts_of, send_part
from bot.channels.telegram.updates import CHANNEL, Reading
from bot.errors import ChannelError
from bot.fetcher import Fetcher

log = structlog.get_logger(__name__)

T = TypeVar("T")

DOWNLOAD_LIMIT_BYTES = 20 * 1024 * 1024
"""The most that Telegram gives a bot (core.telegram.org/bots/api#getfile)."""
_VENDOR_HOST = "api.telegram.org"
_CLOSE_S = 15.0
_PATIENCE_S = 600.0
"""After a delivery error at Telegram so much younger, the web hook counts as failing."""


class TelegramChannel(Channel):
    """``public_url`` is where the outside reaches us, needed for ``webhook`` alone; ``secret`` guards the hook.

    ``secret`` has 1 to 256 letters, digits, ``_`` and ``-``. ``api_url`` may be a Bot API server of the operator's own.
    """

    name = CHANNEL

    def __init__(
        self,
        token: str,
        *,
        mode: Literal["polling", "webhook"],
        api_url: str,
        public_url: str | None,
        secret: str,
        media_limit_bytes: int,
        fetch_timeout_s: float,
        pauses: Pauses | None = None,
    ) -> None:
        api_url = api_url.rstrip("/")
        own_server = [] if api_url == f"https://{_VENDOR_HOST}" else [api_url]
        self._client = Client(token, api_url)
        self._mode = mode
        self._hook_url = f"{public_url.rstrip('/')}/channels/{CHANNEL}" if public_url else None
        self._secret = secret
        self._media_limit_bytes = min(media_limit_bytes, DOWNLOAD_LIMIT_BYTES)
        self._fetcher = Fetcher(own_server, [_VENDOR_HOST], self._media_limit_bytes, fetch_timeout_s)
        self._pauses = pauses or Pauses()
        self._loop = _Loop()
        self._receiver: Receiver | None = None
        self._stopping: anyio.Event | None = None
        self._received: concurrent.futures.Future[None] | None = None
        self._shows_keyboard: set[str] = set()
        """Chats that show a button of ours which shares their phone number."""

    def start(self, intake: Intake) -> None:
        reading = Reading(self._client.bot_id, self._media_limit_bytes)
        self._receiver = Receiver(self._client, intake, reading, self._pauses)
        portal = self._loop.portal()
        self._stopping = portal.call(anyio.Event)
        self._received = portal.start_task_soon(self._receive, self._receiver, self._stopping)

    def close(self) -> None:
        self._fetcher.close()
        self._loop.close(self._end)

    def routes(self) -> APIRouter | None:
        if self._mode == "polling":
            return None
        router = APIRouter()
        router.add_api_route("", self._hook, methods=["POST"], include_in_schema=False)
        return router

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        if outgoing.bot != self._client.bot_id:
            raise DeliveryRefused("the conversation is with another bot than the one that is set up")
        try:
            chat_id = int(outgoing.external_id)
        except ValueError:
            raise DeliveryRefused("no chat has that name") from None
        parts = parts_of(outgoing, remove_keyboard=outgoing.external_id in self._shows_keyboard)
        for part in parts[len(outgoing.parts) :]:
            try:
                name = self._loop.call(partial(send_part, self._client.bot, chat_id, part))
            except TelegramError as error:
                raise delivery_error(error) from None
            yield name
        self._note_keyboard(outgoing)

    def _note_keyboard(self, outgoing: Outgoing) -> None:
        if outgoing.asks_for:
            self._shows_keyboard.add(outgoing.external_id)
        elif not outgoing.buttons:  # which leave no room to take a keyboard away
            self._shows_keyboard.discard(outgoing.external_id)

    def fetch(self, remote: str) -> bytes:
        try:
            file = self._loop.call(partial(self._client.bot.get_file, remote))
        except BadRequest as error:
            if "temporarily" in error.message.lower():
                raise MediaUnavailable("Telegram does not have the file now") from None
            if "too big" in error.message.lower():
                raise FileTooLarge("larger than Telegram gives to bots") from None
            raise MediaRefused(f"Telegram does not give the file: {error.message}") from None
        except TelegramError as error:
            if isinstance(error, InvalidToken):
                log.error("telegram_token_refused")
            raise MediaUnavailable(f"Telegram cannot be asked: {type(error).__name__}") from None
        except ChannelError as error:
            raise MediaUnavailable(str(error)) from None
        if (file.file_size or 0) > self._media_limit_bytes:
            raise FileTooLarge(f"larger than {self._media_limit_bytes} bytes")
        return self._fetcher.fetch(self._file_url(file.file_path))

    def _file_url(self, path: str | None) -> str:
        """Where the file is; the URL holds the token and goes no further than the fetcher."""
        if path is None:
            raise MediaUnavailable("Telegram does not say where the file is")
        if not path.startswith(self._client.file_url) or path.startswith("/", len(self._client.file_url)):
            raise MediaRefused("the Bot API server keeps files to itself: it runs with --local")
        return path

    def typing(self, bot: str, external_id: str) -> None:
        if bot == self._client.bot_id:
            sign = partial(self._client.bot.send_chat_action, external_id, ChatAction.TYPING)
            self._loop.start_soon(partial(attempt, sign))

    def check(self) -> list[Finding]:
        try:
            me = self._loop.call(self._client.bot.get_me)
            hook = self._loop.call(self._client.bot.get_webhook_info)
        except InvalidToken:
            return [
                Finding("telegram token", False, "Telegram refuses it: copy CRMBOT_TELEGRAM_TOKEN from @BotFather.")
            ]
        except (TelegramError, ChannelError) as error:
            advice = f"Telegram does not answer at CRMBOT_TELEGRAM_API_URL ({type(error).__name__})."
            return [Finding("telegram token", False, advice)]
        receiving = self._check_hook(hook) if self._mode == "webhook" else _check_polling(hook)
        return [Finding("telegram token", True), receiving, _check_privacy(me)]

    def _check_hook(self, hook: WebhookInfo) -> Finding:
        name = "telegram web hook"
        if self._hook_url is None or not self._hook_url.startswith("https://"):
            return Finding(name, False, "Set CRMBOT_PUBLIC_URL to the https address that reaches this server.")
        if hook.url and hook.url != self._hook_url:
            return Finding(name, False, "Telegram posts to another address; `crmbot up` sets ours when it starts.")
        if not hook.url:
            return Finding(name, True)
        if _failing(hook):
            advice = f"Telegram's last post failed ({hook.last_error_message}); {hook.pending_update_count} wait."
            return Finding(name, False, advice)
        return Finding(name, True)

    async def _receive(self, receiver: Receiver, stopping: anyio.Event) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(receiver.prepare)
            if self._mode == "polling":
                tasks.start_soon(receiver.poll, tasks)
            else:
                tasks.start_soon(receiver.insist, self._set_hook)
            await stopping.wait()
            tasks.cancel_scope.cancel()

    async def _set_hook(self) -> None:
        if self._hook_url is None:
            log.error("telegram_setup_refused", reason="CRMBOT_PUBLIC_URL is not set")
            return
        await self._client.bot.set_webhook(
            self._hook_url, secret_token=self._secret, allowed_updates=Update.ALL_TYPES, drop_pending_updates=False
        )

    async def _hook(self, request: Request) -> Response:
        """401 to whoever does not know the secret, 400 to what is no JSON, 503 when it could not be stored."""
        given = request.headers.get("X-Telegram-Bot-Api-Secret-Token", "")
        if not compare_digest(given.encode(), self._secret.encode()):
            return Response(status_code=401)
        try:
            data = json.loads(await request.body())
        except (ValueError, RecursionError):
            return Response(status_code=400)
        update = read_update(readable(data)) if isinstance(data, dict) else None
        if update is None:
            return Response(status_code=200)
        if self._receiver is None:
            return Response(status_code=503)
        try:
            left_to_do = await run_in_threadpool(self._receiver.store, update)
        except Exception as error:  # the database's, most likely: recorded, and Telegram posts it again
            log.error("telegram_update_not_stored", update_id=update.update_id, error=type(error).__name__)
            return Response(status_code=503)
        if left_to_do is not None:
            self._loop.start_soon(partial(attempt, left_to_do))
        return Response(status_code=200)

    def _end(self, portal: BlockingPortal) -> None:
        if self._stopping is not None and self._received is not None:
            portal.start_task_soon(self._stopping.set)
            concurrent.futures.wait([self._received], _CLOSE_S)
        portal.call(self._client.close)


def _check_polling(hook: WebhookInfo) -> Finding:
    if hook.url:
        return Finding("telegram polling", False, "A web hook is set, by another program? `crmbot up` removes it.")
    return Finding("telegram polling", True)


def _check_privacy(me: User) -> Finding:
    if me.can_read_all_group_messages:
        return Finding("telegram privacy", False, "The bot reads all of a group: /setprivacy at @BotFather, Enable.")
    return Finding("telegram privacy", True)


def _failing(hook: WebhookInfo) -> bool:
    since = hook.last_error_date
    return since is not None and (datetime.now(UTC) - since).total_seconds() < _PATIENCE_S


class _Loop:
    """An event loop in a thread of its own, started when first needed; calls come from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._portal: BlockingPortal | None = None
        self._closed = False

    def portal(self) -> BlockingPortal:
        with self._lock:
            if self._closed:
                raise ChannelError("the program is ending")
            if self._portal is None:
                self._portal = self._stack.enter_context(start_blocking_portal(name=f"{CHANNEL} channel"))
            return self._portal

    def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """Runs it on the loop and waits. Raises what it raises, and ChannelError when the program is ending."""
        portal = self.portal()
        try:
            return portal.call(function)
        except (concurrent.futures.CancelledError, RuntimeError):
            if not self._closed:
                raise
            raise ChannelError("the program is ending") from None

    def start_soon(self, function: Callable[[], Awaitable[Any]]) -> None:
        """Starts it on the loop; not at all when the program is ending."""
        try:
            self.portal().start_task_soon(function)
        except (ChannelError, RuntimeError):
            log.debug("telegram_courtesy_dropped")

    def close(self, end: Callable[[BlockingPortal], None]) -> None:
        """``end`` is run before the loop ends, if it ever ran; calls under way are cut off."""
        with self._lock:
            self._closed = True
        if self._portal is None:
            return
        end(self._portal)
        self._portal.call(self._portal.stop, True)
        self._stack.close()
        self._portal = None
