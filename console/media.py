"""Hands photos and voice notes to signed-in staff, in parts where a player asks for a part.

What a customer sent is never run: only pictures and sounds of known types are shown in place, everything else
is offered as a file, and the response may load and run nothing.
"""

from __future__ import annotations

import asyncio
import re

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from console.ports import MediaSource
from crm.errors import NotFound
from crm.transcripts import StoredMedia, find_media
from crm.unit_of_work import Database

SHOWN_TYPES = frozenset(
    {
        "image/jpeg",
        "image/png",
        "image/webp",
        "image/gif",
        "image/bmp",
        "image/avif",
        "audio/ogg",
        "audio/webm",
        "audio/mp4",
        "audio/aac",
        "audio/mpeg",
        "audio/wav",
        "audio/x-wav",
        "audio/flac",
        "audio/amr",
    }
)
"""Bitmaps and sounds. SVG is a document that can hold scripts and is not among them."""

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class Media:
    """The route ``/media/{attachment_id}``; Guard has let in staff only."""

    def __init__(self, database: Database, source: MediaSource) -> None:
        self._database = database
        self._source = source

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/media/{attachment_id}", self.show, methods=["GET"])
        return router

    async def show(self, request: Request, attachment_id: str) -> Response:
        try:
            stored, data = await asyncio.to_thread(self._read, attachment_id)
        except (NotFound, FileNotFoundError):
            return PlainTextResponse("not found", status_code=404)
        return answer(stored.mime, data, request.headers.get("range"))

    def _read(self, attachment_id: str) -> tuple[StoredMedia, bytes]:
        with self._database.reading() as session:
            stored = find_media(session, attachment_id)
        return stored, self._source.read(stored.key)


def answer(mime: str, data: bytes, asked: str | None) -> Response:
    """The bytes, or the one range of them that ``asked`` (a Range header) names."""
    shown = mime in SHOWN_TYPES
    headers = {
        "Content-Disposition": "inline" if shown else "attachment",
        "Content-Type": mime if shown else "application/octet-stream",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cache-Control": "private, max-age=300",
        "Accept-Ranges": "bytes",
    }
    part = _part(asked, len(data))
    if part is None:
        return Response(data, headers=headers)
    start, end = part
    if start >= end:
        return Response(status_code=416, headers={**headers, "Content-Range": f"bytes */{len(data)}"})
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    return Response(data[start:end], status_code=206, headers=headers)


def _part(asked: str | None, size: int) -> tuple[int, int] | None:
    """The asked part as start and exclusive end; None for the whole; an empty one for what cannot be served."""
    match = _RANGE.fullmatch(asked.strip()) if asked else None
    if match is None or match[1] == match[2] == "":
        return None  # several ranges, or another unit: the whole is a right answer
    if match[1] == "":
        return max(0, size - int(match[2])), size
    start = int(match[1])
    end = min(size, int(match[2]) + 1) if match[2] else size
    return (start, end) if start < size else (size, size)
