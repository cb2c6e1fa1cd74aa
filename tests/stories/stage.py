"""Where the stories are played: the real Rasa server, our actions over a real database, and a scripted ear.

Only the understanding is scripted: a story says what each utterance means, so that it fails for the dialogue's
sake alone. Everything else is the product's: domain, rules, actions, records, and the client that speaks to Rasa.
"""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from sqlalchemy import select

from actions.registry import build_actions
from bot.dialogue import Dialogue
from bot.messages import Reply
from crm.conversations import add_message
from crm.demo import seed_demo_shop
from crm.linking import link
from crm.models import Attachment, Base, Conversation, Customer, Identity, new_id
from crm.unit_of_work import Database
from nlu.knowledge import told_as
from nlu.language import detect, foreign
from nlu.passages import Passage, read_knowledge
from nlu.payloads import parse_payload
from nlu.rasa_format import answer_to_rasa

PROJECT = Path(__file__).parents[2]
RASA = PROJECT / "engine" / ".venv" / "bin" / "rasa"
SOURCES = ("config.yml", "domain", "data/rules")
MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
START_TIMEOUT_S = 120.0

PASSAGES = read_knowledge(PROJECT / "data" / "knowledge")

Named = Mapping[str, str | tuple[str, ...]]
"""Entities by their names; a tuple where there are several of a name."""
Meaning = tuple[str, Named]
Part = tuple[str, str, Named]
"""Words, intent and entities of one of several requests."""


@dataclass
class Stage:
    """A running dialogue. ``meanings`` is the scripted ear, ``searches`` the titles of the passages that answer
    what was said, ``rankings`` the intents considered, ``parts`` the requests of a message that makes several;
    ``now`` the clock that the actions read.
    """

    database: Database
    dialogue: Dialogue
    tracker_path: Path
    meanings: dict[str, Meaning] = field(default_factory=dict)
    searches: dict[str, str] = field(default_factory=dict)
    rankings: dict[str, dict[str, float]] = field(default_factory=dict)
    parts: dict[str, tuple[Part, ...]] = field(default_factory=dict)
    now: datetime = MONDAY_NOON
    failing: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)

    def visitor(self, *, customer: str | None = None, language: str = "en") -> Visitor:
        """Somebody new on the page; ``customer`` is the shop's key of a customer known by signature."""
        with self.database.writing() as session:
            known = session.scalar(select(Customer).where(Customer.ref == customer)) if customer else None
            identity = Identity(channel="web", external_id=new_id(), language=language, customer_id=known and known.id)
            session.add(identity)
            session.flush()
            return Visitor(self, identity.id, self._conversation(session, identity, language))

    @staticmethod
    def _conversation(session: Any, identity: Identity, language: str) -> str:
        conversation = Conversation(identity_id=identity.id, channel="web", language=language)
        session.add(conversation)
        session.flush()
        return conversation.id


