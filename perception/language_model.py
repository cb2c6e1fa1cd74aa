"""The support desk's language model for pocketsphinx: which words customers say after which.

Owns the phrases in ``support_desk.txt``, the spelling out of their places ({order}, {digits} …) and the trigram model
made of them in the ARPA format. Deterministic: the same phrases give the same model.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Iterator
from importlib.resources import files
from io import StringIO

from pocketsphinx.lm import ArpaBoLM

_DIGITS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = [
    "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ITEMS = [
    "phone", "laptop", "screen", "keyboard", "mouse", "headphones", "camera", "charger", "cable", "battery", "tablet",
    "watch", "speaker", "printer", "lamp", "chair", "table", "bag", "shirt", "shoes", "jacket", "dress", "cup", "mug",
    "kettle", "toaster", "coffee machine", "product", "item", "device", "package", "backpack", "umbrella", "bottle",
    "book",
]  # fmt: skip
_SAMPLES = 12
"""How often a phrase with a place is spelled out; the others are weighted by _FIXED_WEIGHT so that they keep up."""
_FIXED_WEIGHT = 4
_SEED = 7
_PLACE = re.compile(r"\{(\w+)\}")
_ORDER_PREFIX = re.compile(r"[A-Za-z]{1,3}")


def packaged_phrases() -> list[str]:
    """The phrases that come with the program, one a line, with their places."""
    lines = files("perception").joinpath("support_desk.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def support_desk_model(
    known: Callable[[str], bool], order_number_pattern: str, more_phrases: Iterable[str] = ()
) -> str:
    """The trigram model as ARPA text.

    ``known`` tells whether the recogniser can pronounce a word; phrases with other words are left out. The letters
    that order numbers begin with are taken from the pattern. ``more_phrases`` may be written as one types them; those
    with digits that are no order number are left out.
    """
    prefix = _ORDER_PREFIX.match(order_number_pattern)
    letters = [f"{letter.lower()}." for letter in (prefix[0] if prefix else "A")]
    dice = random.Random(_SEED)
    phrases = [*packaged_phrases(), *(_plain(phrase, order_number_pattern) for phrase in more_phrases)]
    sentences = [
        sentence
        for phrase in phrases
        if phrase
        for sentence in _spelled_out(phrase, letters, dice)
        if all(known(word) for word in sentence.split())
    ]
    model = ArpaBoLM(text="\n".join(f"<s> {sentence} </s>" for sentence in sentences))
    model.compute()
    return _arpa(model)


def _arpa(model: ArpaBoLM) -> str:
    out = StringIO()
    model.write(out)
    return out.getvalue()


def _plain(phrase: str, order_number_pattern: str) -> str:
    """A written example as it would be said, with a place for an order number; empty where other digits stand in it."""
    placed = re.sub(rf"\b(?:{order_number_pattern})\b", " {order} ", phrase, flags=re.IGNORECASE)
    if re.search(r"\d", placed):
        return ""
    return " ".join(re.findall(r"\{order\}|[a-z]+(?:'[a-z]+)?", placed.lower()))


def _spelled_out(phrase: str, letters: list[str], dice: random.Random) -> Iterator[str]:
    if not _PLACE.search(phrase):
        yield from [phrase] * _FIXED_WEIGHT
        return
    places: dict[str, Callable[[], list[str]]] = {
        "order": lambda: [*letters, *_number(dice)],
        "ticket": lambda: ["t.", *_number(dice)],
        "digits": lambda: _digits(dice, dice.choice([7, 10, 11])),
        "item": lambda: [dice.choice(_ITEMS)],
        "small": lambda: [dice.choice(_DIGITS)],
    }
    for _ in range(_SAMPLES):
        yield _PLACE.sub(lambda place: " ".join(places[place[1]]()), phrase)


def _number(dice: random.Random) -> list[str]:
    """Four to six digits, said one by one or in pairs."""
    if dice.random() < 0.7:
        return _digits(dice, dice.choice([4, 4, 4, 5, 6]))
    return _pair(dice) + _pair(dice)


def _digits(dice: random.Random, count: int) -> list[str]:
    said = dice.choices(_DIGITS, k=count)
    return ["oh" if word == "zero" and dice.random() < 0.15 else word for word in said]


def _pair(dice: random.Random) -> list[str]:
    shape = dice.random()
    if shape < 0.35:
        return [dice.choice(_TEENS)]
    if shape < 0.85:
        return [dice.choice(_TENS), dice.choice(_DIGITS[1:])][: 1 if shape >= 0.75 else 2]
    return ["oh", dice.choice(_DIGITS[1:])]
