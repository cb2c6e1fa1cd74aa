"""Laws of taking what Slack sends: whatever its shape it is answered, and what a person said is brought whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_bolt.async_app import AsyncBoltRequest

from bot.channels.base import Edited, Received
from bot.channels.slack.events import Asked, Chosen, Place, Said, convert
from bot.channels.slack.markup import escaped, plain
from tests.vendors import slack_bodies as bodies
from tests.vendors.intake import RecordingIntake
from tests.vendors.slack import FakeSlack
from tests.vendors.slack_channel import receiving

NAMES = (
    "message", "app_mention", "file_share", "message_changed", "message_deleted", "bot_message",
    "classic_bot_message", "block_actions", "slash_command", "app_home_opened", "reaction_added",
)  # fmt: skip
KEYS = sorted(
    {"type", "subtype", "event", "user", "channel", "ts", "text", "files", "edited", "message", "previous_message",
     "authorizations", "team", "team_id", "container", "actions", "value", "action_id", "bot_id", "attachments",
     "thread_ts", "tab", "view", "command", "trigger_id", "user_id", "enterprise", "response_url", "id", "mimetype"}
)  # fmt: skip
WORDS = st.sampled_from(
    ["", "message", "event_callback", "block_actions", "app_mention", "message_changed", "file_share", "D0LAN2Q65",
     "C0LAN2Q65", "U061F7AUR", "T024BE7LD", "1610261659.001400", "9999999999.999999", "crmbot:0", "home", "F0"]
)  # fmt: skip
LEAVES = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), WORDS, st.text(max_size=20))
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def odd_bodies(draw: st.DrawFn) -> bodies.Body:
    """A recorded body of which some places hold something else; or something altogether else."""
    if draw(st.booleans()):
        return draw(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
    body = bodies.payload(draw(st.sampled_from(NAMES)))
    for _ in range(draw(st.integers(1, 4))):
        holder: Any = body
        while True:
            key = draw(st.sampled_from(sorted(holder))) if isinstance(holder, dict) else 0
            inner = holder[key]
            if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
                break
            holder = inner
        if isinstance(holder, dict) and draw(st.booleans()):
            del holder[key]
            if not body or not holder:
                break
        else:
            holder[key] = draw(VALUES)
    return body


@given(odd_bodies())
@settings(max_examples=300, deadline=None)
def test_every_body_means_something_or_nothing(body: bodies.Body) -> None:
    event = convert(body)
    match event:
        case Said(place, team, brought):
            assert brought
            messages = [each.message if isinstance(each, Edited) else each for each in brought]
        case Asked(place, team, received):
            messages = [received]
        case Chosen(place, team, pressed):
            messages = []
            assert pressed.ref.isascii()
            assert 0 < len(pressed.ref) <= 64
        case _:
            return
    assert Place.of(place.external_id) == place
    assert len(place.external_id) <= 128
    assert 0 < len(team) <= 64
    for message in messages:
        assert message.sender.external_id == place.external_id
        assert 0 < len(message.channel_message_id) <= 128
        assert message.text or message.media or message.kind or message.command
    assert len({message.channel_message_id for message in messages}) == len(messages)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip))
@settings(max_examples=200, deadline=None)
def test_what_was_typed_comes_out_as_it_was_typed(text: str) -> None:
    event = convert(bodies.message(escaped(text)))
    assert isinstance(event, Said)
    (found,) = event.brought
    assert isinstance(found, Received)
    assert found.text == text.strip()


@given(st.text(max_size=80))
def test_markup_is_read_without_fail(text: str) -> None:
    plain(text, {"U0CRMBOT1"})


@pytest.fixture(scope="module", params=["http", "socket"])
def served(request: pytest.FixtureRequest) -> Iterator[tuple[FakeSlack, RecordingIntake]]:
    intake = RecordingIntake()
    with receiving(intake, request.param) as (slack, _):
        yield slack, intake


# The channel's own threads draw on ``random`` (masks of its socket), now and then while Hypothesis draws a body.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module inside strategies")
@given(body=odd_bodies())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_body_is_acknowledged(served: tuple[FakeSlack, RecordingIntake], body: bodies.Body) -> None:
    slack, intake = served
    intake.taken.clear()
    slack.calls.clear()
    assert slack.deliver(body).attempts == 1
    assert len([each for each in intake.taken if not isinstance(each, tuple)]) == brought_by(arrived(slack, body))


def arrived(slack: FakeSlack, body: bodies.Body) -> bodies.Body:
    """The body as it comes out of the request; a slash command travels as a form."""
    if slack.mode == "http" and "command" in body:
        return {key: str(value) for key, value in body.items()}
    return dict(json.loads(json.dumps(body)))


def brought_by(body: bodies.Body) -> int:
    """How many things a body brings; none where bolt itself can make nothing of it."""
    try:
        AsyncBoltRequest(mode="socket_mode", body=body)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return 0
    event = convert(body)
    return len(event.brought) if isinstance(event, Said) else int(isinstance(event, Asked | Chosen))
