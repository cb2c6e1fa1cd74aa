"""What Rasa asks of us: meanings in the conversation's language, and actions that never fail in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from fastapi import FastAPI
from rasa_sdk.interfaces import Action
from sqlalchemy.exc import OperationalError

from bot import internal
from bot.internal import Context, context_in, internal_app
from bot.metrics import Metrics
from bot.turn import with_order_number
from crm.models import Attachment, Base, Conversation, Identity, Message
from crm.unit_of_work import Database
from nlu.encoder import Vectors
from nlu.knowledge import Knowledge
from nlu.remembered import Remembered
from nlu.understanding import IntentScore, Part, Understanding
from tests.serving import FakeParser


class Flaky(Action):
    """Fails as often as it is told, then answers."""

    failures = 0

    def name(self) -> str:
        return "action_flaky"

    async def run(self, dispatcher: Any, tracker: Any, domain: Any) -> list[dict[str, Any]]:
        if Flaky.failures:
            Flaky.failures -= 1
            raise OperationalError("locked", None, Exception())
        dispatcher.utter_message(text=f"done for {tracker.sender_id}")
        return [{"event": "slot", "name": "x", "value": 1}]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(internal, "ACTION_PAUSE_S", 0.0)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


PLAIN = Context()


def app(metrics: Metrics, context: Context = PLAIN) -> FastAPI:
    return internal_app(FakeParser(), [Flaky()], lambda _: context, metrics)


async def post(app: FastAPI, path: str, body: dict[str, Any]) -> httpx.Response:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://internal") as http:
        return await http.post(path, json=body)


def call(language: str = "en") -> dict[str, Any]:
    tracker = {"sender_id": "c1", "slots": {}, "events": [], "latest_message": {"metadata": {"language": language}}}
    return {"next_action": "action_flaky", "sender_id": "c1", "tracker": tracker, "version": "3.6.21"}


def entities_of(answer: httpx.Response) -> dict[str, str]:
    return {each["entity"]: each["value"] for each in answer.json()["entities"]}


async def test_a_text_is_understood_in_the_conversations_language(metrics: Metrics) -> None:
    answer = await post(app(metrics, Context(language="zh")), "/model/parse", {"text": "A1024", "message_id": "c1"})
    assert answer.json()["intent"]["name"] == "inform"
    assert entities_of(answer)["language"] == "zh"


async def test_a_payload_is_certain(metrics: Metrics) -> None:
    text = '/ask_order_status{"order_number": "A1024"}'
    answer = await post(app(metrics), "/model/parse", {"text": text, "message_id": "c1"})
    assert answer.json()["intent"] == {"name": "ask_order_status", "confidence": 1.0}
    assert entities_of(answer) == {"order_number": "A1024"}


async def test_the_words_of_a_photo_get_the_number_on_it(metrics: Metrics) -> None:
    answer = await post(
        app(metrics, Context(order_number="A1024")), "/model/parse", {"text": "broken", "message_id": "c1"}
    )
    assert entities_of(answer)["order_number"] == "A1024"


async def test_what_is_remembered_of_a_text_carries_nothing_of_another_conversation(metrics: Metrics) -> None:
    class Remembering(FakeParser):
        remembered: Remembered[Understanding] = Remembered()

        def parse(self, text: str) -> Understanding:
            return self.remembered.get(text, lambda: FakeParser.parse(self, text))

    contexts = {"c1": Context("zh", "A1024"), "c2": Context("en", "A2048"), "c3": Context()}
    asked = internal_app(Remembering(), [], contexts.__getitem__, metrics)
    for sender, context in [*contexts.items(), *reversed(contexts.items())]:
        answer = await post(asked, "/model/parse", {"text": "broken", "message_id": sender})
        assert entities_of(answer).get("order_number") == context.order_number
        assert entities_of(answer)["language"] == (context.language or "en")


async def test_an_action_is_tried_again_after_a_passing_fault(metrics: Metrics) -> None:
    Flaky.failures = 2
    answer = await post(app(metrics), "/webhook", call())
    assert answer.status_code == 200
    assert [each["text"] for each in answer.json()["responses"]] == ["done for c1"]


@pytest.mark.parametrize(("language", "words"), [("en", "went wrong"), ("zh", "出了点问题")])
async def test_an_action_that_keeps_failing_apologises_in_the_customers_language(
    metrics: Metrics, language: str, words: str
) -> None:
    Flaky.failures = 3
    answer = (await post(app(metrics), "/webhook", call(language))).json()
    assert words in answer["responses"][0]["text"]
    assert answer["responses"][1]["custom"] == {"done": "failed"}
    assert answer["events"]
    assert metrics.registry.get_sample_value("crmbot_action_failures_total", {"action": "action_flaky"}) == 1


async def test_an_unknown_action_is_not_found(metrics: Metrics) -> None:
    answer = await post(app(metrics), "/webhook", {**call(), "next_action": "action_nothing"})
    assert answer.status_code == 404


@pytest.fixture
def database() -> Iterator[Database]:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    yield database
    database.close()


def test_the_context_is_that_of_the_message_in_hand(database: Database) -> None:
    with database.writing() as session:
        identity = Identity(channel="web", external_id="v")
        session.add(identity)
        session.flush()
        session.add(Conversation(id="c1", identity_id=identity.id, channel="web", language="zh"))
        for seq, state, number in ((1, "answered", "A1"), (2, "asked", "A2")):
            session.add(
                Message(
                    id=f"m{seq}", conversation_id="c1", identity_id=identity.id, seq=seq, author="customer", state=state
                )
            )
            session.flush()
            facts = {"fields": [{"name": "order_number", "value": number}]}
            session.add(
                Attachment(message_id=f"m{seq}", kind="image", mime="image/png", key="k", size_bytes=1, facts=facts)
            )
    assert context_in(database)("c1") == Context("zh", "A2")
    assert context_in(database)("unknown") == Context()


class Encoding:
    """Every text is like every other."""

    identity, dimension, reads_chinese = "one", 1, True

    def knows(self, word: str) -> bool:
        return True

    def word_classes(self, word: str) -> tuple[int, ...]:
        return ()

    def encode(self, texts: Sequence[str]) -> Vectors:
        return np.ones((len(texts), 1), dtype=np.float32)


async def test_what_the_shop_has_written_down_travels_with_the_meaning(metrics: Metrics, tmp_path: Path) -> None:
    (tmp_path / "shipping.md").write_text(
        "---\ntitle: Shipping\nlanguage: en\nintent: ask_shipping\n---\nThree days.\n", "utf-8"
    )
    knowledge = Knowledge.load(tmp_path, Encoding())
    served = internal_app(FakeParser(), [Flaky()], lambda _: PLAIN, metrics, knowledge)
    pressed = await post(served, "/model/parse", {"text": "/ask_shipping"})
    assert pressed.json()["answer"] == {
        "topic": "Shipping", "title": "Shipping", "text": "Three days.", "buttons": [], "score": 1.0, "exact": True,
    }  # fmt: skip
    assert "answer" not in (await post(served, "/model/parse", {"text": "/greet"})).json()


def test_the_number_on_a_photo_belongs_to_every_request() -> None:
    score = IntentScore("cancel_order", 0.9)
    whole = Understanding("cancel and invoice", "en", score, (score,), parts=(Part("cancel", 0, 6, score),))
    seen = with_order_number(whole, "A1024")
    assert [each.value for each in (*seen.entities, *seen.parts[0].entities)] == ["A1024", "A1024"]
