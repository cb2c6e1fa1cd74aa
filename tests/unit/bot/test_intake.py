"""What channels bring in becomes records: once, whatever comes first, with what a command and a proof entail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, selectinload

from bot.channels.base import Edited, Pressed, Proof, Received, RemoteMedia, Sender
from bot.inbox import PAYLOAD_MEMORY, Inbox
from bot.intake import ALBUM_PAUSE_S, COMMAND_PAYLOADS, KEPT_CHARACTERS, ChannelIntake
from bot.live import Live, Notice
from bot.media_intake import MediaIntake
from bot.media_store import MediaStore
from bot.messages import Queued
from bot.metrics import Metrics
from bot.start_links import sign_start_link
from crm.conversations import add_message, close, open_conversation
from crm.models import Attachment, Base, Conversation, Customer, Identity, Message, utc_now
from crm.unit_of_work import Database
from perception.media import MediaLimits

MEI = Sender("telegram", "shopbot", "77", name="Mei", language="zh")
TEXT_LIMIT, MOST_BYTES, WINDOW_S = 100, 5000, 1.2


@dataclass(frozen=True)
class Turn:
    message: Queued
    has_media: bool
    delay_s: float


class Place:
    """An intake and what came of it."""

    def __init__(self, database: Database, directory: Path) -> None:
        self.database, self.metrics, self.live = database, Metrics(), Live()
        self.turns: list[Turn] = []
        self.notices: list[Notice] = []
        self.live.listen(self.notices.append)
        media = MediaIntake(MediaStore(directory), lambda data: data, MediaLimits())
        inbox = Inbox(database, media, self.live, self._enqueue, text_limit=TEXT_LIMIT)
        self.intake = ChannelIntake(
            database,
            inbox,
            self.live,
            self.metrics,
            site_key="site",
            text_limit=TEXT_LIMIT,
            most_bytes=MOST_BYTES,
            burst_window_s=WINDOW_S,
        )

    def _enqueue(self, message: Queued, has_media: bool, *, again: str = "", delay_s: float = 0) -> None:
        self.turns.append(Turn(message, has_media, delay_s))

    def messages(self) -> list[Message]:
        with self.database.reading() as session:
            return list(
                session.scalars(
                    select(Message)
                    .where(Message.author == "customer")
                    .order_by(Message.identity_id, Message.seq)
                    .options(selectinload(Message.attachments))
                )
            )

    def message(self) -> Message:
        (message,) = self.messages()
        return message

    def identity(self) -> Identity:
        with self.database.reading() as session:
            return session.scalars(select(Identity)).one()

    def set_state(self, state: str) -> None:
        with self.database.writing() as session:
            for message in session.scalars(select(Message)):
                message.state = state  # type: ignore[assignment]

    def customer(self, **values: str) -> Customer:
        with self.database.writing() as session:
            customer = Customer(**{"ref": "c-1", "name": "Mei Lin", **values})
            session.add(customer)
        return customer

    def offer(self, *payloads: str, asks_for: str | None = None) -> str:
        """The id of a message to Mei with buttons; she has written before."""
        with self.database.writing() as session:
            identity = session.scalars(select(Identity)).one()
            conversation = open_conversation(session, identity, utc_now())
            buttons = [{"title": f"Title of {payload}", "payload": payload} for payload in payloads]
            values = {"text": "Which?", "buttons": buttons, "asks_for": asks_for}
            return add_message(session, conversation, author="bot", at=utc_now(), **values).id

    def counted(self) -> float | None:
        return self.metrics.registry.get_sample_value(
            "crmbot_messages_total", {"channel": "telegram", "author": "customer"}
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    database = Database(f"sqlite:///{tmp_path / 'crm.sqlite'}")
    Base.metadata.create_all(database.engine)
    yield Place(database, tmp_path)
    database.close()


def text(name: str, words: str = "hello", **values: object) -> Received:
    return replace(Received(MEI, name, text=words), **values)  # type: ignore[arg-type]


def test_the_first_message_makes_the_customer_known(place: Place) -> None:
    place.intake.message(text("1"))
    identity, message = place.identity(), place.message()
    assert (identity.channel, identity.bot, identity.external_id) == ("telegram", "shopbot", "77")
    assert (identity.name, identity.language, identity.last_seen_at) == ("Mei", "zh", message.at)
    assert (message.text, message.state, message.seq, message.kind, message.payload) == (
        "hello",
        "received",
        1,
        None,
        None,
    )
    assert place.turns == [Turn(Queued(message.id, message.conversation_id, 1), False, WINDOW_S)]
    assert place.notices == [Notice(message.conversation_id, identity.id)]


def test_a_repeat_does_nothing_at_all(place: Place) -> None:
    place.intake.message(text("1"))
    place.intake.message(text("2", "again"))
    place.intake.reachable(MEI, reachable=False)
    for name in ("2", "1", "1"):
        place.intake.message(text(name, "other words"))
    assert [each.text for each in place.messages()] == ["hello", "again"]
    assert len(place.turns) == len(place.notices) == 2
    assert place.identity().unreachable_at is not None, "an old message does not say that they can be reached now"
    assert place.counted() == 2


def test_the_same_name_from_others_is_another_message(place: Place) -> None:
    for sender in (MEI, replace(MEI, external_id="78"), replace(MEI, bot="other"), replace(MEI, channel="slack")):
        place.intake.message(Received(sender, "1", text="hi"))
    assert len(place.messages()) == 4


def test_processes_that_bring_the_same_at_once_store_it_once(place: Place, tmp_path: Path) -> None:
    others = [Place(Database(place.database.url), tmp_path) for _ in range(4)]
    together = threading.Barrier(len(others))

    def bring(other: Place) -> None:
        together.wait()
        for number in range(5):
            other.intake.message(text(f"{number}"))
            other.intake.edit(Edited(text(f"{number}", "changed"), utc_now()))

    threads = [threading.Thread(target=bring, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.database.close()
    assert [(each.seq, each.text, each.first_text) for each in place.messages()] == [
        (number, "changed", "hello") for number in range(1, 6)
    ]
    assert sum(len(other.turns) for other in others) == 5


class Contended(Database):
    """A database on which another process makes the same record first, ``times`` times."""

    times = 0

    def writing(self) -> AbstractContextManager[Session]:
        if self.times:
            self.times -= 1
            raise IntegrityError("INSERT", None, Exception("UNIQUE constraint failed"))
        return super().writing()


def test_what_another_process_stored_meanwhile_is_found(place: Place, tmp_path: Path) -> None:
    contended = Contended(place.database.url)
    rival = Place(contended, tmp_path)
    contended.times = 2
    rival.intake.message(text("1"))
    assert place.message().text == "hello"
    contended.times = 3
    with pytest.raises(IntegrityError):
        rival.intake.message(text("2"))
    contended.close()


def test_text_is_cleaned_and_what_is_too_long_kept_for_staff(place: Place) -> None:
    place.intake.message(text("1", "a\x00b\x07c"))
    place.intake.message(text("2", "x" * (TEXT_LIMIT + 1)))
    place.intake.message(text("3", "y" * (KEPT_CHARACTERS + 1)))
    short, long, endless = place.messages()
    assert (short.text, short.kind) == ("abc", None)
    assert (len(long.text), long.kind) == (TEXT_LIMIT + 1, "too_long")
    assert (len(endless.text), endless.kind) == (KEPT_CHARACTERS, "too_long")


@pytest.mark.parametrize("words", ["", " \n", "\x00\x01"])
def test_what_holds_nothing_is_still_answered(place: Place, words: str) -> None:
    place.intake.message(text("1", words))
    assert place.message().kind == "other"


def test_a_kind_is_kept_with_what_it_was(place: Place) -> None:
    place.intake.message(text("1", "52.5, 13.4", kind="location"))
    message = place.message()
    assert (message.kind, message.text, message.error_code) == ("location", "52.5, 13.4", None)


@pytest.mark.parametrize("command", list(COMMAND_PAYLOADS))
def test_a_command_is_a_payload_and_waits_for_nothing(place: Place, command: str) -> None:
    place.intake.message(text("1", "", command=command))
    message = place.message()
    assert (message.text, message.payload) == (f"/{command}", COMMAND_PAYLOADS[command])  # type: ignore[index]
    assert place.turns[0].delay_s == 0


@pytest.mark.parametrize(("words", "payload"), [("/settings", "/ask_help"), ("/menu@shop_bot ", "/ask_help")])
def test_a_command_that_nobody_knows_is_answered_with_what_there_is(place: Place, words: str, payload: str) -> None:
    place.intake.message(text("1", words))
    assert (place.message().text, place.message().payload) == (words, payload)


@pytest.mark.parametrize("words", ["/", "/where is it", "/3", "a/b", "/订单"])
def test_words_that_only_look_like_a_command_stay_words(place: Place, words: str) -> None:
    place.intake.message(text("1", words))
    assert place.message().payload is None


def test_who_stops_is_not_written_to_until_they_start_again(place: Place) -> None:
    place.intake.message(text("1", "/stop", command="stop"))
    assert place.identity().opted_out_at == place.message().at
    place.intake.message(text("2"))
    assert place.identity().opted_out_at is not None, "a question is no wish to be written to"
    place.intake.message(text("3", "/start", command="start"))
    assert place.identity().opted_out_at is None
    place.intake.message(text("1", "/stop", command="stop"))
    assert place.identity().opted_out_at is None, "an old wish that is repeated is no new one"


def test_the_vendor_s_time_counts_for_what_was_held_up(place: Place) -> None:
    now = utc_now().replace(microsecond=0)
    times = [now - timedelta(hours=3), now - timedelta(seconds=2), now + timedelta(days=1), None]
    for number, at in enumerate(times):
        place.intake.message(text(f"{number}", at=at))
    held_up, fresh, ahead, untold = place.messages()
    assert held_up.at == times[0]
    for each in (fresh, ahead, untold):
        assert now <= each.at <= utc_now()
    assert place.identity().last_seen_at == untold.at
    with place.database.reading() as session:
        conversation = session.scalars(select(Conversation)).one()
        assert conversation.last_at >= now, "what was held up is no silence"


def test_files_stay_with_the_vendor_but_those_too_large(place: Place) -> None:
    media = (
        RemoteMedia("image", "file-1", "image/jpeg", 900),
        RemoteMedia("audio", "file-2"),
        RemoteMedia("audio", "file-3", "audio/" + "x" * 90, MOST_BYTES + 1),
    )
    place.intake.message(text("1", "", media=media))
    message = place.message()
    rows = [
        (each.kind, each.mime[:12], each.remote, each.key, each.size_bytes, each.error_code)
        for each in message.attachments
    ]
    assert sorted(rows, key=str) == [
        ("audio", "application/", "file-2", None, 0, None),
        ("audio", "audio/xxxxxx", None, None, MOST_BYTES + 1, "media_too_large"),
        ("image", "image/jpeg", "file-1", None, 900, None),
    ]
    assert message.kind is None
    assert place.turns[0].has_media


def test_a_turn_knows_of_files_that_wait_before_it(place: Place) -> None:
    place.intake.message(text("1", "", media=(RemoteMedia("image", "file-1"),)))
    place.intake.message(text("2"))
    place.set_state("answered")
    place.intake.message(text("3"))
    assert [turn.has_media for turn in place.turns] == [True, True, False]


def test_an_album_waits_for_its_other_photos(place: Place) -> None:
    place.intake._burst_window_s = 0
    place.intake.message(text("1", album="a1", media=(RemoteMedia("image", "f"),)))
    place.intake.message(text("2"))
    assert [turn.delay_s for turn in place.turns] == [ALBUM_PAUSE_S, 0]
    assert [each.album for each in place.messages()] == ["a1", None]


def test_a_message_after_the_end_opens_a_new_conversation(place: Place) -> None:
    place.intake.message(text("1"))
    with place.database.writing() as session:
        close(session.scalars(select(Conversation)).one(), "goodbye", utc_now())
    place.intake.message(text("2"))
    first, second = place.messages()
    assert first.conversation_id != second.conversation_id
    assert (first.seq, second.seq) == (1, 2)


class TestEdits:
    def test_unanswered_words_are_replaced_and_answered_as_they_are_now(self, place: Place) -> None:
        place.intake.message(text("1", "where is A1024"))
        place.intake.edit(Edited(text("1", "where is A2031"), utc_now()))
        message = place.message()
        assert (message.text, message.first_text, message.state) == ("where is A2031", "where is A1024", "received")
        assert len(place.turns) == 1
        assert len(place.notices) == 2

    def test_the_latest_edit_counts_and_the_first_words_are_kept(self, place: Place) -> None:
        now = utc_now()
        place.intake.message(text("1", "one"))
        for seconds, words in ((2, "three"), (1, "two"), (2, "three"), (3, "four")):
            place.intake.edit(Edited(text("1", words), now + timedelta(seconds=seconds)))
        message = place.message()
        assert (message.text, message.first_text) == ("four", "one")
        assert message.edited_at == now + timedelta(seconds=3)

    @pytest.mark.parametrize("state", ["asked", "answered", "failed"])
    def test_answered_words_are_only_kept(self, place: Place, state: str) -> None:
        place.intake.message(text("1", "one"))
        place.set_state(state)
        place.intake.edit(Edited(text("1", "/stop", command="stop"), utc_now()))
        message = place.message()
        assert (message.text, message.first_text, message.state, message.payload) == ("/stop", "one", state, None)
        assert place.identity().opted_out_at is None
        assert len(place.turns) == 1

    def test_a_correction_that_comes_first_is_the_message(self, place: Place) -> None:
        edited_at = utc_now()
        place.intake.edit(Edited(text("1", "new", media=(RemoteMedia("image", "f"),)), edited_at))
        message = place.message()
        assert (message.text, message.first_text, message.edited_at) == ("new", None, edited_at)
        assert len(message.attachments) == len(place.turns) == 1
        place.intake.message(text("1", "old", media=(RemoteMedia("image", "f"),)))
        place.intake.message(text("1", "old", media=(RemoteMedia("image", "f"),)))
        message = place.message()
        assert (message.text, message.first_text) == ("new", "old")
        assert len(message.attachments) == len(place.turns) == 1

    def test_words_that_grow_too_long_or_short_enough_change_what_they_are(self, place: Place) -> None:
        now = utc_now()
        place.intake.message(text("1"))
        place.intake.edit(Edited(text("1", "x" * (TEXT_LIMIT + 1)), now))
        assert place.message().kind == "too_long"
        place.intake.edit(Edited(text("1", "short"), now + timedelta(seconds=1)))
        assert place.message().kind is None

    def test_what_was_heard_stays_when_the_words_beside_it_change(self, place: Place) -> None:
        place.intake.message(text("1", "listen", media=(RemoteMedia("audio", "f"),)))
        with place.database.writing() as session:
            session.scalars(select(Attachment)).one().transcript = "where is it"
            session.scalars(select(Message)).one().text = "listen\nwhere is it"
        now = utc_now()
        place.intake.edit(Edited(text("1", "please listen"), now))
        message = place.message()
        assert (message.text, message.first_text) == ("please listen\nwhere is it", "listen")
        place.intake.edit(Edited(text("1", ""), now + timedelta(seconds=1)))
        assert place.message().text == "where is it"


class TestPresses:
    def test_a_press_is_a_message_with_the_payload(self, place: Place) -> None:
        place.intake.message(text("1"))
        place.offer("/other")
        offer = place.offer("/choose1", "/choose2")
        for _ in range(2):
            assert place.intake.press(Pressed(MEI, "p1", f"{offer}:1"))
        pressed = place.messages()[-1]
        assert (pressed.payload, pressed.text, pressed.state) == ("/choose2", "Title of /choose2", "received")
        assert [turn.delay_s for turn in place.turns] == [WINDOW_S, 0]
        assert place.counted() == 2

    def test_what_was_left_behind_is_not_open(self, place: Place) -> None:
        place.intake.message(text("1"))
        offer = place.offer("/choose1")
        for _ in range(PAYLOAD_MEMORY - 1):
            place.offer()
        assert place.intake.press(Pressed(MEI, "p1", f"{offer}:0"))
        place.offer()
        assert not place.intake.press(Pressed(MEI, "p2", f"{offer}:0"))
        assert place.intake.press(Pressed(MEI, "p1", f"{offer}:0")), "the first press was taken, and still is"
        assert len(place.messages()) == 2

    def test_a_title_that_is_typed_where_the_app_has_keys_for_it_is_a_press(self, place: Place) -> None:
        place.intake.message(text("1"))
        place.offer("/stop", asks_for="phone")
        place.intake.message(text("2", " Title of /stop "))
        place.intake.message(text("3", "Title of /stop or so"))
        assert [each.payload for each in place.messages()] == [None, "/stop", None]

    def test_a_title_that_is_typed_elsewhere_is_words(self, place: Place) -> None:
        place.intake.message(text("1"))
        place.offer("/stop", asks_for="phone")
        place.offer("/stop")
        place.intake.message(text("2", "Title of /stop"))
        assert [each.payload for each in place.messages()] == [None, None]

    @pytest.mark.parametrize("ref", ["{}:1", "{}:-1", "{}:²", "{}:", "{}", "", ":0", "x:0", "{}:0:0"])
    def test_what_was_never_offered_is_not_open(self, place: Place, ref: str) -> None:
        place.intake.message(text("1"))
        offer = place.offer("/choose1")
        assert not place.intake.press(Pressed(MEI, "p1", ref.format(offer)))
        assert len(place.messages()) == 1

    def test_others_cannot_press_it(self, place: Place) -> None:
        place.intake.message(text("1"))
        offer = place.offer("/choose1")
        stranger = replace(MEI, external_id="78")
        assert not place.intake.press(Pressed(stranger, "p1", f"{offer}:0"))
        place.intake.message(Received(stranger, "1", text="hi"))
        assert not place.intake.press(Pressed(stranger, "p1", f"{offer}:0"))


class TestProofs:
    def test_their_own_contact_identifies_them(self, place: Place) -> None:
        customer = place.customer(phone="+8613800138000")
        shared = text("1", "Mei, +86…", kind="contact", proof=Proof("phone", "+8613800138000"))
        place.intake.message(text("0"))
        place.intake.message(shared)
        place.intake.message(shared)
        message = place.messages()[-1]
        assert (message.kind, message.payload, message.error_code) == ("contact", "/identified", None)
        assert place.identity().customer_id == customer.id
        with place.database.reading() as session:
            assert session.get_one(Conversation, message.conversation_id).customer_id == customer.id

    @pytest.mark.parametrize(
        ("proof", "code"), [(None, "contact_of_another"), (Proof("phone", "+8613800138001"), "contact_unknown")]
    )
    def test_a_contact_that_proves_nothing_says_why(self, place: Place, proof: Proof | None, code: str) -> None:
        place.customer(phone="+8613800138000")
        place.intake.message(text("1", "Bob", kind="contact", proof=proof))
        message = place.message()
        assert (message.payload, message.error_code) == (None, code)
        assert place.identity().customer_id is None

    def test_a_start_link_identifies_them_and_is_not_kept(self, place: Place) -> None:
        customer = place.customer()
        parameter = sign_start_link("site", "c-1", int(utc_now().timestamp()) + 60)
        place.intake.message(text("1", f"/start {parameter}", command="start", proof=Proof("start_link", parameter)))
        message = place.message()
        assert (message.text, message.payload) == ("/start", "/identified")
        assert place.identity().customer_id == customer.id

    @pytest.mark.parametrize("key", ["other", "site"])
    def test_a_forged_or_expired_start_link_is_a_mere_start(self, place: Place, key: str) -> None:
        place.customer()
        parameter = sign_start_link(key, "c-1", int(utc_now().timestamp()) + (60 if key == "other" else -60))
        place.intake.message(text("1", command="start", proof=Proof("start_link", parameter)))
        assert place.message().payload == "/greet"
        assert place.identity().customer_id is None

    def test_a_profile_proves_without_a_message(self, place: Place) -> None:
        customer = place.customer(email="mei@example.com")
        for _ in range(2):
            place.intake.prove(MEI, Proof("email", "Mei@example.com"))
        assert place.identity().customer_id == customer.id
        assert place.messages() == []

    def test_a_channel_cannot_vouch_by_the_shop_s_or_staff_s_word(self, place: Place) -> None:
        with pytest.raises(ValueError, match="staff"):
            place.intake.prove(MEI, Proof("staff", "c-1"))


def test_who_is_introduced_after_their_first_message_is_answered_in_their_language(place: Place) -> None:
    unknown = replace(MEI, name=None, language=None)
    place.intake.message(Received(unknown, "1", kind="document", text="a.pdf"))
    assert place.identity().language == "en"
    place.intake.introduce(MEI)
    with place.database.reading() as session:
        conversation = session.scalars(select(Conversation)).one()
    assert (place.identity().name, place.identity().language, conversation.language) == ("Mei", "zh", "zh")


def test_the_language_of_ones_words_outweighs_that_of_ones_app(place: Place) -> None:
    place.intake.message(Received(replace(MEI, language="en"), "1", "where is my order"))
    with place.database.writing() as session:
        session.scalars(select(Message)).one().language = "en"
    place.intake.introduce(MEI)
    assert place.identity().language == "en"


def test_nobody_who_never_wrote_is_introduced(place: Place) -> None:
    place.intake.introduce(MEI)
    with place.database.reading() as session:
        assert session.scalars(select(Identity)).all() == []


def test_who_blocks_the_bot_is_unreachable_until_they_write_or_let_it_in(place: Place) -> None:
    place.intake.reachable(MEI, reachable=False)
    with place.database.reading() as session:
        assert session.scalars(select(Identity)).all() == [], "of who never wrote nothing is kept"
    place.intake.message(text("1"))
    place.intake.reachable(MEI, reachable=False)
    since = place.identity().unreachable_at
    place.intake.reachable(MEI, reachable=False)
    assert place.identity().unreachable_at == since is not None
    place.intake.reachable(MEI, reachable=True)
    assert place.identity().unreachable_at is None
    place.intake.reachable(MEI, reachable=False)
    place.intake.message(text("2"))
    assert place.identity().unreachable_at is None


def test_people_are_called_what_their_latest_message_calls_them(place: Place) -> None:
    place.intake.message(text("1"))
    for number, name in enumerate(["Mei \x00Lin", None, "  "]):
        place.intake.message(replace(text(f"n{number}"), sender=replace(MEI, name=name, language="en")))
    identity = place.identity()
    assert (identity.name, identity.language) == ("Mei Lin", "zh")
