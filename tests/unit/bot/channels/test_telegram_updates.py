from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from telegram import Message, Update

from bot.channels.base import Edited, Proof, Received, RemoteMedia, Sender
from bot.channels.telegram.client import read_update, readable
from bot.channels.telegram.contents import CONTENT, SERVICE
from bot.channels.telegram.updates import Captioned, Event, GroupCall, Press, Reach, Reading
from tests.vendors.telegram import PAYLOADS, payload

READING = Reading("700000001", photo_limit_bytes=20_000_000, username="example_shop_bot")
LI = Sender("telegram", "700000001", "500100200", "Li Wen", "en")
VOICE_ID = "AwACAgIAAxkBAAMTZitpN09G4YxVXg5swK80bQK1CtYAAtBMAAJoImFJOs0IfBYLJw00BA"
SENT_AT = datetime.fromtimestamp(1751800000, UTC)
NAMES = sorted(path.stem for path in PAYLOADS.glob("*.json"))


def read(name: str, reading: Reading = READING, **changes: Any) -> Event | None:
    """What the recorded update of that name means; ``changes`` are made to its message."""
    data = payload(name)
    body = next(key for key in data if key != "update_id")
    data[body] |= changes
    update = Update.de_json(data, None)
    assert update is not None
    return reading.event(update)


def received(name: str, **changes: Any) -> Received:
    event = read(name, **changes)
    assert isinstance(event, Received)
    return event


def test_a_text_is_all_that_is_known_of_it() -> None:
    assert read("text") == Received(LI, "41", "Where is my order?", at=SENT_AT)


@pytest.mark.parametrize(
    ("text", "expected", "command", "proof"),
    [
        ("/start", "/start", "start", None),
        ("/start AWhs_x-9", "/start", "start", Proof("start_link", "AWhs_x-9")),
        ("/start what is this", "/start what is this", "start", None),
        (f"/start {'a' * 65}", f"/start {'a' * 65}", "start", None),
        ("/help@example_shop_bot", "/help", "help", None),
        ("/HELP", "/help", "help", None),
        ("/human my parcel\nis wet", "/human my parcel\nis wet", "human", None),
        ("/privacy", "/privacy", "privacy", None),
        ("/stop", "/stop", "stop", None),
        ("/order A1024", "/order A1024", None, None),
        ("/starting over", "/starting over", None, None),
        ("say /stop", "say /stop", None, None),
        ("/", "/", None, None),
        ("／stop", "／stop", None, None),
        ("/ask_human{}", "/ask_human{}", None, None),
    ],
)
def test_commands_are_those_of_the_contract_and_the_rest_is_words(
    text: str, expected: str, command: str | None, proof: Proof | None
) -> None:
    event = received("text", text=text)
    assert (event.text, event.command, event.proof) == (expected, command, proof)


@pytest.mark.parametrize(
    ("code", "language"),
    [("zh-hans", "zh"), ("zh", "zh"), ("ZH-TW", "zh"), ("en-GB", "en"), ("de", "en"), (None, "en")],
)
def test_the_language_is_the_apps(code: str | None, language: str) -> None:
    person = payload("text")["message"]["from"] | {"language_code": code}
    assert received("text", **{"from": person}).sender.language == language


def test_a_voice_note_is_sound() -> None:
    assert received("voice").media == (RemoteMedia("audio", VOICE_ID, "audio/ogg", 7657),)


@pytest.mark.parametrize(("name", "kind"), [("audio", "audio"), ("video_note", "audio"), ("image_document", "image")])
def test_what_is_sound_or_a_photo_by_another_name(name: str, kind: str) -> None:
    event = received(name)
    assert [media.kind for media in event.media] == [kind]
    assert event.kind is None
    assert event.text == payload(name)["message"].get("caption", "")


def test_a_sound_sent_as_a_file_is_sound() -> None:
    file = payload("document")["message"]["document"] | {"mime_type": "audio/x-wav"}
    assert received("document", document=file).media[0].kind == "audio"


def test_a_photo_is_had_in_its_largest_size_with_its_caption() -> None:
    event = received("photo")
    assert event.text == "It arrived broken, order A1024"
    assert event.media == (RemoteMedia("image", payload("photo")["message"]["photo"][3]["file_id"], None, 148211),)


@pytest.mark.parametrize(("limit", "size"), [(148211, 3), (148210, 2), (19420, 1), (10, 0)])
def test_the_largest_size_is_one_that_may_be_fetched(limit: int, size: int) -> None:
    event = read("photo", Reading("700000001", photo_limit_bytes=limit))
    assert isinstance(event, Received)
    assert event.media[0].size_bytes == payload("photo")["message"]["photo"][size]["file_size"]


