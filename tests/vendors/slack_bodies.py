"""Bodies as Slack sends them, made from ``payloads/slack``: each builder changes what a test cares about."""

from __future__ import annotations

import copy
import json
import time
from collections.abc import Sequence
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

PAYLOADS = Path(__file__).parent / "payloads" / "slack"
TEAM, APP, BOT_USER, BOT = "T024BE7LD", "A0CRMBOT1", "U0CRMBOT1", "B0CRMBOT1"
USER, DM, CHANNEL = "U061F7AUR", "D0LAN2Q65", "C0LAN2Q65"

Body = dict[str, Any]
_numbers = count(1)


@cache
def _payload(name: str) -> str:
    return (PAYLOADS / f"{name}.json").read_text(encoding="utf-8")


def payload(name: str) -> Body:
    """A fresh copy of a recorded body."""
    return dict(json.loads(_payload(name)))


def next_ts() -> str:
    """A Slack timestamp: names a message within its channel, and is later than all before."""
    return f"{int(time.time())}.{next(_numbers):06d}"


def _event(name: str, **changes: Any) -> Body:
    body = payload(name)
    ts = changes.pop("ts", None) or next_ts()
    body["event"] |= {"event_ts": ts} | ({"ts": ts} if "ts" in body["event"] else {}) | changes
    body["event_id"] = f"Ev{next(_numbers):09d}"
    return body


def message(
    text: str = "Where is my order?",
    *,
    user: str = USER,
    channel: str = DM,
    files: Sequence[Body] = (),
    **changes: Any,
) -> Body:
    """A direct message, with files if there are any; ``changes`` are made to the event."""
    name, more = ("file_share", {"files": list(files)}) if files else ("message", {})
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}
    blocks = [{"type": "rich_text", "block_id": "b", "elements": [section]}]
    return _event(name, text=text, user=user, channel=channel, blocks=blocks, **more, **changes)


def mention(text: str = "do you ship to Canada?", *, user: str = USER, channel: str = CHANNEL, **changes: Any) -> Body:
    """The bot is mentioned in a channel; ``thread_ts`` puts it into a thread."""
    return _event("app_mention", text=f"<@{BOT_USER}> {text}", user=user, channel=channel, **changes)


def edited(body: Body, text: str, *, at: str | None = None) -> Body:
    """The direct message of ``body`` is given other words."""
    before = copy.deepcopy(body["event"])
    at = at or next_ts()
    after = before | {"text": text, "edited": {"user": before["user"], "ts": at}}
    return _event("message_changed", ts=at, channel=before["channel"], message=after, previous_message=before)


def unfurled(body: Body) -> Body:
    """Slack adds a preview of a link to a message: it has changed, and says the same."""
    changed = edited(body, body["event"]["text"])
    del changed["event"]["message"]["edited"]
    changed["event"]["message"]["attachments"] = [{"id": 1, "fallback": "Shop", "from_url": "https://shop.example"}]
    return changed


def deleted(body: Body) -> Body:
    event = body["event"]
    return _event("message_deleted", channel=event["channel"], deleted_ts=event["ts"], previous_message=event)


def own_message(text: str, *, channel: str = DM) -> Body:
    """What the bot itself has posted, told to the bot."""
    return _event("bot_message", text=text, channel=channel)


def pressed(posted: Body, title: str, *, user: str = USER) -> Body:
    """The button ``title`` of a posted message (with its ``channel``) is pressed."""
    body = payload("block_actions")
    buttons = [
        (block["block_id"], button)
        for block in posted["blocks"]
        if block["type"] == "actions"
        for button in block["elements"]
    ]
    block_id, button = next(each for each in buttons if each[1]["text"]["text"] == title)
    container = {"message_ts": posted["ts"], "channel_id": posted["channel"]}
    if "thread_ts" in posted:
        container["thread_ts"] = posted["thread_ts"]
    body["container"] |= container
    body["channel"] = {"id": posted["channel"], "name": "directmessage" if posted["channel"][0] == "D" else "random"}
    body["user"]["id"] = user
    body["message"] = {key: value for key, value in posted.items() if key != "channel"}
    body["trigger_id"] = f"{next(_numbers)}.2149773189.d9b3d1c1d6b1"
    body["actions"] = [button | {"block_id": block_id, "action_ts": next_ts()}]
    return body


def slash(text: str = "", *, user: str = USER, channel: str = CHANNEL) -> Body:
    trigger = f"{next(_numbers)}.2149773189.5f2b1d0aa4cc"
    return payload("slash_command") | {"text": text, "user_id": user, "channel_id": channel, "trigger_id": trigger}


def home_opened(*, user: str = USER, tab: str = "home") -> Body:
    return _event("app_home_opened", user=user, tab=tab)


def profile(user: str = USER, **changes: Any) -> Body:
    """A user as ``users.info`` tells; ``email``, ``display_name`` and ``real_name`` are of the profile."""
    found = payload("user") | {"id": user}
    for key in ("email", "display_name", "real_name"):
        if key in changes:
            found["profile"][key] = changes.pop(key)
    return found | changes


def file(kind: str, file_id: str, *, name: str | None = None, **changes: Any) -> Body:
    """A file object; ``kind`` is image, voice, or a MIME type."""
    if kind == "voice":
        found = payload("voice_clip")
    else:
        found = dict(payload("file_share")["event"]["files"][0])
        if kind != "image":
            found |= {"mimetype": kind, "filetype": kind.rpartition("/")[2]}
    found |= {"id": file_id} | ({"name": name, "title": name} if name else {})
    path = f"https://files.slack.com/files-pri/{TEAM}-{file_id}"
    found |= {"url_private": f"{path}/{found['name']}", "url_private_download": f"{path}/download/{found['name']}"}
    return found | changes
