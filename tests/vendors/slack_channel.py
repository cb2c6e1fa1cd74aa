"""Our channel for Slack, joined to a played one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from fastapi import FastAPI

from bot.channels.base import Intake, Outgoing
from bot.channels.slack import SlackChannel
from tests.serving import running
from tests.vendors.slack import FakeSlack, fake_slack
from tests.vendors.slack_bodies import TEAM, USER

MESSAGE_ID = "0123456789abcdef0123456789abcdef"


def channel_for(slack: FakeSlack, **changes: Any) -> SlackChannel:
    """Our channel with the settings for this workspace; ``changes`` to its arguments."""
    arguments: dict[str, Any] = {
        "mode": slack.mode,
        "app_token": slack.app_token,
        "signing_secret": slack.signing_secret,
        "api_url": slack.api_url,
        "public_url": None,
        "link_by_email": False,
        "media_limit_bytes": 1_000_000,
        "fetch_timeout_s": 10.0,
        "ping_s": 0.2,
    }
    return SlackChannel(slack.bot_token, **arguments | changes)


@contextmanager
def receiving(
    intake: Intake, mode: Literal["socket", "http"] = "socket", **changes: Any
) -> Iterator[tuple[FakeSlack, SlackChannel]]:
    """A workspace whose events reach ``intake`` by our channel, until the block ends."""
    with fake_slack(mode) as slack:
        channel = channel_for(slack, **changes)
        try:
            channel.start(intake)
            if mode == "socket":
                slack.wait_for_connection()
                yield slack, channel
                return
            app, routes = FastAPI(), channel.routes()
            assert routes is not None
            app.include_router(routes, prefix="/channels/slack")
            with running(app) as base_url:
                slack.request_url = f"{base_url}/channels/slack/events"
                yield slack, channel
        finally:
            channel.close()


def outgoing(text: str = "Hello!", *, to: str = USER, **changes: Any) -> Outgoing:
    return Outgoing(MESSAGE_ID, TEAM, to, changes.pop("language", "en"), text, **changes)
