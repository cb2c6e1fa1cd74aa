"""What a body that Slack sends means: messages, edits, presses, or nothing for us. Pure, and never fails.

| Slack sends | what becomes of it |
|---|---|
| a direct message | a message of that person |
| a mention in a channel | a message in the thread, which is answered there; what follows in the thread counts only if it mentions the bot again |
| pictures, sound, voice clips | media of the message, named by their file id |
| any other file | a message of its own of the kind ``video`` or ``document``, that tells staff its name; joined to the words and the other files that came with it |
| a forwarded message, or one without words | a message of the kind ``other`` |
| an edit | an edit; nothing where the words stayed the same, as when Slack adds a preview |
| a deletion | nothing: what was said stays with the shop until it is erased there |
| a press of one of our buttons | a press |
| the slash command | a command or a message, answered in private |
| the bot's page being opened | the page is put up |
| anything by a bot, us among them; anything else | nothing |

A person in private is ``U…``. In a channel each thread of each person stands alone, ``U…/C…/<timestamp>``: others read
along there, so nothing in it is ever linked to a customer by who wrote it.
"""  # noqa: E501  (a table)

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from bot.channels.base import Command, Edited, Pressed, Received, RemoteMedia, Sender
from bot.channels.slack.blocks import ACTION
from bot.channels.slack.markup import plain
from crm.models import MessageKind

NAME = "slack"
SUBSCRIBED = ("app_home_opened", "app_mention", "message.im")
"""The bot events that the app must be subscribed to."""

_USER = re.compile(r"[UW][A-Z0-9]{1,20}")
_CHANNEL = re.compile(r"[CDG][A-Z0-9]{1,20}")
_TEAM = re.compile(r"[TE][A-Z0-9]{1,20}")
_FILE = re.compile(r"F[A-Z0-9]{1,20}")
_TS = re.compile(r"\d{1,10}\.\d{1,9}", re.ASCII)
_REF = re.compile(r"[\x21-\x7e]{1,64}")
_SAID_BY_PEOPLE = {"", "file_share", "thread_broadcast", "me_message"}
_COMMANDS: dict[str, Command] = {
    "": "help", "start": "start", "help": "help", "human": "human", "privacy": "privacy", "stop": "stop",
    "开始": "start", "帮助": "help", "人工": "human", "转人工": "human", "隐私": "privacy",
    "停止": "stop", "退订": "stop",
}  # fmt: skip
_TRIGGER_LIMIT = 100
_MIME_LIMIT = 64
_LARGEST = 1 << 40


class Place(NamedTuple):
    """Where somebody is answered: in private, or in a thread of a channel."""

    user: str
    channel: str = ""
    thread_ts: str = ""

    @property
    def external_id(self) -> str:
        return "/".join(self) if self.channel else self.user

    @property
    def is_public(self) -> bool:
        return bool(self.channel)

    @classmethod
    def of(cls, external_id: str) -> Place:
        """Raises ValueError for what is no place of Slack's."""
        user, *thread = external_id.split("/")
        if not _USER.fullmatch(user) or len(thread) not in (0, 2):
            raise ValueError("no place in Slack")
        return cls(user, *thread)


