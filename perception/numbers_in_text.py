"""Order numbers and parcel tracking numbers in printed or encoded text.

Pure text. Knows the shop's form of an order number as a pattern of its normal form (capitals and digits, without
spaces and hyphens), and the few tracking numbers that prove themselves by form or check digit.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

_GAP = re.compile(r"(?<=[A-Z])[ \-_:#]{1,2}(?=\d)")
_UPS = re.compile(r"(?<![A-Z0-9])1Z[0-9A-Z]{16}(?![A-Z0-9])")
_POSTAL = re.compile(r"(?<![A-Z0-9])([A-Z]{2})(\d{8})(\d)([A-Z]{2})(?![A-Z0-9])")
_CHINESE = re.compile(r"(?<![A-Z0-9])(?:SF\d{12,15}|YT\d{13,15}|JD[A-Z0-9]\d{11,13}|JT\d{13})(?![A-Z0-9])")
_LABELLED = re.compile(
    r"(?:TRACKING|WAYBILL|AWB|CONSIGNMENT|运单|快递单|物流单)[ ]?(?:NUMBER|NO|NR|ID|CODE|号码|号|编号)?[ .:#：]*"
    r"([A-Z]{0,4}(?:\d[A-Z0-9]{3,}|\d{3,4})(?: \d{2,})*)(?![A-Z0-9])"
)
_LABELLED_LENGTH = 8
_POSTAL_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)
"""Universal Postal Union, standard S10."""


def order_numbers_in(text: str, pattern: str) -> list[str]:
    """The order numbers in ``text``, in normal form, each once, in order. Reads addresses (``…?order=A1024``) too."""
    plain = unquote(text).upper()
    whole = re.compile(rf"(?<![A-Z0-9])(?:{pattern})(?![A-Z0-9])")
    found = [match[0] for variant in (plain, _GAP.sub("", plain)) for match in whole.finditer(variant)]
    return list(dict.fromkeys(found))


def tracking_number_in(text: str, *, labelled: bool) -> str | None:
    """The first tracking number in ``text``; with ``labelled`` also one known only by the words before it."""
    plain = text.upper()
    for known in (_UPS, _CHINESE):
        match = known.search(plain)
        if match:
            return match[0]
    match = next((each for each in _POSTAL.finditer(re.sub(r"(?<=\w) (?=\w)", "", plain)) if _postal_check(each)), None)
    if match:
        return match[0]
    match = _LABELLED.search(plain) if labelled else None
    number = match[1].replace(" ", "") if match else ""
    return number if len(number) >= _LABELLED_LENGTH else None


def _postal_check(match: re.Match[str]) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(_POSTAL_WEIGHTS, match[2], strict=True))
    expected = {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
    return expected == int(match[3])
