import io

import pytest
from PIL import Image

from perception.errors import EmptyMedia, MediaTooLarge, UnreadableMedia, UnsupportedMedia
from perception.media import MediaLimits, identify
from perception.picture import clean_photo, open_upright
from tests.unit.perception.pictures import encoded
from tests.unit.perception.sounds import media

ORIENTATION, GPS, MODEL = 0x0112, 0x8825, 0x0110


def photo_with_place() -> bytes:
    """60 x 40 as stored, held upright by a note to turn it; left half red."""
    picture = Image.new("RGB", (60, 40), "blue")
    picture.paste("red", (0, 0, 30, 40))
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # turn right to see it upright
    exif[MODEL] = "Phone of Li Ming"
    exif.get_ifd(GPS).update({1: "N", 2: (48.0, 51.0, 24.0), 3: "E", 4: (2.0, 21.0, 8.0)})
    return encoded(picture, "JPEG", exif=exif, comment=b"taken at home", icc_profile=b"my own profile", quality=95)


def test_a_clean_photo_tells_no_place_and_no_phone() -> None:
    stored = photo_with_place()
    assert b"Li Ming" in stored
    cleaned = clean_photo(stored)
    reopened = Image.open(io.BytesIO(cleaned))
    assert not reopened.getexif()
    assert b"Exif" not in cleaned
    assert b"Li Ming" not in cleaned
    assert b"at home" not in cleaned
    assert b"my own profile" not in cleaned


def test_a_clean_photo_stands_upright() -> None:
    cleaned = Image.open(io.BytesIO(clean_photo(photo_with_place())))
    assert cleaned.size == (40, 60)
    red, _, blue = cleaned.getpixel((20, 5))
    assert red > 200 > blue


def test_bytes_after_the_end_of_a_picture_are_gone() -> None:
    polyglot = encoded(Image.new("RGB", (20, 20)), "JPEG") + b"PK\x03\x04<script>alert(1)</script>"
    assert b"<script>" not in clean_photo(polyglot)


@pytest.mark.parametrize(("form", "mime"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("GIF", "image/png")])
def test_a_clean_photo_keeps_its_kind_or_becomes_a_png(form: str, mime: str) -> None:
    assert identify(clean_photo(encoded(Image.new("RGB", (20, 10), "teal"), form))).mime == mime


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "PA", "RGB", "RGBA", "I;16"])
def test_every_mode_of_png_opens_as_rgb(mode: str) -> None:
    picture = Image.new("RGBA", (8, 8), (0, 0, 0, 0)).convert("RGB" if mode == "I;16" else mode)
    picture = Image.new("I;16", (8, 8), 65535) if mode == "I;16" else picture
    if mode in ("PA", "P"):
        picture = Image.new("RGBA", (8, 8), (0, 0, 0, 0)).quantize()
    opened = open_upright(encoded(picture, "PNG"))
    assert (opened.mode, opened.size) == ("RGB", (8, 8))


def test_transparency_is_laid_on_white() -> None:
    opened = open_upright(encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG"))
    assert opened.getpixel((1, 1)) == (255, 255, 255)


def test_sixteen_bit_grey_keeps_its_shades() -> None:
    opened = open_upright(encoded(Image.new("I;16", (4, 4), 128 * 256), "PNG"))
    assert opened.getpixel((1, 1)) == (128, 128, 128)


def test_an_animation_becomes_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_upright(data).getpixel((2, 2))[0] > 200


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_truncated_picture_is_unreadable(form: str, share: float) -> None:
    data = encoded(Image.effect_noise((200, 200), 60).convert("RGB"), form)
    with pytest.raises(UnreadableMedia):
        clean_photo(data[: int(len(data) * share)])


def test_sound_is_no_picture() -> None:
    with pytest.raises(UnsupportedMedia):
        open_upright(media("silence.wav"))


def test_limits_hold_here_too() -> None:
    with pytest.raises(MediaTooLarge):
        open_upright(encoded(Image.new("RGB", (200, 200)), "PNG"), limits=MediaLimits(max_pixels=39_999))
    with pytest.raises(EmptyMedia):
        clean_photo(b"")
