"""How the service and its worker process talk: frames over a socket.

A frame is a length, a JSON header and raw bytes. Nothing is ever unpickled, so that a decoder taken over by a hostile
file has no way into the server. Owns the turning of facts and errors into JSON and back.
"""

from __future__ import annotations

import json
import socket
import struct
import time
from dataclasses import asdict
from typing import Any

from perception.errors import MediaTooLarge, PerceptionError, UnreadableMedia
from perception.facts import Box, Code, Field, Photo, Speech, TextLine

_HEAD = struct.Struct(">II")
_MAX_HEADER = 16 * 1024 * 1024


class ConnectionClosed(Exception):
    """The other side is gone."""


def send(connection: socket.socket, header: dict[str, Any], payload: bytes = b"") -> None:
    """Raises TimeoutError where the socket has a timeout and the other side does not read."""
    encoded = json.dumps(header).encode()
    connection.sendall(_HEAD.pack(len(encoded), len(payload)) + encoded)
    connection.sendall(payload)


def receive(
    connection: socket.socket, *, max_payload: int, deadline: float | None = None
) -> tuple[dict[str, Any], bytes]:
    """The next frame.

    Raises ConnectionClosed at the end of the stream, when a length is out of bounds or the header is no JSON object,
    and TimeoutError once ``deadline`` (on the monotonic clock) has passed.
    """
    header_bytes, payload_bytes = _HEAD.unpack(_exactly(connection, _HEAD.size, deadline))
    if header_bytes > _MAX_HEADER or payload_bytes > max_payload:
        raise ConnectionClosed("a frame out of bounds")
    try:
        header = json.loads(_exactly(connection, header_bytes, deadline))
    except ValueError:
        raise ConnectionClosed("a frame that is no JSON") from None
    if not isinstance(header, dict):
        raise ConnectionClosed("a frame without a header")
    return header, _exactly(connection, payload_bytes, deadline)


def _exactly(connection: socket.socket, count: int, deadline: float | None) -> bytes:
    received = bytearray()
    while len(received) < count:
        if deadline is not None:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
        piece = connection.recv(min(count - len(received), 1 << 20))
        if not piece:
            raise ConnectionClosed("the other side is gone")
        received += piece
    return bytes(received)


# --- facts -----------------------------------------------------------------------------------------------------------


def facts_to_json(facts: Speech | Photo | float | None) -> Any:
    return asdict(facts) if isinstance(facts, Speech | Photo) else facts


def speech_from_json(value: dict[str, Any]) -> Speech:
    return Speech(**value)


def photo_from_json(value: dict[str, Any]) -> Photo:
    """The Photo that ``facts_to_json`` wrote; boxes become tuples again."""
    parts = {
        "codes": tuple(Code(each["format"], each["text"], _box(each["box"])) for each in value["codes"]),
        "lines": tuple(TextLine(each["text"], _box(each["box"]), each["confidence"]) for each in value["lines"]),
        "fields": tuple(
            Field(each["name"], each["value"], _box(each["box"]), each["confidence"]) for each in value["fields"]
        ),
    }
    return Photo(**(value | parts))


def _box(value: list[int]) -> Box:
    left, top, right, bottom = value
    return left, top, right, bottom


# --- errors ----------------------------------------------------------------------------------------------------------


def error_to_json(error: PerceptionError) -> dict[str, Any]:
    limit = error.limit if isinstance(error, MediaTooLarge) else None
    return {"code": error.code, "message": str(error), "limit": limit}


def error_from_json(value: dict[str, Any]) -> PerceptionError:
    """The same error again; a code from nowhere becomes UnreadableMedia."""
    kinds = {kind.code: kind for kind in PerceptionError.__subclasses__()}
    kind = kinds.get(value["code"], UnreadableMedia)
    if kind is MediaTooLarge:
        return MediaTooLarge(value["message"], limit=value["limit"])
    return kind(value["message"])
