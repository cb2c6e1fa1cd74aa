"""Which messages are one utterance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.bursts import MOST_CHARACTERS, MOST_MESSAGES, first_burst, joined_text
from crm.models import Attachment, Message
from tests.unit.bot.chat import NOON, failed, note, photo

WINDOW = timedelta(seconds=1.2)


def message(text: str = "words", at_s: float = 0, *files: dict[str, Any], **columns: Any) -> Message:
    attachments = [Attachment(mime="x/y", size_bytes=1, **each) for each in files]
    at = columns.pop("at", NOON + timedelta(seconds=at_s))
    return Message(id=f"{at_s}", text=text, at=at, attachments=attachments, **{"state": "received", **columns})


def length(*messages: Message, window: timedelta = WINDOW) -> int:
    burst = first_burst(messages, window)
    assert burst == list(messages[: len(burst)])
    return len(burst)


def test_what_comes_within_the_window_joins() -> None:
    assert length(message("a", 0), message("b", 1.2), message("c", 2.4)) == 3
    assert length(message("a", 0), message("b", 1.3), message("c", 1.4)) == 1


def test_without_a_window_nothing_joins() -> None:
    assert length(message("a"), message("b"), window=timedelta(0)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"payload": "/ask_human"},
        {"kind": "sticker"},
        {"state": "asked"},
    ],
)
def test_what_stands_alone(other: dict[str, Any]) -> None:
    assert length(message("a"), message("b", 0.1, **other)) == 1
    assert length(message("b", 0, **other), message("a", 0.1)) == 1


def test_photos_notes_and_words_join() -> None:
    assert (
        length(message("", 0, photo()), message("it is broken", 1), message("", 2, note()), message("", 3, photo()))
        == 4
    )


@pytest.mark.parametrize("file", [failed("audio", "silence"), failed("image", "media_unavailable", key=None)])
def test_what_could_not_be_made_out_stays_alone_so_that_it_is_said(file: dict[str, Any]) -> None:
    assert length(message("", 0, file), message("hello", 0.5)) == 1
    assert length(message("hello", 0), message("", 0.5, file)) == 1
    assert length(message("hello", 0), message("look", 0.5, file)) == 2  # its words are answered


def test_an_album_always_joins() -> None:
    album = [message("", 3 * number, photo(), album="a") for number in range(3)]
    assert length(*album, window=timedelta(0)) == 3
    album[1].attachments[0].error_code = "unreadable_media"
    assert length(*album, message("", 6, photo(), album="b"), window=timedelta(0)) == 3


def test_an_album_and_its_words_join() -> None:
    assert length(message("", 0, photo(), album="a"), message("", 0, photo(), album="a"), message("broken", 1)) == 3


def test_whole_seconds_are_given_the_benefit_of_the_doubt() -> None:
    whole = NOON.replace(microsecond=0)
    assert length(message(at=whole), message(at=whole + timedelta(seconds=2))) == 2
    assert length(message(at=whole), message(at=whole + timedelta(seconds=3))) == 1


def test_nobody_waits_for_longer_because_they_go_on_writing() -> None:
    assert length(*(message(at_s=0.1 * number) for number in range(30))) == MOST_MESSAGES
    assert length(*(message(at_s=number) for number in range(30))) == 7  # five windows are six seconds


def test_pieces_of_a_long_text_do_not_make_a_longer_one() -> None:
    half = "x" * (MOST_CHARACTERS // 2)
    assert length(message(half), message(half, 1), message("x", 2)) == 2


def test_what_rasa_was_asked_about_stays_as_it_was() -> None:
    leader = message("b", 1, state="asked")
    asked = [message("a", 0, state="asked", burst_id=leader.id), leader]
    assert length(*asked, message("c", 1.1)) == 2
    assert length(leader, message("other", 1.2, state="asked"), message("c", 1.3)) == 1


def test_texts_join_by_line_and_silence_says_nothing() -> None:
    assert joined_text([message("a"), message(""), message("b")]) == "a\nb"
    assert joined_text([message("  as it was ")]) == "  as it was "
