"""``crmbot doctor`` and the vendors: what it says of Telegram and Slack as they answer over HTTP, and of a dead line.

Whatever comes: one line for each thing, without a traceback and without a token.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from bot.doctor import examine
from bot.settings import PROJECT
from tests.contract.channels.slack import slack_settings
from tests.serving import settings_for
from tests.vendors.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, fake_slack
from tests.vendors.telegram import TOKEN, telegram

SECRETS = (TOKEN, TOKEN.partition(":")[2], BOT_TOKEN, APP_TOKEN, SIGNING_SECRET)
HTTPS = "https://chat.example.com"


def said(directory: Path, **settings: Any) -> dict[str, str]:
    """The checks of channels, by name: nothing where all is well, else the advice."""
    checks = [each for each in examine(settings_for(directory, **settings)) if each.name[:5] in ("slack", "teleg")]
    told = {check.name: check.advice for check in checks}
    assert len(told) == len(checks)
    assert all(check.ok == (not check.advice) for check in checks), checks
    for advice in told.values():
        assert not any(each in advice for each in (*SECRETS, "\n", "Traceback"))
    return told


def dead_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_telegram_as_it_should_be(tmp_path: Path) -> None:
    with telegram() as vendor:
        told = said(tmp_path, telegram_token=TOKEN, telegram_api_url=vendor.api_url)
        assert {call.method.lower() for call in vendor.calls} <= {"getme", "getwebhookinfo"}, "it changes nothing"
    assert told == {"telegram token": "", "telegram polling": "", "telegram privacy": ""}


def test_telegram_with_a_token_that_is_not_taken(tmp_path: Path) -> None:
    with telegram("700000001:another") as vendor:
        told = said(tmp_path, telegram_token=TOKEN, telegram_api_url=vendor.api_url)
    assert "@BotFather" in told["telegram token"]


def test_telegram_polled_while_a_web_hook_is_set(tmp_path: Path) -> None:
    with telegram() as vendor:
        httpx.post(f"{vendor.api_url}/bot{TOKEN}/setWebhook", data={"url": f"{HTTPS}/elsewhere"}).raise_for_status()
        settings = {"telegram_token": TOKEN, "telegram_api_url": vendor.api_url}
        polled = said(tmp_path, **settings)
        hooked = said(tmp_path, **settings, telegram_mode="webhook", public_url=HTTPS)
    assert "web hook" in polled["telegram polling"]
    assert "another address" in hooked["telegram web hook"]


def test_slack_as_it_should_be(tmp_path: Path) -> None:
    with fake_slack() as vendor:
        told = said(tmp_path, **slack_settings(vendor))
        assert vendor.connections == 0
    assert told == {"slack bot token": "", "slack scopes": "", "slack app token": ""}


def test_slack_without_a_scope_and_with_an_app_token_that_may_not_connect(tmp_path: Path) -> None:
    with fake_slack() as vendor:
        vendor.scopes -= {"files:read"}
        vendor.fail("apps.connections.open", "missing_scope")
        told = said(tmp_path, **slack_settings(vendor))
    assert "files:read" in told["slack scopes"]
    assert "connections:write" in told["slack app token"]


def test_slack_with_a_token_that_is_not_taken(tmp_path: Path) -> None:
    with fake_slack() as vendor:
        vendor.bot_token = "xoxb-another"
        told = said(tmp_path, **slack_settings(vendor))
    assert "invalid_auth" in told["slack bot token"]
    assert "CRMBOT_SLACK_BOT_TOKEN" in told["slack bot token"]


def test_vendors_that_are_not_reached(tmp_path: Path) -> None:
    nowhere = f"http://127.0.0.1:{dead_port()}"
    told = said(
        tmp_path,
        telegram_token=TOKEN,
        telegram_api_url=nowhere,
        slack_bot_token=BOT_TOKEN,
        slack_app_token=APP_TOKEN,
        slack_api_url=f"{nowhere}/api/",
    )
    assert told["telegram token"].startswith("Telegram does not answer")
    assert told["slack"].startswith("Slack cannot be reached")


def crmbot_doctor(directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", "--data", str(directory / "data"), "doctor"],
        env={**os.environ, "PYTHONPATH": str(PROJECT), **environment},
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_command_shows_no_token_even_when_everything_is_logged(tmp_path: Path) -> None:
    with telegram() as vendor, fake_slack() as slack:
        ended = crmbot_doctor(
            tmp_path,
            CRMBOT_LOG_LEVEL="debug",
            CRMBOT_TELEGRAM_TOKEN=TOKEN,
            CRMBOT_TELEGRAM_API_URL=vendor.api_url,
            CRMBOT_SLACK_BOT_TOKEN=BOT_TOKEN,
            CRMBOT_SLACK_APP_TOKEN=APP_TOKEN,
            CRMBOT_SLACK_API_URL=slack.api_url,
        )
        tickets = slack.tickets
    checks = {check["name"]: check["ok"] for check in json.loads(ended.stdout)}
    assert checks["telegram token"] is checks["slack app token"] is True
    assert len(tickets) == 1
    assert not any(secret in ended.stdout + ended.stderr for secret in (*SECRETS, *tickets))


def test_the_command_says_in_one_line_what_setting_is_missing(tmp_path: Path) -> None:
    ended = crmbot_doctor(tmp_path, CRMBOT_SLACK_BOT_TOKEN=BOT_TOKEN)
    checks = {check["name"]: check for check in json.loads(ended.stdout)}
    assert ended.returncode == 1
    assert checks["channels"]["ok"] is False
    assert "CRMBOT_SLACK_APP_TOKEN" in checks["channels"]["advice"]
    assert BOT_TOKEN not in ended.stdout + ended.stderr
