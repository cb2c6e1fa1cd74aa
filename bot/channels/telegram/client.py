"""The Bot API's client: python-telegram-bot's ``Bot`` as it comes, and what its errors mean here.

Owns that neither the token nor a customer's words get out by an error or a log: the library's errors may quote what
the server sent, and one of them the token. So they are converted here, and cut off from their causes.
"""

from __future__ import annotations

import json
import os
import re
from datetime import timedelta
from typing import Any

import structlog
from telegram import Bot, Update
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from bot.channels.base import DeliveryDelayed, DeliveryRefused, Unreachable
from bot.errors import ChannelError, SetupError

log = structlog.get_logger(__name__)

LONG_POLL_S = 50
"""How long Telegram holds a request for updates while there are none: its most (telegram-bot-api, Client.cpp)."""
_TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
_TIMEOUT_S = 20.0
_UPLOAD_TIMEOUT_S = 120.0
_CONNECTIONS = 32
_PLAIN = ("message_id", "from", "chat", "date", "edit_date", "text", "caption")
_GONE = ("chat not found", "peer_id_invalid", "user not found", "chat_id_invalid")
"""Parts of refusals which say that there is nobody to write to."""


class _Request(HTTPXRequest):
    """Says of an answer that is no JSON only that: the library would log the whole of it."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(payload)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):
            raise TelegramError("the answer is not JSON")
        return answer


class _UpdatesRequest(_Request):
    """An update that the library cannot parse would spoil all that came with it."""

    @staticmethod
    def parse_json_payload(payload: bytes) -> dict[str, Any]:
        answer = _Request.parse_json_payload(payload)
        if isinstance(answer.get("result"), list):
            answer["result"] = [readable(data) for data in answer["result"] if isinstance(data, dict)]
        return answer


class Client:
    """``bot`` with its connections. ``bot_id`` is the number before the token's colon.

    Raises SetupError for what is no token.
    """

    def __init__(self, token: str, api_url: str) -> None:
        if not _TOKEN.fullmatch(token):
            raise SetupError("CRMBOT_TELEGRAM_TOKEN is no bot's token (12345:AbC…): copy it from @BotFather")
        os.environ.setdefault("PTB_TIMEDELTA", "true")  # the library's times as timedelta: it warns where they are not
        self.bot_id = token.partition(":")[0]
        self.file_url = f"{api_url}/file/bot{token}/"
        self._requests = (_Request(**_limits()), _UpdatesRequest(**_limits()))
        self.bot: Bot = Bot(
            token,
            base_url=f"{api_url}/bot",
            base_file_url=f"{api_url}/file/bot",
            request=self._requests[0],
            get_updates_request=self._requests[1],
        )

    async def close(self) -> None:
        for request in self._requests:
            await request.shutdown()


def readable(data: dict[str, Any]) -> dict[str, Any]:
    """The update itself, or what of it the library can make sense of; without the rest, that is logged.

    It stumbles over what an older or newer Bot API server writes otherwise than it expects. Of a message its words
    and its sender are kept then, of any other update the id.
    """
    update_id = data.get("update_id")
    if not isinstance(update_id, int):
        return {"update_id": 0}
    for kept in (data, _bare(data)):
        if read_update(kept) is not None:
            return kept
    return {"update_id": update_id}


def read_update(data: Any) -> Update | None:
    try:
        return Update.de_json(data, None)
    except Exception as error:  # whatever it stumbles over: a field of another type, a missing one, a date too far
        update_id = data.get("update_id") if isinstance(data, dict) else None
        log.warning("telegram_update_unreadable", update_id=update_id, error=type(error).__name__)
        return None


def _bare(data: dict[str, Any]) -> dict[str, Any]:
    """Messages with those fields alone that every message has had from the first."""
    bare = {"update_id": data.get("update_id")}
    for kind in ("message", "edited_message"):
        if isinstance(data.get(kind), dict):
            bare[kind] = {key: data[kind][key] for key in _PLAIN if key in data[kind]}
    return bare


def delivery_error(error: TelegramError) -> ChannelError:
    """What became of a message that Telegram did not take; the token and the message are not in it."""
    match error:
        case RetryAfter():
            return DeliveryDelayed(seconds(error))
        case Forbidden():
            return Unreachable("Telegram lets us not write to them")
        case ChatMigrated():
            return DeliveryRefused("the group has become another chat")
        case BadRequest() if any(part in error.message.lower() for part in _GONE):
            return Unreachable("there is no such chat")
        case BadRequest():
            return DeliveryRefused(f"Telegram refuses the message: {error.message}")
        case InvalidToken():
            log.error("telegram_token_refused")
            return ChannelError("Telegram refuses the token")
    return ChannelError(f"Telegram cannot be reached: {type(error).__name__}")


def seconds(error: RetryAfter) -> float:
    wait = error.retry_after
    return wait.total_seconds() if isinstance(wait, timedelta) else float(wait)


def _limits() -> dict[str, Any]:
    return {
        "connection_pool_size": _CONNECTIONS,
        "pool_timeout": _TIMEOUT_S,
        "connect_timeout": _TIMEOUT_S,
        "read_timeout": _TIMEOUT_S,
        "write_timeout": _TIMEOUT_S,
        "media_write_timeout": _UPLOAD_TIMEOUT_S,
    }