@dataclass
class Visitor:
    """One person in one conversation."""

    stage: Stage
    identity_id: int
    conversation_id: str
    replies: list[Reply] = field(default_factory=list)
    _last: tuple[str, dict[str, Any]] = ("", {})
    _saved: int = 0

    def says(
        self,
        text: str,
        intent: str,
        entities: Named | None = None,
        *,
        language: str | None = None,
        attachments: int = 0,
        answer: str | None = None,
        ranking: Mapping[str, float] | None = None,
    ) -> list[Reply]:
        """Words, and what they mean; ``answer`` is the title of the passage that a search for them finds, ``ranking``
        the intents that they were torn between."""
        heard = text if text else f"/{intent}"
        if text:
            self.stage.meanings[text] = (intent, dict(entities or {}))
            if answer:
                self.stage.searches[text] = answer
            if ranking:
                self.stage.rankings[text] = dict(ranking)
        return self._send(heard, text, language, attachments)

    def says_several(self, *parts: Part, joined_by: str = " and ") -> list[Reply]:
        """Several requests in one message."""
        text = joined_by.join(words for words, _, _ in parts)
        self.stage.parts[text] = parts
        entities = {name: value for _, _, named in parts for name, value in named.items()}
        return self.says(text, parts[0][1], entities)

    def sends_photo(self, number: str | None = None) -> list[Reply]:
        """A photo without words; ``number`` is the order number seen in it."""
        entities = f'{{"order_number": "{number}"}}' if number else ""
        return self._send(f"/send_photo{entities}", "", None, 1)

    def presses(self, title: str) -> list[Reply]:
        """A button of the latest replies."""
        offered = {each.title: each.payload for reply in self.replies for each in reply.buttons}
        assert title in offered, f"no button {title!r} among {sorted(offered)}"
        return self._send(offered[title], title, None, 0)

    def is_identified(self, customer: str) -> list[Reply]:
        """The channel vouches for who they are: a contact was shared, or a start link followed."""
        with self.stage.database.writing() as session:
            known = session.scalars(select(Customer).where(Customer.ref == customer)).one()
            identity = session.get_one(Identity, self.identity_id)
            link(session, identity, known, "phone", self.stage.now)
        return self._send("/identified", "a contact", None, 0)

    def repeats(self) -> list[Reply]:
        """The last message once more, as a retried turn sends it: Rasa died after the actions, before it saved."""
        text, metadata = self._last
        with closing(sqlite3.connect(self.stage.tracker_path)) as tracker, tracker:
            tracker.execute("DELETE FROM events WHERE sender_id = ? AND id > ?", (self.conversation_id, self._saved))
        self.replies = self.stage.dialogue.converse(self.conversation_id, text, metadata)
        return self.replies

    def later(self) -> None:
        """Another conversation of the same person."""
        with self.stage.database.writing() as session:
            identity = session.get_one(Identity, self.identity_id)
            self.conversation_id = self.stage._conversation(session, identity, identity.language)

    def _send(self, for_rasa: str, text: str, language: str | None, attachments: int) -> list[Reply]:
        with self.stage.database.writing() as session:
            conversation = session.get_one(Conversation, self.conversation_id)
            if language:
                conversation.language = language
            message = add_message(session, conversation, author="customer", text=text, at=self.stage.now)
            added = [
                Attachment(message_id=message.id, kind="image", mime="image/png", key=new_id(), size_bytes=1)
                for _ in range(attachments)
            ]
            session.add_all(added)
            session.flush()
            metadata = {
                "message_id": message.id,
                "text": text,
                "language": conversation.language,
                "attachments": [each.id for each in added],
            }
        self._last = (for_rasa, metadata)
        with closing(sqlite3.connect(self.stage.tracker_path)) as tracker:
            (self._saved,) = tracker.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()
        self.replies = self.stage.dialogue.converse(self.conversation_id, for_rasa, metadata)
        return self.replies


@contextmanager
def stage(work: Path) -> Iterator[Stage]:
    """Everything up, with the demo shop in the database; everything down again afterwards."""
    database = Database(f"sqlite:///{work / 'crm.sqlite'}")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        seed_demo_shop(session, MONDAY_NOON)
    internal_port, rasa_port = free_port(), free_port()
    dialogue = Dialogue(f"http://127.0.0.1:{rasa_port}", "story-token", timeout_s=30)
    running = Stage(database, dialogue, work / "tracker.sqlite")
    with _internal_server(running, internal_port), _rasa(work, internal_port, rasa_port, dialogue):
        yield running
    dialogue.close()
    database.close()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _internal_server(running: Stage, port: int) -> Iterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(_internal_app(running), host="127.0.0.1", port=port, log_level="warning", ws="none")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()


def _internal_app(running: Stage) -> FastAPI:
    executor = ActionExecutor()
    for each in build_actions(running.database, now=lambda: running.now):
        executor.register_action(each)
    app = FastAPI()

    @app.post("/model/parse")
    def parse(body: dict[str, Any]) -> dict[str, Any]:
        intent, entities = _meaning(running, body["text"])
        with running.database.reading() as session:
            conversation = session.get_one(Conversation, body["message_id"])
            language = conversation.language
        ranking = running.rankings.get(body["text"], {})
        return {
            "text": body["text"],
            "intent": {"name": intent, "confidence": 0.99},
            "intent_ranking": [{"name": name, "confidence": each} for name, each in ranking.items()],
            "entities": [*_named(entities), {"entity": "language", "value": language}],
            "answer": _passage_told(running, body["text"], intent, language),
            "parts": [_part_told(running, each, language) for each in running.parts.get(body["text"], ())],
            "foreign": foreign(body["text"]) if detect(body["text"]) == "other" else None,
        }

    @app.post("/webhook")
    async def webhook(request: Request) -> JSONResponse:
        call = await request.json()
        running.calls.append(call["next_action"])
        if call["next_action"] in running.failing:
            return JSONResponse(apology(call))
        result = await executor.run({**call, "domain": {}})  # the executor wants the key; our actions read no domain
        return JSONResponse(result.model_dump() if result else {"events": [], "responses": []})

    return app


