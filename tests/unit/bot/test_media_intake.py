"""Files come into the media store all together or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.media_intake import MediaIntake
from bot.media_store import MediaStore
from perception.errors import EmptyMedia, MediaTooLarge, UnreadableMedia, UnsupportedMedia
from perception.media import MediaLimits
from perception.picture import clean_photo
from tests.unit.perception.pictures import encoded, noise


class FullDisk(MediaStore):
    """Takes ``room`` files."""

    room = 1

    def save(self, data: bytes, extension: str) -> str:
        if not self.room:
            raise OSError("no space left on device")
        self.room -= 1
        return super().save(data, extension)


def jpeg() -> bytes:
    return encoded(noise(120, 90), "JPEG")


def kept(directory: Path) -> int:
    return sum(path.is_file() for path in directory.rglob("*"))


@pytest.fixture
def note() -> bytes:
    return (Path(__file__).parents[2] / "media" / "where_is_my_order.ogg").read_bytes()


def test_what_is_taken_is_kept_as_what_it_is(tmp_path: Path, note: bytes) -> None:
    store = MediaStore(tmp_path)
    photo, sound = MediaIntake(store, clean_photo, MediaLimits()).take([jpeg(), note])
    assert (photo.kind, photo.mime) == ("image", "image/jpeg")
    assert (sound.kind, sound.mime, sound.size_bytes) == ("audio", "audio/ogg", len(note))
    assert store.read(sound.key) == note
    assert len(store.read(photo.key)) == photo.size_bytes


@pytest.mark.parametrize(
    ("second", "error"),
    [(b"", EmptyMedia), (b"only words", UnsupportedMedia), (b"x" * 200_001, MediaTooLarge)],
)
def test_a_refusal_of_one_leaves_none_behind(tmp_path: Path, second: bytes, error: type[Exception]) -> None:
    intake = MediaIntake(MediaStore(tmp_path), clean_photo, MediaLimits(max_bytes=200_000))
    with pytest.raises(error):
        intake.take([jpeg(), second])
    assert kept(tmp_path) == 0


def test_a_photo_that_cannot_be_cleaned_leaves_none_behind(tmp_path: Path) -> None:
    with pytest.raises(UnreadableMedia):
        MediaIntake(MediaStore(tmp_path), clean_photo, MediaLimits()).take([jpeg(), jpeg()[:300]])
    assert kept(tmp_path) == 0


def test_a_full_disk_leaves_none_behind(tmp_path: Path, note: bytes) -> None:
    with pytest.raises(OSError, match="no space"):
        MediaIntake(FullDisk(tmp_path), clean_photo, MediaLimits()).take([note, note])
    assert kept(tmp_path) == 0


def test_a_photo_may_grow_when_it_is_cleaned(tmp_path: Path) -> None:
    small, large = jpeg(), jpeg() + b"\x00" * 5000
    intake = MediaIntake(MediaStore(tmp_path), lambda _: large, MediaLimits(max_bytes=len(small)))
    assert intake.take([small])[0].size_bytes == len(large)
