from __future__ import annotations

import io
import traceback
from collections.abc import Iterator

import pytest
from PIL import Image

from bot.channels.base import (
    DeliveryDelayed,
    DeliveryRefused,
    Outgoing,
    OutgoingButton,
    OutgoingFile,
    Unreachable,
)
from bot.channels.telegram import TelegramChannel
from bot.channels.telegram.sending import parts_of
from bot.channels.telegram.words import BUTTON_CLOSED, COMMANDS
from bot.errors import ChannelError
from tests.serving import wait_until
from tests.unit.bot.channels.telegram_bot import channel, outgoing
from tests.unit.perception.sounds import media
from tests.vendors.telegram import TOKEN, FakeTelegram, Person, telegram, utf16_length


def png(size: int = 8) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), "teal").save(out, "PNG")
    return out.getvalue()


PHOTO = OutgoingFile("image", "image/png", "label.png", png())
NOTE = OutgoingFile("audio", "audio/ogg", "note.ogg", media("where_is_my_order.ogg"))
REF = "0123456789abcdef0123456789abcdef:7"


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeTelegram]:
    with telegram() as running:
        yield running


@pytest.fixture(scope="module")
def ours(fake: FakeTelegram) -> Iterator[TelegramChannel]:
    with channel(fake) as made:
        yield made


@pytest.fixture
def person(fake: FakeTelegram) -> Iterator[Person]:
    yield fake.person()
    fake.mend()


def send(ours: TelegramChannel, message: Outgoing) -> list[str]:
    return list(ours.send(message))


def test_words_arrive_as_they_are(ours: TelegramChannel, person: Person) -> None:
    said = "<b>1 * 2</b> _and_ [a](b) & 您的订单 👍"
    names = send(ours, outgoing(person, said))
    (shown,) = person.seen
    assert (shown.text, [str(shown.message_id)]) == (said, names)


def test_a_long_text_comes_in_parts_and_the_buttons_on_the_last(ours: TelegramChannel, person: Person) -> None:
    text = "您的包裹正在路上。" * 1000
    names = send(ours, outgoing(person, text, buttons=(OutgoingButton("Yes", REF),)))
    assert "".join(shown.text for shown in person.seen) == text
    assert len(names) == len(person.seen) == 3
    assert all(utf16_length(shown.text) <= 4096 for shown in person.seen)
    assert [shown.buttons for shown in person.seen] == [[], [], ["Yes"]]
    assert person.seen[-1].inline[0][0]["callback_data"] == REF


def test_a_later_attempt_goes_on_after_what_was_sent(ours: TelegramChannel, fake: FakeTelegram, person: Person) -> None:
    message = outgoing(person, "Parcel. " * 1000)
    sending = ours.send(message)
    first = next(sending)
    fake.fail("sendMessage", "server_error")
    with pytest.raises(ChannelError):
        next(sending)
    rest = send(ours, outgoing(person, message.text, parts=(first,), attempt=2))
    assert [first, *rest] == [str(shown.message_id) for shown in person.seen]
    assert " ".join(shown.text for shown in person.seen) == message.text.strip()


def test_nothing_to_say_sends_nothing(ours: TelegramChannel, person: Person) -> None:
    assert send(ours, outgoing(person, " ")) == []


@pytest.mark.parametrize(
    ("file", "method", "field"),
    [
        (PHOTO, "sendPhoto", "photo"),
        (NOTE, "sendVoice", "voice"),
        (OutgoingFile("audio", "audio/mp4", "a.m4a", media("where_is_my_order.m4a")), "sendAudio", "audio"),
        (OutgoingFile("audio", "audio/wav", "a.wav", media("where_is_my_order.wav")), "sendDocument", "document"),
        (OutgoingFile("audio", "audio/ogg", "a.ogg", b"OggS vorbis"), "sendDocument", "document"),
        (OutgoingFile("image", "image/gif", "a.gif", b"GIF89a"), "sendDocument", "document"),
        (OutgoingFile("image", "image/png", "a.png", png() + bytes(10_000_000)), "sendDocument", "document"),
    ],
)
def test_a_file_goes_as_what_it_is_with_the_words_below(
    ours: TelegramChannel, person: Person, file: OutgoingFile, method: str, field: str
) -> None:
    send(ours, outgoing(person, "Look", files=(file,), buttons=(OutgoingButton("Yes", REF),)))
    (shown,) = person.seen
    (upload,) = shown.uploads
    assert (shown.method, shown.text, shown.buttons) == (method, "Look", ["Yes"])
    assert (upload.field, upload.filename, upload.data) == (field, file.filename, file.data)


def test_words_too_long_for_a_caption_come_after_the_file(ours: TelegramChannel, person: Person) -> None:
    send(ours, outgoing(person, "x" * 1025, files=(PHOTO, NOTE)))
    assert [(shown.method, len(shown.text)) for shown in person.seen] == [
        ("sendPhoto", 0),
        ("sendVoice", 0),
        ("sendMessage", 1025),
    ]


def test_who_takes_no_voice_messages_gets_a_file(ours: TelegramChannel, fake: FakeTelegram, person: Person) -> None:
    fake.fail("sendVoice", "voice_forbidden")
    send(ours, outgoing(person, files=(NOTE,)))
    assert [shown.method for shown in person.seen] == ["sendDocument"]


