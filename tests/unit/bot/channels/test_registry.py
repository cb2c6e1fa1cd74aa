"""Channels by settings: made when their token is there, refused with a line that says what is missing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from bot.channels.base import Channel, Outgoing
from bot.channels.registry import build_channels, names_for_people
from bot.errors import SetupError
from tests.serving import KEYS, settings_for

TELEGRAM = "123456:TELEGRAM-token"
BOT, APP = "xoxb-1-slack", "xapp-1-slack"
HTTPS = "https://chat.example.com"


class Pigeon(Channel):
    name = "pigeon"

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        raise NotImplementedError


class Impostor(Pigeon):
    name = "telegram"


class Webbed(Pigeon):
    name = "web"


class Nameless(Pigeon):
    name = ""


class Longwinded(Pigeon):
    name = "a_name_of_17_char"


class Pathfinder(Pigeon):
    name = "../pigeon"


class Needy(Pigeon):
    def __init__(self, token: str) -> None: ...


class Broken(Pigeon):
    def __init__(self) -> None:
        raise RuntimeError("PIGEON_TOKEN is not set")


@pytest.fixture(autouse=True)
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("others_channels")
    for each in (Pigeon, Impostor, Webbed, Nameless, Longwinded, Pathfinder, Needy, Broken):
        setattr(module, each.__name__, each)
    module.__dict__["no_class"] = dict
    monkeypatch.setitem(sys.modules, "others_channels", module)


def build(directory: Path, **changes: Any) -> dict[str, Channel]:
    channels = build_channels(settings_for(directory, **changes), KEYS)
    for channel in channels.values():
        channel.close()
    return channels


def test_there_is_none_without_a_token(tmp_path: Path) -> None:
    assert build(tmp_path) == {}
    assert build(tmp_path, telegram_token="", slack_bot_token="", slack_app_token="", channels="") == {}


def test_tokens_and_names_make_channels(tmp_path: Path) -> None:
    channels = build(
        tmp_path,
        telegram_token=TELEGRAM,
        slack_bot_token=BOT,
        slack_app_token=APP,
        channels="others_channels:Pigeon",
    )
    assert list(channels) == ["telegram", "slack", "pigeon"]
    assert all(channel.name == name for name, channel in channels.items())


def test_being_called_needs_an_address_and_what_proves_the_caller(tmp_path: Path) -> None:
    channels = build(
        tmp_path,
        telegram_token=TELEGRAM,
        telegram_mode="webhook",
        slack_bot_token=BOT,
        slack_mode="http",
        slack_signing_secret="signing",
        public_url=HTTPS,
    )
    assert all(channel.routes() is not None for channel in channels.values())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"telegram_token": TELEGRAM, "telegram_mode": "webhook"}, "CRMBOT_PUBLIC_URL"),
        ({"telegram_token": TELEGRAM, "telegram_mode": "webhook", "public_url": "chat.example.com"}, "https://"),
        ({"slack_bot_token": BOT}, "CRMBOT_SLACK_APP_TOKEN"),
        ({"slack_bot_token": BOT, "slack_app_token": ""}, "CRMBOT_SLACK_APP_TOKEN"),
        (
            {"slack_bot_token": BOT, "slack_mode": "http", "public_url": HTTPS, "slack_signing_secret": ""},
            "CRMBOT_SLACK_SIGNING_SECRET",
        ),
        ({"slack_bot_token": BOT, "slack_mode": "http", "slack_signing_secret": "s"}, "CRMBOT_PUBLIC_URL"),
        ({"slack_bot_token": BOT, "slack_mode": "http", "public_url": HTTPS}, "CRMBOT_SLACK_SIGNING_SECRET"),
        ({"channels": "no_such_module:Pigeon"}, "no_such_module:Pigeon cannot be made: ModuleNotFoundError"),
        ({"channels": "others_channels:Raven"}, "others_channels:Raven cannot be made: AttributeError"),
        ({"channels": "others_channels"}, "others_channels cannot be made"),
        ({"channels": ":Pigeon"}, "cannot be made"),
        ({"channels": "others_channels:Needy"}, "cannot be made: TypeError"),
        ({"channels": "others_channels:Broken"}, "PIGEON_TOKEN is not set"),
        ({"channels": "others_channels:no_class"}, "is no Channel"),
        ({"channels": "others_channels:Pigeon others_channels:Pigeon"}, "as another channel does"),
        ({"channels": "others_channels:Impostor", "telegram_token": TELEGRAM}, "as another channel does"),
        ({"channels": "others_channels:Webbed"}, "as another channel does"),
        ({"channels": "others_channels:Nameless"}, "needs a name"),
        ({"channels": "others_channels:Longwinded"}, "needs a name"),
        ({"channels": "others_channels:Pathfinder"}, "needs a name"),
    ],
)
def test_what_is_missing_is_told_in_one_line_without_secrets(
    tmp_path: Path, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(SetupError) as caught:
        build(tmp_path, **changes)
    told = str(caught.value)
    assert words in told
    assert "\n" not in told
    assert not any(secret in told for secret in (TELEGRAM, BOT, APP))


def test_people_are_told_which_channels_are_on_and_how_they_are_connected(tmp_path: Path) -> None:
    plain = settings_for(tmp_path)
    assert names_for_people(plain, ()) == ["web"]
    assert names_for_people(plain, ("telegram", "slack", "pigeon")) == [
        "web",
        "telegram (polling)",
        "slack (socket)",
        "pigeon",
    ]
    hooked = settings_for(tmp_path, telegram_mode="webhook", slack_mode="http")
    assert names_for_people(hooked, ("telegram", "slack")) == ["web", "telegram (webhook)", "slack (http)"]