def test_a_live_photo_is_a_photo() -> None:
    sizes = payload("photo")["message"]["photo"]
    film = {key: value for key, value in payload("video")["message"]["video"].items() if key != "file_name"}
    event = received("photo", photo=None, live_photo={**film, "photo": sizes})
    assert event.media[0].remote == sizes[3]["file_id"]


def test_an_album_is_joined_by_its_name() -> None:
    first, second = received("album_first"), received("album_second")
    assert first.album == second.album == "13245678901234567"
    assert (first.text, second.text) == ("Both sides", "")
    assert first.media != second.media


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("location", "location", "31.230391, 121.473701"),
        ("live_location", "location", "31.230391, 121.473701"),
        ("venue", "location", "Corner Bakery, 12 People's Square, 31.230391, 121.473701"),
        ("contact_own", "contact", "Li Wen, 14155550134"),
        ("contact_of_another", "contact", "Chen Yu, +86 138 0000 0000"),
        ("contact_without_account", "contact", "Plumber, 0815432345"),
        ("sticker", "sticker", "👍"),
        ("animation", "video", "giphy.mp4"),
        ("poll", "other", "Which colour?\n- Red\n- Blue"),
        ("dice", "other", "🎲 4"),
        ("game", "other", "Corsairs"),
    ],
)
def test_what_is_neither_words_nor_media_tells_staff_what_it_was(name: str, kind: str, text: str) -> None:
    event = received(name)
    assert (event.kind, event.text, event.media) == (kind, text, ())


@pytest.mark.parametrize(
    ("name", "kind", "file", "caption"),
    [
        ("video", "video", "IMG_0231.mp4", "It makes this noise"),
        ("document", "document", "warranty.pdf", "Is this covered?"),
    ],
)
def test_a_caption_under_what_is_not_read_is_words(name: str, kind: str, file: str, caption: str) -> None:
    event = read(name)
    assert isinstance(event, Captioned)
    unread, words = event.unread, event.words
    assert (unread.channel_message_id, unread.kind, unread.text) == ("41", kind, file)
    assert (words.channel_message_id, words.kind, words.text) == ("41:caption", None, caption)
    assert unread.album == words.album == "captioned:41"
    assert (unread.sender, words.sender, words.media, words.at) == (LI, LI, (), SENT_AT)


def test_a_captioned_film_among_photos_stays_with_them() -> None:
    event = read("video", media_group_id="7")
    assert isinstance(event, Captioned)
    assert (event.unread.album, event.words.album) == ("7", "7")


def test_a_film_without_a_caption_is_one_message() -> None:
    event = received("video", caption=None)
    assert (event.channel_message_id, event.kind, event.text, event.album) == ("41", "video", "IMG_0231.mp4", None)


def test_of_a_captioned_film_the_caption_is_edited() -> None:
    data = payload("video")
    message = data.pop("message") | {"caption": "It makes that noise", "edit_date": 1751800100}
    update = Update.de_json({**data, "edited_message": message}, None)
    assert update is not None
    event = READING.event(update)
    assert isinstance(event, Edited)
    assert (event.message.channel_message_id, event.message.text) == ("41:caption", "It makes that noise")


def test_words_under_what_nobody_knows_yet_are_words() -> None:
    event = read("sticker", sticker=None, hologram={"file_id": "x"}, caption="Where is my order?")
    assert isinstance(event, Captioned)
    assert (event.unread.kind, event.words.kind, event.words.text) == ("other", None, "Where is my order?")


def test_content_that_the_library_stumbles_over_is_not_passed_over() -> None:
    data = payload("poll")
    del data["message"]["poll"]["members_only"]  # as a Bot API server of last year sends it
    update = read_update(readable(data))
    assert update is not None
    event = READING.event(update)
    assert isinstance(event, Received)
    assert (event.sender, event.kind) == (LI, "other")


def test_an_update_that_cannot_be_read_at_all_is_still_one() -> None:
    assert readable({"update_id": 7, "message": "?"}) == {"update_id": 7}
    assert readable({"update_id": 7, "callback_query": {"id": []}}) == {"update_id": 7}


def test_content_that_nobody_knows_yet_is_not_passed_over() -> None:
    assert received("sticker", sticker=None, hologram={"file_id": "x"}).kind == "other"


