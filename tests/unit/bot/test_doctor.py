"""What doctor says of channels: each finding, one line, no traceback, no token, whatever a channel does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.channels.base import Channel, Finding, Outgoing
from bot.doctor import Check, examine
from bot.errors import ChannelError, SetupError
from bot.keys import Keys, load_or_create_keys
from bot.settings import Settings
from tests.serving import settings_for

TOKEN = "12345:a-secret-token"


@dataclass
class Asked(Channel):
    """Says what it is told to when it is checked."""

    name = "asked"
    findings: list[Finding] = field(default_factory=list)
    trouble: Exception | None = None
    closed: int = 0

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        raise AssertionError("doctor sends nothing")

    def check(self) -> list[Finding]:
        if self.trouble is not None:
            raise self.trouble
        return self.findings

    def close(self) -> None:
        self.closed += 1


def settings(directory: Path) -> Settings:
    return settings_for(directory, telegram_token=SecretStr(TOKEN), slack_signing_secret=SecretStr(""))


def of_channels(directory: Path, *channels: Channel) -> list[Check]:
    here = len(examine(settings(directory), lambda *_: {}))
    return examine(settings(directory), lambda *_: {each.name: each for each in channels})[here:]


def test_every_finding_is_a_check(tmp_path: Path) -> None:
    channel = Asked([Finding("asked token", ok=True, advice="never shown"), Finding("web hook", False, "remove\nit")])
    assert of_channels(tmp_path, channel) == [
        Check("asked token", ok=True, needed=True, advice=""),
        Check("asked web hook", ok=False, needed=True, advice="remove it"),
    ]
    assert channel.closed == 1


def test_a_channel_with_nothing_to_say_adds_nothing(tmp_path: Path) -> None:
    assert of_channels(tmp_path, Asked()) == []


@pytest.mark.parametrize(
    ("trouble", "advice"),
    [
        (ChannelError("no answer in 10 s"), "asked could not be asked: no answer in 10 s"),
        (ChannelError(f"https://x/bot{TOKEN}/getMe"), "asked could not be asked: https://x/bot***/getMe"),
        (ChannelError("bot12345%3Aa-secret-token"), "asked could not be asked: bot***"),
        (
            ConnectionError(f"https://x/bot{TOKEN}/getMe"),
            "asked could not be asked (ConnectionError): see whether this machine reaches it",
        ),
    ],
)
def test_trouble_is_one_line_without_a_token(tmp_path: Path, trouble: Exception, advice: str) -> None:
    channel = Asked(trouble=trouble)
    assert of_channels(tmp_path, channel) == [Check("asked", ok=False, needed=True, advice=advice)]
    assert channel.closed == 1


def test_a_token_in_a_finding_is_struck_out(tmp_path: Path) -> None:
    (check,) = of_channels(tmp_path, Asked([Finding("token", ok=False, advice=f"{TOKEN} is not taken")]))
    assert check.advice == "*** is not taken"


def test_a_channel_that_cannot_be_built_is_named(tmp_path: Path) -> None:
    def build(settings: Settings, keys: Keys) -> dict[str, Channel]:
        raise SetupError("CRMBOT_SLACK_APP_TOKEN is missing")

    assert examine(settings(tmp_path), build)[-1] == Check("channels", False, True, "CRMBOT_SLACK_APP_TOKEN is missing")


def test_channels_are_built_with_the_sites_keys_and_nothing_is_written(tmp_path: Path) -> None:
    given: list[Keys] = []

    def build(settings: Settings, keys: Keys) -> dict[str, Channel]:
        given.append(keys)
        return {}

    examine(settings(tmp_path), build)
    assert list(tmp_path.iterdir()) == []
    keys = load_or_create_keys(settings(tmp_path).secrets_path)
    examine(settings(tmp_path), build)
    assert given == [Keys(site="", console="", engine=""), keys]