def _named(entities: Named) -> list[dict[str, str]]:
    several = {name: (each,) if isinstance(each, str) else each for name, each in entities.items()}
    return [{"entity": name, "value": value} for name, values in several.items() for value in values]


def _part_told(running: Stage, part: Part, language: str) -> dict[str, Any]:
    text, intent, entities = part
    answer = _passage_told(running, text, intent, language)
    return {"text": text, "intent": {"name": intent}, "entities": _named(entities), "answer": answer}


def apology(call: dict[str, Any]) -> dict[str, Any]:
    """What an action endpoint may answer for a failed action: words, and a slot, so that Rasa does not call again."""
    language = call["tracker"]["slots"]["language"]
    return {
        "events": [{"event": "slot", "name": "language", "value": language}],
        "responses": [{"text": "Something went wrong."}, {"custom": {"done": "failed"}}],
    }


def _meaning(running: Stage, text: str) -> Meaning:
    payload = parse_payload(text)
    if payload is not None:
        return payload.intent.name, {each.name: each.value for each in payload.entities}
    return running.meanings[text]


def _passage_told(running: Stage, text: str, intent: str, language: str) -> dict[str, Any] | None:
    """What a search would find, as ``/model/parse`` answers it: the passage that the story names, else the opening of
    the intent's file.
    """
    wanted = running.searches.get(text)

    def is_meant(each: Passage) -> bool:
        return each.title == wanted if wanted else each.opening and each.intent == intent

    for each in PASSAGES:
        if each.language == language and is_meant(each):
            return answer_to_rasa(told_as(each, 1.0, exact=True))
    return None


@contextmanager
def _rasa(work: Path, internal_port: int, port: int, dialogue: Dialogue) -> Iterator[None]:
    environment = rasa_environment(work, internal_port)
    command = [
        str(RASA), "run", "--enable-api", "--auth-token", "story-token", "--interface", "127.0.0.1",
        "--port", str(port), "--model", str(trained_model(environment)),
    ]  # fmt: skip
    with (work / "rasa.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            _wait_until_ready(dialogue, process, work / "rasa.log")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(dialogue: Dialogue, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not dialogue.ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Rasa did not start:\n{log.read_text()[-4000:]}")
        time.sleep(0.3)


def rasa_environment(work: Path, internal_port: int) -> dict[str, str]:
    """What ``endpoints.yml`` takes from the environment, and quiet."""
    return {
        **os.environ,
        "CRMBOT_NLU_URL": f"http://127.0.0.1:{internal_port}",
        "CRMBOT_ACTION_URL": f"http://127.0.0.1:{internal_port}/webhook",
        "CRMBOT_TRACKER_DIALECT": "sqlite",
        "CRMBOT_TRACKER_DB": str(work / "tracker.sqlite"),
        "RASA_TELEMETRY_ENABLED": "false",
        "RASA_CACHE_DIRECTORY": str(work / "rasa-cache"),
        "LOG_LEVEL": "WARNING",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
    }


def trained_model(environment: Mapping[str, str]) -> Path:
    """The dialogue model of the present sources, trained once for each state of them."""
    digest = hashlib.sha256()
    for source in SOURCES:
        path = PROJECT / source
        for file in sorted(path.rglob("*.yml")) if path.is_dir() else [path]:
            digest.update(file.read_bytes())
    folder = PROJECT / "build" / "story-models" / digest.hexdigest()[:16]
    model = folder / "dialogue.tar.gz"
    if not model.exists():
        command = [
            str(RASA), "train", "--domain", "domain", "--data", "data/rules", "--config", "config.yml",
            "--out", str(folder), "--fixed-model-name", "dialogue",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=PROJECT, env=dict(environment), capture_output=True, text=True, check=False)
        if done.returncode != 0 or not model.exists():
            raise RuntimeError(f"rasa train failed:\n{(done.stdout + done.stderr)[-4000:]}")
    return model


def told(replies: list[Reply]) -> str:
    """All that was said, as one text."""
    return "\n".join(each.text for each in replies)


def done(replies: list[Reply]) -> list[str]:
    """What the replies got done."""
    return [each.done for each in replies if each.done]


def titles(replies: list[Reply]) -> list[str]:
    """The buttons on offer."""
    return [button.title for each in replies for button in each.buttons]
