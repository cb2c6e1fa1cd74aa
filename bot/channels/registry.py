"""Which channels this site has, by its settings. The one place that names the channels there are."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from importlib import import_module
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError

from bot.channels.base import Channel
from bot.errors import SetupError
from bot.keys import Keys
from bot.settings import Settings
from bot.visitors import CHANNEL as WEB

NAME_LIMIT = 16


def build_channels(settings: Settings, keys: Keys) -> dict[str, Channel]:
    """The channels that must be pushed to, by name, not yet started.

    Raises SetupError with one clear line when a setting that one of them needs is missing or wrong.
    """
    channels: dict[str, Channel] = {}
    if settings.telegram_token:  # neither missing nor empty
        channels["telegram"] = _telegram(settings, keys, settings.telegram_token)
    if settings.slack_bot_token:
        channels["slack"] = _slack(settings, settings.slack_bot_token)
    for path in (settings.channels or "").split():
        channel = _third_party(path)
        if channel.name in (WEB, *channels):
            raise SetupError(f"CRMBOT_CHANNELS: {path} calls itself {channel.name!r}, as another channel does")
        channels[channel.name] = channel
    return channels


def names_for_people(settings: Settings, channels: Iterable[str]) -> list[str]:
    """All ways to reach customers, the web first; those of ours with how they are connected: ``slack (socket)``."""
    modes = {"telegram": settings.telegram_mode, "slack": settings.slack_mode}
    return [WEB, *(f"{name} ({modes[name]})" if name in modes else name for name in channels)]


def _telegram(settings: Settings, keys: Keys, token: SecretStr) -> Channel:
    if settings.telegram_mode == "webhook":
        _needs_public_url(settings, "CRMBOT_TELEGRAM_MODE=webhook")
    from bot.channels.telegram import TelegramChannel  # the vendor's library is loaded only where it is used

    return TelegramChannel(
        token.get_secret_value(),
        mode=settings.telegram_mode,
        api_url=settings.telegram_api_url,
        public_url=settings.public_url,
        secret=hmac.new(keys.site.encode(), b"telegram webhook", hashlib.sha256).hexdigest(),
        media_limit_bytes=settings.media_limit_bytes,
        fetch_timeout_s=settings.fetch_timeout_s,
    )


def _slack(settings: Settings, bot_token: SecretStr) -> Channel:
    app_token, signing_secret = settings.slack_app_token, settings.slack_signing_secret
    if settings.slack_mode == "socket" and not app_token:
        raise SetupError("Slack's Socket Mode needs CRMBOT_SLACK_APP_TOKEN (xapp-…), or set CRMBOT_SLACK_MODE=http")
    if settings.slack_mode == "http":
        _needs_public_url(settings, "CRMBOT_SLACK_MODE=http")
        if not signing_secret:
            raise SetupError("CRMBOT_SLACK_MODE=http needs CRMBOT_SLACK_SIGNING_SECRET")
    from bot.channels.slack import SlackChannel

    return SlackChannel(
        bot_token.get_secret_value(),
        mode=settings.slack_mode,
        app_token=app_token.get_secret_value() if app_token else None,
        signing_secret=signing_secret.get_secret_value() if signing_secret else None,
        api_url=settings.slack_api_url,
        public_url=settings.public_url,
        link_by_email=settings.slack_link_by_email,
        media_limit_bytes=settings.media_limit_bytes,
        fetch_timeout_s=settings.fetch_timeout_s,
    )


def _needs_public_url(settings: Settings, mode: str) -> None:
    if urlsplit(settings.public_url or "").scheme not in ("http", "https"):
        raise SetupError(f"{mode} needs CRMBOT_PUBLIC_URL, as in https://chat.example.com")


def _third_party(path: str) -> Channel:
    """The channel of ``module:Class``, made without arguments."""
    module, _, name = path.partition(":")
    try:
        made = getattr(import_module(module), name)()
    except ValidationError as error:  # its own words would show every setting's value
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise SetupError(f"CRMBOT_CHANNELS: {path} has settings that are missing or wrong: {wrong}") from None
    except Exception as error:  # whatever others' code raises, the operator is told which setting names it
        raise SetupError(f"CRMBOT_CHANNELS: {path} cannot be made: {type(error).__name__}: {error}") from error
    if not isinstance(made, Channel):
        raise SetupError(f"CRMBOT_CHANNELS: {path} is no Channel; see docs/channels.md")
    if not 0 < len(made.name) <= NAME_LIMIT or not made.name.isidentifier():
        raise SetupError(f"CRMBOT_CHANNELS: {path} needs a name of up to {NAME_LIMIT} letters and digits")
    return made
