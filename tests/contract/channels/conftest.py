"""Every test of this suite runs once for each channel, against one running server a module.

A module's ``SETTINGS`` are the server's.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.channels.driver import Customer, Driver
from tests.contract.channels.slack import SlackDriver, SlackHttpDriver
from tests.contract.channels.telegram import TelegramDriver, TelegramHookDriver
from tests.contract.channels.web import WebDriver
from tests.contract.example_channel import HookDriver
from tests.serving import FakeSenses, echo

DRIVERS: dict[str, type[Driver]] = {
    "web": WebDriver,
    "telegram-polling": TelegramDriver,
    "telegram-webhook": TelegramHookDriver,
    "slack-socket": SlackDriver,
    "slack-http": SlackHttpDriver,
    "example": HookDriver,
}


@pytest.fixture(scope="module", params=DRIVERS)
def driver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    settings = getattr(request.module, "SETTINGS", {})
    with DRIVERS[request.param](tmp_path_factory.mktemp(request.param), settings).running() as driver:
        yield driver


@pytest.fixture
def customer(driver: Driver) -> Customer:
    return driver.customer()


@pytest.fixture(autouse=True)
def _as_it_was(driver: Driver) -> Iterator[None]:
    """What one test changes is as before for the next."""
    yield
    driver.replay(times=0)  # forgets what there was to repeat
    dialogue = driver.server.dialogue
    dialogue.answer, dialogue.delay_s = echo, 0.0
    fresh = FakeSenses()
    driver.server.senses.speech, driver.server.senses.photo = fresh.speech, fresh.photo
