"""The Slack channel: joins what receives, sends, fetches and checks, and what each mode of connecting needs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Literal

from fastapi import APIRouter, Request, Response
from slack_bolt.adapter.starlette.async_handler import to_starlette_response
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import Channel, Finding, Intake, MediaRefused, MediaUnavailable, Outgoing
from bot.channels.slack.checking import findings
from bot.channels.slack.events import NAME, Place
from bot.channels.slack.files import Files
from bot.channels.slack.library_log import library_logger
from bot.channels.slack.loop import Loop
from bot.channels.slack.people import People
from bot.channels.slack.receiving import Receiving
from bot.channels.slack.sending import Sending, parts_of
from bot.channels.slack.socket_mode import SocketMode
from bot.errors import ChannelError, SetupError

PING_S = 10.0
API_TIMEOUT_S = 30
_SIGNATURE, _TIMESTAMP = "x-slack-signature", "x-slack-request-timestamp"


class SlackChannel(Channel):
    """One app in one workspace. ``app_token`` is for Socket Mode, ``signing_secret`` and ``public_url`` for HTTP."""

    name = NAME

    def __init__(
        self,
        bot_token: str,
        *,
        mode: Literal["socket", "http"],
        app_token: str | None,
        signing_secret: str | None,
        api_url: str,
        public_url: str | None,
        link_by_email: bool,
        media_limit_bytes: int,
        fetch_timeout_s: float,
        ping_s: float = PING_S,
    ) -> None:
        self._mode = mode
        self._app_token = app_token
        self._signing_secret = signing_secret
        self._public_url = public_url
        self._link_by_email = link_by_email
        self._ping_s = ping_s
        self._loop = Loop("slack")
        # no retries within the library: it would repeat a post that Slack may have taken
        self._client = AsyncWebClient(
            bot_token, base_url=api_url, timeout=API_TIMEOUT_S, retry_handlers=[], logger=library_logger()
        )
        self._people = People(self._client)
        self._sending = Sending(self._client)
        self._files = Files(self._client, bot_token, api_url, limit_bytes=media_limit_bytes, timeout_s=fetch_timeout_s)
        self._receiving: Receiving | None = None
        self._connecting: asyncio.Task[None] | None = None

    def start(self, intake: Intake) -> None:
        """Raises SetupError where the mode lacks a setting."""
        if self._mode == "socket" and not self._app_token:
            raise SetupError("Slack's Socket Mode needs CRMBOT_SLACK_APP_TOKEN.")
        if self._mode == "http" and not self._signing_secret:
            raise SetupError("Slack's HTTP mode needs CRMBOT_SLACK_SIGNING_SECRET.")
        self._loop.call(self._begin, intake)

    async def _begin(self, intake: Intake) -> None:
        self._receiving = Receiving(
            self._client,
            self._people,
            self._sending,
            intake,
            signing_secret=self._signing_secret or "",
            link_by_email=self._link_by_email,
        )
        if self._mode == "socket":
            dispatch, token = self._receiving.dispatch, self._app_token or ""
            connection = SocketMode(dispatch, self._client, token, ping_s=self._ping_s)
            self._connecting = asyncio.ensure_future(connection.keep())

    def close(self) -> None:
        self._files.close()
        if self._receiving is not None:
            with suppress(ChannelError):  # closed before
                self._loop.call(self._end)
        self._loop.close()

    async def _end(self) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.gather(self._connecting, return_exceptions=True)
        if self._receiving is not None:
            await self._receiving.end()

    def routes(self) -> APIRouter | None:
        if self._mode != "http":
            return None
        router = APIRouter()

        @router.post("/events", tags=["channels"])
        async def events(request: Request) -> Response:
            """Events, presses and slash commands alike: the one Request URL to be set at Slack."""
            return to_starlette_response(await self._by_http(await request.body(), request.headers))

        return router

    async def _by_http(self, raw: bytes, headers: Mapping[str, str]) -> BoltResponse:
        """Bolt reads a body before it looks at the signature: so that is looked at here already."""
        if not self._is_signed(raw, headers):
            return BoltResponse(status=401)
        receiving, body = self._receiving, raw.decode()
        if receiving is None:
            return BoltResponse(status=503)
        try:
            work = self._loop.begin(receiving.dispatch, lambda: AsyncBoltRequest(body=body, headers=dict(headers)))
        except ChannelError:  # the program is ending: Slack sends it again
            return BoltResponse(status=503)
        return await asyncio.wrap_future(work)

    def _is_signed(self, raw: bytes, headers: Mapping[str, str]) -> bool:
        try:
            verifier = SignatureVerifier(self._signing_secret or "")
            return verifier.is_valid(raw, headers.get(_TIMESTAMP), headers.get(_SIGNATURE))
        except (TypeError, ValueError):  # a time that is no number, letters that no signature has
            return False

    def can_start(self, external_id: str) -> bool:
        """In private alone: a thread was begun by somebody else, and is read by others."""
        try:
            return not Place.of(external_id).is_public
        except ValueError:
            return False

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        parts = parts_of(outgoing)
        for number in range(len(outgoing.parts), len(parts)):
            yield self._loop.call(self._sending.send, outgoing, parts[number], number)

    def fetch(self, remote: str) -> bytes:
        try:
            url = self._loop.call(self._files.address, remote)
        except (MediaUnavailable, MediaRefused):
            raise
        except ChannelError as error:  # the program is ending
            raise MediaUnavailable(str(error)) from error
        return self._files.fetch(url, remote)

    def check(self) -> list[Finding]:
        async def ask() -> list[Finding]:
            return await findings(
                self._client,
                mode=self._mode,
                app_token=self._app_token,
                signing_secret=self._signing_secret,
                public_url=self._public_url,
                link_by_email=self._link_by_email,
            )

        return self._loop.call(ask)
