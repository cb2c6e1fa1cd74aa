import pytest

from perception.dates_in_text import PrintedDate, dates_in


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Date: 25/12/2018 8:13:39 PM", "2018-12-25"),
        ("12-28-17 22:10", "2017-12-28"),
        ("2026-11-21", "2026-11-21"),
        ("2026年11月21日", "2026-11-21"),
        ("2026.11.21", "2026-11-21"),
        ("03 MAR 2018", "2018-03-03"),
        ("3rd March, 2018", "2018-03-03"),
        ("Mar 3, 2018", "2018-03-03"),
        ("21-Nov-26", "2026-11-21"),
        ("2018-03-24 22:17PM", "2018-03-24"),
    ],
)
def test_a_date_is_read_in_any_common_form(text: str, iso: str) -> None:
    assert dates_in(text) == [PrintedDate(iso)]


def test_where_day_and_month_cannot_be_told_apart_the_day_comes_first() -> None:
    assert dates_in("05/03/2018") == [PrintedDate("2018-03-05", ambiguous=True)]
    assert dates_in("05/05/2018") == [PrintedDate("2018-05-05")]


@pytest.mark.parametrize(
    "text", ["", "32/01/2018", "30/02/2018", "HC03-7 - 15", "192.168.10.12", "TEL 03-3271 9872", "1/2", "4.60 0.28"]
)
def test_other_numbers_are_no_dates(text: str) -> None:
    assert dates_in(text) == []
