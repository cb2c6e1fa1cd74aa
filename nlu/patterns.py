"""Entities that have a form: codes, e-mails, phones, dates, times, amounts, quantities, ratings.

Numbers with their words around them are matched by spaCy's Matcher over ``nlu.tokens``; codes, dates, times, amounts
and phones have finders of their own. Each find carries its normal form, at offsets into the prepared text. Nothing
here is trained.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from phonenumbers import Leniency, PhoneNumberFormat, PhoneNumberMatch, PhoneNumberMatcher, format_number

from nlu.amounts import find_amounts
from nlu.clock import find_times
from nlu.dates import find_dates
from nlu.numbers import ORDER_NUMBER_PATTERN, TICKET_NUMBER_PATTERN, CodeFinder
from nlu.numerals import parse_number
from nlu.tokens import Doc, Matcher, Vocab
from nlu.understanding import Language

PATTERN_ENTITIES = (
    "order_number", "ticket_number", "email", "phone", "date", "time", "amount", "rating", "quantity",
)  # fmt: skip
"""In order of precedence where two claim the same words."""

_EMAIL = re.compile(
    r"(?<![A-Za-z0-9._%+@-])[A-Za-z0-9_](?:[A-Za-z0-9._%+-]{0,62}[A-Za-z0-9_+-])?"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,24}(?![A-Za-z0-9@-])"
)
_STARS = re.compile(r"(?<![⭐★🌟☆])(?=.{2,5}(?![⭐★🌟☆]))(?:⭐|★|🌟){1,5}☆{0,4}(?![⭐★🌟☆])")
_CHINESE_MOBILE = re.compile(r"1[3-9]\d(?:[ -]?\d{4}){2}")

TokenPattern = dict[str, Any]

_DIGITS: TokenPattern = {"TEXT": {"REGEX": r"^\d+(?:[.,]\d+)*$"}}
_WORDS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_WORD: TokenPattern = {"LOWER": {"IN": _WORDS}}
_HAN: TokenPattern = {"TEXT": {"IN": list("零〇一二两兩三四五六七八九十百千")}, "OP": "+"}
_SMALL_HAN: TokenPattern = {"TEXT": {"IN": list("一二两兩三四五")}}
_SMALL_WORD: TokenPattern = {"LOWER": {"IN": _WORDS[:5]}}
_SMALL_DIGIT: TokenPattern = {"TEXT": {"IN": list("12345")}}
_SMALL_NUMBERS: tuple[TokenPattern, ...] = (_SMALL_DIGIT, _SMALL_WORD, _SMALL_HAN)

_UNIT_WORDS = (
    "piece pieces pc pcs item items unit units pair pairs box boxes bottle bottles set sets pack packs bag bags copies"
)
_UNITS = _UNIT_WORDS.split()
_MEASURES = list("件个個只隻双雙盒箱瓶包套台臺本条條份张張把支袋副")
_RATING_CUES = ["rate", "rating", "rated", "score", "scored"]


@dataclass(frozen=True, slots=True)
class Found:
    """An entity at ``[start, end)`` of the prepared text."""

    name: str
    start: int
    end: int
    value: str
    confidence: float = 1.0
    extractor: str = "patterns"


class PatternExtractor:
    """Finds all that has a form. ``today`` is asked anew for every text; regions are ISO country codes."""

    def __init__(
        self,
        vocabulary: Vocab,
        *,
        today: Callable[[], date],
        order_number_pattern: str = ORDER_NUMBER_PATTERN,
        ticket_number_pattern: str = TICKET_NUMBER_PATTERN,
        phone_regions: Sequence[str] = ("US", "CN"),
        day_first: bool = False,
    ) -> None:
        self._matcher = _matcher(vocabulary)
        self._today = today
        self._codes = (
            ("order_number", CodeFinder(order_number_pattern)),
            ("ticket_number", CodeFinder(ticket_number_pattern)),
        )
        self._regions = tuple(phone_regions)
        self._day_first = day_first

    def find(self, text: str, document: Doc, language: Language) -> list[Found]:
        """Left to right, never overlapping; precedence as in ``PATTERN_ENTITIES``, then the longer."""
        found = [Found("email", *match.span(), match.group().lower()) for match in _EMAIL.finditer(text)]
        for name, finder in self._codes:
            found += (Found(name, code.start, code.end, code.value) for code in finder.find(text))
        found += self._phones(text, language)
        dates = find_dates(text, self._today(), day_first=self._day_first)
        for name, those in (("date", dates), ("time", find_times(text)), ("amount", find_amounts(text))):
            found += (Found(name, one.start, one.end, one.value) for one in those)
        found += self._counted(document)
        return without_overlaps(found, precedence=PATTERN_ENTITIES)

    def _phones(self, text: str, language: Language) -> Iterator[Found]:
        """In E.164. Some Chinese mobile numbers are valid American ones too: a number written in the Chinese way is
        believed to be one, and whoever writes Chinese is first believed to mean a Chinese number."""
        if sum(map(str.isdigit, text)) < 7:
            return
        chinese_first = sorted(self._regions, key=lambda region: region != "CN")
        taken: set[int] = set()
        for region in chinese_first if language in {"zh", "mixed"} else self._regions:
            for match in PhoneNumberMatcher(text, region):
                mobile = "CN" in self._regions and _CHINESE_MOBILE.fullmatch(match.raw_string)
                if match.start not in taken and not (mobile and region != "CN"):
                    taken.add(match.start)
                    yield _phone(match)
        if "+" in text:  # with its country it is a number even where that country has not given it out yet
            for match in PhoneNumberMatcher(text, None, leniency=Leniency.POSSIBLE):
                if match.start not in taken:
                    yield _phone(match)

    def _counted(self, document: Doc) -> Iterator[Found]:
        """Quantities and ratings: the number alone, without its unit; or the stars of a rating (⭐⭐⭐⭐, ★★★☆☆)."""
        for key, first, last in self._matcher(document):
            name = document.vocab.strings[key]
            numeral = _numeral_in(document, first, last)
            if numeral is not None and _plausible(name, document, last, numeral):
                yield Found(name, numeral.start, numeral.end, numeral.value)
        for match in _STARS.finditer(document.text):
            yield Found("rating", match.start(), match.end(), str(sum(map(match.group().count, "⭐★🌟"))))
        bare = document.text.strip(" 。.!！")
        if bare in set("12345"):
            start = document.text.index(bare)
            yield Found("rating", start, start + 1, bare)


def _phone(match: PhoneNumberMatch) -> Found:
    return Found("phone", match.start, match.end, format_number(match.number, PhoneNumberFormat.E164))


def without_overlaps(found: Iterable[Found], *, precedence: Sequence[str]) -> list[Found]:
    """The best claims on each stretch of text, left to right; names outside ``precedence`` come last."""
    rank = {name: place for place, name in enumerate(precedence)}
    chosen: list[Found] = []
    for one in sorted(found, key=lambda one: (rank.get(one.name, len(rank)), one.start - one.end, one.start)):
        if one.start < one.end and all(one.end <= other.start or other.end <= one.start for other in chosen):
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.start)


def _matcher(vocabulary: Vocab) -> Matcher:
    matcher = Matcher(vocabulary)
    matcher.add("quantity", _quantity_patterns())
    matcher.add("rating", _rating_patterns())
    return matcher


def _each(numbers: Iterable[TokenPattern], *after: TokenPattern) -> list[list[TokenPattern]]:
    """One pattern for every way of writing the number."""
    return [[number, *after] for number in numbers]


def _one_of(words: Iterable[str], *, optional: bool = False) -> TokenPattern:
    pattern: TokenPattern = {"LOWER": {"IN": list(words)}}
    return pattern | {"OP": "?"} if optional else pattern


def _quantity_patterns() -> list[list[TokenPattern]]:
    return [
        *_each((_DIGITS, _WORD), _one_of(_UNITS)),
        [_one_of(_TENS), _one_of(["-"], optional=True), _one_of(_WORDS[:9]), _one_of(_UNITS)],
        [_one_of(["half"], optional=True), _one_of(["a"]), _one_of(["dozen"])],
        [_DIGITS, _one_of(["x"])],
        *_each((_DIGITS, _WORD), _one_of(["of"]), _one_of(["them", "these", "those", "the"])),
        *_each((_DIGITS, _HAN), _one_of(_MEASURES)),
        [_one_of(["x", "×", "qty", "quantity"]), _one_of([":"], optional=True), _DIGITS],
    ]


def _rating_patterns() -> list[list[TokenPattern]]:
    small_chinese = (_SMALL_DIGIT, _SMALL_HAN)
    patterns = [
        *_each(_SMALL_NUMBERS, _one_of(["-"], optional=True), _one_of(["star", "stars", "*"])),
        *_each(_SMALL_NUMBERS, _one_of(["/"]), _one_of(["5"])),
        *_each(_SMALL_NUMBERS, _one_of(["out"], optional=True), _one_of(["of"]), _one_of(["5", "five"])),
        *_each(small_chinese, _one_of("颗顆", optional=True), _one_of("星")),
        *_each(small_chinese, _one_of("分")),
    ]
    linked = _one_of([":", "is", "of", "you", "it", "this", "as"], optional=True)
    patterns += [[_one_of(_RATING_CUES), linked, _one_of("a", optional=True), number] for number in _SMALL_NUMBERS]
    patterns += [
        [_one_of("评評打"), _one_of("分"), _one_of(":是为", optional=True), number] for number in small_chinese
    ]
    return patterns


@dataclass(frozen=True, slots=True)
class _Numeral:
    start: int
    end: int
    value: str


def _numeral_in(document: Doc, first: int, last: int) -> _Numeral | None:
    """The longest number among the tokens, the first of those."""
    for length in range(last - first, 0, -1):
        for place in range(first, last - length + 1):
            span = document[place : place + length]
            number = parse_number(span.text)
            if number is not None and number == number.to_integral_value() and not _is_article(span.text):
                return _Numeral(span.start_char, span.end_char, str(int(number)))
    return None


def _is_article(word: str) -> bool:
    return word.casefold() in {"a", "an"}


def _plausible(name: str, document: Doc, last: int, numeral: _Numeral) -> bool:
    """Not "5分钟" as a rating, nor "三个月", "一件事", "第二个", "这两件" as a quantity."""
    after = document[last].text if last < len(document) else ""
    before = document.text[numeral.start - 1] if numeral.start else ""
    if before in set("第这那哪每這."):
        return False
    if name == "rating":
        return after not in {"钟", "鐘", "之", "/", "."} and not after.isdigit()
    if document.text[numeral.start : numeral.end] == "一":
        return False  # "一张发票": an article rather than a count
    if document[last - 1].text in {"个", "個"}:
        return after not in set("月星礼禮小工人字钟")
    return 0 < int(numeral.value) < 10_000
