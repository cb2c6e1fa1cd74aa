"""What the app needs of Slack, and whether it has it: for ``crmbot doctor``. It changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.channels.base import Finding
from bot.channels.slack.refusals import UNREACHED, code_of

NEEDED: Mapping[str, str] = {
    "app_mentions:read": "mentions in channels",
    "chat:write": "answers",
    "commands": "/crmbot",
    "files:read": "photos and voice clips",
    "files:write": "sending photos",
    "im:history": "direct messages",
    "im:write": "writing first",
    "users:read": "names and languages",
}
"""Bot scopes, and what each is for."""
FOR_LINKING = {"users:read.email": "linking by e-mail"}
HELPFUL = {"channels:history", "groups:history"}
"""Used for one thing: after a crash, to find in a channel's thread what had been sent, so as not to say it twice."""


async def findings(
    client: AsyncWebClient,
    *,
    mode: str,
    app_token: str | None,
    signing_secret: str | None,
    public_url: str | None,
    link_by_email: bool,
) -> list[Finding]:
    found = [*await _bot_token(client, link_by_email)]
    if mode == "socket":
        return [*found, await _app_token(client, app_token)]
    return [*found, *_http(signing_secret, public_url)]


async def _bot_token(client: AsyncWebClient, link_by_email: bool) -> list[Finding]:
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        advice = f"Slack says {code_of(error)}: copy the Bot User OAuth Token (xoxb-…) into CRMBOT_SLACK_BOT_TOKEN."
        return [Finding("slack bot token", False, advice)]
    except UNREACHED as error:
        return [Finding("slack", False, _unreachable(error))]
    granted = {scope.strip() for scope in str(answer.headers.get("x-oauth-scopes", "")).split(",")}
    wanted = {**NEEDED, **(FOR_LINKING if link_by_email else {})}
    missing = [f"{scope} ({purpose})" for scope, purpose in wanted.items() if scope not in granted]
    advice = f"Add to the app and install it again: {', '.join(missing)}." if missing else ""
    return [Finding("slack bot token", True), Finding("slack scopes", not missing, advice)]


async def _app_token(client: AsyncWebClient, app_token: str | None) -> Finding:
    name = "slack app token"
    if not app_token:
        return Finding(name, False, "Socket Mode needs CRMBOT_SLACK_APP_TOKEN (xapp-…, scope connections:write).")
    try:
        await client.apps_connections_open(app_token=app_token)
    except SlackApiError as error:
        advice = f"Slack says {code_of(error)}: turn Socket Mode on and make an app token with connections:write."
        return Finding(name, False, advice)
    except UNREACHED as error:
        return Finding(name, False, _unreachable(error))
    return Finding(name, True)


def _http(signing_secret: str | None, public_url: str | None) -> Iterator[Finding]:
    secret_advice = "" if signing_secret else "HTTP mode needs CRMBOT_SLACK_SIGNING_SECRET, from Basic Information."
    yield Finding("slack signing secret", bool(signing_secret), secret_advice)
    reached = bool(public_url and public_url.startswith("https://"))
    url_advice = "" if reached else "HTTP mode needs CRMBOT_PUBLIC_URL, an https address that Slack can reach."
    yield Finding("slack public address", reached, url_advice)


def _unreachable(error: Exception) -> str:
    return f"Slack cannot be reached ({type(error).__name__})."
