"""Protocol v1: photos and voice notes, and what is none."""

import io
import wave
from collections.abc import Iterator

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from crm.models import Attachment, Message
from perception.errors import MediaTooLarge, PerceptionTimeout, UnreadableMedia
from perception.facts import Photo, Speech
from tests.serving import FakeSenses, Serving


def photo(width: int = 40, **options: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (width, 30), "teal").save(buffer, "JPEG", **options)
    return buffer.getvalue()


def voice_note(seconds: float = 0.2) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"\x01\x00" * int(16000 * seconds))
    return buffer.getvalue()


@pytest.fixture(autouse=True)
def _senses(server: Serving) -> Iterator[None]:
    yield
    whole = FakeSenses()
    server.senses.speech, server.senses.photo = whole.speech, whole.photo


def test_a_voice_note_is_heard_shown_and_handled_as_text(server: Serving) -> None:
    visitor = server.visitor()
    assert visitor.upload(voice_note(), "note.wav").status_code == 202
    visitor.wait_for(1)
    note, answer = visitor.messages()
    assert note["text"] == ""
    assert note["attachments"][0]["kind"] == "audio"
    assert note["attachments"][0]["transcript"] == "where is my order"
    assert answer["text"] == "You said: where is my order"


def test_an_attachment_is_readable_with_its_visitors_token_alone(server: Serving) -> None:
    visitor, other = server.visitor(), server.visitor()
    data = voice_note()
    visitor.upload(data, "note.wav")
    url = server.base_url + visitor.wait_for(1)[0]["attachments"][0]["url"]
    read = httpx.get(url, headers=visitor.headers)
    assert (read.status_code, read.content, read.headers["content-type"]) == (200, data, "audio/wav")
    assert read.headers["x-content-type-options"] == "nosniff"
    assert httpx.get(url, headers=other.headers).status_code == 404
    assert httpx.get(url).status_code == 401


def test_a_photo_brings_its_order_number_into_the_turn(server: Serving) -> None:
    visitor = server.visitor()
    visitor.upload(photo(), "receipt.png")
    visitor.wait_for(1)
    conversation_id, text, metadata = server.dialogue.heard[-1]
    assert conversation_id == visitor.conversation_id
    assert text == '/send_photo{"order_number": "A1024"}'
    with server.database.reading() as session:
        attachment = session.get_one(Attachment, metadata["attachments"][0])
        assert attachment.mime == "image/jpeg"
        assert attachment.facts is not None
        assert attachment.facts["fields"][0]["value"] == "A1024"


def test_a_photo_with_words_is_understood_by_its_words(server: Serving) -> None:
    visitor = server.visitor()
    visitor.upload(photo(), "broken.jpg", text="it arrived broken")
    visitor.wait_for(1)
    _, text, metadata = server.dialogue.heard[-1]
    assert text == "it arrived broken"
    assert len(metadata["attachments"]) == 1


def test_where_a_photo_was_taken_is_not_stored(server: Serving) -> None:
    exif = Image.Exif()
    exif[0x010F] = "SecretCameraMaker"
    data = photo(exif=exif.tobytes())
    assert b"SecretCameraMaker" in data
    visitor = server.visitor()
    visitor.upload(data, "holiday.jpg")
    message_id = visitor.wait_for(1)[0]["message_id"]
    with server.database.reading() as session:
        key = session.scalars(select(Attachment.key).where(Attachment.message_id == message_id)).one()
    assert b"SecretCameraMaker" not in server.site.media.read(key)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 415, "unsupported_media"),
        (b"hello, I am a photo", 415, "unsupported_media"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'></svg>", 415, "unsupported_media"),
        (b"%PDF-1.7 and so on", 415, "unsupported_media"),
        (b"PK\x03\x04" + b"\x00" * 100, 415, "unsupported_media"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 100, 422, "unreadable_media"),
        (photo()[:-200], 422, "unreadable_media"),
    ],
    ids=["empty", "text", "svg", "pdf", "zip", "png-of-nothing", "truncated-jpeg"],
)
def test_what_is_no_photo_is_refused_and_leaves_nothing(server: Serving, data: bytes, status: int, code: str) -> None:
    visitor = server.visitor()
    files_before = sum(1 for _ in server.site.settings.media_dir.rglob("*.*"))
    refused = visitor.upload(data, "photo.jpg")
    assert (refused.status_code, refused.json()["error"]["code"]) == (status, code)
    assert visitor.messages() == []
    assert sum(1 for _ in server.site.settings.media_dir.rglob("*.*")) == files_before


def test_a_file_over_the_limit_is_refused(server: Serving) -> None:
    refused = server.visitor().upload(b"\xff\xd8\xff\xe0" + b"\x00" * (21 * 1024 * 1024), "huge.jpg")
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    ("heard", "code", "words"),
    [
        (Speech("", "en", 0.0, "fake", 1.0, has_speech=False), "silence", "could not hear"),
        (UnreadableMedia("cut off"), "unreadable_media", "could not open that voice note"),
        (PerceptionTimeout("too slow"), "timeout", "took me too long"),
        (MediaTooLarge("1800 s", limit=300), "media_too_large", "keep it under 5 minutes"),
    ],
    ids=["silence", "truncated", "slow", "half-an-hour"],
)
def test_a_note_that_cannot_be_made_out_is_kept_and_said(
    server: Serving, heard: Speech | Exception, code: str, words: str
) -> None:
    server.senses.speech = heard
    visitor = server.visitor()
    visitor.upload(voice_note(), "note.wav")
    note, answer = visitor.wait_for(1)
    assert words in answer["text"]
    with server.database.reading() as session:
        message = session.get_one(Message, note["message_id"])
        assert message.state == "answered"
        assert message.attachments[0].error_code == code


def test_a_note_in_a_language_without_an_engine_goes_to_staff(server: Serving) -> None:
    visitor = server.visitor(language="zh")
    visitor.upload(voice_note(), "note.wav")
    visitor.wait_for(1)
    assert server.dialogue.heard[-1][1] == "/send_voice"


def test_a_photo_that_the_eyes_cannot_open_is_said(server: Serving) -> None:
    server.senses.photo = UnreadableMedia("damaged")
    visitor = server.visitor(language="zh")
    visitor.upload(photo(), "x.jpg")
    assert "图片无法打开" in visitor.wait_for(1)[-1]["text"]


def test_a_photo_without_an_order_number_is_still_a_photo(server: Serving) -> None:
    server.senses.photo = Photo("photo", 40, 30)
    visitor = server.visitor()
    visitor.upload(photo(), "x.jpg")
    visitor.wait_for(1)
    assert server.dialogue.heard[-1][1] == "/send_photo"


def test_a_form_without_a_file_is_a_bad_request(server: Serving) -> None:
    visitor = server.visitor()
    refused = visitor.post("/messages", files={"client_message_id": (None, "1")})
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_request")
