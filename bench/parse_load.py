"""What a client of ``/model/parse`` sees: time of an answer, answers a second, and whether the event loop goes on.

The server is a process of its own on one core; the client has the other cores, and asks over HTTP as Rasa does.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx

from bench.nlu_arms import Served, our_command, serve
from bench.nlu_figures import percentile
from bot.server import free_port
from bot.settings import PROJECT

NOTHING = "/nothing"
"""A page that is not there: to say so needs the event loop and no understanding."""


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds."""

    p50: float
    p95: float
    most: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Times:
        return cls(median(milliseconds), percentile(milliseconds, 0.95), max(milliseconds))


@contextmanager
def on_one_core() -> Iterator[None]:
    """For what is started within; where the system cannot, nothing is changed."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def serving(encoder_dir: Path, model_dir: Path) -> Iterator[tuple[Served, str]]:
    """The serving process, ready, on one core; with its address."""
    port = free_port()
    with tempfile.TemporaryDirectory() as directory, ExitStack() as stack:
        with on_one_core():
            command = our_command("serve", encoder_dir, model_dir, port)
            served = stack.enter_context(serve(command, PROJECT, port, Path(directory) / "serving.log"))
        yield served, f"http://127.0.0.1:{port}"


def answer_times(served: Served, texts: Sequence[str]) -> Times:
    """Asked one after the other."""
    return Times.of([served.ask(text)[1] for text in texts])


async def answers_a_second(url: str, texts: Sequence[str], at_once: int) -> float:
    async with _client(url) as http:
        began = time.perf_counter()
        await _ask_all(http, texts, at_once)
        return len(texts) / (time.perf_counter() - began)


async def loop_times(url: str, texts: Sequence[str], at_once: int) -> tuple[Times, Times]:
    """How long the page that needs no understanding takes: with nobody else, and while so many texts wait."""
    async with _client(url) as http:
        alone = Times.of([await _nothing(http) for _ in range(100)])
        asking = asyncio.create_task(_ask_all(http, texts, at_once))
        meanwhile: list[float] = []
        while not asking.done():
            meanwhile.append(await _nothing(http))
        await asking
        return alone, Times.of(meanwhile)


def _client(url: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=url, timeout=60, trust_env=False)


async def _nothing(http: httpx.AsyncClient) -> float:
    began = time.perf_counter()
    await http.get(NOTHING)
    return (time.perf_counter() - began) * 1000


async def _ask_all(http: httpx.AsyncClient, texts: Sequence[str], at_once: int) -> None:
    """Each of so many askers asks its next text when the last is answered."""
    left = iter(texts)

    async def ask() -> None:
        for text in left:
            (await http.post("/model/parse", json={"text": text})).raise_for_status()

    await asyncio.gather(*(ask() for _ in range(at_once)))