def test_short_titles_stand_side_by_side_and_a_long_one_alone() -> None:
    titles = ["Yes", "No", "Maybe", "Later", "Talk to a person about my order", "是", "人工客服"]
    buttons = tuple(OutgoingButton(title, REF) for title in titles)
    part = parts_of(Outgoing("m", "1", "2", "en", "Which?", buttons))[-1]
    assert part.markup is not None
    rows = [[button["text"] for button in row] for row in part.markup.to_dict()["inline_keyboard"]]
    assert rows == [["Yes", "No", "Maybe"], ["Later"], ["Talk to a person about my order"], ["是", "人工客服"]]


@pytest.mark.parametrize(("language", "title"), [("en", "Share my phone number"), ("zh", "分享我的手机号码")])
def test_a_phone_number_can_be_shared_by_a_tap_until_the_next_message(
    ours: TelegramChannel, person: Person, language: str, title: str
) -> None:
    send(ours, outgoing(person, "Which number?", asks_for="phone", language=language))
    send(ours, outgoing(person, "Thank you."))
    send(ours, outgoing(person, "Bye."))
    asked, thanked, last = person.seen
    assert asked.keyboard == [[{"text": title, "request_contact": True}]]
    assert [asked.removes_keyboard, thanked.removes_keyboard, last.removes_keyboard] == [False, True, False]


def test_buttons_are_keys_beside_the_one_that_shares_a_phone_number(ours: TelegramChannel, person: Person) -> None:
    buttons = (OutgoingButton("Talk to a person", REF), OutgoingButton("Stop", REF))
    send(ours, outgoing(person, "Which number?", asks_for="phone", buttons=buttons))
    send(ours, outgoing(person, "Thank you."))
    asked, thanked = person.seen
    assert [[key["text"] for key in row] for row in asked.keyboard or []] == [
        ["Share my phone number"],
        ["Talk to a person", "Stop"],
    ]
    assert asked.inline == []
    assert thanked.removes_keyboard


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("rate_limited", DeliveryDelayed),
        ("blocked", Unreachable),
        ("deactivated", Unreachable),
        ("not_started", Unreachable),
        ("chat_not_found", Unreachable),
        ("chat_migrated", DeliveryRefused),
        ("text_too_long", DeliveryRefused),
        ("button_data_invalid", DeliveryRefused),
        ("server_error", ChannelError),
        ("unauthorized", ChannelError),
        ("not_found", ChannelError),
        ("other_poller", ChannelError),
    ],
)
def test_refusals_are_told_apart(
    ours: TelegramChannel, fake: FakeTelegram, person: Person, name: str, error: type[ChannelError]
) -> None:
    fake.fail("send", name)
    with pytest.raises(ChannelError) as caught:
        send(ours, outgoing(person, "my words"))
    assert type(caught.value) is error
    said = "".join(traceback.format_exception(caught.value))
    assert TOKEN not in said
    assert "my words" not in str(caught.value)
    assert person.seen == []
    assert send(ours, outgoing(person, "again"))


def test_the_wait_is_as_long_as_telegram_says(ours: TelegramChannel, fake: FakeTelegram, person: Person) -> None:
    fake.fail("send", "rate_limited")
    with pytest.raises(DeliveryDelayed) as caught:
        send(ours, outgoing(person, "hello"))
    assert caught.value.retry_after_s == 1


def test_nobody_at_the_other_end_is_worth_another_try(ours: TelegramChannel, person: Person) -> None:
    with channel(FakeTelegram(), api_url="http://127.0.0.1:9") as lost, pytest.raises(ChannelError) as caught:
        send(lost, outgoing(person, "hello"))
    assert type(caught.value) is ChannelError
    assert TOKEN not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("changes", [{"bot": "700000002"}, {"external_id": "@channel"}])
def test_what_is_for_another_bot_or_no_chat_is_refused(
    ours: TelegramChannel, person: Person, changes: dict[str, str]
) -> None:
    with pytest.raises(DeliveryRefused):
        send(ours, outgoing(person, "hello", **changes))
    assert person.seen == []


def test_typing_is_shown_and_never_raises(ours: TelegramChannel, fake: FakeTelegram, person: Person) -> None:
    ours.typing(TOKEN.partition(":")[0], str(person.id))
    wait_until(lambda: person.id in fake.typing)
    ours.typing("700000002", str(person.id))
    ours.typing(TOKEN.partition(":")[0], "nobody")
    person.has_blocked = True
    ours.typing(TOKEN.partition(":")[0], str(person.id))
    wait_until(lambda: len(fake.calls_of("sendChatAction")) == 3)
    assert fake.typing == [person.id]


def test_after_the_end_nothing_is_sent(fake: FakeTelegram, person: Person) -> None:
    with channel(fake) as ours:
        send(ours, outgoing(person, "hello"))
    with pytest.raises(ChannelError):
        send(ours, outgoing(person, "hello?"))
    ours.typing(TOKEN.partition(":")[0], str(person.id))
    ours.close()
    assert [shown.text for shown in person.seen] == ["hello"]


def test_what_the_app_shows_is_within_telegrams_limits() -> None:
    assert all(len(said) <= 200 for said in BUTTON_CLOSED.values())
    assert all(len(name) <= 32 and 3 <= len(said) <= 256 for menu in COMMANDS.values() for name, said in menu)
