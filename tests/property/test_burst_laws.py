"""The laws of bursts: whatever is written when, and whatever dies, everything is answered once and in order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.errors import EngineUnavailable
from crm.unit_of_work import Database
from tests.unit.bot.chat import Chat, records

WRITES = st.tuples(st.just("writes"), st.sampled_from([0.0, 0.3, 1.0, 1.2, 1.3, 4.0]))
PRESSES = st.tuples(st.just("presses"), st.sampled_from([0.0, 1.0, 4.0]))
TURNS = st.tuples(st.just("turn"), st.integers(0, 30))
DEATHS = st.tuples(st.sampled_from(["dies before", "dies after"]), st.integers(0, 30))
EVENTS = st.lists(st.one_of(WRITES, WRITES, PRESSES, TURNS, DEATHS), max_size=25)


@dataclass
class Story:
    """What happens to one conversation; ``sent`` are its messages."""

    talk: Chat
    now_s: float = 0
    sent: list[str] = field(default_factory=list)

    def happens(self, what: str, value: float) -> None:
        if what in ("writes", "presses"):
            self.now_s += value
            name = f"n{len(self.sent)}"
            payload = {"payload": f"/p{len(self.sent)}"} if what == "presses" else {}
            self.sent.append(self.talk.says(name, self.now_s, **payload))
        elif self.sent:
            self.turn(self.sent[int(value) % len(self.sent)], what)

    def turn(self, message_id: str, what: str = "turn") -> None:
        """A turn in any order; one that dies is run again later, or another takes its messages along."""
        self.talk.dialogue.fail_before = int(what == "dies before")
        self.talk.dialogue.fail_after = int(what == "dies after")
        try:
            self.talk.answer(message_id)
        except EngineUnavailable:
            pass
        finally:
            self.talk.dialogue.fail_before = self.talk.dialogue.fail_after = 0


@pytest.fixture(scope="module")
def database() -> Iterator[Database]:
    with records() as empty:
        yield empty


@settings(max_examples=60, deadline=None)
@given(EVENTS)
def test_everything_is_heard_once_in_order_and_answered(database: Database, events: list[tuple[str, float]]) -> None:
    talk = Chat(database)
    story = Story(talk)
    for what, value in events:
        story.happens(what, value)
    for message_id in story.sent:
        story.turn(message_id)
    heard = [line.removeprefix("/p").removeprefix("n") for text in talk.heard for line in text.splitlines()]
    assert heard == [str(number) for number in range(len(story.sent))]
    assert set(talk.states()) <= {"answered"}
    assert talk.told == [f"You said: {text}" for text in talk.heard]
    assert all("\n" not in text for text in talk.heard if "/p" in text)
