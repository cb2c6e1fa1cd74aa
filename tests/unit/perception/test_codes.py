import numpy as np
import pytest
import zxingcpp
from PIL import Image

from perception.codes import find_codes
from tests.unit.perception.pictures import noise, qr_code


def test_a_qr_code_is_read_with_its_place() -> None:
    picture = Image.new("RGB", (600, 400), "white")
    picture.paste(qr_code("https://shop.example/?order=A1024"), (300, 100))
    (code,) = find_codes(picture)
    assert (code.format, code.text) == ("QRCode", "https://shop.example/?order=A1024")
    left, top, right, bottom = code.box
    assert left >= 300
    assert top >= 100
    assert 100 < right - left < 300
    assert 100 < bottom - top < 300


@pytest.mark.parametrize("name", ["Code128", "DataMatrix", "PDF417", "Aztec"])
@pytest.mark.parametrize("turn", [0, 90, 180])
def test_other_codes_are_read_whichever_way_they_lie(name: str, turn: int) -> None:
    code = zxingcpp.create_barcode("A1024", getattr(zxingcpp.BarcodeFormat, name))
    drawn = Image.fromarray(np.array(code.to_image(scale=4))).convert("RGB")
    if name == "Code128":
        drawn = drawn.resize((drawn.width, 120), Image.Resampling.NEAREST)
    picture = Image.new("RGB", (drawn.width + 80, drawn.height + 80), "white")
    picture.paste(drawn, (40, 40))
    found = find_codes(picture.rotate(turn, expand=True))
    assert [code.text for code in found] == ["A1024"]


def test_several_codes_come_from_top_to_bottom_and_each_once() -> None:
    picture = Image.new("RGB", (900, 900), "white")
    for text, place in (("first", (500, 20)), ("second", (20, 320)), ("first", (500, 600))):
        picture.paste(qr_code(text), place)
    assert [code.text for code in find_codes(picture)] == ["first", "second"]


def test_no_code_is_seen_where_there_is_none() -> None:
    assert find_codes(noise(400, 300)) == ()
