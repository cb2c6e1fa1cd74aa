from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from nlu.errors import Overloaded
from nlu.parse_pool import ParsePool
from nlu.understanding import IntentScore, Understanding


class Parser:
    """Answers when it is let go, in no time by its own clock unless told otherwise."""

    def __init__(self) -> None:
        self.worked_on: list[str] = []
        self.go, self.begun = threading.Event(), threading.Event()
        self.now, self.takes_s = 0.0, 0.0

    def __call__(self, text: str, _sender: str | None) -> Understanding:
        self.worked_on.append(text)
        self.begun.set()
        assert self.go.wait(10)
        self.now += self.takes_s
        if text == "fails":
            raise TimeoutError("of its own")
        return Understanding(text, "en", IntentScore("greet", 1.0), ())

    def clock(self) -> float:
        return self.now


class Watcher:
    def __init__(self) -> None:
        self.held: list[int] = []
        self.ended: list[str] = []

    def parses_held(self, texts: int) -> None:
        self.held.append(texts)

    def parse_ended(self, outcome: str, seconds: float) -> None:
        assert seconds >= 0
        self.ended.append(outcome)


@pytest.fixture
def parser() -> Parser:
    return Parser()


@pytest.fixture
def watcher() -> Watcher:
    return Watcher()


@asynccontextmanager
async def opened(parser: Parser, watcher: Watcher, **options: float) -> AsyncIterator[ParsePool]:
    pool = ParsePool(parser, watch=watcher, clock=parser.clock, **options)  # type: ignore[arg-type]
    try:
        yield pool
    finally:
        parser.go.set()
        pool.close()


def asked(pool: ParsePool, *texts: str) -> list[asyncio.Task[Understanding]]:
    return [asyncio.create_task(pool.parse(text, None)) for text in texts]


async def begun(parser: Parser) -> None:
    assert await asyncio.to_thread(parser.begun.wait, 10)


async def test_everyone_gets_their_own_answer(parser: Parser, watcher: Watcher) -> None:
    parser.go.set()
    async with opened(parser, watcher) as pool:
        texts = [str(number) for number in range(100)]
        assert [each.text for each in await asyncio.gather(*asked(pool, *texts))] == texts
    assert watcher.ended == ["understood"] * 100
    assert (max(watcher.held), watcher.held[-1]) == (100, 0)


async def test_first_come_first_served(parser: Parser, watcher: Watcher) -> None:
    async with opened(parser, watcher, workers=1) as pool:
        tasks = asked(pool, *"abcdefgh")
        await begun(parser)
        parser.go.set()
        await asyncio.gather(*tasks)
    assert parser.worked_on == list("abcdefgh")


async def test_a_full_queue_says_when_to_come_again(parser: Parser, watcher: Watcher) -> None:
    parser.go.set()
    async with opened(parser, watcher, workers=2, waiting=5) as pool:
        parser.takes_s = 3.0
        await pool.parse("how long one takes", None)
        parser.go.clear()
        tasks = asked(pool, *"abcde")
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await pool.parse("one too many", None)
        assert refused.value.retry_after_s == 8, "five texts of 3 s on two threads"
        parser.go.set()
        await asyncio.gather(*tasks)
        assert (await pool.parse("now", None)).text == "now"
    assert watcher.ended.count("refused") == 1


async def test_a_guess_is_never_less_than_a_second_nor_more_than_a_minute(parser: Parser, watcher: Watcher) -> None:
    parser.go.set()
    async with opened(parser, watcher, workers=1, waiting=1) as pool:
        guesses = []
        for parser.takes_s in (0.0, 1000.0):
            await pool.parse("one", None)
            parser.go.clear()
            task = asked(pool, "two")
            await asyncio.sleep(0)
            with pytest.raises(Overloaded) as refused:
                await pool.parse("three", None)
            guesses.append(refused.value.retry_after_s)
            parser.go.set()
            await asyncio.gather(*task)
    assert guesses == [1, 60]


async def test_who_stops_waiting_is_taken_out_of_the_queue(parser: Parser, watcher: Watcher) -> None:
    async with opened(parser, watcher, workers=1) as pool:
        tasks = asked(pool, "in work", "lies ready", "waits", "stays")
        await begun(parser)
        for task in tasks[:3]:
            task.cancel()
        await asyncio.wait(tasks[:3])
        assert watcher.held[-1] == 1
        parser.go.set()
        assert (await tasks[3]).text == "stays"
    assert parser.worked_on == ["in work", "stays"]
    assert watcher.ended == ["gone"] * 3 + ["understood"]


async def test_a_thread_that_is_still_at_work_is_not_given_more(parser: Parser, watcher: Watcher) -> None:
    async with opened(parser, watcher, workers=1) as pool:
        for text in "abcdef":
            (task,) = asked(pool, text)
            await begun(parser)
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
    assert parser.worked_on == ["a"], "the others were dropped before anyone looked at them"


async def test_what_takes_too_long_is_refused(parser: Parser, watcher: Watcher) -> None:
    async with opened(parser, watcher, workers=1, limit_s=0.05) as pool:
        answers = await asyncio.gather(*asked(pool, "in work", "lies ready", "waits"), return_exceptions=True)
        assert [type(each) for each in answers] == [Overloaded] * 3
        parser.go.set()
    assert watcher.ended == ["late"] * 3
    assert parser.worked_on == ["in work"]


async def test_an_error_is_told_as_it_is(parser: Parser, watcher: Watcher) -> None:
    parser.go.set()
    async with opened(parser, watcher) as pool:
        with pytest.raises(TimeoutError, match="of its own"):
            await pool.parse("fails", None)
        assert (await pool.parse("fine", None)).text == "fine"
    assert watcher.ended == ["failed", "understood"]
