"""Files that people share in Slack: where the bytes of one are, and how they are had. It holds the bot token.

A file is named by its id alone. Without the scope files:read, and for a token that is no longer good, Slack's file
server leads to a page to sign in on, or answers 200 with one: that is told from a file here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import FileTooLarge, MediaRefused, MediaUnavailable
from bot.channels.slack.refusals import UNREACHED, code_of, needed_scope
from bot.fetcher import Fetcher

log = structlog.get_logger(__name__)

SLACK = "slack.com"
SHARED = "slack-files.com"
_FILE = re.compile(r"F[A-Z0-9]{1,20}")
_NEVER = {
    "file_not_found", "file_deleted", "access_denied", "not_visible", "missing_scope", "not_allowed_token_type",
    "no_permission",
}  # fmt: skip
_PAGE = re.compile(rb"\s*(<!doctype html|<html)", re.IGNORECASE)


class Files:
    """``api_url`` is where Slack's Web API answers; files lie on the hosts that belong to it."""

    def __init__(self, client: AsyncWebClient, token: str, api_url: str, *, limit_bytes: int, timeout_s: float) -> None:
        self._client = client
        self._token = token
        self._limit_bytes = limit_bytes
        host = urlsplit(api_url).hostname or SLACK
        own = () if host == SLACK else (api_url,)  # the operator's own server may hold the files, too
        self._fetcher = Fetcher(own, (f"files.{host}", SHARED), limit_bytes, timeout_s)

    async def address(self, file_id: str) -> str:
        """Where the bytes are. Raises MediaUnavailable or MediaRefused."""
        if not _FILE.fullmatch(file_id):
            raise MediaRefused("no file of Slack's")
        try:
            answer = await self._client.files_info(file=file_id)
        except SlackApiError as error:
            raise _meaning(error) from None
        except UNREACHED as error:
            raise MediaUnavailable(f"Slack cannot be reached: {type(error).__name__}") from None
        file: Mapping[str, Any] = answer.get("file") or {}
        size = file.get("size")
        if isinstance(size, int) and size > self._limit_bytes:
            raise FileTooLarge(f"larger than {self._limit_bytes} bytes")
        url = file.get("url_private_download") or file.get("url_private")
        if not isinstance(url, str):
            raise MediaRefused("Slack keeps no such file")
        return url

    def fetch(self, url: str, file_id: str) -> bytes:
        """The bytes at the address of a file; from a worker thread. Raises MediaUnavailable or MediaRefused."""
        data = self._fetcher.fetch(url, {"Authorization": f"Bearer {self._token}"})
        if _PAGE.match(data[:64]):
            log.error("slack_file_hidden", file=file_id, advice="does the app have the scope files:read?")
            raise MediaRefused("Slack shows a page to sign in on")
        return data

    def close(self) -> None:
        self._fetcher.close()


def _meaning(error: SlackApiError) -> MediaRefused | MediaUnavailable:
    code = code_of(error)
    if code == "missing_scope":
        log.error("slack_setup_refused", code=code, needed=needed_scope(error))
    return MediaRefused(f"Slack: {code}") if code in _NEVER else MediaUnavailable(f"Slack: {code}")
