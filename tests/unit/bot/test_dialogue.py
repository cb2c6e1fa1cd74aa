"""Reading Rasa's answers and trackers, and keeping its shorthand out of customers' hands."""

from typing import Any

import httpx
import pytest

from bot.dialogue import Dialogue, merge_replies, replies_in_events, reply_from_rasa, session_events, typed
from bot.errors import EngineRefused, EngineUnavailable
from bot.messages import Button, Reply


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("hello", "hello"),
        ("/ask_human", "／ask_human"),
        ("  /ask_human", "／ask_human"),
        ("a /b", "a /b"),
        ("//", "／/"),
        ("\n/restart", "／restart"),
    ],
)
def test_a_leading_slash_loses_its_meaning(text: str, sent: str) -> None:
    assert typed(text) == sent


def test_a_rest_message_becomes_a_reply() -> None:
    message = {
        "recipient_id": "c",
        "text": "Which?",
        "buttons": [{"title": "One", "payload": "/one"}],
        "custom": {"done": "asked"},
    }
    assert reply_from_rasa(message) == Reply("Which?", (Button("One", "/one"),), "asked")


def test_a_lone_mark_joins_the_reply_before_it() -> None:
    replies = [Reply("Bye."), Reply("", done="goodbye"), Reply("Really.")]
    assert merge_replies(replies) == [Reply("Bye.", done="goodbye"), Reply("Really.")]


def test_a_lone_mark_without_a_reply_says_nothing() -> None:
    assert merge_replies([Reply("", done="goodbye")]) == []


def test_what_may_be_shared_by_a_tap_joins_the_question() -> None:
    asked = reply_from_rasa({"custom": {"asks_for": "phone", "offer": "order_details"}})
    assert merge_replies([Reply("Which number?", done="noted"), asked]) == [
        Reply("Which number?", done="noted", asks_for="phone")
    ]


def test_what_no_channel_can_ask_for_is_dropped() -> None:
    assert reply_from_rasa({"text": "Hi", "custom": {"asks_for": "your soul"}}) == Reply("Hi")


EVENTS: list[dict[str, Any]] = [
    {"event": "action", "name": "action_session_start"},
    {"event": "user", "text": "a", "metadata": {"message_id": "m1"}},
    {"event": "bot", "text": "A", "data": {"buttons": [{"title": "t", "payload": "/p"}]}},
    {"event": "action", "name": "action_listen"},
    {"event": "user", "text": "b", "metadata": {"message_id": "m2"}},
    {"event": "bot", "text": "B", "data": {}},
    {"event": "bot", "text": None, "data": {"custom": {"done": "goodbye"}}},
    {"event": "user", "text": "c", "metadata": {}},
]


def test_what_was_answered_is_found_in_the_tracker() -> None:
    assert replies_in_events(EVENTS, "m1") == [Reply("A", (Button("t", "/p"),))]
    assert replies_in_events(EVENTS, "m2") == [Reply("B", done="goodbye")]


def test_what_a_message_asked_for_beside_is_part_of_its_answer() -> None:
    again = {"event": "user", "metadata": {"message_id": "m1"}}
    further = [{"event": "user", "metadata": {"message_id": "m1"}}, {"event": "bot", "text": "A"}]
    found = replies_in_events([*further, again, {"event": "bot", "text": "B"}, EVENTS[-1]], "m1")
    assert found == [Reply("A"), Reply("B")]


def test_what_was_never_heard_is_not_found() -> None:
    assert replies_in_events(EVENTS, "m3") is None
    assert replies_in_events([], "m1") is None


def test_a_fresh_session_keeps_slots_and_the_running_form() -> None:
    state = {"slots": {"language": "zh", "empty": None}, "active_loop": {"name": "ticket_form"}}
    assert session_events(state) == [
        {"event": "action", "name": "action_session_start"},
        {"event": "session_started"},
        {"event": "slot", "name": "language", "value": "zh"},
        {"event": "active_loop", "name": "ticket_form"},
        {"event": "action", "name": "action_listen"},
    ]


def test_without_a_running_form_none_is_started() -> None:
    assert not any(event["event"] == "active_loop" for event in session_events({"slots": {}, "active_loop": {}}))


def dialogue_answering(status: int, body: Any = None) -> Dialogue:
    dialogue = Dialogue("http://rasa.invalid", "token", timeout_s=1)
    transport = httpx.MockTransport(lambda request: httpx.Response(status, json=body))
    dialogue.close()
    dialogue._http = httpx.Client(base_url="http://rasa.invalid", transport=transport)
    return dialogue


@pytest.mark.parametrize(
    ("status", "error"), [(500, EngineUnavailable), (503, EngineUnavailable), (401, EngineRefused)]
)
def test_an_error_of_rasa_is_one_of_ours(status: int, error: type[Exception]) -> None:
    with pytest.raises(error):
        dialogue_answering(status, {}).converse("c", "hi", {})


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    dialogue = Dialogue("http://127.0.0.1:9", "token", timeout_s=1)
    with pytest.raises(EngineUnavailable):
        dialogue.converse("c", "hi", {})
    assert not dialogue.ready()
    dialogue.close()
