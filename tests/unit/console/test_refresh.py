from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy.exc import OperationalError

from console.refresh import SETTLE_S, follow


@dataclass(frozen=True)
class Changed:
    conversation_id: str


class OpenPage:
    """A browser page, as far as the loop sees one."""

    def __init__(self) -> None:
        self.is_deleted = False
        self.entered = 0

    async def connected(self) -> None:
        await asyncio.sleep(0)

    def __enter__(self):
        self.entered += 1

    def __exit__(self, *_):
        return None


class Wire:
    def __init__(self) -> None:
        self.queue: asyncio.Queue[Changed] = asyncio.Queue()
        self.subscribed = 0

    @contextmanager
    def subscribe(self):
        self.subscribed += 1
        yield self
        self.subscribed -= 1

    async def next(self, timeout_s: float) -> Changed | None:
        try:
            return await asyncio.wait_for(self.queue.get(), timeout_s)
        except TimeoutError:
            return None

    def publish(self, conversation_id: str) -> None:
        self.queue.put_nowait(Changed(conversation_id))


@dataclass
class Refreshing:
    """Counts refreshes; ``answers`` are what each gives, an exception is raised."""

    answers: list[bool | Exception] = field(default_factory=list)
    count: int = 0

    async def __call__(self) -> bool:
        self.count += 1
        answer = self.answers.pop(0) if self.answers else True
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
async def running():
    tasks: list[asyncio.Task] = []

    def start(refresh: Refreshing, wire: Wire, *, conversation_id: str | None = None, poll_s: float = 60.0):
        page = OpenPage()
        tasks.append(asyncio.create_task(follow(page, wire, refresh, conversation_id, poll_s)))
        return page, tasks[-1]

    yield start
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  (what is waited for signals nothing)
            await asyncio.sleep(0.005)


async def test_a_notice_refreshes_at_once(running):
    wire, refresh = Wire(), Refreshing()
    running(refresh, wire)
    wire.publish("a")
    async with asyncio.timeout(1):
        await until(lambda: refresh.count == 1)


async def test_a_burst_of_notices_is_read_once(running):
    wire, refresh = Wire(), Refreshing()
    running(refresh, wire)
    for _ in range(20):
        wire.publish("a")
    await until(lambda: refresh.count == 1)
    await asyncio.sleep(2 * SETTLE_S)
    assert refresh.count == 1


async def test_notices_of_other_conversations_neither_refresh_nor_delay(running):
    wire, refresh = Wire(), Refreshing()
    running(refresh, wire, conversation_id="mine", poll_s=0.2)
    for _ in range(8):
        wire.publish("other")
        await asyncio.sleep(0.05)
    assert 1 <= refresh.count <= 2
    wire.publish("mine")
    before = refresh.count
    await until(lambda: refresh.count > before)


async def test_without_notices_it_reads_every_so_often(running):
    wire, refresh = Wire(), Refreshing()
    running(refresh, wire, poll_s=0.02)
    await until(lambda: refresh.count >= 3)


async def test_a_refusal_ends_it_and_its_subscription(running):
    wire, refresh = Wire(), Refreshing([True, False])
    _, task = running(refresh, wire, poll_s=0.01)
    await asyncio.wait_for(task, 2)
    assert (refresh.count, wire.subscribed) == (2, 0)


async def test_a_closed_page_ends_it_without_another_reading(running):
    wire, refresh = Wire(), Refreshing()
    page, task = running(refresh, wire, poll_s=0.05)
    page.is_deleted = True
    await asyncio.wait_for(task, 2)
    assert refresh.count == 0


async def test_a_database_away_for_a_moment_does_not_end_it(running):
    wire, refresh = Wire(), Refreshing([OperationalError("select", {}, Exception("locked"))])
    page, _ = running(refresh, wire, poll_s=0.01)
    await until(lambda: refresh.count >= 2)
    assert page.entered == refresh.count
