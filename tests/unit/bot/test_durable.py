"""Durable work within one process: it begins when it should, waits without losing count, and says what it found."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bot.durable import PROMPT_S, Durable, step
from bot.slots import Slots
from tests.serving import wait_until

PAUSE_S = 4.0


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Callable[[], Durable]]:
    """Makes one process's durable work after another on the same database."""
    made: list[Durable] = []

    def build() -> Durable:
        made.append(Durable(f"sqlite:///{tmp_path / 'durable.sqlite'}"))
        made[-1].queue("q", polling_s=PROMPT_S)
        return made[-1]

    yield build
    made[-1].close(0)


def test_a_delayed_workflow_begins_when_its_delay_is_over(building: Callable[[], Durable]) -> None:
    began: dict[str, float] = {}
    durable = building()
    durable.workflow("note", lambda name: began.setdefault(name, time.monotonic()))
    durable.launch()
    durable.enqueue("q", "note", "warm", "warm", key="warm")
    wait_until(lambda: "warm" in began)
    queued = time.monotonic()
    for number in range(5):
        durable.enqueue("q", "note", f"n{number}", f"n{number}", key=f"k{number}", delay_s=0.3 + number / 10)
    wait_until(lambda: len(began) == 6)
    late = [began[f"n{number}"] - queued - 0.3 - number / 10 for number in range(5)]
    assert min(late) >= 0
    assert max(late) < 0.4, "DBOS alone takes up to a second"


def test_a_delayed_workflow_keeps_nobody_waiting(building: Callable[[], Durable]) -> None:
    order: list[str] = []
    durable = building()
    durable.workflow("note", lambda name: order.append(name))  # noqa: PLW0108  (DBOS marks what it is given)
    durable.launch()
    durable.enqueue("q", "note", "warm", "warm", key="warm")
    wait_until(lambda: order == ["warm"])
    durable.enqueue("q", "note", "later", "later", key="one key", order=1, delay_s=1)
    durable.enqueue("q", "note", "now", "now", key="one key", order=2)
    wait_until(lambda: len(order) == 3)
    assert order == ["warm", "now", "later"]


def test_a_step_gives_what_its_function_returned(building: Callable[[], Durable]) -> None:
    found: list[float | None] = []
    durable = building()
    durable.workflow("look", lambda: found.append(step("ask", lambda: 12.5)))
    durable.launch()
    durable.enqueue("q", "look", "l", key="k")
    wait_until(lambda: found == [12.5])


def test_a_pause_outlives_its_process_and_counts_what_was_waited(building: Callable[[], Durable]) -> None:
    paused, done = threading.Event(), threading.Event()

    def register(durable: Durable) -> None:
        def run() -> None:
            step("pausing", paused.set)
            durable.pause(PAUSE_S)
            done.set()

        durable.workflow("wait", run)
        durable.launch()

    first = building()
    register(first)
    began = time.monotonic()
    first.enqueue("q", "wait", "w", key="k")
    assert paused.wait(10)
    wait_until(lambda: time.monotonic() - began > 0.5)
    first.close(5)
    assert not done.is_set()
    assert time.monotonic() - began < PAUSE_S, "a pause holds up no program that is ending"
    register(building())
    assert done.wait(20)
    assert time.monotonic() - began >= PAUSE_S


def test_what_a_step_fails_at_while_the_program_ends_is_tried_again_by_the_next(
    building: Callable[[], Durable],
) -> None:
    tried, done = threading.Event(), threading.Event()
    ends = building()
    goes_on: list[Durable] = []

    def fail() -> None:
        tried.set()
        wait_until(lambda: ends.ending)
        raise ConnectionError("the other end is closed already")

    ends.workflow("call", lambda: ends.step("ring", fail))
    ends.launch()
    ends.enqueue("q", "call", "c", key="k")
    assert tried.wait(10)
    ends.close(2)
    goes_on.append(building())
    goes_on[0].workflow("call", lambda: goes_on[0].step("ring", done.set))
    goes_on[0].launch()
    assert done.wait(10)


def test_who_stops_keeps_others_from_what_may_be_under_way_still(
    tmp_path: Path, building: Callable[[], Durable]
) -> None:
    durable, others = building(), Slots(tmp_path / "durable.sqlite")
    durable.workflow("note", lambda: None)
    durable.launch()
    durable.stop(0)
    with others.abandoned() as slots:
        assert slots == []
    durable.close(0)
    with others.abandoned() as slots:
        assert slots == [0]
