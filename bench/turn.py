"""``crmbot bench turn``: request to reply on the web channel, against the same Rasa server spoken to directly.

Both arms say the same sentences to the same Rasa process with the same domain, actions and understanding, one
conversation each, alternating turn by turn, so that a noisy machine is noisy for both.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import httpx
from websockets.sync.client import ClientConnection, connect

from bot.installation import Steps, prepare
from bot.server import Ports, bind, free_port
from bot.settings import Settings
from bot.up import build_program

SENTENCES = ("hello", "where is my order A1024?", "what are your opening hours?", "thank you", "你好", "怎么付款？")
WINDOW = 15
"""Turns around a point (turn 5, turn 200) whose median stands for it."""
READY_TIMEOUT_S = 180.0
REPLY_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class Arm:
    """Milliseconds from request to reply."""

    name: str
    p50_ms: float
    p95_ms: float
    at_start_ms: float
    at_end_ms: float

    @property
    def growth(self) -> float:
        return self.at_end_ms / self.at_start_ms


@dataclass(frozen=True, slots=True)
class Running:
    """Where the program under measure answers."""

    base_url: str
    rasa_url: str
    rasa_token: str


def run(settings: Settings, *, turns: int, json_path: Path | None) -> None:
    """Prints the table; starts a site of its own in a temporary data directory that shares the trained models."""
    with tempfile.TemporaryDirectory() as directory, started(settings, Path(directory)) as running:
        ours, direct = measure(running, turns)
        burst_s = burst(running.base_url)
    report = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "rasa": "3.6.21",
        "crmbot": version("crmbot"),
        "turns": turns,
        "arms": [asdict(ours) | {"growth": ours.growth}, asdict(direct) | {"growth": direct.growth}],
        "difference_p50_ms": ours.p50_ms - direct.p50_ms,
        "ratio_p50": ours.p50_ms / direct.p50_ms,
        "burst_of_ten_s": burst_s,
    }
    _print(report, ours, direct)
    if json_path is not None:
        json_path.write_text(json.dumps(report, indent=2))


@contextmanager
def started(settings: Settings, directory: Path) -> Iterator[Running]:
    """A program on free ports with a fresh database and the models that are there."""
    rasa_port = free_port()
    fresh = settings.model_copy(
        update={
            "data": directory,
            "models": settings.models_dir,
            "rasa_port": rasa_port,
            "rate_messages": "100000/minute",
        }
    )
    prepared = prepare(fresh, Steps())
    ports = Ports(public=bind("127.0.0.1", 0), internal=bind("127.0.0.1", 0))
    program = build_program(fresh, prepared, ports, channels={})
    thread = threading.Thread(target=program.run, daemon=True)
    thread.start()
    base_url = f"http://127.0.0.1:{ports.public.getsockname()[1]}"
    try:
        _await_ready(base_url)
        yield Running(base_url, f"http://127.0.0.1:{rasa_port}", prepared.keys.engine)
    finally:
        program.stop()
        thread.join(30)


def measure(running: Running, turns: int) -> tuple[Arm, Arm]:
    """Both arms, alternating turn by turn."""
    ours: list[float] = []
    direct: list[float] = []
    with httpx.Client(timeout=REPLY_TIMEOUT_S) as http, Widget(http, running.base_url) as widget:
        sender = _new_conversation(http, running)
        for turn in range(turns):
            sentence = SENTENCES[turn % len(SENTENCES)]
            ours.append(_timed(lambda s=sentence: widget.ask(s)))  # type: ignore[misc]
            direct.append(_timed(lambda s=sentence: _ask_rasa(http, running, sender, s)))  # type: ignore[misc]
    return _arm("crmbot, web channel", ours), _arm("Rasa alone, REST channel", direct)


def burst(base_url: str) -> float:
    """Seconds until the last of ten messages sent at once is answered, in order."""
    with httpx.Client(timeout=REPLY_TIMEOUT_S) as http, Widget(http, base_url) as widget:
        widget.ask("hello")
        began = time.perf_counter()
        posted = [widget.post("thank you") for _ in range(10)]
        widget.replies(len(posted))
        return time.perf_counter() - began


class Widget:
    """A client of the web protocol that times what a customer waits for."""

    def __init__(self, http: httpx.Client, base_url: str) -> None:
        self._http = http
        self._base_url = base_url
        visitor = http.post(f"{base_url}/v1/chat/visitors", json={"language": "en"}).raise_for_status().json()
        self._headers = {"Authorization": f"Bearer {visitor['visitor_token']}"}
        self._socket: ClientConnection = connect(f"{base_url.replace('http', 'ws', 1)}/v1/chat/stream")
        self._socket.send(json.dumps({"token": visitor["visitor_token"]}))
        self._seen: dict[str, int] = {}
        self._answered_to = 0

    def __enter__(self) -> Widget:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def post(self, text: str) -> str:
        """Sends a message; its id."""
        message = {"client_message_id": uuid.uuid4().hex, "text": text}
        sent = self._http.post(f"{self._base_url}/v1/chat/messages", json=message, headers=self._headers)
        return str(sent.raise_for_status().json()["message_id"])

    def reply_to(self, message_id: str) -> None:
        """Waits for the first bot message that follows this one in the thread."""
        while message_id not in self._seen or self._answered_to < self._seen[message_id]:
            frame: dict[str, Any] = json.loads(self._socket.recv(timeout=REPLY_TIMEOUT_S))
            if frame.get("author") == "customer":
                self._seen[frame["message_id"]] = frame["seq"]
            elif frame.get("author") == "bot":
                self._answered_to = frame["seq"]

    def replies(self, count: int) -> None:
        """Waits for this many more bot messages."""
        while count:
            count -= json.loads(self._socket.recv(timeout=REPLY_TIMEOUT_S)).get("author") == "bot"

    def ask(self, text: str) -> None:
        self.reply_to(self.post(text))


def _ask_rasa(http: httpx.Client, running: Running, sender: str, text: str) -> None:
    metadata = {"message_id": uuid.uuid4().hex, "language": "en", "text": text, "attachments": []}
    body = {"sender": sender, "message": text, "metadata": metadata}
    url = f"{running.rasa_url}/webhooks/rest/webhook"
    http.post(url, params={"token": running.rasa_token}, json=body).raise_for_status()


def _new_conversation(http: httpx.Client, running: Running) -> str:
    """A conversation in the records for the arm that goes past the web channel: the actions look it up."""
    visitor = http.post(f"{running.base_url}/v1/chat/visitors", json={"language": "en"}).raise_for_status().json()
    return str(visitor["conversation_id"])


def _timed(act: Callable[[], None]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _arm(name: str, times: list[float]) -> Arm:
    ordered = sorted(times)
    return Arm(
        name,
        p50_ms=statistics.median(times),
        p95_ms=ordered[int(0.95 * (len(ordered) - 1))],
        at_start_ms=statistics.median(times[2 : 2 + WINDOW]),
        at_end_ms=statistics.median(times[-WINDOW:]),
    )


def _await_ready(base_url: str) -> None:
    deadline = time.monotonic() + READY_TIMEOUT_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{base_url}/readyz", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.5)
    raise click.ClickException("the server did not become ready")


def _print(report: dict[str, Any], ours: Arm, direct: Arm) -> None:
    click.echo(f"{report['turns']} turns an arm, alternating; {report['cores']} cores, Rasa {report['rasa']}")
    click.echo(f"{'':28}{'p50 ms':>9}{'p95 ms':>9}{'turn 5':>9}{'last':>9}{'growth':>9}")
    for arm in (ours, direct):
        click.echo(
            f"{arm.name:28}{arm.p50_ms:9.1f}{arm.p95_ms:9.1f}{arm.at_start_ms:9.1f}{arm.at_end_ms:9.1f}{arm.growth:9.2f}"
        )
    click.echo(f"difference of p50: {report['difference_p50_ms']:+.1f} ms, ratio {report['ratio_p50']:.2f}")
    click.echo(f"ten messages at once, all answered in order after {report['burst_of_ten_s']:.2f} s")
