"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator

import pytest

from tests.vendors.slack import APP_TOKEN, BOT_TOKEN, FakeSlack, fake_slack
from tests.vendors.telegram import TOKEN, FakeTelegram, telegram
from tests.whole import Whole, whole


@pytest.fixture(scope="session")
def telegram_vendor() -> Iterator[FakeTelegram]:
    with telegram() as running:
        yield running


@pytest.fixture(scope="session")
def slack_vendor() -> Iterator[FakeSlack]:
    with fake_slack() as running:
        yield running


@pytest.fixture(scope="session")
def program(
    tmp_path_factory: pytest.TempPathFactory, telegram_vendor: FakeTelegram, slack_vendor: FakeSlack
) -> Iterator[Whole]:
    """The whole program with the real Rasa and all channels, one for the session; do not kill it."""
    vendors = {
        "CRMBOT_TELEGRAM_TOKEN": TOKEN,
        "CRMBOT_TELEGRAM_API_URL": telegram_vendor.api_url,
        "CRMBOT_SLACK_BOT_TOKEN": BOT_TOKEN,
        "CRMBOT_SLACK_APP_TOKEN": APP_TOKEN,
        "CRMBOT_SLACK_API_URL": slack_vendor.api_url,
    }
    with whole(tmp_path_factory.mktemp("whole"), **vendors) as running:
        yield running
