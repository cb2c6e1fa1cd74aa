"""Hearing and seeing: what waits is perceived once, and what cannot be is kept with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.live import Live
from bot.media_store import MediaStore
from bot.metrics import Metrics
from bot.perceiving import Perceiving
from perception.errors import UnreadableMedia
from tests.serving import FakeSenses
from tests.unit.bot.chat import Chat, chat, failed


@pytest.fixture
def talk() -> Iterator[Chat]:
    with chat() as running:
        yield running


@pytest.fixture
def senses() -> FakeSenses:
    return FakeSenses()


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(tmp_path)


@pytest.fixture
def perceiving(talk: Chat, senses: FakeSenses, store: MediaStore) -> Perceiving:
    return Perceiving(talk.database, store, Live(), senses, Metrics())


def test_what_waits_before_the_message_is_perceived_with_it(
    talk: Chat, perceiving: Perceiving, store: MediaStore
) -> None:
    note = talk.says(files=({"kind": "audio", "key": store.save(b"sound", "ogg")},))
    photo = talk.says("look", 1, files=({"kind": "image", "key": store.save(b"photo", "jpg")},))
    later = talk.says("", 2, files=({"kind": "image", "key": store.save(b"photo", "jpg")},))
    perceiving.perceive(photo)
    assert talk.message(note).text == "where is my order"
    assert talk.message(note).attachments[0].engine == "fake"
    assert (talk.message(photo).attachments[0].facts or {})["fields"][0]["value"] == "A1024"
    assert talk.message(later).attachments[0].facts is None


def test_what_is_answered_is_not_looked_at_again(talk: Chat, perceiving: Perceiving, store: MediaStore) -> None:
    old = talk.says(files=({"kind": "audio", "key": store.save(b"sound", "ogg")},))
    talk.change(old, state="failed")
    perceiving.perceive(talk.says("", 1, files=(failed("image", "media_refused", key=None),)))
    assert talk.message(old).attachments[0].facts is None


def test_a_file_that_was_never_fetched_says_so(talk: Chat, perceiving: Perceiving) -> None:
    message = talk.says(files=({"kind": "image", "key": None, "remote": "file-1"},))
    perceiving.perceive(message)
    assert talk.message(message).attachments[0].error_code == "media_unavailable"


def test_a_file_that_is_gone_and_one_that_is_damaged_say_so(
    talk: Chat, perceiving: Perceiving, senses: FakeSenses, store: MediaStore
) -> None:
    gone = store.save(b"photo", "jpg")
    store.delete(gone)
    senses.speech = UnreadableMedia("cut off")
    files = ({"kind": "image", "key": gone}, {"kind": "audio", "key": store.save(b"sound", "ogg")})
    message = talk.says(files=files)
    perceiving.perceive(message)
    assert [each.error_code for each in talk.message(message).attachments] == ["media_missing", "unreadable_media"]
