"""Bursts through intake, queue and outbox: one answer, in order, also when the program dies while a burst waits."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from PIL import Image
from sqlalchemy import select

from bot.channels.base import Channel, MediaRefused, Outgoing, Proof, Received, RemoteMedia, Sender
from bot.start_links import sign_start_link
from crm.demo import seed_demo_shop
from crm.models import Customer, Identity, Message
from tests.serving import KEYS, Serving, serving, utc_now, wait_until

WINDOW_S = 0.6
MIA_PHONE = "+447700900123"


@dataclass
class Carrier(Channel):
    """A chat app that shows what it is given; a file whose name begins with ``gone`` is no longer there."""

    name: ClassVar[str] = "carrier"
    shown: dict[str, list[str]] = field(default_factory=dict)

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        self.shown.setdefault(outgoing.external_id, []).append(outgoing.text)
        yield f"part-{len(self.shown)}"

    def fetch(self, remote: str) -> bytes:
        if remote.startswith("gone"):
            raise MediaRefused("gone")
        picture = io.BytesIO()
        Image.new("RGB", (40, 30), "white").save(picture, "PNG")
        return picture.getvalue()


@dataclass
class Person:
    """Somebody in that app."""

    server: Serving
    carrier: Carrier
    name: str
    sent: int = 0

    def sends(self, text: str = "", **more: Any) -> None:
        self.sent += 1
        sender = Sender("carrier", "bot", self.name)
        self.server.site.intake.message(Received(sender, f"m{self.sent}", text, **more))

    def sends_photo(self, name: str = "photo", text: str = "", album: str | None = None) -> None:
        self.sends(text, media=(RemoteMedia("image", name),), album=album)

    def shown(self) -> list[str]:
        return self.carrier.shown.get(self.name, [])

    def is_told(self, count: int) -> list[str]:
        wait_until(lambda: len(self.shown()) >= count)
        time.sleep(WINDOW_S + 0.3)  # nothing more is on its way
        assert len(self.shown()) == count, self.shown()
        return self.shown()

    def own(self) -> list[Message]:
        return own(self.server, self.name)


def own(server: Serving, name: str) -> list[Message]:
    with server.database.reading() as session:
        identity = select(Identity.id).where(Identity.external_id == name).scalar_subquery()
        mine = select(Message).where(Message.identity_id == identity, Message.author == "customer")
        return list(session.scalars(mine.order_by(Message.seq)))


@pytest.fixture(scope="module")
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, carrier: Carrier) -> Iterator[Serving]:
    directory = tmp_path_factory.mktemp("office")
    with serving(directory, channels={"carrier": carrier}, burst_window_s=WINDOW_S) as running:
        with running.database.writing() as session:
            seed_demo_shop(session, utc_now())
        yield running


@pytest.fixture
def person(office: Serving, carrier: Carrier, request: pytest.FixtureRequest) -> Person:
    return Person(office, carrier, request.node.name)


def heard(server: Serving) -> list[str]:
    return [text for _, text, _ in server.dialogue.heard]


def test_words_and_a_photo_in_one_breath_are_one_question(office: Serving, person: Person) -> None:
    person.sends("hi")
    person.sends_photo(text="this came")
    person.sends("broken")
    assert person.is_told(1) == ["You said: hi\nthis came\nbroken"]
    leader = person.own()[-1]
    assert [each.burst_id for each in person.own()] == [leader.id, leader.id, None]
    assert len(office.dialogue.heard[-1][2]["attachments"]) == 1


def test_a_command_among_the_words_is_answered_in_its_place(office: Serving, person: Person) -> None:
    before = len(office.dialogue.heard)
    person.sends("hello")
    person.sends(command="human")
    person.sends("please")
    person.is_told(3)
    assert heard(office)[before:] == ["hello", "/ask_human", "please"]


def test_who_writes_without_a_pause_is_answered_meanwhile(person: Person) -> None:
    for number in range(15):
        person.sends(f"n{number}")
        time.sleep(WINDOW_S / 4)
    answers = person.is_told(2)
    together = "\n".join(each.removeprefix("You said: ") for each in answers)
    assert together.splitlines() == [f"n{number}" for number in range(15)]


def test_a_photo_that_is_gone_is_said_beside_the_words_that_follow_it(person: Person) -> None:
    person.sends_photo("gone-1")
    person.sends("do you see it")
    told = person.is_told(2)
    assert "could not fetch that picture" in told[0]
    assert told[1] == "You said: do you see it"


def test_an_album_of_which_one_photo_is_gone_says_both(person: Person) -> None:
    person.sends_photo("photo-1", "all broken", album="a")
    person.sends_photo("gone-2", album="a")
    told = person.is_told(2)
    assert "could not fetch that picture" in told[0]
    assert told[1] == "You said: all broken"


def test_a_shared_contact_is_answered_by_what_it_proves(office: Serving, person: Person) -> None:
    person.sends("Somebody, +1 202 555 0199", kind="contact")
    assert "your own phone number" in person.is_told(1)[0]
    person.sends("Me, +1 202 555 0199", kind="contact", proof=Proof("phone", "+12025550199"))
    assert "no customer with this phone number" in person.is_told(2)[1]
    person.sends(f"Me, {MIA_PHONE}", kind="contact", proof=Proof("phone", MIA_PHONE))
    person.is_told(3)
    assert heard(office)[-1] == "/identified"


def test_a_start_link_identifies_and_a_bare_start_greets(office: Serving, person: Person) -> None:
    with office.database.reading() as session:
        ref = session.scalars(select(Customer.ref).limit(1)).one()
    link = sign_start_link(KEYS.site, ref, int(time.time()) + 60)
    person.sends(f"/start {link}", command="start", proof=Proof("start_link", link))
    person.is_told(1)
    assert heard(office)[-1] == "/identified"
    stranger = Person(office, person.carrier, "a stranger")
    stranger.sends("/start forged", command="start", proof=Proof("start_link", "forged"))
    stranger.is_told(1)
    assert heard(office)[-1] == "/greet"


def test_a_sticker_is_answered_in_the_customers_language(person: Person) -> None:
    person.sends("你好吗")
    person.is_told(1)
    person.sends("[sticker]", kind="sticker")
    assert "谢谢您的表情" in person.is_told(2)[1]


def test_a_burst_whose_turns_were_never_queued_is_found(office: Serving, person: Person) -> None:
    inbox = office.site.inbox
    whole, inbox._enqueue_turn = inbox._enqueue_turn, lambda *_, **__: None  # died after the commit
    try:
        person.sends("where is")
        person.sends("my order")
    finally:
        inbox._enqueue_turn = whole
    for _ in range(2):
        inbox.requeue()
    assert person.is_told(1) == ["You said: where is\nmy order"]
