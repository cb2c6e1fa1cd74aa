"""A small shop to look at in the console, and a real server that shows it.

``python tests/browser/console_site.py`` serves it on a free port until Ctrl-C, to be looked at by hand.
"""

from __future__ import annotations

import asyncio
import io
import math
import socket
import struct
import tempfile
import threading
import wave
from collections.abc import Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import uvicorn
from argon2 import PasswordHasher
from fastapi import FastAPI
from PIL import Image, ImageDraw
from sqlalchemy import select

import console
from crm.errors import AlreadyClosed, FileRefused, HeldByOther, NotFound, NotReachable
from crm.linking import link
from crm.models import (
    Attachment,
    Base,
    Conversation,
    Customer,
    Identity,
    Message,
    Order,
    OutboxRow,
    Rating,
    SatisfactionScore,
    Ticket,
    utc_now,
)
from crm.staff import Passwords, SignInThrottle, add_staff
from crm.unit_of_work import Database

PASSWORD = "a quiet morning"
PRINTED = ("HARBOUR STREET SHOP", "Order A1024", "TOTAL USD 51.90")
REASON = ("turn_id", "signal", "effect", "words_en", "words_zh")
CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""Hashing that takes no time: what the tests look at is not its strength."""


@dataclass(frozen=True)
class ChangeNotice:
    conversation_id: str


class ListenedSubscription:
    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: asyncio.Queue[ChangeNotice] = asyncio.Queue()

    def offer(self, notice: ChangeNotice) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._queue.put_nowait, notice)

    async def next(self, timeout_s: float) -> ChangeNotice | None:
        try:
            return await asyncio.wait_for(self._queue.get(), timeout_s)
        except TimeoutError:
            return None


class FakeLive:
    def __init__(self) -> None:
        self.listeners: list[ListenedSubscription] = []

    @contextmanager
    def subscribe(self) -> Iterator[ListenedSubscription]:
        listener = ListenedSubscription()
        self.listeners.append(listener)
        try:
            yield listener
        finally:
            self.listeners.remove(listener)

    def publish(self, conversation_id: str) -> None:
        for listener in list(self.listeners):
            listener.offer(ChangeNotice(conversation_id))


class FakeMedia:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def read(self, key: str) -> bytes:
        try:
            return self.files[key]
        except KeyError:
            raise FileNotFoundError(key) from None


class FakeDesk:
    """Staff acts straight on the tables, with the refusals of the port."""

    def __init__(self, database: Database, live: FakeLive, media: FakeMedia) -> None:
        self._database = database
        self._live = live
        self._media = media
        self.way: str | None = "telegram"

    async def way_to(self, customer_id: int) -> str | None:
        return self.way

    async def start(self, customer_id: int, staff_id: int, text: str) -> str:
        if self.way is None:
            raise NotReachable
        with self._database.writing() as session:
            identity = session.scalars(
                select(Identity).where(Identity.customer_id == customer_id, Identity.channel == self.way)
            ).one()
            conversation = Conversation(
                identity_id=identity.id,
                channel=self.way,
                customer_id=customer_id,
                mode="staff",
                staff_id=staff_id,
            )
            session.add(conversation)
            session.flush()
            message = say(session, conversation, "staff", text, staff_id=staff_id)
            session.add(OutboxRow(message_id=message.id, channel=self.way, state="pending"))
        return conversation.id

    async def take_over(self, conversation_id: str, staff_id: int) -> None:
        self._change(conversation_id, mode="staff", staff_id=staff_id)

    async def hand_back(self, conversation_id: str, staff_id: int) -> None:
        self._require_holder(conversation_id, staff_id)
        self._change(conversation_id, mode="bot", staff_id=None)

    async def close(self, conversation_id: str, staff_id: int) -> None:
        self._require_holder(conversation_id, staff_id)
        self._change(conversation_id, closed_at=utc_now(), close_reason="staff")

    async def reply(self, conversation_id: str, staff_id: int, text: str, media: Sequence[bytes] = ()) -> None:
        self._require_holder(conversation_id, staff_id)
        if any(not data.startswith(b"\x89PNG") for data in media):
            raise FileRefused("unreadable_media")
        with self._database.writing() as session:
            conversation = session.get_one(Conversation, conversation_id)
            message = say(session, conversation, "staff", text, staff_id=staff_id)
            for data in media:
                self._media.files[message.id] = data
                session.add(
                    Attachment(
                        message_id=message.id, kind="image", mime="image/png", key=message.id, size_bytes=len(data)
                    )
                )
        self._live.publish(conversation_id)

    def _require_holder(self, conversation_id: str, staff_id: int) -> None:
        with self._database.reading() as session:
            conversation = session.get_one(Conversation, conversation_id)
            if conversation.mode != "staff" or conversation.staff_id != staff_id:
                raise HeldByOther

    def _change(self, conversation_id: str, **changes: object) -> None:
        with self._database.writing() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                raise NotFound
            if conversation.closed_at is not None:
                raise AlreadyClosed
            for name, value in changes.items():
                setattr(conversation, name, value)
        self._live.publish(conversation_id)


@dataclass
class Site:
    """A running console."""

    url: str
    database: Database
    live: FakeLive
    media: FakeMedia
    desk: FakeDesk
    ids: dict[str, str] = field(default_factory=dict)


def say(session, conversation: Conversation, author: str, text: str, *, minutes_ago: float = 0, **more) -> Message:
    identity = session.get_one(Identity, conversation.identity_id)
    identity.last_seq += 1
    message = Message(
        conversation_id=conversation.id,
        identity_id=identity.id,
        seq=identity.last_seq,
        author=author,
        text=text,
        at=utc_now() - timedelta(minutes=minutes_ago),
        **more,
    )
    conversation.last_at = message.at
    session.add(message)
    session.flush()
    return message


def open_conversation(session, name: str, *, channel: str = "web", **more) -> Conversation:
    identity = Identity(channel=channel, external_id=name, language=more.get("language", "en"))
    session.add(identity)
    session.flush()
    conversation = Conversation(identity_id=identity.id, channel=channel, **more)
    session.add(conversation)
    session.flush()
    return conversation


def receipt_png() -> bytes:
    picture = Image.new("RGB", (420, 560), "#fbfaf5")
    draw = ImageDraw.Draw(picture)
    rows = ("HARBOUR STREET SHOP", "Order A1024", "1 x Tea kettle   39.90", "1 x Mug          12.00", "TOTAL USD 51.90")
    for row, text in enumerate(rows):
        draw.text((40, 50 + 60 * row), text, fill="#222222", font_size=26)
    for column in range(40, 380, 8):
        draw.rectangle((column, 400, column + (column * 7 % 5), 500), fill="#111111")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def tone_wav(seconds: float = 3.0, rate: int = 8000) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        samples = (int(9000 * math.sin(2 * math.pi * 440 * n / rate)) for n in range(int(seconds * rate)))
        out.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return buffer.getvalue()


def understood(intent: str, confidence: float, sentiment: float, entities=(), others=()) -> dict:
    return {
        "intent": intent,
        "confidence": confidence,
        "sentiment": sentiment,
        "understood": intent != "nlu_fallback",
        "ranking": [{"name": intent, "confidence": confidence}, *({"name": n, "confidence": c} for n, c in others)],
        "entities": [{"name": n, "value": v, "text": t} for n, v, t in entities],
    }


def fill(database: Database, media: FakeMedia) -> dict[str, str]:
    """Writes a good, a bad, a Chinese, a waiting, a hostile and a pushed conversation; their ids by name."""
    media.files["receipt"], media.files["tone"] = receipt_png(), tone_wav()
    with database.writing() as session:
        add_staff(session, Passwords(CHEAP), email="ana@shop.example", name="Ana Reyes", password=PASSWORD)
        add_staff(session, Passwords(CHEAP), email="wei@shop.example", name="王伟", password=PASSWORD)
        good = _good(session)
        bad = _bad(session)
        chinese = _chinese(session)
        waiting = _waiting(session)
        hostile = _hostile(session)
        pushed = _pushed(session)
        return {
            "good": good.id,
            "bad": bad.id,
            "chinese": chinese.id,
            "waiting": waiting.id,
            "hostile": hostile.id,
            "pushed": pushed.id,
        }


def _good(session) -> Conversation:
    customer = Customer(
        ref="C-77", name="Maria Lindqvist", email="maria@example.com", phone="+46701234567", address="Storgatan 5, Lund"
    )
    session.add(customer)
    session.flush()
    for number, status, days in (("A1024", "shipped", 3), ("A0980", "delivered", 40)):
        session.add(
            Order(
                number=number,
                customer_id=customer.id,
                status=status,
                placed_at=utc_now() - timedelta(days=days),
                total_minor=5190,
                currency="USD",
            )
        )
    conversation = open_conversation(
        session,
        "maria",
        customer_id=customer.id,
        opened_at=utc_now() - timedelta(minutes=44),
        closed_at=utc_now() - timedelta(minutes=31),
        close_reason="goodbye",
    )
    say(session, conversation, "customer", "Hi there!", minutes_ago=44, **understood("greet", 0.98, 0.45))
    say(session, conversation, "bot", "Hello! How can I help you today?", minutes_ago=44)
    photo = say(
        session,
        conversation,
        "customer",
        "",
        minutes_ago=41,
        payload=None,
        **understood("send_photo", 1.0, 0.0, [("order_number", "A1024", "A1024")]),
    )
    session.add(
        Attachment(
            message_id=photo.id,
            kind="image",
            mime="image/png",
            key="receipt",
            size_bytes=9000,
            facts={
                "kind": "receipt",
                "width": 420,
                "height": 560,
                "codes": [{"format": "Code128", "text": "A1024", "box": [40, 400, 380, 500]}],
                "lines": [{"text": text, "box": [0, 0, 1, 1], "confidence": 0.9} for text in PRINTED],
                "fields": [
                    {"name": "order_number", "value": "A1024", "box": [0, 0, 1, 1], "confidence": 0.97},
                    {"name": "total", "value": "51.90", "box": [0, 0, 1, 1], "confidence": 0.93},
                ],
            },
        )
    )
    say(
        session,
        conversation,
        "bot",
        "I see order A1024. Is it about this one?",
        minutes_ago=41,
        buttons=[{"title": "Yes", "payload": "/affirm"}, {"title": "No", "payload": "/deny"}],
    )
    say(session, conversation, "customer", "Yes", minutes_ago=40, payload="/affirm", **understood("affirm", 1.0, 0.2))
    told = say(
        session,
        conversation,
        "bot",
        "Order A1024 was shipped yesterday and should arrive on 26 November.",
        minutes_ago=40,
        done="order_status_told",
    )
    voice = say(
        session,
        conversation,
        "customer",
        "that is wonderful thank you very much",
        minutes_ago=33,
        **understood("thank", 0.94, 0.86, others=[("praise", 0.04), ("goodbye", 0.01)]),
    )
    session.add(
        Attachment(
            message_id=voice.id,
            kind="audio",
            mime="audio/wav",
            key="tone",
            size_bytes=48044,
            duration_s=3.0,
            transcript="that is wonderful thank you very much",
            transcript_confidence=0.88,
            engine="pocketsphinx",
            facts={"has_speech": True},
        )
    )
    say(session, conversation, "bot", "You are welcome. Have a lovely day!", minutes_ago=33)
    _score(
        session,
        conversation,
        4.6,
        4.1,
        4.9,
        [
            (told.id, "goal_reached", 0.7, "The order's state was told", "告知了订单状态"),
            (voice.id, "thanks", 0.4, "The customer said thanks", "客户表示感谢"),
        ],
    )
    session.add(Rating(conversation_id=conversation.id, score=5, comment="Quick and friendly."))
    return conversation


def _bad(session) -> Conversation:
    conversation = open_conversation(
        session,
        "anonymous-1",
        channel="telegram",
        opened_at=utc_now() - timedelta(minutes=18),
        closed_at=utc_now() - timedelta(minutes=8),
        close_reason="silence",
    )
    first = say(
        session,
        conversation,
        "customer",
        "My parcel arrived broken and nobody answers the phone!!",
        minutes_ago=18,
        **understood(
            "report_problem", 0.71, -0.74, [("product", "parcel", "parcel")], [("complain", 0.22), ("ask_human", 0.03)]
        ),
    )
    say(session, conversation, "bot", "I'm sorry to hear that. Could you tell me the order number?", minutes_ago=18)
    again = say(
        session,
        conversation,
        "customer",
        "I said it's BROKEN. What order number, I don't have it here",
        minutes_ago=16,
        **understood("nlu_fallback", 0.31, -0.81, others=[("complain", 0.29), ("deny", 0.2)]),
    )
    say(session, conversation, "bot", "I didn't quite get that. Could you say it in other words?", minutes_ago=16)
    noise = say(session, conversation, "customer", "", minutes_ago=14, **understood("send_voice", 1.0, 0.0))
    session.add(
        Attachment(
            message_id=noise.id,
            kind="audio",
            mime="audio/wav",
            key="tone",
            size_bytes=48044,
            duration_s=3.0,
            error_code="no_recogniser",
        )
    )
    say(
        session,
        conversation,
        "bot",
        "I couldn't understand the voice note, so I kept it for my colleagues.",
        minutes_ago=14,
    )
    blurred = say(
        session,
        conversation,
        "customer",
        "look at this",
        minutes_ago=10,
        state="failed",
        error_code="engine_unavailable",
        **understood("inform", 0.55, -0.1),
    )
    session.add(
        Attachment(
            message_id=blurred.id,
            kind="image",
            mime="image/png",
            key="receipt",
            size_bytes=9000,
            error_code="unreadable_media",
        )
    )
    session.add(
        Ticket(
            number="T-1001",
            identity_id=conversation.identity_id,
            conversation_id=conversation.id,
            category="problem",
            description="My parcel arrived broken and nobody answers the phone!!",
            language="en",
            source_message_id=first.id,
        )
    )
    _score(
        session,
        conversation,
        1.7,
        1.2,
        2.4,
        [
            (again.id, "not_understood", -0.9, "The bot did not understand", "机器人未能理解"),
            (first.id, "negative_sentiment", -0.6, "The customer was upset", "客户情绪不满"),
            (again.id, "repeated_question", -0.4, "The customer had to say it twice", "客户不得不重复说明"),
        ],
    )
    return conversation


def _chinese(session) -> Conversation:
    customer = Customer(
        ref="C-90", name="李晓梅", phone="+8613800138000", language="zh", address="上海市静安区南京西路 100 号"
    )
    session.add(customer)
    session.flush()
    conversation = open_conversation(
        session, "li", language="zh", customer_id=customer.id, opened_at=utc_now() - timedelta(minutes=6)
    )
    say(
        session,
        conversation,
        "customer",
        "我的订单A1024到哪里了？",
        minutes_ago=6,
        **understood("ask_order_status", 0.97, 0.02, [("order_number", "A1024", "A1024")]),
    )
    say(
        session,
        conversation,
        "bot",
        "订单 A1024 已于昨天发出，预计 11 月 26 日送达。",
        minutes_ago=6,
        done="order_status_told",
    )
    say(session, conversation, "customer", "好的，谢谢", minutes_ago=5, **understood("thank", 0.96, 0.6))
    _score(session, conversation, 3.4, 2.6, 4.2, [])
    return conversation


def _waiting(session) -> Conversation:
    conversation = open_conversation(session, "anonymous-2", mode="waiting", opened_at=utc_now() - timedelta(minutes=3))
    say(
        session,
        conversation,
        "customer",
        "Can I talk to a human please?",
        minutes_ago=2,
        **understood("ask_human", 0.99, -0.1),
    )
    say(
        session, conversation, "bot", "Of course. A colleague will be with you shortly.", minutes_ago=2, done="handover"
    )
    return conversation


def _hostile(session) -> Conversation:
    conversation = open_conversation(session, "anonymous-3", opened_at=utc_now() - timedelta(minutes=1))
    text = '<img src=x onerror="window.hacked=1"><b>bold</b> **md** [x](javascript:alert(1)) {{ 7*7 }} ${7*7} `'
    text += "\u202ereversed"
    say(
        session,
        conversation,
        "customer",
        text,
        minutes_ago=1,
        **understood("out_of_scope", 0.4, 0.0, [("person", text, text)]),
    )
    say(
        session,
        conversation,
        "customer",
        "</script><script>window.hacked=1</script>" + "长" * 300 + "x" * 600,
        minutes_ago=0.5,
    )
    return conversation


def _pushed(session) -> Conversation:
    """By Telegram, from a customer who is on Slack, too: what such channels bring, and what did not arrive."""
    customer = Customer(ref="C-31", name="Jonas Weber", email="jonas@example.com", phone="+4915112345678")
    session.add(customer)
    slack = open_conversation(
        session,
        "U31",
        channel="slack",
        opened_at=utc_now() - timedelta(days=2),
        closed_at=utc_now() - timedelta(days=2),
        close_reason="silence",
    )
    say(session, slack, "customer", "Do you ship to Norway?", minutes_ago=2 * 24 * 60)
    conversation = open_conversation(session, "1031", channel="telegram", opened_at=utc_now() - timedelta(minutes=58))
    telegram = session.get_one(Identity, conversation.identity_id)
    telegram.name, telegram.last_seen_at = "Jonas 🚲", utc_now() - timedelta(minutes=50)
    slack_identity = session.get_one(Identity, slack.identity_id)
    slack_identity.name = "jonas.weber"
    slack_identity.unreachable_at = utc_now() - timedelta(days=1)
    slack_identity.opted_out_at = utc_now() - timedelta(days=1)
    for identity, proof in ((slack_identity, "email"), (telegram, "phone")):
        link(session, identity, customer, proof, utc_now() - timedelta(minutes=57))
    burst = say(session, conversation, "customer", "hi", minutes_ago=58)
    last = say(
        session,
        conversation,
        "customer",
        "my parcel A1099 is at the wrong door",
        minutes_ago=58,
        edited_at=utc_now() - timedelta(minutes=55),
        first_text="my parcel A1009 is at the wrong door",
        **understood("report_problem", 0.88, -0.3, [("order_number", "A1099", "A1099")]),
    )
    burst.burst_id = last.id
    _send(session, conversation, "I'm sorry. Where is it now?", 57, "dead", "attempts_exhausted")
    say(session, conversation, "customer", "59.3293, 18.0686", minutes_ago=56, kind="location")
    say(
        session,
        conversation,
        "customer",
        "Anna Weber, +49 151 99999999",
        minutes_ago=55,
        kind="contact",
        error_code="contact_of_another",
    )
    say(session, conversation, "customer", "😀", minutes_ago=54, kind="sticker")
    say(session, conversation, "customer", "clip.mp4", minutes_ago=53, kind="video")
    say(session, conversation, "customer", "invoice.pdf", minutes_ago=52, kind="document")
    big = say(session, conversation, "customer", "", minutes_ago=51)
    coming = say(session, conversation, "customer", "and here", minutes_ago=50, state="received")
    for message, error in ((big, "media_refused"), (coming, None)):
        session.add(
            Attachment(
                message_id=message.id,
                kind="image",
                mime="image/jpeg",
                remote="AgACAgIAAxkBAAI",
                size_bytes=30_000_000,
                error_code=error,
            )
        )
    _send(session, conversation, "Please stay a moment.", 50, "dead", "unreachable")
    _send(session, conversation, "I look into it.", 50, "pending")
    return conversation


def _send(session, conversation: Conversation, text: str, minutes_ago: float, state: str, code: str | None = None):
    message = say(session, conversation, "bot", text, minutes_ago=minutes_ago)
    session.add(OutboxRow(message_id=message.id, channel=conversation.channel, state=state, error_code=code))


def _score(session, conversation: Conversation, mean: float, low: float, high: float, reasons) -> None:
    session.add(
        SatisfactionScore(
            conversation_id=conversation.id,
            phase="final",
            mean=mean,
            low=low,
            high=high,
            distribution=[0.2] * 5,
            model_version="2026-11",
            reasons=[dict(zip(REASON, reason, strict=True)) for reason in reasons],
        )
    )


@contextmanager
def serve(directory: Path, *, failures: int = 5, https: bool = False, poll_s: float = 1.0) -> Iterator[Site]:
    """The filled shop behind a real server on a free port, in a thread; its pages look for changes each ``poll_s``."""
    database = Database(f"sqlite:///{directory / 'crm.sqlite'}")
    Base.metadata.create_all(database.engine)
    live, media = FakeLive(), FakeMedia()
    desk = FakeDesk(database, live, media)
    site = Site("", database, live, media, desk, fill(database, media))
    events: list[str] = []

    @asynccontextmanager
    async def lifespan(_app: FastAPI):
        events.append("started")
        yield
        events.append("stopped")

    app = FastAPI(lifespan=lifespan)
    console.mount(
        app,
        database=database,
        storage_secret="for tests alone",
        media=media,
        live=live,
        desk=desk,
        https=https,
        passwords=Passwords(CHEAP),
        throttle=SignInThrottle(failures=failures),
        poll_s=poll_s,
    )
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        site.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=2))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
            thread.join(0.05)
        try:
            yield site
        finally:
            server.should_exit = True
            thread.join(15)
            database.close()
    if events != ["started", "stopped"]:
        raise RuntimeError(f"the app's own lifespan was disturbed: {events}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as directory, serve(Path(directory)) as running:
        print(f"{running.url}/console/  ana@shop.example  {PASSWORD}", flush=True)
        threading.Event().wait()
