import io
import struct
import zipfile
import zlib

import pytest
from PIL import Image

from perception.errors import EmptyMedia, MediaTooLarge, UnreadableMedia, UnsupportedMedia
from perception.media import MediaLimits, identify
from tests.unit.perception.pictures import encoded
from tests.unit.perception.sounds import media, recorded

SMALL = Image.new("RGB", (40, 30), "teal")


@pytest.mark.parametrize(
    ("form", "mime"),
    [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/gif"), ("WEBP", "image/webp")],
)
def test_pictures_are_known_by_their_bytes(form: str, mime: str) -> None:
    found = identify(encoded(SMALL, form))
    assert (found.kind, found.mime) == ("image", mime)


@pytest.mark.parametrize(
    ("name", "mime", "extension"),
    [
        ("where_is_my_order.wav", "audio/wav", "wav"),
        ("where_is_my_order.ogg", "audio/ogg", "ogg"),
        ("where_is_my_order.webm", "audio/webm", "webm"),
        ("where_is_my_order.m4a", "audio/mp4", "m4a"),
        ("where_is_my_order.mp3", "audio/mpeg", "mp3"),
    ],
)
def test_voice_notes_are_known_by_their_bytes(name: str, mime: str, extension: str) -> None:
    found = identify(media(name))
    assert (found.kind, found.mime, found.extension) == ("audio", mime, extension)


def test_an_mp4_that_calls_itself_video_is_sound_where_it_holds_sound_alone() -> None:
    """Safari records voice notes so."""
    note = recorded("mp4", "aac")
    assert note[8:12] == b"isom"
    assert identify(note).mime == "audio/mp4"


@pytest.mark.parametrize(("form", "codec"), [("webm", "libopus"), ("mp4", "aac")])
def test_video_is_not_taken(form: str, codec: str) -> None:
    with pytest.raises(UnsupportedMedia):
        identify(recorded(form, codec, video=True))


def zipped() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("photo.jpg", encoded(SMALL, "JPEG"))
    return out.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<!doctype html><html><body>hi</body></html>",
        b"%PDF-1.7\n1 0 obj",
        zipped(),
        encoded(SMALL, "TIFF"),
        encoded(SMALL, "BMP"),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\nhttp://127.0.0.1/",
        b"where is my order?",
        b"\xff\xfb",
        b"ID3" + bytes(200),
        b"OggS" + bytes(200),
        b"\x1a\x45\xdf\xa3" + bytes(200),
        b"\x00\x00\x00\x18ftypisom" + bytes(200),
        b"\x00",
    ],
)
def test_everything_else_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        identify(data)


def test_nothing_is_empty() -> None:
    with pytest.raises(EmptyMedia):
        identify(b"")


def test_too_many_bytes_are_refused_with_the_limit() -> None:
    with pytest.raises(MediaTooLarge) as caught:
        identify(encoded(SMALL, "PNG"), limits=MediaLimits(max_bytes=50))
    assert caught.value.limit == 50


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that unpacks to gigabytes."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk


def test_too_many_pixels_are_refused_by_the_header_alone() -> None:
    with pytest.raises(MediaTooLarge) as caught:
        identify(bomb(50_000, 50_000))
    assert caught.value.limit == 40_000_000


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (40, 30), (1023, 17), (300, 2000)])
def test_the_header_tells_the_size_that_a_decoder_finds(form: str, size: tuple[int, int]) -> None:
    data = encoded(Image.new("RGB", size, "teal"), form)
    exactly = MediaLimits(max_pixels=size[0] * size[1])
    assert identify(data, limits=exactly).kind == "image"
    with pytest.raises(MediaTooLarge):
        identify(data, limits=MediaLimits(max_pixels=size[0] * size[1] - 1))


@pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}, {"exif": b"Exif\0\0" + bytes(20)}])
def test_all_forms_of_webp_tell_their_size(options: dict[str, object]) -> None:
    data = encoded(Image.new("RGB", (333, 77), "teal"), "WEBP", **options)
    with pytest.raises(MediaTooLarge):
        identify(data, limits=MediaLimits(max_pixels=333 * 77 - 1))
    assert identify(data, limits=MediaLimits(max_pixels=333 * 77)).mime == "image/webp"


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP"])
def test_a_picture_cut_off_in_its_header_is_unreadable(form: str) -> None:
    data = encoded(SMALL, form)[: 8 if form == "GIF" else 14]
    with pytest.raises((UnreadableMedia, UnsupportedMedia)):
        identify(data)


def test_a_recording_cut_off_before_its_index_is_still_sound() -> None:
    note = media("where_is_my_order.m4a")
    branded = note[:8] + b"M4A " + note[12:]
    assert identify(branded[:4000]).mime == "audio/mp4"


def test_of_a_film_with_sound_the_sound_is_taken_where_films_are_wanted() -> None:
    assert identify(recorded("mp4", "aac", video=True), films=True).mime == "audio/mp4"


@pytest.mark.parametrize("film", [recorded("webm", "libopus", video=True), recorded("mp4", None, video=True)])
def test_a_film_without_sound_and_one_that_no_app_records_as_a_note_are_never_taken(film: bytes) -> None:
    with pytest.raises(UnsupportedMedia):
        identify(film, films=True)
