"""Two processes on one durable database: neither runs what the other is running, each takes over from the dead."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

import pytest

from bot.settings import PROJECT
from tests.serving import wait_until

LONG_S = 300


class Start(Protocol):
    def __call__(self, name: str) -> subprocess.Popen[str]: ...


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with ExitStack() as started:

        def start_one(name: str) -> subprocess.Popen[str]:
            process = started.enter_context(
                subprocess.Popen(
                    [sys.executable, "-m", "tests.durable_process", str(tmp_path), name],
                    cwd=PROJECT,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                )
            )
            started.callback(process.kill)
            assert process.stdout is not None
            assert process.stdout.readline() == "launched\n"
            return process

        yield start_one


def queue(process: subprocess.Popen[str], key: str, work: str, seconds: float) -> None:
    assert process.stdin is not None
    print(key, work, seconds, file=process.stdin, flush=True)


def ran(directory: Path) -> list[str]:
    log = directory / "ran"
    return log.read_text().splitlines() if log.exists() else []


def test_a_starting_process_leaves_alone_what_another_runs(tmp_path: Path, start: Start) -> None:
    queue(start("old"), "a", "long", LONG_S)
    wait_until(lambda: "old begins long" in ran(tmp_path))
    young = start("young")
    queue(young, "a", "next", 0)
    queue(young, "b", "other", 0)
    wait_until(lambda: any(line.endswith("ends other") for line in ran(tmp_path)))
    assert not any(line.endswith("begins next") for line in ran(tmp_path)), "its key is at work in the other process"
    (tmp_path / "quick").touch()
    wait_until(lambda: any(line.endswith("ends next") for line in ran(tmp_path)))
    assert [line for line in ran(tmp_path) if line.endswith("long")] == ["old begins long", "old ends long"]


def test_what_a_killed_process_was_doing_is_done_by_the_other_which_goes_on(tmp_path: Path, start: Start) -> None:
    old = start("old")
    queue(old, "a", "long", LONG_S)
    wait_until(lambda: "old begins long" in ran(tmp_path))
    queue(old, "a", "next", 0)
    start("young")
    old.kill()
    old.wait()
    (tmp_path / "quick").touch()
    wait_until(lambda: "young ends next" in ran(tmp_path))
    assert ran(tmp_path) == [
        "old begins long",
        "young begins long",
        "young ends long",
        "young begins next",
        "young ends next",
    ]


def test_what_both_left_behind_is_done_by_whoever_comes_next(tmp_path: Path, start: Start) -> None:
    first, second = start("first"), start("second")
    for number in range(6):
        queue((first, second)[number % 2], f"key{number}", f"work{number}", LONG_S)
    wait_until(lambda: len(ran(tmp_path)) == 6)
    for process in (first, second):
        process.kill()
        process.wait()
    (tmp_path / "quick").touch()
    start("third")
    wait_until(lambda: sum(line.startswith("third ends") for line in ran(tmp_path)) == 6)
