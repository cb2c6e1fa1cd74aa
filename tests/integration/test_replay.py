"""Every update of both vendors comes three times to each of two servers on one data directory, in any order, at once.

Each message is stored once and answered once: counted in the records, at Rasa's stand-in and at the fake vendors. In
the second test one of the servers is killed with SIGKILL in the middle: the other takes over, and it begins again.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.phrases import phrase
from bot.settings import PROJECT
from crm.models import Message
from crm.unit_of_work import Database
from tests.contract.channels.driver import photo
from tests.contract.channels.slack import SlackCustomer, SlackHttpDriver, slack_settings
from tests.contract.channels.telegram import TelegramCustomer, TelegramHookDriver
from tests.rasa_double import RasaDouble, rasa_double
from tests.serving import wait_until
from tests.vendors.slack import FakeSlack, fake_slack
from tests.vendors.telegram import TOKEN, FakeTelegram, telegram

TIMES = 3
SENDERS = 8
PEOPLE = 2
"""Of each vendor, in each round."""
PATIENCE_S = 30.0
"""Slack itself waits for three seconds and then repeats, which this test does anyhow."""
Post = Callable[[str], httpx.Response]
"""Delivers one update to the server of this address."""


@dataclass
class TelegramRecorder(TelegramHookDriver):
    """People whose updates are kept instead of delivered."""

    secret: str = ""

    def take(self) -> list[Post]:
        taken, self.updates = self.updates, []
        return [self._post(update) for update in taken]

    def _post(self, update: dict[str, Any]) -> Post:
        headers = {"X-Telegram-Bot-Api-Secret-Token": self.secret}
        return lambda url: httpx.post(f"{url}/channels/telegram", json=update, headers=headers, timeout=30)


@dataclass
class SlackRecorder(SlackHttpDriver):
    """People whose events are kept instead of delivered."""

    def tell(self, body: dict[str, Any]) -> dict[str, Any]:
        self.told.append(body)
        return body

    def take(self) -> list[Post]:
        taken, self.told = self.told, []
        return [self._post(body) for body in taken]

    def _post(self, body: dict[str, Any]) -> Post:
        return lambda url: self.vendor.post_once(body, url=f"{url}/channels/slack/events")


@dataclass
class Servers:
    """Two servers on one data directory."""

    directory: Path
    rasa_url: str
    settings: dict[str, Any]
    stack: ExitStack
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)

    def start(self, count: int = 1) -> None:
        """Starts as many at once, and waits until they serve."""
        command = [
            sys.executable, "-m", "tests.channel_process",
            str(self.directory), self.rasa_url, json.dumps(self.settings),
        ]  # fmt: skip
        started = [
            subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            for _ in range(count)
        ]
        for process in started:
            self.stack.enter_context(process)
            self.stack.callback(process.kill)
        for process in started:
            assert process.stdout is not None
            self.urls.append(next(line.split()[1] for line in process.stdout if line.startswith("serving")))
            self.processes.append(process)

    def kill(self, number: int) -> None:
        self.processes[number].kill()
        self.processes[number].wait()
        del self.processes[number], self.urls[number]


@dataclass
class Records:
    """What the customers of this test know of the servers: the records."""

    database: Database


@dataclass
class Play:
    """Both vendors, both servers, and what stands behind them."""

    servers: Servers
    rasa: RasaDouble
    telegram: TelegramRecorder
    slack: SlackRecorder

    def people(self) -> list[TelegramCustomer | SlackCustomer]:
        return [person for _ in range(PEOPLE) for person in (self.telegram.customer(), self.slack.customer())]

    def take(self) -> list[Post]:
        return [*self.telegram.take(), *self.slack.take()]


@pytest.fixture(scope="module")
def play(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    with ExitStack() as stack:
        directory = tmp_path_factory.mktemp("replay")
        rasa, rasa_url = stack.enter_context(rasa_double())
        telegram_vendor, slack_vendor = stack.enter_context(telegram()), stack.enter_context(fake_slack("http"))
        slack_vendor.patience_s = PATIENCE_S
        servers = Servers(directory, rasa_url, settings_of(telegram_vendor, slack_vendor), stack)
        servers.start(2)
        secret = wait_until(lambda: telegram_vendor.hook.get("secret"))
        telegram_vendor.hook = {}  # from here on the test delivers
        database = stack.enter_context(opened(directory))
        records: Any = Records(database)
        yield Play(
            servers,
            rasa,
            TelegramRecorder(directory, vendor=telegram_vendor, _server=records, secret=secret),
            SlackRecorder(directory, vendor=slack_vendor, _server=records),
        )


@contextmanager
def opened(directory: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{directory / 'crm.sqlite'}")
    try:
        yield database
    finally:
        database.close()


def settings_of(telegram_vendor: FakeTelegram, slack_vendor: FakeSlack) -> dict[str, Any]:
    return {
        "burst_window_s": 0,
        "public_url": "http://127.0.0.1:9",
        "telegram_token": TOKEN,
        "telegram_mode": "webhook",
        "telegram_api_url": telegram_vendor.api_url,
        **slack_settings(slack_vendor),
    }


def deeds(play: Play, person: TelegramCustomer | SlackCustomer) -> int:
    """Does a bit of everything; returns how many messages that makes."""
    changed = person.send_text("some words")
    person.edit(changed, "other words")
    person.send_text("more words")
    person.send_photo(photo(), "a photo")
    person.send_voice()
    person.press("The first")
    if isinstance(person, TelegramCustomer):
        play.telegram.updates.append(person.person.contact("+12025550199"))
        return 6
    return 5


def offered(play: Play, people: list[TelegramCustomer | SlackCustomer]) -> None:
    """Everybody has written once before, and has a button to press."""
    for person in people:
        person.send_text("buttons")
    for post in play.take():
        assert post(play.servers.urls[0]).status_code == 200
    for person in people:
        wait_until(lambda person=person: person.seen() and person.seen()[0].buttons)


def shuffled(posts: list[Post], count: int, chance: random.Random) -> list[tuple[Post, int]]:
    """Each update ``TIMES`` times for each of ``count`` servers."""
    deliveries = [(post, server) for post in posts for server in range(count) for _ in range(TIMES)]
    chance.shuffle(deliveries)
    return deliveries


def repeat(posts: list[Post], url: str) -> None:
    for post in posts:
        assert post(url).status_code == 200


def settle(people: list[TelegramCustomer | SlackCustomer], expected: dict[int, int]) -> None:
    for index, person in enumerate(people):
        wait_until(lambda person=person, index=index: len(person.own()) == expected[index], timeout_s=60)
        person.settled()


def check_records(person: TelegramCustomer | SlackCustomer) -> list[str]:
    """Every message is stored once, answered, and answered once; returns the answers."""
    messages = person.messages()
    own = [message for message in messages if message.author == "customer"]
    assert {message.state for message in own} == {"answered"}
    names = Counter(message.channel_message_id for message in own)
    assert max(names.values()) == 1
    answers = Counter(message.answers_id for message in messages if message.author == "bot")
    assert answers == Counter(message.id for message in own)
    assert {row.state for row in person.outbox()} == {"sent"}
    assert [message.text for message in own].count("other words") == 1
    heard = {message.id: each.transcript for message in own for each in message.attachments if each.transcript}
    return [shown(message, heard.get(message.answers_id or "")) for message in messages if message.author == "bot"]


def shown(answer: Message, heard: str | None) -> str:
    """An answer as the customer's app shows it."""
    return f"{phrase('heard', 'en', words=heard)}\n\n{answer.text}" if heard else answer.text


