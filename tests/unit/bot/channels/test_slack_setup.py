"""What ``crmbot doctor`` says of Slack, and the manifest that an app is made from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, Literal

import pytest
from ruamel.yaml import YAML

from bot.channels.base import Finding
from bot.channels.slack.checking import FOR_LINKING, HELPFUL, NEEDED
from bot.channels.slack.events import SUBSCRIBED
from tests.vendors.slack import SCOPES, FakeSlack, fake_slack
from tests.vendors.slack_channel import channel_for

MANIFEST = Path(__file__).parents[4] / "docs" / "slack-manifest.yaml"


def check(slack: FakeSlack, **changes: Any) -> dict[str, Finding]:
    channel = channel_for(slack, **changes)
    try:
        return {finding.name: finding for finding in channel.check()}
    finally:
        channel.close()


def faults(found: dict[str, Finding]) -> list[str]:
    return [name for name, finding in found.items() if not finding.ok]


@pytest.mark.parametrize("mode", ["socket", "http"])
def test_a_good_setup_is_good(mode: Literal["socket", "http"]) -> None:
    with fake_slack(mode) as slack:
        found = check(slack, public_url="https://shop.example", link_by_email=True)
    assert faults(found) == []
    assert len(found) == (3 if mode == "socket" else 4)


def test_missing_scopes_are_named() -> None:
    with fake_slack() as slack:
        slack.scopes -= {"files:read", "im:history", "channels:history", "users:read.email"}
        found = check(slack)
        assert faults(found) == ["slack scopes"]
        assert "files:read" in found["slack scopes"].advice
        assert "im:history" in found["slack scopes"].advice
        assert "users:read.email" not in found["slack scopes"].advice
        assert "channels:history" not in found["slack scopes"].advice
        assert "users:read.email" in check(slack, link_by_email=True)["slack scopes"].advice


def test_a_wrong_bot_token_is_told_and_not_shown() -> None:
    with fake_slack() as slack:
        channel = channel_for(slack)
        slack.bot_token = "xoxb-another"
        try:
            found = {finding.name: finding for finding in channel.check()}
        finally:
            channel.close()
    assert faults(found) == ["slack bot token"]
    assert "invalid_auth" in found["slack bot token"].advice


@pytest.mark.parametrize("token", [None, "xapp-wrong"])
def test_socket_mode_needs_its_token(token: str | None) -> None:
    with fake_slack() as slack:
        found = check(slack, app_token=token)
    assert faults(found) == ["slack app token"]
    assert "Socket Mode" in found["slack app token"].advice


@pytest.mark.parametrize("url", [None, "http://shop.example"])
def test_http_mode_needs_its_secret_and_an_address(url: str | None) -> None:
    with fake_slack("http") as slack:
        found = check(slack, signing_secret=None, public_url=url)
    assert faults(found) == ["slack signing secret", "slack public address"]


def test_slack_away() -> None:
    slack = FakeSlack("http")
    slack.base_url = "http://127.0.0.1:9"
    found = check(slack, public_url="https://shop.example")
    assert faults(found) == ["slack"]
    assert "cannot be reached" in found["slack"].advice


def manifest(*, http: bool = False) -> dict[str, Any]:
    text = MANIFEST.read_text(encoding="utf-8")
    if http:
        text = text.replace("\n#http ", "\n").replace("socket_mode_enabled: true", "socket_mode_enabled: false")
    return dict(YAML(typ="safe").load(io.StringIO(text)))


def test_the_manifest_asks_for_what_the_code_needs_and_no_more() -> None:
    scopes = manifest()["oauth_config"]["scopes"]["bot"]
    assert len(scopes) == len(set(scopes))
    assert set(scopes) == {*NEEDED, *FOR_LINKING, *HELPFUL}
    assert {one for wanted in SCOPES.values() for one in wanted} <= set(scopes)


@pytest.mark.parametrize("http", [False, True])
def test_the_manifest_subscribes_to_what_the_code_takes(http: bool) -> None:
    found = manifest(http=http)
    settings, features = found["settings"], found["features"]
    assert tuple(settings["event_subscriptions"]["bot_events"]) == SUBSCRIBED
    assert settings["socket_mode_enabled"] is not http
    assert settings["interactivity"]["is_enabled"]
    assert features["app_home"]["home_tab_enabled"]
    assert features["app_home"]["messages_tab_enabled"]
    assert not features["app_home"]["messages_tab_read_only_enabled"]
    (command,) = features["slash_commands"]
    assert (command["command"], command["should_escape"]) == ("/crmbot", False)


def test_in_http_mode_everything_goes_to_one_address() -> None:
    found = manifest(http=True)
    (command,) = found["features"]["slash_commands"]
    urls = {
        command["url"],
        found["settings"]["event_subscriptions"]["request_url"],
        found["settings"]["interactivity"]["request_url"],
    }
    assert urls == {"https://shop.example/channels/slack/events"}
