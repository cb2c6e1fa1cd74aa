from __future__ import annotations

import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from nlu.remembered import Remembered, size_of
from nlu.understanding import Entity, IntentScore, Understanding


class Work:
    """Makes a value when it is let go, and counts how often it was asked to."""

    def __init__(self, value: str = "done") -> None:
        self.value = value
        self.times = 0
        self.begun, self.go = threading.Event(), threading.Event()

    def __call__(self) -> str:
        self.times += 1
        self.begun.set()
        assert self.go.wait(10)
        return self.value


def understood(number: int) -> Understanding:
    """As varied as life: no string of it is shared with another."""
    ranking = tuple(IntentScore(f"intent {number} {place}", number + place / 7) for place in range(10))
    entity = Entity("order_number", f"A{number}", f"a {number}", 0, 5, number / 3)
    return Understanding(f"text number {number}", "en", ranking[0], ranking, (entity,))


def test_a_value_is_worked_out_once() -> None:
    remembered: Remembered[list[int]] = Remembered()
    first = remembered.get("a", lambda: [1])
    assert remembered.get("a", lambda: [2]) is first
    assert remembered.get("b", lambda: [2]) == [2]


def test_who_asks_the_same_meanwhile_waits_for_the_first() -> None:
    remembered, work = Remembered[str](), Work()
    with ThreadPoolExecutor(8) as threads:
        first = threads.submit(remembered.get, "a", work)
        assert work.begun.wait(10)
        others = [threads.submit(remembered.get, "a", work) for _ in range(7)]
        assert remembered.get("b", lambda: "another") == "another", "nobody else waits"
        work.go.set()
        assert {each.result(10) for each in (first, *others)} == {"done"}
    assert work.times == 1


def test_an_error_reaches_all_who_wait_and_is_not_kept() -> None:
    remembered, work = Remembered[str](), Work()

    def fails() -> str:
        work()
        raise ValueError("no")

    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(remembered.get, "a", fails) for _ in range(2)]
        assert work.begun.wait(10)
        work.go.set()
        for each in asked:
            with pytest.raises(ValueError, match="no"):
                each.result(10)
    assert remembered.get("a", lambda: "better") == "better"


def test_what_was_begun_before_forgetting_is_told_and_not_kept() -> None:
    remembered, old = Remembered[str](), Work("old")
    with ThreadPoolExecutor(1) as threads:
        begun = threads.submit(remembered.get, "a", old)
        assert old.begun.wait(10)
        remembered.forget()
        assert remembered.get("a", lambda: "new") == "new", "nobody who asks now waits for the old"
        old.go.set()
        assert begun.result(10) == "old"
    assert remembered.get("a", lambda: "newer") == "new"


def test_room_is_bounded_and_what_was_used_longest_ago_goes() -> None:
    entry = size_of("x" * 1000) + 300
    remembered: Remembered[str] = Remembered(entry * 20)
    for number in range(20):
        remembered.get(number, lambda: "x" * 1000)
    remembered.get(0, lambda: "again")
    remembered.get(20, lambda: "x" * 1000)
    assert remembered.get(0, lambda: "again") == "x" * 1000
    assert remembered.get(1, lambda: "again") == "again"
    assert remembered.used_bytes <= entry * 20
    remembered.forget()
    assert (len(remembered), remembered.used_bytes) == (0, 0)


def test_a_giant_pushes_out_nothing() -> None:
    remembered: Remembered[str] = Remembered(100_000)
    remembered.get("small", lambda: "small")
    assert len(remembered.get("giant", lambda: "x" * 10_000)) == 10_000
    assert remembered.get("small", lambda: "another") == "small"
    assert len(remembered) == 1


def test_the_bytes_counted_are_those_taken() -> None:
    remembered: Remembered[Understanding] = Remembered()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(1000):
            remembered.get((f"text number {number}", None), lambda number=number: understood(number))  # type: ignore[misc]
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert 0.7 < remembered.used_bytes / taken < 1.3