@pytest.mark.timeout(300)
def test_what_comes_three_times_to_two_servers_in_any_order_is_stored_once_and_answered_once(play: Play) -> None:
    for seed in (1, 2, 3):
        people = play.people()
        offered(play, people)
        expected = {index: 1 + deeds(play, person) for index, person in enumerate(people)}
        deliveries = shuffled(play.take(), 2, random.Random(seed))
        with ThreadPoolExecutor(SENDERS) as pool:
            statuses = list(pool.map(lambda each: each[0](play.servers.urls[each[1]]).status_code, deliveries))
        assert set(statuses) == {200}, f"seed {seed}: {Counter(statuses)}"
        settle(people, expected)
        time.sleep(0.5)
        for person in people:
            assert Counter(person.texts()) == Counter(check_records(person)), f"seed {seed}"
    assert max(Counter(play.rasa.heard).values()) == 1


@pytest.mark.timeout(300)
def test_a_server_that_is_killed_amid_repeats_loses_and_doubles_nothing(play: Play) -> None:
    people = play.people()
    offered(play, people)
    expected = {index: 1 + deeds(play, person) for index, person in enumerate(people)}
    posts, heard = play.take(), len(play.rasa.heard)
    deliveries = shuffled(posts, 2, random.Random(4))
    with ThreadPoolExecutor(SENDERS) as pool:
        sent = [pool.submit(lambda each: each[0](play.servers.urls[each[1]]), each) for each in deliveries]
        wait_until(lambda: len(play.rasa.heard) >= heard + 6)
        play.servers.processes[0].kill()
        outcomes = [each.exception() or each.result().status_code for each in sent]
    assert all(outcome == 200 or isinstance(outcome, httpx.HTTPError) for outcome in outcomes)
    play.servers.kill(0)
    repeat(posts, play.servers.urls[0])  # a vendor goes on until it is told that the update has arrived
    settle(people, expected)  # the other server has taken over what the killed one was doing
    play.servers.start()
    repeat(posts, play.servers.urls[-1])
    time.sleep(0.5)
    too_many = Counter[str]()
    for person in people:
        seen, answers = Counter(person.texts()), Counter(check_records(person))
        assert answers <= seen
        too_many += seen - answers
    assert too_many.total() <= len(people)  # a send to each of them was under way at most, and may have arrived
