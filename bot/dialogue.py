"""Speaks to Rasa over HTTP: sends one utterance of a conversation, returns the replies. Knows no database.

Rasa answers 200 whatever happens inside it, and saves its tracker only after the actions have run. Before an
utterance is sent again, ``recall`` therefore looks in the tracker whether it was answered already.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, Literal, Protocol

import httpx

from bot.errors import EngineRefused, EngineUnavailable
from bot.messages import Button, Reply

FULL_WIDTH_SLASH = "／"
READY_POLL_S = 0.2


class Conversing(Protocol):
    """A dialogue engine. All but ``ready`` raise EngineError."""

    def converse(self, conversation_id: str, text: str, metadata: dict[str, Any]) -> list[Reply]: ...

    def recall(self, conversation_id: str, message_id: str) -> list[Reply] | None: ...

    def start_fresh_session(self, conversation_id: str, language: str) -> None: ...

    def ready(self) -> bool: ...


class Dialogue:
    """A Rasa server at ``base_url``; ``token`` is the one it was started with. Thread-safe.

    When Rasa does not answer, a call waits up to ``restart_wait_s`` for it to come back before it raises: the next
    try then finds it there.
    """

    def __init__(self, base_url: str, token: str, *, timeout_s: float, restart_wait_s: float = 0) -> None:
        self._restart_wait_s = restart_wait_s
        self._http = httpx.Client(
            base_url=base_url,
            params={"token": token},
            timeout=httpx.Timeout(timeout_s, connect=2),
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=50),
        )

    def converse(self, conversation_id: str, text: str, metadata: dict[str, Any]) -> list[Reply]:
        """One turn. Raises EngineUnavailable or EngineRefused."""
        body = {"sender": conversation_id, "message": text, "metadata": metadata}
        messages = self._call("POST", "/webhooks/rest/webhook", json=body)
        return merge_replies([reply_from_rasa(message) for message in messages])

    def recall(self, conversation_id: str, message_id: str) -> list[Reply] | None:
        """The replies that this message was given earlier; None when Rasa has not seen it."""
        tracker = self._call("GET", f"/conversations/{conversation_id}/tracker", params={"include_events": "ALL"})
        return replies_in_events(tracker.get("events") or [], message_id)

    def start_fresh_session(self, conversation_id: str, language: str) -> None:
        """Bounds the cost of a turn: later turns load only what follows. Slots and a running form are kept."""
        events_path = f"/conversations/{conversation_id}/tracker/events"
        noop = [{"event": "slot", "name": "language", "value": language}]
        state = self._call("POST", events_path, json=noop, params={"include_events": "NONE"})
        self._call("POST", events_path, json=session_events(state), params={"include_events": "NONE"})

    def ready(self) -> bool:
        """Whether Rasa answers and has a dialogue model."""
        try:
            status = self._http.get("/status", timeout=2)
        except httpx.HTTPError:
            return False
        return status.status_code == httpx.codes.OK and bool(status.json().get("model_file"))

    def close(self) -> None:
        self._http.close()

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + self._restart_wait_s
        while time.monotonic() < deadline and not self.ready():
            time.sleep(READY_POLL_S)

    def _call(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            response = self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            self._wait_ready()
            raise EngineUnavailable(f"Rasa does not answer: {type(error).__name__}") from error
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise EngineUnavailable(f"Rasa answered {response.status_code}")
        if response.status_code != httpx.codes.OK:
            raise EngineRefused(f"Rasa answered {response.status_code} to {method} {path.split('/')[-1]}")
        return response.json()


def typed(text: str) -> str:
    """What a customer typed, so that Rasa's ``/intent{…}`` shorthand in it means nothing."""
    stripped = text.lstrip()
    return FULL_WIDTH_SLASH + stripped[1:] if stripped.startswith("/") else text


def reply_from_rasa(message: dict[str, Any]) -> Reply:
    """A message of the REST channel, or a bot event's text with its data."""
    custom = message.get("custom") or {}
    buttons = tuple(Button(str(each["title"]), str(each["payload"])) for each in message.get("buttons") or [])
    asks_for: Literal["phone"] | None = "phone" if custom.get("asks_for") == "phone" else None
    return Reply(text=str(message.get("text") or ""), buttons=buttons, done=custom.get("done"), asks_for=asks_for)


def merge_replies(replies: list[Reply]) -> list[Reply]:
    """Joins what Rasa's REST channel took apart: a reply without words only marks the one before it."""
    merged: list[Reply] = []
    for reply in replies:
        if reply.text or reply.buttons:
            merged.append(reply)
        elif merged:
            done, asks_for = reply.done or merged[-1].done, reply.asks_for or merged[-1].asks_for
            merged[-1] = replace(merged[-1], done=done, asks_for=asks_for)
    return merged


def replies_in_events(events: list[dict[str, Any]], message_id: str) -> list[Reply] | None:
    """The bot events between the user event of this message and that of the next one.

    A message that makes several requests stands there once more for each that was gone on with at once.
    """
    replies: list[Reply] | None = None
    for event in events:
        if event.get("event") == "user":
            is_this = (event.get("metadata") or {}).get("message_id") == message_id
            if replies is None and is_this:
                replies = []
            elif replies is not None and not is_this:
                break
        elif event.get("event") == "bot" and replies is not None:
            replies.append(reply_from_rasa({"text": event.get("text"), **(event.get("data") or {})}))
    return None if replies is None else merge_replies(replies)


def session_events(state: dict[str, Any]) -> list[dict[str, Any]]:
    """The events that begin a session with the slots and the running form of ``state``."""
    slots = {name: value for name, value in (state.get("slots") or {}).items() if value is not None}
    loop = (state.get("active_loop") or {}).get("name")
    return [
        {"event": "action", "name": "action_session_start"},
        {"event": "session_started"},
        *({"event": "slot", "name": name, "value": value} for name, value in slots.items()),
        *([{"event": "active_loop", "name": loop}] if loop else []),
        {"event": "action", "name": "action_listen"},
    ]
