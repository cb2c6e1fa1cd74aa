"""Keeps a connection to Slack in Socket Mode, whatever happens to it.

Slack's library connects anew by itself when it is asked to or cut off. It may get stuck all the same (the address that
it was given is good for one try, and it tries that for ever): then this starts afresh with a new one.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.slack.library_log import library_logger

log = structlog.get_logger(__name__)

STUCK_PINGS = 6
"""A connection that has been down for so many times ``ping_s`` is given up for a new one."""
CLOSING_S = 3.0

Dispatch = Callable[[Callable[[], AsyncBoltRequest]], Awaitable[BoltResponse]]


class SocketMode:
    """What Slack sends goes to ``dispatch``; what that answers 200 is acknowledged, and nothing else.

    ``ping_s`` is how often the connection is tried, and how long the library waits between tries to connect.
    """

    def __init__(self, dispatch: Dispatch, client: AsyncWebClient, app_token: str, *, ping_s: float) -> None:
        self._dispatch = dispatch
        self._client = client
        self._app_token = app_token
        self._ping_s = ping_s
        self._stuck_s = STUCK_PINGS * ping_s

    async def keep(self) -> None:
        """Until it is cancelled."""
        while True:
            client = SocketModeClient(
                self._app_token, logger=library_logger(), web_client=self._client, ping_interval=self._ping_s
            )
            client.socket_mode_request_listeners.append(self._handle)
            try:
                async with asyncio.timeout(self._stuck_s):
                    await _connect(client)
                log.info("slack_connected")
                await self._while_alive(client)
                log.warning("slack_connection_stuck")
            except Exception as error:  # whatever it was: to hear nothing any more would be worse
                log.warning("slack_unreachable", error=type(error).__name__)
                await asyncio.sleep(self._ping_s)
            finally:
                await _closed(client)

    async def _handle(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        payload: Any = request.payload
        response = await self._dispatch(lambda: AsyncBoltRequest(mode="socket_mode", body=payload))
        if response.status == 200:
            answer = json.loads(response.body) if response.body else None
            await client.send_socket_mode_response(SocketModeResponse(request.envelope_id, answer))

    async def _while_alive(self, client: SocketModeClient) -> None:
        alive_at = time.monotonic()
        while time.monotonic() - alive_at < self._stuck_s:
            await asyncio.sleep(self._ping_s)
            if await client.is_connected():
                alive_at = time.monotonic()


async def _connect(client: SocketModeClient) -> None:
    await client.connect()  # type: ignore[no-untyped-call]


async def _closed(client: SocketModeClient) -> None:
    try:
        async with asyncio.timeout(CLOSING_S):
            await client.close()  # type: ignore[no-untyped-call]
    except Exception as error:  # it is thrown away in any case
        log.info("slack_connection_not_closed", error=type(error).__name__)
