from __future__ import annotations

import pytest

from nlu.emoji import in_words


@pytest.mark.parametrize(
    ("character", "words"),
    [
        ("👍", " yes ok "), ("👎", " no "), ("🙏", " thank you "), ("❤", " i love it "), ("😡", " angry terrible "),
        ("🍌", " banana "), ("\ufe0f", ""), ("🏽", ""), ("a", "a"), ("好", "好"), ("é", "é"),
    ],
)  # fmt: skip
def test_what_an_emoji_says(character: str, words: str) -> None:
    assert in_words(character) == words
