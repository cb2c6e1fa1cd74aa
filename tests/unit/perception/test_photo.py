from collections.abc import Sequence

import pytest
from PIL import Image, ImageFilter

from perception.facts import PhotoKind, TextLine
from perception.photo import look
from perception.reading import TextReader
from tests.unit.perception.pictures import RECEIPT, encoded, noise, qr_code, written


class ReaderOf(TextReader):
    """Reads what the test tells it to, so that no model is loaded."""

    def __init__(self, texts: Sequence[str] = ()) -> None:
        super().__init__()
        self._texts = texts

    def read(self, picture: Image.Image) -> tuple[TextLine, ...]:
        return tuple(TextLine(text, (0, 30 * at, 200, 30 * at + 20), 0.95) for at, text in enumerate(self._texts))


def kind_of(picture: Image.Image, texts: Sequence[str] = ()) -> PhotoKind:
    return look(encoded(picture, "PNG"), reader=ReaderOf(texts)).kind


def with_code(text: str) -> Image.Image:
    picture = noise(900, 700).filter(ImageFilter.GaussianBlur(2))
    picture.paste(qr_code(text, scale=4), (40, 40))
    return picture


@pytest.mark.parametrize(
    ("picture", "texts", "kind"),
    [
        (noise(300, 400), ["TAX INVOICE", "Item 24.90", "Total 35.90", "CASH 40.00"], "receipt"),
        (with_code("x"), [], "code"),
        (with_code("x"), ["GREEN LEAF", "to: Li Ming", "12 Harbour Road", "parcel"], "label"),
        (with_code("1Z999AA10123456784"), [], "label"),
        (Image.new("RGB", (400, 800), "white"), ["9:41", "Orders", "Your order A1024 is on its way"], "screenshot"),
        (noise(400, 600), [f"line {at} of a letter" for at in range(14)], "document"),
        (noise(400, 300), [], "photo"),
        (Image.new("RGB", (400, 300), "grey"), [], "other"),
    ],
)
def test_the_kind_of_picture(picture: Image.Image, texts: list[str], kind: PhotoKind) -> None:
    assert kind_of(picture, texts) == kind


def test_a_code_with_an_address_yields_the_order_number() -> None:
    photo = look(encoded(with_code("https://shop.example/?order=A1024"), "JPEG"), reader=ReaderOf())
    assert [(field.name, field.value) for field in photo.fields] == [("order_number", "A1024")]
    assert photo.codes[0].text == "https://shop.example/?order=A1024"


def test_a_blurred_photo_is_less_sharp_and_a_dark_one_less_bright() -> None:
    sharp, blurred = noise(400, 300), noise(400, 300).filter(ImageFilter.GaussianBlur(4))
    dark = sharp.point(lambda level: level // 8)
    facts = [look(encoded(picture, "PNG"), reader=ReaderOf()) for picture in (sharp, blurred, dark)]
    assert facts[0].sharpness > 0.5 > facts[1].sharpness
    assert facts[0].brightness > 0.3 > 0.1 > facts[2].brightness
    for each in facts:
        assert 0 <= each.sharpness <= 1
        assert 0 <= each.brightness <= 1


@pytest.mark.parametrize("size", [(1, 1), (2, 50), (3000, 2)])
def test_the_smallest_pictures_are_looked_at_too(size: tuple[int, int]) -> None:
    photo = look(encoded(Image.new("RGB", size), "PNG"), reader=ReaderOf())
    assert (photo.width, photo.height) == size


@pytest.fixture(scope="module")
def real_reader() -> TextReader:
    return TextReader()


def test_a_printed_receipt_is_read_with_the_real_reader(real_reader: TextReader) -> None:
    photo = look(encoded(written(RECEIPT), "JPEG", quality=85), reader=real_reader)
    assert photo.kind == "receipt"
    found = {field.name: field.value for field in photo.fields}
    assert found == {
        "order_number": "A1024",
        "date": "2026-11-21",
        "total": "35.90",
        "merchant": "GREEN LEAF TRADING CO",
    }
    total = next(field for field in photo.fields if field.name == "total")
    left, top, right, bottom = total.box
    assert 0 < left < right <= photo.width
    assert 0 < top < bottom <= photo.height


def test_the_real_reader_finds_nothing_on_an_empty_page(real_reader: TextReader) -> None:
    for size in ((64, 64), (1, 1), (2000, 3)):
        assert real_reader.read(Image.new("RGB", size, "white")) == ()
