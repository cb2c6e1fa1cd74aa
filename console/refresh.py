"""Keeps an open page true: reads again when its conversation changes, and every few seconds in any case.

Notices make it immediate within one process; the slow poll covers other processes and lost notices. The loop
belongs to one browser page and ends with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

import structlog
from nicegui import Client, background_tasks
from sqlalchemy.exc import SQLAlchemyError

from console.ports import LiveUpdates

POLL_S = 3.0
SETTLE_S = 0.1
"""Notices come in bursts (a message, its meaning, its answer): one reading serves all within this time."""

_log = structlog.get_logger(__name__)


class OpenPage(Protocol):
    """What the loop sees of a NiceGUI client: entering it makes its page the one that is changed."""

    @property
    def is_deleted(self) -> bool: ...
    async def connected(self) -> None: ...
    def __enter__(self) -> object: ...
    def __exit__(self, *error: object) -> None: ...


def keep_fresh(
    client: Client,
    live: LiveUpdates,
    refresh: Callable[[], Awaitable[bool]],
    *,
    conversation_id: str | None = None,
    poll_s: float = POLL_S,
) -> None:
    """Calls ``refresh`` in the page's context until it answers False or the page is gone.

    ``conversation_id`` limits the notices to one conversation; None listens to all.
    """
    background_tasks.create(follow(client, live, refresh, conversation_id, poll_s), name="keep a page fresh")


async def follow(
    client: OpenPage,
    live: LiveUpdates,
    refresh: Callable[[], Awaitable[bool]],
    conversation_id: str | None,
    poll_s: float,
) -> None:
    """The loop itself, for ``keep_fresh``."""
    with live.subscribe() as notices:
        await client.connected()
        loop = asyncio.get_running_loop()
        due = loop.time() + poll_s
        while not client.is_deleted:
            notice = await notices.next(max(0.0, due - loop.time()))
            if notice is not None:
                if conversation_id in (None, notice.conversation_id):
                    due = min(due, loop.time() + SETTLE_S)
                if loop.time() < due:
                    continue
            due = loop.time() + poll_s
            if client.is_deleted or not await _refreshed(client, refresh):
                return


async def _refreshed(client: OpenPage, refresh: Callable[[], Awaitable[bool]]) -> bool:
    try:
        with client:
            return await refresh()
    except SQLAlchemyError as error:  # the database is away for a moment: the page stays and tries again
        _log.warning("page_refresh_failed", error=type(error).__name__)
        return True
