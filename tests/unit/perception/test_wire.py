import json
import socket
import struct
import threading
import time

import pytest

from perception import wire
from perception.errors import MediaTooLarge, PerceptionError, UnreadableMedia
from perception.facts import Code, Field, Photo, Speech, TextLine

BOX = (1, 2, 3, 4)
PHOTO = Photo(
    "label",
    640,
    480,
    codes=(Code("Code128", "A1024", BOX),),
    lines=(TextLine("订单 A1024", BOX, 0.9),),
    fields=(Field("order_number", "A1024", BOX, 0.9),),
    sharpness=0.4,
    brightness=0.6,
)
SPEECH = Speech("where is my order", "en", 0.9, "pocketsphinx", 3.5)


def test_facts_are_the_same_on_the_other_side() -> None:
    assert wire.photo_from_json(json.loads(json.dumps(wire.facts_to_json(PHOTO)))) == PHOTO
    assert wire.speech_from_json(json.loads(json.dumps(wire.facts_to_json(SPEECH)))) == SPEECH


@pytest.mark.parametrize("kind", PerceptionError.__subclasses__())
def test_every_error_is_the_same_on_the_other_side(kind: type[PerceptionError]) -> None:
    error = MediaTooLarge("too long", limit=300.0) if kind is MediaTooLarge else kind("what happened")
    crossed = wire.error_from_json(json.loads(json.dumps(wire.error_to_json(error))))
    assert (type(crossed), str(crossed), crossed.args) == (type(error), str(error), error.args)


def test_an_error_from_nowhere_is_still_ours() -> None:
    assert type(wire.error_from_json({"code": "?", "message": "m", "limit": None})) is UnreadableMedia


def test_frames_arrive_whole_and_in_order() -> None:
    here, there = socket.socketpair()
    with here, there:
        large = bytes(range(256)) * 20_000
        sender = threading.Thread(target=lambda: [wire.send(here, {"n": 1}, large), wire.send(here, {"n": 2})])
        sender.start()
        assert wire.receive(there, max_payload=len(large)) == ({"n": 1}, large)
        assert wire.receive(there, max_payload=0) == ({"n": 2}, b"")
        sender.join()


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\0\0",
        struct.pack(">II", 2, 50) + b"{}",
        struct.pack(">II", 1 << 30, 0),
        struct.pack(">II", 2, 0) + b"[]",
        struct.pack(">II", 3, 0) + b"no!",
        struct.pack(">II", 10, 0) + b"{}",
    ],
)
def test_a_broken_frame_is_the_end_of_the_talk(sent: bytes) -> None:
    here, there = socket.socketpair()
    with there:
        with here:
            here.sendall(sent)
        with pytest.raises(wire.ConnectionClosed):
            wire.receive(there, max_payload=10)


def test_a_silent_other_side_is_not_waited_for_beyond_the_deadline() -> None:
    here, there = socket.socketpair()
    with here, there, pytest.raises(TimeoutError):
        wire.receive(there, max_payload=0, deadline=time.monotonic() + 0.05)
