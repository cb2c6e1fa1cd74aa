"""What the server says itself: every phrase in both languages, with its blanks filled."""

import re
from typing import get_args

import pytest

from bot.phrases import Phrase, phrase
from bot.remarks import remark_on_kind
from crm.models import MessageKind

CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.mark.parametrize("key", get_args(Phrase))
def test_every_phrase_is_in_both_languages(key: Phrase) -> None:
    english, chinese = (phrase(key, language, minutes=5, characters="4,000", words="A1") for language in ("en", "zh"))
    assert not CHINESE.search(english)
    assert CHINESE.search(chinese)
    assert re.findall(r"\d[\d,]*", english) == re.findall(r"\d[\d,]*", chinese)
    assert "{" not in english + chinese


def test_another_language_is_answered_in_english() -> None:
    assert phrase("technical_problem", "fr") == phrase("technical_problem", "en")


@pytest.mark.parametrize("kind", get_args(MessageKind))
def test_no_kind_is_met_with_silence(kind: MessageKind) -> None:
    assert phrase(remark_on_kind(kind, None), "zh", characters="4,000")
