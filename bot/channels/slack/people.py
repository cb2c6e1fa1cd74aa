"""Who writes, as their workspace's profile says. What was learned is kept for an hour, for a bounded number of people.

An e-mail address is told only where the workspace vouches for it: a confirmed one of a full member of this workspace,
not of a guest, a bot, or somebody of another workspace in a shared channel.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.slack.refusals import channel_errors
from bot.errors import ChannelError

log = structlog.get_logger(__name__)

KEPT = 2000
KEPT_S, KEPT_FAILURE_S = 3600.0, 60.0
_NAME_LIMIT = 200
_OUTSIDERS = ("is_bot", "is_app_user", "is_restricted", "is_ultra_restricted", "is_stranger", "deleted")


@dataclass(frozen=True, slots=True)
class Profile:
    """``email`` is one that the workspace vouches for."""

    name: str | None = None
    language: Literal["en", "zh"] | None = None
    email: str | None = None


class People:
    """Used on the event loop alone."""

    def __init__(self, client: AsyncWebClient) -> None:
        self._client = client
        self._known: OrderedDict[str, tuple[float, Profile]] = OrderedDict()

    def known(self, user: str) -> Profile:
        """What is known without asking; nothing, if need be."""
        return self._known.get(user, (0.0, Profile()))[1]

    async def news(self, user: str, team: str) -> Profile | None:
        """The profile as it is now, or None where it was asked for lately or is not told."""
        until, old = self._known.get(user, (0.0, Profile()))
        now = time.monotonic()
        if now < until:
            return None
        self._keep(user, now + KEPT_FAILURE_S, old)  # messages that come meanwhile do not ask again
        try:
            with channel_errors():
                answer = await self._client.users_info(user=user, include_locale=True)
        except ChannelError as error:
            log.info("slack_profile_unknown", code=error.code)
            return None
        told = answer.get("user")
        found = profile_of(told if isinstance(told, dict) else {}, team)
        self._keep(user, now + KEPT_S, found)
        return found

    def ask_again(self, user: str) -> None:
        """The next ``news`` asks, though it was asked for lately."""
        self._keep(user, 0.0, self.known(user))

    def _keep(self, user: str, until: float, profile: Profile) -> None:
        self._known[user] = (until, profile)
        self._known.move_to_end(user)
        while len(self._known) > KEPT:
            self._known.popitem(last=False)


def profile_of(user: Mapping[str, Any], team: str) -> Profile:
    """What ``users.info`` tells of a user, to the bot of ``team``."""
    given = user.get("profile")
    profile: Mapping[str, Any] = given if isinstance(given, dict) else {}
    names = (profile.get("display_name"), profile.get("real_name"), user.get("real_name"), user.get("name"))
    name = next((each.strip() for each in names if isinstance(each, str) and each.strip()), None)
    email = profile.get("email")
    vouched = (
        isinstance(email, str)
        and user.get("is_email_confirmed") is True
        and user.get("team_id") == team
        and not any(user.get(each) for each in _OUTSIDERS)
    )
    return Profile(name[:_NAME_LIMIT] if name else None, _language(user.get("locale")), email if vouched else None)


def _language(locale: object) -> Literal["en", "zh"] | None:
    match locale.partition("-")[0].lower() if isinstance(locale, str) else "":
        case "en":
            return "en"
        case "zh":
            return "zh"
    return None
