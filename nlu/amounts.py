"""Sums of money in a prepared text, with their currency: "$35.90", 三百二十块, 1.5万元, "twenty-five dollars".

A value reads ``35.90 USD`` (ISO 4217, two decimals). Traditional characters are read as simplified ones. ``$`` alone is
the US dollar and ``¥`` the yuan; 块 without figures and below ten is a piece rather than money (一块毛巾).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from nlu.numerals import ENGLISH_NUMBER, HAN_NUMERAL, parse_number
from nlu.script import simplified

_MARKS = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "CNY", "₹": "INR", "₩": "KRW"}
_PREFIXES = {
    "us": "USD", "hk": "HKD", "au": "AUD", "a": "AUD", "ca": "CAD", "c": "CAD", "nt": "TWD", "s": "SGD", "sg": "SGD",
    "nz": "NZD", "cn": "CNY", "rmb": "CNY", "jp": "JPY",
}  # fmt: skip
_CODES = ["usd", "eur", "gbp", "cny", "rmb", "hkd", "jpy", "aud", "cad", "sgd", "twd", "krw", "inr", "nzd", "chf"]
_WORDS = {
    "dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "euro": "EUR", "euros": "EUR",
    "pound": "GBP", "pounds": "GBP", "quid": "GBP", "yuan": "CNY", "yen": "JPY",
}  # fmt: skip
_CHINESE = {
    "美元": "USD", "美金": "USD", "欧元": "EUR", "英镑": "GBP", "人民币": "CNY", "元钱": "CNY", "元整": "CNY",
    "元": "CNY",
    "圆": "CNY", "块钱": "CNY", "块": "CNY", "港币": "HKD", "港元": "HKD", "日元": "JPY", "台币": "TWD",
    "新台币": "TWD",
    "加元": "CAD", "澳元": "AUD", "韩元": "KRW",
}  # fmt: skip
_CENTS = {"cents": "USD", "cent": "USD", "pence": "GBP", "毛": "CNY", "毛钱": "CNY", "角": "CNY", "分钱": "CNY"}


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


_FIGURES = r"\d{1,3}(?:[,.' ]\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?"
_MANY = r"\s?(?:[kK](?![A-Za-z])|[万千亿])"
_HAN = rf"(?:{HAN_NUMERAL}|[万亿])+"

_AMOUNT = re.compile(
    rf"""
      (?P<before>\b(?:{_any(_PREFIXES)})\s?[$¥]|[$€£¥₹₩]|\b(?:{_any(_CODES)})(?![A-Za-z])|(?:人民币|港币|美金|美元|台币|欧元|英镑|日元):?)\s?
      (?P<figures>{_FIGURES})(?P<many>{_MANY})?(?:\s?(?P<again>(?:{_any(_CODES)})\b|{_any(_CHINESE)}))?
    | (?<![\d.,$€£¥])(?P<number>{_FIGURES})(?P<many2>{_MANY})?[\s-]?
      (?P<after>[$€£¥](?!\s?\d)|(?:{_any([*_CODES, *_WORDS])})\b|(?:{_any(_CHINESE)}))
      (?:\s(?:and\s)?(?P<cents>\d{{1,2}})\scents?\b|(?<=块)(?P<dimes>[\d一二三四五六七八九])(?![\d十百个件条])(?:毛|角)?)?
    | \b(?=[a-z])(?P<words>{ENGLISH_NUMBER})[\s-](?P<after_words>(?:{_any([*_CODES, *_WORDS])})\b)
    | (?P<han>{_HAN})(?P<after_han>{_any(_CHINESE)})(?!二次|一次|素)
      (?:(?<=块)(?P<han_dimes>[一二三四五六七八九])(?![十百个件条张])(?:毛|角)?)?
    | (?<![\d.])(?P<small>\d{{1,2}}|{HAN_NUMERAL}{{1,2}})\s?
      (?P<small_unit>cents?\b|pence\b|毛钱|毛(?!巾|衣|毯|线|绒|病)|角(?!落|度|色|星|形|函)|分钱)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TIMES = {"k": 1000, "千": 1000, "万": 10_000, "亿": 100_000_000}


@dataclass(frozen=True, slots=True)
class Amount:
    """At ``[start, end)`` of the text."""

    start: int
    end: int
    value: str


def find_amounts(text: str) -> Iterator[Amount]:
    """Left to right, never overlapping."""
    for match in _AMOUNT.finditer(simplified(text)):
        worth = _worth(match)
        if worth is not None:
            number, currency = worth
            rounded = number.quantize(Decimal("0.01")) if number < 10**12 else number
            yield Amount(match.start(), match.end(), f"{rounded} {currency}")


def _worth(match: re.Match[str]) -> tuple[Decimal, str] | None:
    if match["small"]:
        number = parse_number(match["small"])
        unit = match["small_unit"].lower()
        share = Decimal("0.1") if unit[0] in "毛角" else Decimal("0.01")
        return None if number is None else (number * share, _CENTS[unit])
    if match["before"]:
        number, currency = _of_figures(match["figures"], match["many"]), _currency(match["again"] or match["before"])
    elif match["number"]:
        number, currency = _of_figures(match["number"], match["many2"]), _currency(match["after"])
    else:
        number, currency = (
            parse_number(match["words"] or match["han"]),
            _currency(match["after_words"] or match["after_han"]),
        )
        if match["after_han"] == "块" and not match["han_dimes"] and number is not None and number < 10:
            return None
    if number is None or currency is None:
        return None
    dimes = parse_number(match["dimes"] or match["han_dimes"] or "0") or Decimal(0)
    return number + dimes / 10 + Decimal(match["cents"] or 0) / 100, currency


def _of_figures(figures: str, many: str | None) -> Decimal | None:
    number = parse_number(figures)
    return None if number is None else number * _TIMES[many.strip().lower()] if many else number


def _currency(words: str) -> str | None:
    """``USD`` of "US$", "bucks", 美金."""
    word = words.strip(" :").casefold()
    if word[-1] in _MARKS:
        return _PREFIXES.get(word[:-1].strip()) or _MARKS[word[-1]]
    if word in _CODES:
        return "CNY" if word == "rmb" else word.upper()
    return _WORDS.get(word) or _CHINESE.get(word)
