import json

from perception.facts import Code, Field, Photo, Speech, TextLine
from perception.summary import field_value, photo_line, speech_line, to_json

BOX = (1, 2, 3, 4)


def test_a_photo_in_one_line() -> None:
    fields = (
        Field("order_number", "A1024", BOX, 0.99),
        Field("total", "35.90", BOX, 0.8),
        Field("order_number", "A2048", BOX, 0.5),
    )
    photo = Photo("receipt", 100, 200, fields=fields)
    assert photo_line(photo) == "[photo: receipt, order A1024, total 35.90]"
    assert field_value(photo, "order_number") == "A1024"
    assert field_value(photo, "merchant") is None


def test_what_spoils_a_photo_is_said() -> None:
    assert photo_line(Photo("photo", 10, 10, sharpness=0.1)) == "[photo: no text, blurred]"
    assert photo_line(Photo("photo", 10, 10, brightness=0.05)) == "[photo: no text, dark]"
    lines = (TextLine("hello", BOX, 0.9),)
    assert photo_line(Photo("photo", 10, 10, lines=lines, sharpness=0.1)) == "[photo: with text]"


def test_a_voice_note_in_one_line() -> None:
    assert speech_line(Speech("where is my order", "en", 0.9, "pocketsphinx", 3.5)) == "where is my order"
    assert speech_line(Speech("", "en", 0.0, "silero-vad", 2.0, has_speech=False)) == "[voice note: no speech, 2 s]"


def test_facts_go_into_json() -> None:
    photo = Photo("code", 10, 10, codes=(Code("QRCode", "订单A1024", BOX),))
    assert json.loads(json.dumps(to_json(photo)))["codes"] == [
        {"format": "QRCode", "text": "订单A1024", "box": [1, 2, 3, 4]}
    ]
