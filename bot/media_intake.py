"""How files come into the media store: what they are is found out, photos are cleaned, then all are kept or none.

Takes bytes, wherever they came from. Knows no message and no database.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.media_store import MediaStore
from perception.facts import MediaType
from perception.media import MediaLimits, identify


@dataclass(frozen=True, slots=True)
class CheckedMedia:
    """Bytes that may be kept: of a type taken here, and without what a photo says about its place."""

    data: bytes
    media_type: MediaType


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """Bytes already in the media store, not yet on a message."""

    kind: str
    mime: str
    key: str
    size_bytes: int


class MediaIntake:
    """``clean_photo`` turns a photo upright and drops what it says about its place; it raises PerceptionError."""

    def __init__(self, media: MediaStore, clean_photo: Callable[[bytes], bytes], limits: MediaLimits) -> None:
        self._media = media
        self._clean_photo = clean_photo
        self._limits = limits

    @property
    def most_bytes(self) -> int:
        """The size above which every file is refused."""
        return self._limits.max_bytes

    def take(self, files: Sequence[bytes], *, films: bool = False) -> list[StoredMedia]:
        """Keeps the files; of ``films`` their sound counts.

        Raises PerceptionError for the first that cannot be taken; none is kept then.
        """
        return self.save([self.check(data, films=films) for data in files])

    def check(self, data: bytes, *, films: bool = False) -> CheckedMedia:
        """The file as it may be kept. Raises PerceptionError when it may not."""
        media_type = identify(data, limits=self._limits, films=films)
        if media_type.kind == "image":
            data = self._clean_photo(data)  # where a photo was taken is never stored
            # a photo of few bytes may grow when it is drawn anew
            media_type = identify(data, limits=replace(self._limits, max_bytes=max(len(data), 1)))
        return CheckedMedia(data, media_type)

    def save(self, checked: Sequence[CheckedMedia]) -> list[StoredMedia]:
        """Writes all to the disk, or none where one of them fails."""
        stored: list[StoredMedia] = []
        try:
            for each in checked:
                key = self._media.save(each.data, each.media_type.extension)
                stored.append(StoredMedia(each.media_type.kind, each.media_type.mime, key, len(each.data)))
        except BaseException:
            self.discard(stored)
            raise
        return stored

    def discard(self, stored: Sequence[StoredMedia]) -> None:
        """Forgets files that no message names after all."""
        for each in stored:
            self._media.delete(each.key)
