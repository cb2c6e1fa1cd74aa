"""The whole program as a newcomer starts it: ``crmbot up`` in a process of its own, with the real Rasa.

Models are trained once into ``build/models`` and found there by later runs; everything else is fresh.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bot.server import free_port
from bot.settings import PROJECT
from crm.unit_of_work import Database
from tests.serving import Visitor

START_TIMEOUT_S = 1200.0
MODELS = PROJECT / "build" / "models"
CRMBOT = Path(sys.executable).with_name("crmbot")


@dataclass
class Whole:
    """A program and its data directory; ``start`` it again after ``kill``."""

    data: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        path = self.data / "up.log"
        return path.read_text() if path.exists() else ""

    @property
    def staff_password(self) -> str:
        found = re.search(r"shown only now: (\S+)", self.log)
        assert found, "no password was printed"
        return found[1]

    def start(self) -> None:
        """Starts the program and waits until it serves."""
        environment = {
            **os.environ,
            "CRMBOT_MODELS": str(MODELS),
            "CRMBOT_RATE_VISITORS": "10000/minute",
            "CRMBOT_RATE_MESSAGES": "10000/minute",
            **self.environment,
        }
        with (self.data / "up.log").open("ab") as output:
            self.process = subprocess.Popen(
                [str(CRMBOT), "--data", str(self.data), "up", "--port", str(self.port)],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.wait_ready()

    def wait_ready(self, timeout_s: float = START_TIMEOUT_S) -> None:
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            assert self.process is not None
            assert self.process.poll() is None, f"the program ended:\n{self.log}"
            if self.ready():
                return
            time.sleep(0.1)
        raise AssertionError(f"the program did not become ready:\n{self.log}")

    def ready(self) -> bool:
        try:
            return httpx.get(f"{self.base_url}/readyz", timeout=5).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def engine_pid(self) -> int:
        """Rasa's process, the newest one."""
        started = re.findall(r"engine_started\s+.*?pid=(\d+)", re.sub(r"\x1b\[[0-9;]*m", "", self.log))
        return int(started[-1])

    def kill(self) -> None:
        """As the power would: SIGKILL, no goodbye."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def interrupt(self, timeout_s: float = 30) -> int:
        """Ctrl-C; the exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout_s)

    def visitor(self, **body: Any) -> Visitor:
        created = httpx.post(f"{self.base_url}/v1/chat/visitors", json=body, timeout=30).raise_for_status().json()
        return Visitor(self.base_url, created["visitor_token"], created["conversation_id"])

    @contextmanager
    def database(self) -> Iterator[Database]:
        database = Database(f"sqlite:///{self.data / 'crm.sqlite'}")
        try:
            yield database
        finally:
            database.close()


def alive(pid: int) -> bool:
    """Whether the process runs; one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextmanager
def whole(data: Path, **environment: str) -> Iterator[Whole]:
    """A started program, ended with the block."""
    program = Whole(data, free_port(), environment)
    try:
        program.start()
        yield program
    finally:
        if program.process is not None and program.process.poll() is None:
            program.process.terminate()
            try:
                program.process.wait(30)
            except subprocess.TimeoutExpired:
                program.kill()
