"""The program's order: channels receive from the first moment, and send until the work under way is done."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from fastapi import FastAPI

from bot.channels.base import Channel, Intake, Outgoing
from bot.errors import SetupError
from bot.server import Ports, Program, bind
from tests.serving import wait_until


@dataclass
class Recorder:
    """Stands in for a part of the program: every call is a line ``part.method`` of ``log``."""

    part: str
    log: list[str]
    answers: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, method: str) -> Callable[..., Any]:
        def call(*_: object, **__: object) -> Any:
            self.log.append(f"{self.part}.{method}")
            answer = self.answers.get(method)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call


class Bird(Channel):
    def __init__(self, name: str, log: list[str], *, hurt: bool = False) -> None:
        self.name = name  # type: ignore[misc]
        self._log, self._hurt = log, hurt

    def start(self, intake: Intake) -> None:
        self._log.append(f"{self.name}.start")

    def close(self) -> None:
        self._log.append(f"{self.name}.close")
        if self._hurt:
            raise RuntimeError("a broken wing")

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        raise NotImplementedError


def program(log: list[str], **parts: Recorder) -> Program:
    def part(name: str, **answers: Any) -> Any:
        return parts.get(name) or Recorder(name, log, answers)

    return Program(
        public=FastAPI(),
        internal=FastAPI(),
        ports=Ports(bind("127.0.0.1", 0), bind("127.0.0.1", 0)),
        engine=part("engine", wait_ready=True),
        durable=part("durable"),
        inbox=part("inbox"),
        delivering=part("delivering"),
        channels=[Bird("pigeon", log, hurt=True), Bird("raven", log)],
        intake=cast(Intake, object()),
        forwarded_allow_ips="127.0.0.1",
        on_ready=lambda: log.append("ready"),
        on_close=lambda: log.append("closed"),
    )


def test_channels_begin_first_and_end_when_nothing_is_sent_any_more() -> None:
    log: list[str] = []
    whole = program(log)
    running = threading.Thread(target=whole.run)
    running.start()
    wait_until(lambda: "ready" in log)
    started = list(log)
    whole.stop()
    running.join(30)
    assert started == [
        "engine.start",
        "pigeon.start",
        "raven.start",
        "engine.wait_ready",
        "durable.launch",
        "inbox.requeue",
        "delivering.requeue",
        "ready",
    ]
    assert log[len(started) :] == ["durable.stop", "pigeon.close", "raven.close", "engine.stop", "closed"]


def test_what_cannot_start_closes_its_channels() -> None:
    log: list[str] = []
    whole = program(log, durable=Recorder("durable", log, {"launch": RuntimeError("no disk")}))
    with pytest.raises(SetupError, match="no disk"):
        whole.run()
    assert log[-4:] == ["pigeon.close", "raven.close", "engine.stop", "closed"]


class Launching(Recorder):
    """Durable work whose launch takes until somebody wants the program to end, and a little longer."""

    def __init__(self, log: list[str]) -> None:
        super().__init__("durable", log)
        self.told = threading.Event()

    def launch(self) -> None:
        self.log.append("durable.launch")
        assert self.told.wait(10)
        time.sleep(0.3)
        self.log.append("durable launched")


def test_who_ends_in_the_midst_of_the_launch_stops_what_was_launched() -> None:
    log: list[str] = []
    launching = Launching(log)
    whole = program(log, durable=launching)
    running = threading.Thread(target=whole.run)
    running.start()
    wait_until(lambda: "durable.launch" in log)
    whole.stop()
    launching.told.set()
    running.join(30)
    assert log.index("durable launched") < log.index("durable.stop")