@dataclass(frozen=True, slots=True)
class Said:
    """Messages or an edit, to be stored in this order. ``place`` and ``team`` are the sender's."""

    place: Place
    team: str
    brought: tuple[Received | Edited, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """The slash command."""

    place: Place
    team: str
    received: Received


@dataclass(frozen=True, slots=True)
class Chosen:
    """A button was pressed on ``message``, which stands at ``ts`` of ``channel``; ``title`` is the button's."""

    place: Place
    team: str
    pressed: Pressed
    channel: str
    ts: str
    title: str
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class HomeOpened:
    place: Place
    team: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """No effect; ``why`` is for the log."""

    why: str


Event = Said | Asked | Chosen | HomeOpened | Nothing


def convert(body: Mapping[str, Any]) -> Event:
    """What ``body`` means: an event, an interaction or a slash command, as Slack's libraries have parsed it."""
    team = _team(body)
    if not team:
        return Nothing("no workspace")
    if _text(body, "command"):
        return _asked(body, team)
    match _text(body, "type"):
        case "block_actions":
            return _chosen(body, team)
        case "event_callback":
            return _event(body, _map(body, "event"), team)
        case other:
            return Nothing(other[:64] or "no type")


def _event(body: Mapping[str, Any], event: Mapping[str, Any], team: str) -> Event:
    kind, subtype = _text(event, "type"), _text(event, "subtype")
    own = _own_ids(body)
    if kind == "app_home_opened":
        user = _text(event, "user")
        wanted = _text(event, "tab") == "home" and _USER.fullmatch(user)
        return HomeOpened(Place(user), team) if wanted else Nothing("home not shown")
    if kind == "message" and subtype == "message_changed":
        return _edited(event, team, own)
    if kind not in {"message", "app_mention"} or subtype not in _SAID_BY_PEOPLE:
        return Nothing(f"{kind[:64]} {subtype[:64]}".strip() or "no type")
    channel = _text(event, "channel")
    if kind == "message" and not channel.startswith("D"):
        return Nothing("message in a channel")  # one that mentions us comes as app_mention
    return _said(event, channel, team, own)


def _said(event: Mapping[str, Any], channel: str, team: str, own: frozenset[str]) -> Event:
    place = _place(event, channel, own)
    if place is None:
        return Nothing("not by a person")
    brought: tuple[Received | Edited, ...] = tuple(_messages(event, channel, place, team, own))
    at = _edit_ts(event)
    if at and isinstance(brought[0], Received):  # a mention that was added, or changed, afterwards
        brought = (Edited(brought[0], _moment(at)), *brought[1:])
    return Said(place, team, brought)


def _edited(event: Mapping[str, Any], team: str, own: frozenset[str]) -> Event:
    message, before, channel = _map(event, "message"), _map(event, "previous_message"), _text(event, "channel")
    if _text(message, "subtype") not in _SAID_BY_PEOPLE or not channel.startswith("D"):
        return Nothing("change of another kind")
    if _text(message, "text") == _text(before, "text") and before:
        return Nothing("change of other than words")
    place = _place(message, channel, own)
    if place is None:
        return Nothing("not by a person")
    at = _edit_ts(message) or _ts(event, "event_ts") or _ts(event, "ts")
    first = next(_messages(message, channel, place, team, own))
    return Said(place, team, (Edited(first, _moment(at)),)) if at else Nothing("change without a time")


def _messages(
    event: Mapping[str, Any], channel: str, place: Place, team: str, own: frozenset[str]
) -> Iterator[Received]:
    """The words with their media first, if there are any; then each other file. Never none at all."""
    sender, ts = Sender(NAME, team, place.external_id), _text(event, "ts")
    name, at = f"{channel}:{ts}", _moment(ts)
    text = plain(_text(event, "text"), own)
    files = [file for file in _maps(event, "files") if _text(file, "mode") not in {"tombstone", "hidden_by_limit"}]
    media = tuple(found for file in files if (found := _media(file)))
    others = [file for file in files if not _media(file)]
    album = name if others and (text or media or len(others) > 1) else None
    if text or media:
        yield Received(sender, name, text, media=media, album=album, at=at)
    elif not others and place.is_public:
        yield Received(sender, name, command="start", at=at)  # the bot was called by its name and told nothing
    elif not others:
        yield Received(sender, name, _forwarded(event), kind="other", at=at)
    for number, file in enumerate(others):
        kind: MessageKind = "video" if _text(file, "mimetype").startswith("video/") else "document"
        told = _text(file, "name") or _text(file, "title")
        own_name = f"{name}:{_text(file, 'id')[:32] or number}"
        yield Received(sender, own_name, told[:200], kind=kind, album=album, at=at)


def _media(file: Mapping[str, Any]) -> RemoteMedia | None:
    """The file as media; None where it is neither a picture nor sound that Slack itself keeps."""
    file_id, mime = _text(file, "id"), _text(file, "mimetype")[:_MIME_LIMIT]
    if not _FILE.fullmatch(file_id) or file.get("is_external") is True:
        return None
    size = file.get("size")
    size_bytes = size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < _LARGEST else None
    if _text(file, "subtype") == "slack_audio" or mime.startswith("audio/"):  # clips may be named video/mp4
        return RemoteMedia("audio", file_id, mime or None, size_bytes)
    if mime.startswith("image/"):
        return RemoteMedia("image", file_id, mime, size_bytes)
    return None


def _forwarded(event: Mapping[str, Any]) -> str:
    """What the message shows beside words of its own, for staff."""
    shown = [_text(each, "text") or _text(each, "fallback") for each in _maps(event, "attachments")]
    return plain("\n".join(filter(None, shown)))


def _chosen(body: Mapping[str, Any], team: str) -> Event:
    container, message = _map(body, "container"), _map(body, "message")
    user, channel, ts = _text(_map(body, "user"), "id"), _text(container, "channel_id"), _ts(container, "message_ts")
    action = next(iter(_maps(body, "actions")), {})
    ref = _text(action, "value")
    if not _text(action, "action_id").startswith(ACTION) or not _REF.fullmatch(ref):
        return Nothing("no button of ours")
    if not (_USER.fullmatch(user) and _CHANNEL.fullmatch(channel) and ts):
        return Nothing("pressed nowhere")
    thread = _ts(container, "thread_ts") or _ts(message, "thread_ts") or ts
    place = Place(user) if channel.startswith("D") else Place(user, channel, thread)
    pressed_ts = _ts(action, "action_ts")
    # a double click is one press: both have the same name
    pressed = Pressed(
        Sender(NAME, team, place.external_id),
        f"{channel}:{ts}:{ref}",
        ref,
        _moment(pressed_ts) if pressed_ts else None,
    )
    return Chosen(place, team, pressed, channel, ts, plain(_text(_map(action, "text"), "text")), message)


def _asked(body: Mapping[str, Any], team: str) -> Event:
    user, trigger = _text(body, "user_id"), _text(body, "trigger_id")
    if not _USER.fullmatch(user) or not trigger:
        return Nothing("asked by nobody")
    place, text = Place(user), plain(_text(body, "text"))
    command = _COMMANDS.get(text.strip("/ ").casefold())
    sender, name = Sender(NAME, team, place.external_id), f"slash:{trigger[:_TRIGGER_LIMIT]}"
    return Asked(place, team, Received(sender, name, "" if command else text, command))


def _place(event: Mapping[str, Any], channel: str, own: frozenset[str]) -> Place | None:
    user, ts = _text(event, "user"), _ts(event, "ts")
    by_a_bot = _text(event, "bot_id") or _map(event, "bot_profile") or user in own or user == "USLACKBOT"
    if by_a_bot or not (_USER.fullmatch(user) and _CHANNEL.fullmatch(channel) and ts):
        return None
    return Place(user) if channel.startswith("D") else Place(user, channel, _ts(event, "thread_ts") or ts)


def _team(body: Mapping[str, Any]) -> str:
    """The workspace that the app is installed in; in a shared channel others' may stand beside it."""
    authorization = next(iter(_maps(body, "authorizations")), {})
    candidates = (
        _text(authorization, "team_id"),
        _text(_map(body, "team"), "id"),
        _text(body, "team_id"),
        _text(_map(body, "user"), "team_id"),
        _text(_map(body, "enterprise"), "id"),
    )
    return next((each for each in candidates if _TEAM.fullmatch(each)), "")


def _own_ids(body: Mapping[str, Any]) -> frozenset[str]:
    """Whom the event was sent to: the bot's user."""
    found = {_text(each, "user_id") for each in _maps(body, "authorizations") if each.get("is_bot") is True}
    return frozenset(found - {""})


def _edit_ts(message: Mapping[str, Any]) -> str:
    return _ts(_map(message, "edited"), "ts")


def _moment(ts: str) -> datetime:
    return datetime.fromtimestamp(float(ts), UTC)


def _ts(holder: Mapping[str, Any], key: str) -> str:
    found = _text(holder, key)
    return found if _TS.fullmatch(found) else ""


def _text(holder: Mapping[str, Any], key: str) -> str:
    found = holder.get(key)
    return found if isinstance(found, str) else ""


def _map(holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = holder.get(key)
    return found if isinstance(found, dict) else {}


def _maps(holder: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = holder.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
