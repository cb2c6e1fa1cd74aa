from perception.facts import Code, TextLine
from perception.fields import fields_of

BOX = (0, 0, 100, 20)
PATTERN = r"A\d{4,8}"


def test_an_order_number_in_a_code_goes_before_one_in_print_and_comes_once() -> None:
    codes = [Code("QRCode", "https://shop.example/?order=A1024", (5, 5, 50, 50))]
    lines = [TextLine("Order A1024", BOX, 0.9), TextLine("formerly A2048", BOX, 0.8)]
    found = fields_of(codes, lines, order_number_pattern=PATTERN)
    assert [(field.name, field.value) for field in found] == [("order_number", "A1024"), ("order_number", "A2048")]
    assert found[0].box == (5, 5, 50, 50)
    assert found[0].confidence > found[1].confidence


def test_a_tracking_number_is_read_from_a_barcode_and_from_two_lines() -> None:
    (from_code,) = fields_of([Code("Code128", "1Z999AA10123456784", BOX)], [], order_number_pattern=PATTERN)
    assert (from_code.name, from_code.value) == ("tracking_number", "1Z999AA10123456784")
    lines = [TextLine("Tracking number", BOX, 0.9), TextLine("9400100000000000000000", (0, 30, 200, 50), 0.95)]
    (from_text,) = fields_of([], lines, order_number_pattern=PATTERN)
    assert (from_text.name, from_text.value) == ("tracking_number", "9400100000000000000000")


def test_nothing_comes_of_nothing() -> None:
    assert fields_of([], [], order_number_pattern=PATTERN) == ()
