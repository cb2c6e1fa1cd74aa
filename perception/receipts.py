"""Date, total and merchant of a receipt or invoice, from the layout of its lines.

Owns the rows that lines of print stand in and the words receipts put beside their amounts, in English and Chinese.
Rules only, no model: every answer can be pointed at in the picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from perception.dates_in_text import dates_in
from perception.facts import Box, Field, TextLine

_AMOUNT = re.compile(r"(?<![\d.,])(-?)\s?(\d{1,3}(?:,\d{3})+|\d{1,7})\.(\d{2})(?!\d|[.,]\d|\s?%)")
_TOTAL = re.compile(
    r"\bTOT(?:A|E|EA)L\b|\bT0TAL\b|\bAMOUNT (?:DUE|PAYABLE|PAID)\b|\bBALANCE DUE\b|\bPAYABLE\b"
    r"|合计|总计|总额|总价|应付|实付|应收"
)
_FINAL = re.compile(
    r"GRAND|ROUND(?:ED)?\b|ROUND.?D|NETT?\b|INCL|DUE|PAYABLE|TOTAL AMOUNT|TOTAL SALES|ORDER TOTAL|实付|应付|总计"
)
_OTHER_TOTAL = re.compile(
    r"SUB.?TOT|EXCL|\bEX\b|TOTAL (?:TAX|GST|VAT|QTY|ITEM|DISC|SAV|POINT)|TAX TOTAL|QTY|QUANTITY|ITEM\(?S|SAVING|ADJ"
    r"|DISCOUNT|小计|优惠"
)
_SUMMARY = re.compile(r"(?:GST|TAX|VAT|SST)\s?(?:SUM|ANALYSIS)|TAX CODE|\bSUMMARY\b|\bSUMARY\b")
_CASH = re.compile(r"\bCASH\b|\bTENDER|\bPAID\b|现金|\bVISA\b|\bMASTER")
_CHANGE = re.compile(r"\bCHANGE\b|找零|找赎")
_RECEIPT_WORDS = re.compile(
    r"RECEIPT|INVOICE|CASHIER|\bCASH\b|\bCHANGE\b|\bTAX\b|\bGST\b|\bVAT\b|SUB.?TOTAL|\bQTY\b|收据|小票|发票|收银|找零|税"
)
_COMPANY = re.compile(
    r"SDN\.? ?BHD|\bLTD\b|\bLIMITED\b|\bINC\b|\bLLC\b|\bGMBH\b|\bPTE\b|\bCO\b\.?|\bCORP|TRADING|ENTERPRISE"
    r"|RESTORAN|RESTAURANT|\bSTORES?\b|\bSHOP\b|\bMART\b|MARKET|\bCAF[EÉ]\b|BISTRO|STATIONERY|PHARMACY|PERNIAGAAN|\bHOTEL\b"
    r"|公司|商店|超市|餐厅|酒店"
)
_NO_MERCHANT = re.compile(
    r"INVOICE|RECEIPT|\bTEL\b|\bFAX\b|\bDATE\b|\bGST\b|\bREG\b|\bNO\b\s?[.:]|WWW\.|HTTP|@|WELCOME|\bORDER\b|\bTABLE\b"
    r"|收据|发票|订单|电话"
)


@dataclass(frozen=True, slots=True)
class Row:
    """Lines that stand beside each other, left to right."""

    lines: tuple[TextLine, ...]

    @property
    def text(self) -> str:
        return " ".join(line.text for line in self.lines)

    @property
    def box(self) -> Box:
        boxes = [line.box for line in self.lines]
        left, top, right, bottom = zip(*boxes, strict=True)
        return min(left), min(top), max(right), max(bottom)


@dataclass(frozen=True, slots=True)
class _Amount:
    value: str
    line: TextLine
    rank: int
    at: int


def fields_of(lines: Sequence[TextLine]) -> Iterator[Field]:
    """The date of anything that shows one; total and merchant of what looks like a receipt."""
    rows = rows_of(lines)
    date = _date(rows)
    if date:
        yield date
    total = _total(rows)
    if total is None:
        return
    yield total
    if looks_like_receipt(lines):
        merchant = _merchant(rows)
        if merchant:
            yield merchant


def looks_like_receipt(lines: Sequence[TextLine]) -> bool:
    """Amounts beside a total, and at least two of the words that receipts are made of."""
    text = "\n".join(line.text.upper() for line in lines)
    words = set(_RECEIPT_WORDS.findall(text))
    return len(words) >= 2 and len(_AMOUNT.findall(text)) >= 2 and _TOTAL.search(text) is not None


def rows_of(lines: Sequence[TextLine]) -> list[Row]:
    """Chains every line to the nearest one on its left at about its height, so that a tilted receipt keeps its rows."""
    rows: list[list[TextLine]] = []
    for line in sorted(lines, key=lambda each: each.box[0]):
        nearest = min(
            (row for row in rows if _beside(row[-1], line)), key=lambda row: _drop(row[-1], line), default=None
        )
        if nearest is None:
            rows.append([line])
        else:
            nearest.append(line)
    return [Row(tuple(row)) for row in sorted(rows, key=lambda row: _middle(row[0]))]


def _middle(line: TextLine) -> float:
    return (line.box[1] + line.box[3]) / 2


def _drop(left: TextLine, right: TextLine) -> float:
    return abs(_middle(left) - _middle(right))


def _beside(left: TextLine, right: TextLine) -> bool:
    height = min(left.box[3] - left.box[1], right.box[3] - right.box[1])
    return left.box[2] <= right.box[0] + height and _drop(left, right) < 0.5 * height


# --- total -----------------------------------------------------------------------------------------------------------


def _total(rows: Sequence[Row]) -> Field | None:
    """The best labelled total. What was paid less the change is a second opinion where both are printed."""
    candidates = list(_labelled_totals(rows))
    paid = _paid_less_change(rows)
    if paid is not None:
        candidates = [
            _Amount(each.value, each.line, each.rank + (2 if each.value == paid.value else 0), each.at)
            for each in candidates
        ] or [paid]
    if not candidates:
        return None
    best = max(candidates, key=lambda each: (each.rank, each.at))
    certainty = min(1.0, 0.5 + 0.1 * best.rank)
    return Field("total", best.value, best.line.box, round(best.line.confidence * certainty, 4))


def _labelled_totals(rows: Sequence[Row]) -> Iterator[_Amount]:
    for at, row in enumerate(rows):
        label = row.text.upper()
        if _SUMMARY.search(label):
            return  # what follows sums up the tax
        if not _TOTAL.search(label) or _OTHER_TOTAL.search(label):
            continue
        rank = 3 if _FINAL.search(label) else 2
        found = _last_amount(row)
        if found is None and at + 1 < len(rows) and not re.search(r"[A-Za-z]{3}", rows[at + 1].text):
            found = _last_amount(rows[at + 1])
        if found:
            yield _Amount(found[0], found[1], rank, at)


def _paid_less_change(rows: Sequence[Row]) -> _Amount | None:
    paid = change = None
    for row in rows:
        label = row.text.upper()
        if _CHANGE.search(label):
            change = _last_amount(row)
        elif _CASH.search(label) and paid is None:
            paid = _last_amount(row)
    if paid is None or change is None:
        return None
    cents = round(float(paid[0]) * 100) - round(float(change[0]) * 100)
    return _Amount(f"{cents // 100}.{cents % 100:02d}", paid[1], 1, 0) if cents > 0 else None


def _last_amount(row: Row) -> tuple[str, TextLine] | None:
    """The rightmost amount of a row as ``35.90``, with its line."""
    for line in reversed(row.lines):
        amounts = _AMOUNT.findall(line.text)
        if amounts:
            sign, whole, cents = amounts[-1]
            return f"{sign}{int(whole.replace(',', ''))}.{cents}", line
    return None


# --- date and merchant -----------------------------------------------------------------------------------------------


def _date(rows: Sequence[Row]) -> Field | None:
    """The first date beside the word, else the first with a time of day, else the first."""
    found: list[tuple[int, int, Field]] = []
    for at, row in enumerate(rows):
        labelled = re.search(r"\bDATE|日期|时间|下单", row.text.upper()) is not None
        timed = re.search(r"\d{1,2}:\d\d", row.text) is not None
        for line in row.lines:
            for date in dates_in(line.text):
                certainty = 0.75 if date.ambiguous else 1.0
                field = Field("date", date.iso, line.box, round(line.confidence * certainty, 4))
                found.append((0 if labelled else 1 if timed else 2, at, field))
    return min(found, key=lambda each: each[:2])[2] if found else None


def _merchant(rows: Sequence[Row]) -> Field | None:
    """The name at the head: the first row that says it is a company, else the first in capitals or Chinese."""
    head = [(name, row) for row in rows[: max(4, len(rows) // 4)] if (name := _name(row.text))]
    company = next((each for each in head if _COMPANY.search(each[0].upper())), None)
    plain = next((each for each in head if each[0] != each[0].lower() or not each[0].isascii()), None)
    chosen = company or plain
    if chosen is None:
        return None
    name, row = chosen
    certainty = (0.9 if company else 0.6) * min(line.confidence for line in row.lines)
    return Field("merchant", name, row.box, round(certainty, 4))


def _name(text: str) -> str | None:
    """``text`` without the company's registration number, where it may be a name."""
    text = re.sub(r"\s*\(?\b\d{5,}-?[A-Z]?\)?\s*$", "", text).strip()
    return text if _may_be_name(text) else None


def _may_be_name(text: str) -> bool:
    letters = sum(character.isalpha() for character in text)
    return letters >= 3 and letters >= 0.6 * len(text.replace(" ", "")) and not _NO_MERCHANT.search(text.upper())
