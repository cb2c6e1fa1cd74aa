"""What can go wrong with a voice note or a photo.

PerceptionError
├── EmptyMedia            empty_media        no bytes at all
├── UnsupportedMedia      unsupported_media  the bytes are of no type taken here
├── MediaTooLarge         media_too_large    more bytes, seconds or pixels than allowed; carries ``limit``
├── UnreadableMedia       unreadable_media   truncated or damaged beyond decoding
├── NoRecogniser          no_recogniser      speech in a language no engine here can recognise
└── PerceptionTimeout     timeout            took longer than allowed; the worker was ended

Silence is no error: a voice note without speech has facts that say so.
"""

from __future__ import annotations


class PerceptionError(Exception):
    """Root of perception's errors; ``code`` is stable."""

    code = "perception_error"


class EmptyMedia(PerceptionError):
    code = "empty_media"


class UnsupportedMedia(PerceptionError):
    code = "unsupported_media"


class MediaTooLarge(PerceptionError):
    code = "media_too_large"

    def __init__(self, message: str, *, limit: float) -> None:
        super().__init__(message, limit)
        self.limit = limit

    def __str__(self) -> str:
        return str(self.args[0])


class UnreadableMedia(PerceptionError):
    code = "unreadable_media"


class NoRecogniser(PerceptionError):
    code = "no_recogniser"


class PerceptionTimeout(PerceptionError):
    code = "timeout"
