"""Files that the vendor holds are fetched, kept or given up; nothing is fetched twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.channels.base import Channel, FileTooLarge, MediaRefused, MediaUnavailable, Outgoing
from bot.collecting import Collecting
from bot.live import Live, Notice
from bot.media_intake import MediaIntake
from bot.media_store import MediaStore
from bot.metrics import Metrics
from crm.conversations import add_message, open_conversation
from crm.models import Attachment, Base, Identity, utc_now
from crm.unit_of_work import Database
from perception.media import MediaLimits
from perception.picture import clean_photo
from tests.unit.perception.pictures import encoded, noise

NOTE = (Path(__file__).parents[2] / "media" / "where_is_my_order.ogg").read_bytes()


@dataclass
class Depot(Channel):
    """A vendor: ``files`` by name, or the error there is instead."""

    name = "depot"
    files: dict[str, bytes | Exception] = field(default_factory=dict)
    fetched: list[str] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        raise NotImplementedError

    def fetch(self, remote: str) -> bytes:
        self.fetched.append(remote)
        found = self.files[remote]
        if isinstance(found, Exception):
            raise found
        return found


class Place:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.database = Database(f"sqlite:///{directory / 'crm.sqlite'}")
        Base.metadata.create_all(self.database.engine)
        with self.database.writing() as session:
            session.add(Identity(id=1, channel="depot", external_id="1"))
        self.depot, self.store, self.live = Depot(), MediaStore(directory / "media"), Live()
        self.notices: list[Notice] = []
        self.live.listen(self.notices.append)

    def collecting(self, **channels: Channel) -> Collecting:
        media = MediaIntake(self.store, clean_photo, MediaLimits(max_bytes=100_000))
        return Collecting(self.database, channels or {"depot": self.depot}, media, self.live, Metrics())

    def message(self, *remotes: str, state: str = "received", **columns: Any) -> str:
        """The id of a customer's message with files that the vendor holds."""
        with self.database.writing() as session:
            conversation = open_conversation(session, session.get_one(Identity, 1), utc_now())
            message = add_message(session, conversation, author="customer", state=state, at=utc_now())
            session.add_all(
                Attachment(message_id=message.id, kind="image", mime="image/png", remote=each, size_bytes=1, **columns)
                for each in remotes
            )
            return message.id

    def rows(self) -> list[tuple[str, str, bool, str | None, str | None]]:
        """Kind, type, whether there are bytes, remote name and error code, in the order they were stored."""
        with self.database.reading() as session:
            rows = session.scalars(select(Attachment).order_by(Attachment.at)).all()
        return [(each.kind, each.mime, each.key is not None, each.remote, each.error_code) for each in rows]

    def kept(self) -> int:
        return sum(path.is_file() for path in (self.directory / "media").rglob("*"))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.database.close()


def test_a_file_is_fetched_once_and_kept_as_what_it_is(place: Place) -> None:
    place.depot.files["f"] = NOTE
    message_id = place.message("f")
    place.collecting().collect(message_id)
    place.collecting().collect(message_id)
    assert place.depot.fetched == ["f"]
    assert place.rows() == [("audio", "audio/ogg", True, None, None)]
    with place.database.reading() as session:
        attachment = session.scalars(select(Attachment)).one()
    assert place.store.read(attachment.key or "") == NOTE
    assert attachment.size_bytes == len(NOTE)
    assert [notice.kind for notice in place.notices] == ["typing", "changed"]


def test_a_photo_is_cleaned_before_it_is_kept(place: Place) -> None:
    place.depot.files["f"] = encoded(noise(64, 64), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00 at home")
    place.collecting().collect(place.message("f"))
    with place.database.reading() as session:
        assert b"at home" not in place.store.read(session.scalars(select(Attachment)).one().key or "")


def test_what_waits_before_the_message_is_fetched_with_it(place: Place) -> None:
    place.depot.files.update(dict.fromkeys("abcd", NOTE))
    place.message("a", state="answered")
    place.message("b")
    last = place.message("c")
    place.message("d")
    place.collecting().collect(last)
    assert place.depot.fetched == ["b", "c"]


def test_one_that_cannot_be_had_now_keeps_none_from_the_others(place: Place) -> None:
    place.depot.files.update({"a": MediaUnavailable("busy"), "b": NOTE})
    message_id = place.message("a", "b")
    with pytest.raises(MediaUnavailable):
        place.collecting().collect(message_id)
    assert sorted(place.rows()) == [
        ("audio", "audio/ogg", True, None, None),
        ("image", "image/png", False, "a", None),
    ]
    place.depot.files["a"] = NOTE
    place.collecting().collect(message_id)
    assert place.depot.fetched == ["a", "b", "a"]


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (MediaRefused("gone"), "media_refused"),
        (FileTooLarge("larger"), "media_too_large"),
        (b"", "empty_media"),
        (b"only words", "unsupported_media"),
        (NOTE * 10, "media_too_large"),
    ],
)
def test_one_that_is_not_taken_says_why_and_is_asked_for_no_more(
    place: Place, found: bytes | Exception, code: str
) -> None:
    place.depot.files["f"] = found
    message_id = place.message("f")
    for _ in range(2):
        place.collecting().collect(message_id)
    assert place.depot.fetched == ["f"]
    assert place.rows() == [("image", "image/png", False, None, code)]
    assert place.kept() == 0


def test_a_channel_that_is_gone_has_no_files(place: Place) -> None:
    place.collecting(other=Depot()).collect(place.message("f"))
    assert place.rows() == [("image", "image/png", False, None, "media_refused")]


def test_what_is_known_or_refused_is_left_alone(place: Place) -> None:
    message_id = place.message("f", error_code="media_too_large")
    place.collecting().collect(message_id)
    assert place.depot.fetched == []
    assert place.notices == []


def test_a_file_that_another_process_fetched_meanwhile_is_kept_once(place: Place) -> None:
    other = place.collecting()
    place.depot.files["f"] = NOTE
    message_id = place.message("f")

    class Slow(Depot):
        def fetch(self, remote: str) -> bytes:
            other.collect(message_id)
            return NOTE

    place.collecting(depot=Slow()).collect(message_id)
    assert place.rows() == [("audio", "audio/ogg", True, None, None)]
    assert place.kept() == 1
