"""What is asked of Slack about people, how often, and what is kept of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.slack import people
from bot.channels.slack.people import People, Profile, profile_of
from tests.vendors import slack_bodies as bodies
from tests.vendors.slack import FakeSlack, fake_slack
from tests.vendors.slack_bodies import TEAM, USER


@pytest.fixture
def slack() -> Iterator[FakeSlack]:
    with fake_slack() as slack:
        yield slack


@pytest.fixture
def asking(slack: FakeSlack) -> People:
    return People(AsyncWebClient(slack.bot_token, base_url=slack.api_url))


async def test_a_profile_is_asked_for_once(slack: FakeSlack, asking: People) -> None:
    assert asking.known(USER) == Profile()
    assert await asking.news(USER, TEAM) == Profile("mei", "en", "mei@example.com")
    assert await asking.news(USER, TEAM) is None
    assert asking.known(USER).name == "mei"
    assert len(slack.calls_of("users.info")) == 1


async def test_it_is_asked_for_again_on_demand_and_kept_meanwhile(slack: FakeSlack, asking: People) -> None:
    await asking.news(USER, TEAM)
    asking.ask_again(USER)
    assert asking.known(USER).name == "mei"
    assert await asking.news(USER, TEAM) is not None


async def test_without_the_permission_slack_is_not_asked_for_every_message(slack: FakeSlack, asking: People) -> None:
    slack.scopes -= {"users:read"}
    for _ in range(3):
        assert await asking.news(USER, TEAM) is None
    assert len(slack.calls_of("users.info")) == 1


async def test_a_bounded_number_is_kept(slack: FakeSlack, asking: People) -> None:
    await asking.news(USER, TEAM)
    for number in range(people.KEPT):
        asking.ask_again(f"U{number}")
    assert asking.known(USER) == Profile()


@pytest.mark.parametrize(
    ("locale", "language"),
    [("en-US", "en"), ("en-GB", "en"), ("zh-CN", "zh"), ("zh-TW", "zh"), ("de-DE", None), (None, None)],
)
def test_the_language_of_their_app(locale: str | None, language: str | None) -> None:
    assert profile_of(bodies.profile(locale=locale), TEAM).language == language


def test_the_name_they_chose_or_else_their_own() -> None:
    assert profile_of(bodies.profile(display_name="  小美 "), TEAM).name == "小美"
    assert profile_of(bodies.profile(display_name=""), TEAM).name == "Mei Chen"
    assert profile_of({"profile": None, "name": 3}, TEAM) == Profile()
