"""Facts read off a picture: order and tracking numbers, date, total, merchant.

Owns the rules that turn lines of print and codes into named fields, each with its box and confidence. Sees no pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from perception import receipts
from perception.facts import Code, Field, TextLine
from perception.numbers_in_text import order_numbers_in, tracking_number_in

_CODE_CONFIDENCE = 0.99
"""A decoded code carries its own checksum."""


def fields_of(codes: Sequence[Code], lines: Sequence[TextLine], *, order_number_pattern: str) -> tuple[Field, ...]:
    """Every field found, each value once; of several order numbers the surest comes first."""
    found = [*_order_numbers(codes, lines, order_number_pattern), *_tracking(codes, lines), *receipts.fields_of(lines)]
    found.sort(key=lambda field: -field.confidence)
    unique: dict[tuple[str, str], Field] = {}
    for field in found:
        unique.setdefault((field.name, field.value), field)
    return tuple(unique.values())


def _order_numbers(codes: Sequence[Code], lines: Sequence[TextLine], pattern: str) -> Iterator[Field]:
    for code in codes:
        for number in order_numbers_in(code.text, pattern):
            yield Field("order_number", number, code.box, _CODE_CONFIDENCE)
    for line in lines:
        for number in order_numbers_in(line.text, pattern):
            yield Field("order_number", number, line.box, line.confidence)


def _tracking(codes: Sequence[Code], lines: Sequence[TextLine]) -> Iterator[Field]:
    for code in codes:
        number = tracking_number_in(code.text, labelled=False)
        if number:
            yield Field("tracking_number", number, code.box, _CODE_CONFIDENCE)
    for at, line in enumerate(lines):
        number = tracking_number_in(line.text, labelled=False) or tracking_number_in(
            " ".join(each.text for each in lines[at : at + 2]), labelled=True
        )
        if number:
            yield Field("tracking_number", number, line.box, line.confidence)
