"""What fails because the program is ending is no failure of the turn: the next program answers, without an apology."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.errors import EngineUnavailable
from bot.messages import Reply
from crm.models import Message
from crm.unit_of_work import Database
from tests.serving import FakeDialogue, Serving, serving, wait_until


def bot_texts(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.scalars(select(Message.text).where(Message.author == "bot").order_by(Message.seq)))


class Severed(FakeDialogue):
    """Rasa that is asked, and then ends with the program before it has answered."""

    server: Serving
    asked = 0

    def converse(self, conversation_id: str, text: str, metadata: dict[str, Any]) -> list[Reply]:
        self.asked += 1
        wait_until(lambda: not self.server.site.durable.launched)
        raise EngineUnavailable("ended")


@pytest.mark.parametrize("attempts", [1, 2])
def test_a_turn_whose_last_try_ends_with_the_program_is_answered_by_the_next(tmp_path: Path, attempts: int) -> None:
    severed = Severed()
    with serving(tmp_path, dialogue=severed, turn_attempts=attempts) as server:
        severed.server = server
        server.visitor().send("hello")
        wait_until(lambda: severed.asked)
    with serving(tmp_path, turn_attempts=attempts) as server:
        assert wait_until(lambda: bot_texts(server.database)) == ["You said: hello"]
