"""Laws of Telegram's updates: whatever the library has a class for is understood without an error, and never a 500."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from telegram import Update

from bot.channels.base import Edited, Received
from bot.channels.telegram.client import read_update, readable
from bot.channels.telegram.contents import CONTENT, SERVICE
from bot.channels.telegram.updates import Captioned, Event, GroupCall, Press, Reach, Reading
from tests.serving import serving
from tests.unit.bot.channels.telegram_bot import SECRET, channel
from tests.vendors.intake import RecordingIntake
from tests.vendors.telegram import telegram
from tests.vendors.telegram_objects import ANY_JSON, UPDATE_FIELDS, mangled, messages_with, updates

READING = Reading("700000001", photo_limit_bytes=20_000_000, username="example_shop_bot")
EFFECTS: dict[str, tuple[type[Event], ...]] = {
    "message": (Received, Captioned, GroupCall),
    "edited_message": (Edited,),
    "callback_query": (Press,),
    "my_chat_member": (Reach,),
}
SLOW = settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@pytest.fixture(scope="module")
def hook() -> Iterator[tuple[TestClient, RecordingIntake]]:
    app, intake = FastAPI(), RecordingIntake()
    with telegram() as fake, channel(fake, mode="webhook", public_url="http://127.0.0.1:9") as ours:
        router = ours.routes()
        assert router is not None
        app.include_router(router, prefix="/channels/telegram")
        ours.start(intake)
        with TestClient(app, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as client:
            yield client, intake


def post(client: TestClient, body: Any) -> Any:
    return client.post("/channels/telegram", content=json.dumps(body))


def test_every_kind_of_update_is_drawn() -> None:
    slots = {slot for slot in Update.__slots__ if not slot.startswith("_")} - {"update_id"}
    assert set(UPDATE_FIELDS) == slots == set(Update.ALL_TYPES)


@pytest.mark.parametrize("kind", UPDATE_FIELDS)
@given(data=st.data())
@SLOW
def test_every_update_has_its_documented_effect(
    hook: tuple[TestClient, RecordingIntake], kind: str, data: st.DataObject
) -> None:
    client, intake = hook
    drawn = data.draw(updates(kind))
    update = read_update(drawn)
    assert update is not None
    event = READING.event(update)
    assert event is None or isinstance(event, EFFECTS.get(kind, ()))
    before = len(intake.taken)
    assert post(client, drawn).status_code == 200
    stored = event is not None and not isinstance(event, GroupCall)
    stored = stored and not (isinstance(event, Press) and event.pressed is None)
    assert len(intake.taken) - before == (2 if isinstance(event, Captioned) else int(stored))


@pytest.mark.parametrize("attribute", sorted(CONTENT))
@given(data=st.data())
@settings(SLOW, max_examples=5)
def test_whatever_a_person_sends_is_stored(attribute: str, data: st.DataObject) -> None:
    update = read_update(data.draw(messages_with(attribute)))
    assert update is not None
    event = READING.event(update)
    received = event.unread if isinstance(event, Captioned) else event
    assert isinstance(received, Received)
    assert received.kind or received.media or attribute == "text"
    assert received.kind != "other" or attribute not in ("location", "venue", "contact", "sticker", "video", "document")


@pytest.mark.parametrize("attribute", sorted(SERVICE))
@given(data=st.data())
@settings(SLOW, max_examples=5)
def test_what_nobody_wrote_is_not(attribute: str, data: st.DataObject) -> None:
    update = read_update(data.draw(messages_with(attribute)))
    assert update is not None
    assert READING.event(update) is None


@pytest.mark.parametrize("kind", ["message", "edited_message", "callback_query", "my_chat_member"])
@given(data=st.data())
@SLOW
def test_a_damaged_update_does_no_harm(
    hook: tuple[TestClient, RecordingIntake], kind: str, data: st.DataObject
) -> None:
    damaged = data.draw(updates(kind).flatmap(mangled))
    assert post(hook[0], damaged).status_code == 200
    if isinstance(damaged, dict):
        assert read_update(readable(damaged)) is not None


def test_the_database_takes_whatever_is_understood(tmp_path: Path) -> None:
    """All are drawn beforehand: a server at work uses up random numbers, which Hypothesis minds."""
    drawn: list[dict[str, Any]] = []

    @given(st.sampled_from([*EFFECTS, *UPDATE_FIELDS]).flatmap(updates))
    @settings(SLOW, max_examples=100)
    def draw(update: dict[str, Any]) -> None:
        drawn.append(update)

    draw()
    with (
        telegram() as fake,
        channel(fake, mode="webhook", public_url="http://127.0.0.1:9") as ours,
        serving(tmp_path, channels={"telegram": ours}) as server,
        httpx.Client(base_url=server.base_url, headers={"X-Telegram-Bot-Api-Secret-Token": SECRET}) as client,
    ):
        for update in drawn * 2:
            assert client.post("/channels/telegram", content=json.dumps(update)).status_code == 200, update


@given(body=ANY_JSON)
@settings(SLOW, max_examples=100)
def test_no_json_is_answered_with_an_error(hook: tuple[TestClient, RecordingIntake], body: Any) -> None:
    assert post(hook[0], body).status_code == 200
