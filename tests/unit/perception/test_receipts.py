from perception.facts import TextLine
from perception.receipts import fields_of, looks_like_receipt, rows_of

Printed = tuple[str, int, int]


def printed(*lines: Printed, slope: float = 0.0, height: int = 20) -> list[TextLine]:
    """Lines as (text, left, row); ``slope`` tilts the paper."""
    return [
        TextLine(
            text,
            (left, int(row * 30 + left * slope), left + 10 * len(text), int(row * 30 + left * slope) + height),
            0.98,
        )
        for text, left, row in lines
    ]


RECEIPT: tuple[Printed, ...] = (
    ("GREEN LEAF TRADING CO", 100, 0),
    ("(742016-W)", 150, 1),
    ("TAX INVOICE", 120, 2),
    ("Date: 21/11/2026 14:05", 10, 3),
    ("Desk lamp", 10, 4), ("24.90", 400, 4),
    ("Cable", 10, 5), ("8.00", 400, 5),
    ("Subtotal", 10, 6), ("32.90", 400, 6),
    ("GST 6%", 10, 7), ("3.00", 400, 7),
    ("Total", 10, 8), ("RM", 300, 8), ("35.90", 400, 8),
    ("CASH", 10, 9), ("40.00", 400, 9),
    ("CHANGE", 10, 10), ("4.10", 400, 10),
    ("GST SUMMARY", 10, 11),
    ("Total", 10, 12), ("32.90", 300, 12), ("3.00", 400, 12),
)  # fmt: skip


def values(lines: list[TextLine]) -> dict[str, str]:
    return {field.name: field.value for field in fields_of(lines)}


def test_date_total_and_merchant_of_a_receipt() -> None:
    assert values(printed(*RECEIPT)) == {
        "date": "2026-11-21",
        "total": "35.90",
        "merchant": "GREEN LEAF TRADING CO",
    }


def test_a_tilted_receipt_keeps_its_rows() -> None:
    tilted = printed(*RECEIPT, slope=0.03)
    assert values(tilted)["total"] == "35.90"
    assert any(row.text == "Total RM 35.90" for row in rows_of(tilted))


def test_a_chinese_receipt() -> None:
    lines = printed(
        ("绿叶超市有限公司", 100, 0),
        ("收银小票", 120, 1),
        ("日期：2026年11月21日", 10, 2),
        ("台灯", 10, 3), ("24.90", 400, 3),
        ("小计", 10, 4), ("32.90", 400, 4),
        ("合计", 10, 5), ("￥35.90", 400, 5),
        ("现金", 10, 6), ("40.00", 400, 6),
        ("找零", 10, 7), ("4.10", 400, 7),
    )  # fmt: skip
    assert values(lines) == {"date": "2026-11-21", "total": "35.90", "merchant": "绿叶超市有限公司"}


def test_thousands_and_the_amount_below_its_word() -> None:
    lines = printed(
        ("INVOICE RECEIPT", 10, 0), ("Item", 10, 1), ("1,200.00", 400, 1), ("Grand Total", 10, 2), ("1,235.50", 400, 3)
    )
    assert values(lines)["total"] == "1235.50"


def test_what_was_paid_less_the_change_is_the_total_where_none_is_printed() -> None:
    lines = printed(
        ("RECEIPT", 10, 0),
        ("Item total", 10, 1),
        ("CASH", 10, 2),
        ("40.00", 300, 2),
        ("CHANGE", 10, 3),
        ("4.10", 300, 3),
    )
    assert values(lines)["total"] == "35.90"


def test_a_page_of_prose_has_neither_total_nor_merchant() -> None:
    lines = printed(("The committee met on 3 March 2018.", 10, 0), ("A total of nine members came.", 10, 1))
    assert values(lines) == {"date": "2018-03-03"}
    assert not looks_like_receipt(lines)


def test_nothing_is_found_on_an_empty_page() -> None:
    assert values([]) == {}
    assert rows_of([]) == []
