"""What each body that Slack sends means to us."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.channels.base import Edited, Received, RemoteMedia
from bot.channels.slack.events import Asked, Chosen, HomeOpened, Nothing, Place, Said, convert
from tests.vendors import slack_bodies as bodies
from tests.vendors.slack_bodies import BOT_USER, CHANNEL, DM, TEAM, USER


def said(body: bodies.Body) -> tuple[Received, ...]:
    event = convert(body)
    assert isinstance(event, Said)
    found = tuple(each for each in event.brought if isinstance(each, Received))
    assert len(found) == len(event.brought)
    return found


def changed(body: bodies.Body) -> Edited:
    event = convert(body)
    assert isinstance(event, Said)
    (found,) = event.brought
    assert isinstance(found, Edited)
    return found


def test_a_direct_message_is_a_message_of_that_person() -> None:
    (found,) = said(bodies.payload("message"))
    assert (found.sender.channel, found.sender.bot, found.sender.external_id) == ("slack", TEAM, USER)
    assert (found.channel_message_id, found.text) == (f"{DM}:1610261659.001400", "Where is my order?")
    assert found.at == datetime(2021, 1, 10, 6, 54, 19, 1400, UTC)
    assert (found.command, found.media, found.kind, found.proof) == (None, (), None, None)


def test_a_mention_is_answered_in_its_thread_and_nobody_is_named_in_it() -> None:
    (found,) = said(bodies.payload("app_mention"))
    assert found.text == "do you ship to Canada?"
    assert found.sender.external_id == f"{USER}/{CHANNEL}/1599616881.000800"
    assert found.channel_message_id == f"{CHANNEL}:1599616881.000800"


def test_a_later_mention_in_the_thread_is_of_the_same_conversation() -> None:
    (found,) = said(bodies.mention("and to Mexico?", thread_ts="1599616881.000800"))
    assert found.sender.external_id == f"{USER}/{CHANNEL}/1599616881.000800"


def test_a_bare_mention_is_a_greeting() -> None:
    (found,) = said(bodies.mention(""))
    assert (found.command, found.text) == ("start", "")


def test_a_direct_message_within_a_thread_is_of_the_one_conversation_in_private() -> None:
    (found,) = said(bodies.message("and this?", thread_ts="1610261659.001400"))
    assert found.sender.external_id == USER


def test_a_picture_with_words() -> None:
    (found,) = said(bodies.payload("file_share"))
    assert found.text == "My parcel came like this"
    assert found.media == (RemoteMedia("image", "F03EGJQAVMM", "image/png", 92582),)


@pytest.mark.parametrize("mime", ["audio/mp4", "audio/webm", "video/mp4", "video/webm"])
def test_a_voice_clip_is_sound_whatever_its_type(mime: str) -> None:
    (found,) = said(bodies.message("", files=[bodies.file("voice", "F0VOICE", mimetype=mime)]))
    assert [(each.kind, each.remote) for each in found.media] == [("audio", "F0VOICE")]


def test_a_sound_file_is_sound() -> None:
    (found,) = said(bodies.message("", files=[bodies.file("audio/mpeg", "F0SOUND", name="note.mp3")]))
    assert [each.kind for each in found.media] == ["audio"]


def test_several_pictures_are_one_message() -> None:
    files = [bodies.file("image", "F0ONE"), bodies.file("image", "F0TWO")]
    (found,) = said(bodies.message("both are broken", files=files))
    assert [each.remote for each in found.media] == ["F0ONE", "F0TWO"]


@pytest.mark.parametrize(
    ("mime", "name", "kind"), [("video/mp4", "unboxing.mp4", "video"), ("application/pdf", "invoice.pdf", "document")]
)
def test_other_files_are_told_to_staff_beside_the_words(mime: str, name: str, kind: str) -> None:
    body = bodies.message("see this", files=[bodies.file(mime, "F0OTHER", name=name)])
    words, other = said(body)
    assert (words.text, words.kind) == ("see this", None)
    assert (other.text, other.kind, other.channel_message_id) == (name, kind, f"{words.channel_message_id}:F0OTHER")
    assert words.album == other.album == words.channel_message_id


def test_files_that_are_not_read_are_joined_where_there_are_several() -> None:
    files = [bodies.file("application/pdf", name, name=f"{name}.pdf") for name in ("F0ONE", "F0TWO")]
    first, second = said(bodies.message("", files=files))
    assert first.album == second.album is not None
    (alone,) = said(bodies.message("", files=files[:1]))
    assert alone.album is None


def test_a_video_clip_of_slacks_is_a_video() -> None:
    (found,) = said(bodies.message("", files=[bodies.file("video/mp4", "F0CLIP", subtype="slack_video")]))
    assert (found.kind, found.media) == ("video", ())


def test_a_file_that_lies_elsewhere_is_not_fetched() -> None:
    (found,) = said(bodies.message("", files=[bodies.file("image", "F0DRIVE", name="a.png", is_external=True)]))
    assert (found.kind, found.text, found.media) == ("document", "a.png", ())


def test_a_file_that_is_gone_is_none() -> None:
    (found,) = said(bodies.message("hello", files=[bodies.file("image", "F0GONE", mode="tombstone")]))
    assert found.media == ()


def test_a_forwarded_message_is_told_to_staff() -> None:
    shared = {"is_share": True, "text": "Your order <https://shop.example|A1024> has left", "fallback": "…"}
    (found,) = said(bodies.message("", attachments=[shared]))
    assert (found.kind, found.text) == ("other", "Your order A1024 (https://shop.example) has left")


def test_an_edit_names_the_message_it_changes() -> None:
    found = changed(bodies.payload("message_changed"))
    assert (found.message.text, found.message.channel_message_id) == (
        "Where is order A1024?",
        f"{DM}:1665102338.901939",
    )
    assert found.message.sender.external_id == USER
    assert found.at == datetime.fromtimestamp(1665102362, UTC)


def test_the_edit_of_a_mention_is_an_edit() -> None:
    body = bodies.mention("to Mexico")
    body["event"]["edited"] = {"user": USER, "ts": "1665102362.000000"}
    found = changed(body)
    assert found.message.channel_message_id == f"{CHANNEL}:{body['event']['ts']}"


def test_a_preview_that_slack_adds_is_no_edit() -> None:
    assert isinstance(convert(bodies.unfurled(bodies.message("see https://shop.example"))), Nothing)


def test_an_edit_of_the_bots_own_message_is_none() -> None:
    own = bodies.own_message("Which order?")
    assert isinstance(convert(bodies.edited(own, "Which order? (chosen)")), Nothing)


def test_a_press_names_the_button_and_the_person() -> None:
    body = bodies.payload("block_actions")
    event = convert(body)
    assert isinstance(event, Chosen)
    assert (event.pressed.ref, event.title) == ("0123456789abcdef0123456789abcdef:0", "A1024")
    assert (event.channel, event.ts) == (DM, "1596530361.000100")
    assert event.pressed.sender.external_id == USER
    assert event.pressed.at == datetime.fromtimestamp(1596530385.194939, UTC)


def test_a_double_click_is_one_press() -> None:
    first, second = bodies.payload("block_actions"), bodies.payload("block_actions")
    second["actions"][0]["action_ts"], second["trigger_id"] = "1596530385.500000", "other"
    names = {convert(body).pressed.channel_message_id for body in (first, second)}  # type: ignore[union-attr]
    assert len(names) == 1


def test_a_press_in_a_thread_is_of_the_person_who_pressed() -> None:
    body = bodies.payload("block_actions")
    body["container"] |= {"channel_id": CHANNEL, "thread_ts": "1596530000.000100"}
    body["user"]["id"] = "U0OTHER"
    event = convert(body)
    assert isinstance(event, Chosen)
    assert event.place == Place("U0OTHER", CHANNEL, "1596530000.000100")


@pytest.mark.parametrize(
    ("text", "command"),
    [("help", "help"), ("", "help"), ("HUMAN", "human"), (" privacy ", "privacy"), ("stop", "stop"), ("人工", "human")],
)
def test_the_slash_commands(text: str, command: str) -> None:
    event = convert(bodies.slash(text))
    assert isinstance(event, Asked)
    assert (event.received.command, event.received.text) == (command, "")
    assert event.received.sender.external_id == USER


def test_free_text_behind_the_slash_command_is_a_message() -> None:
    body = bodies.slash("where is A1024 &amp; why?")
    event = convert(body)
    assert isinstance(event, Asked)
    assert (event.received.command, event.received.text) == (None, "where is A1024 & why?")
    assert event.received.channel_message_id == f"slash:{body['trigger_id']}"


def test_opening_the_bots_page() -> None:
    assert convert(bodies.home_opened()) == HomeOpened(Place(USER), TEAM)
    assert isinstance(convert(bodies.home_opened(tab="messages")), Nothing)


@pytest.mark.parametrize(
    "body",
    [
        bodies.payload("message_deleted"),
        bodies.payload("bot_message"),
        bodies.payload("classic_bot_message"),
        bodies.payload("reaction_added"),
        bodies.message(user=BOT_USER),
        bodies.message(user="USLACKBOT"),
        bodies.message(subtype="channel_join"),
        bodies.message(channel=CHANNEL),
        bodies.message(bot_id="B0OTHER"),
        bodies.mention(user=BOT_USER),
        {"type": "app_rate_limited", "team_id": TEAM, "minute_rate_limited": 1518467820},
        {"type": "view_submission", "team": {"id": TEAM}, "user": {"id": USER}},
        {},
    ],
    ids=lambda body: str(body.get("event", body).get("type")),
)
def test_what_has_no_effect(body: dict[str, Any]) -> None:
    assert isinstance(convert(body), Nothing)


def test_buttons_that_are_not_ours_have_no_effect() -> None:
    body = bodies.payload("block_actions")
    body["actions"][0]["action_id"] = "another-app"
    assert isinstance(convert(body), Nothing)


def test_in_a_shared_channel_the_workspace_is_the_apps_own() -> None:
    body = bodies.mention()
    body["team_id"] = "T0OTHER"
    (found,) = said(body)
    assert found.sender.bot == TEAM


@pytest.mark.parametrize("external_id", [USER, f"{USER}/{CHANNEL}/1599616881.000800"])
def test_a_place_is_found_again_by_its_name(external_id: str) -> None:
    assert Place.of(external_id).external_id == external_id
    assert len(external_id) <= 128


@pytest.mark.parametrize("external_id", ["", "nobody", f"{USER}/{CHANNEL}", f"{USER}/a/b/c"])
def test_what_is_no_place(external_id: str) -> None:
    with pytest.raises(ValueError, match="no place"):
        Place.of(external_id)