@pytest.mark.parametrize(
    ("phone", "proven"),
    [
        ("14155550134", "+14155550134"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("12", None),
        ("", None),
        ("not a number", None),
    ],
)
def test_ones_own_contact_proves_the_phone(phone: str, proven: str | None) -> None:
    contact = payload("contact_own")["message"]["contact"] | {"phone_number": phone}
    assert received("contact_own", contact=contact).proof == (Proof("phone", proven) if proven else None)


@pytest.mark.parametrize("name", ["contact_of_another", "contact_without_account"])
def test_the_contact_of_another_proves_nothing(name: str) -> None:
    assert received(name).proof is None


@pytest.mark.parametrize(
    "way",
    [
        {"forward_origin": payload("forwarded")["message"]["forward_origin"]},
        {"via_bot": payload("via_bot_sender")["message"]["from"]},
    ],
)
def test_ones_own_contact_that_came_by_a_detour_proves_nothing(way: dict[str, Any]) -> None:
    """A forwarded one may be years old, and its number somebody else's by now."""
    assert received("contact_own", **way).proof is None


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("edited_text", "Where is my order A1024?"),
        ("edited_caption", "It arrived broken, order A1025"),
        ("live_location_moved", "31.231000, 121.475000"),
    ],
)
def test_an_edit_is_the_message_anew(name: str, text: str) -> None:
    event = read(name)
    assert isinstance(event, Edited)
    assert (event.message.channel_message_id, event.message.text) == ("41", text)
    assert event.at == datetime.fromtimestamp(payload(name)["edited_message"]["edit_date"], UTC)
    assert event.message.at == SENT_AT


@pytest.mark.parametrize("name", ["callback_query", "callback_query_inaccessible"])
def test_a_press_names_its_button_and_its_message(name: str) -> None:
    event = read(name)
    assert isinstance(event, Press)
    assert (event.query_id, event.message_id) == ("2147914020184465123", 40)
    assert event.pressed is not None
    assert event.pressed.sender == LI
    assert event.pressed.channel_message_id == "cb2147914020184465123"
    assert event.pressed.ref == "0123456789abcdef0123456789abcdef:0"


def test_a_press_that_can_be_no_button_of_ours_is_answered_and_no_more() -> None:
    assert read("callback_query_inline") == Press("2147914020184465124", "en", None, None)


def test_who_blocks_the_bot_cannot_be_reached_until_they_let_it_in() -> None:
    assert read("blocked") == Reach(LI, reachable=False)
    assert read("unblocked") == Reach(LI, reachable=True)


def test_in_a_group_only_a_call_by_name_is_heard() -> None:
    assert read("group_text") is None
    assert read("group_command") == GroupCall(-1001900000001, "en")
    assert read("group_command", text="/help@other_bot") is None
    assert read("group_command", text="/human@example_shop_bot") is None
    assert read("group_command", text="/help") is None
    assert read("group_command", Reading("700000001", 1)) is None


@pytest.mark.parametrize(
    "name", ["channel_post", "message_reaction", "inline_query", "pinned", "via_bot_sender", "group_added"]
)
def test_of_no_effect(name: str) -> None:
    assert read(name) is None


@pytest.mark.parametrize("name", NAMES)
def test_what_is_stored_names_its_sender_and_itself(name: str) -> None:
    event = read(name)
    message = event.message if isinstance(event, Edited) else event
    if isinstance(message, Received):
        assert message.sender == LI
        assert message.channel_message_id.isdecimal()
        assert message.text or message.media or message.command or message.kind


def test_every_attribute_of_a_message_is_known_for_what_it_is() -> None:
    """A new version of the library brings new kinds of message: they are to be read before it is taken."""
    about = """
        author_signature business_connection_id caption caption_entities direct_messages_topic edit_date effect_id
        entities external_reply forward_origin from_user guest_bot_caller_chat guest_bot_caller_user guest_query_id
        has_media_spoiler has_protected_content is_automatic_forward is_from_offline is_paid_post is_topic_message
        link_preview_options media_group_id message_thread_id paid_star_count quote reply_markup
        reply_to_checklist_task_id reply_to_message reply_to_poll_option_id reply_to_story sender_boost_count
        sender_business_bot sender_chat sender_tag show_caption_above_media suggested_post_info via_bot
    """.split()  # noqa: SIM905
    slots = {slot for slot in Message.__slots__ if not slot.startswith("_")}
    assert slots == CONTENT | SERVICE | set(about)
    assert not CONTENT & SERVICE


def test_payloads_hold_one_update_each() -> None:
    for name in NAMES:
        data = json.loads((PAYLOADS / f"{name}.json").read_text())
        assert set(data) - {"update_id"} <= set(Update.ALL_TYPES)
