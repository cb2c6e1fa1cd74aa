"""The server is killed with SIGKILL again and again, at any moment after a 202: every message is answered, once."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from bot.settings import PROJECT
from tests.rasa_double import RasaDouble, rasa_double
from tests.serving import Visitor

KILLS = 10
VISITORS = 4
LATEST_KILL_S = 0.25


@contextmanager
def process(directory: Path, rasa_url: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The server's process and its address; killed at the end of the block if it still runs."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.serving_process", str(directory), rasa_url],
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            assert running.stdout is not None
            address = next(line.split()[1] for line in running.stdout if line.startswith("serving"))
            yield running, address
        finally:
            running.kill()


def moved(visitor: Visitor, base_url: str) -> Visitor:
    return Visitor(base_url, visitor.token, visitor.conversation_id, visitor.sent)


def new_visitor(base_url: str) -> Visitor:
    body = httpx.post(f"{base_url}/v1/chat/visitors", json={}).raise_for_status().json()
    return Visitor(base_url, body["visitor_token"], body["conversation_id"])


@pytest.mark.timeout(600)
def test_what_was_acknowledged_is_answered_once_however_often_the_server_dies(tmp_path: Path) -> None:
    chance = random.Random(20)
    with rasa_double() as (rasa, rasa_url):
        visitors: list[Visitor] = []
        acknowledged = 0
        for _ in range(KILLS):
            with process(tmp_path, rasa_url) as (server, base_url):
                visitors = [moved(each, base_url) for each in visitors] or [
                    new_visitor(base_url) for _ in range(VISITORS)
                ]
                with ThreadPoolExecutor(VISITORS) as pool:
                    sent = list(pool.map(lambda visitor: visitor.send(f"message {visitor.sent}"), visitors))
                assert {response.status_code for response in sent} == {202}
                acknowledged += len(sent)
                time.sleep(chance.uniform(0, LATEST_KILL_S))
                server.kill()
        with process(tmp_path, rasa_url) as (_, base_url):
            for visitor in visitors:
                check(moved(visitor, base_url))
    assert acknowledged == KILLS * VISITORS
    assert_heard_little_more_than_once(rasa, acknowledged)


def check(visitor: Visitor) -> None:
    """Every message of the visitor has exactly one answer, and it is its own."""
    messages = visitor.wait_for(KILLS, timeout_s=90)
    time.sleep(0.2)
    messages += visitor.messages(after=messages[-1]["seq"])
    asked = [message["text"] for message in messages if message["author"] == "customer"]
    answered = [message["text"] for message in messages if message["author"] == "bot"]
    assert len(asked) == KILLS
    assert answered == [f"You said: {text}" for text in asked]


def assert_heard_little_more_than_once(rasa: RasaDouble, acknowledged: int) -> None:
    """A message that was cut off may reach Rasa again; one that was answered in Rasa's tracker never does."""
    remembered = [
        event["metadata"]["message_id"]
        for events in rasa.trackers.values()
        for event in events
        if event["event"] == "user"
    ]
    assert set(remembered) == set(rasa.heard)
    assert len(set(rasa.heard)) == acknowledged
