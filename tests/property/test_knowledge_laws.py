"""Laws of the knowledge: whatever stands in a file or is asked, there is a passage, an honest no, or a typed error."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nlu.errors import KnowledgeDamaged
from nlu.knowledge import LIKELY, SURE, Knowledge
from nlu.passages import Passage, read_file
from nlu.understanding import IntentScore, Understanding
from tests.unit.nlu.small_knowledge import WordEncoder, written

INTENTS = st.sampled_from(["ask_shipping", "report_problem", "out_of_scope", "nlu_fallback", "greet"])
SCORES = st.builds(IntentScore, INTENTS, st.floats(0, 1))
FRONT = ["---\n", "title: A\n", "language: en\n", "intent: x\n", "beside: y\n", "buttons: [\n", "buttons: []\n"]
BODY = ["## B\n", "> asked?\n", "told\n", "\n", "#\n", "\x00", "é：\n"]
PIECES = st.sampled_from([*FRONT, *BODY])


@pytest.fixture(scope="module")
def knowledge() -> Iterator[Knowledge]:
    with TemporaryDirectory() as folder:
        yield Knowledge.load(written(Path(folder)), WordEncoder())


@given(st.text(max_size=60), st.lists(SCORES, min_size=1, max_size=5), st.sampled_from(["en", "zh", "mixed", "und"]))
def test_an_answer_is_as_sure_as_it_says(
    knowledge: Knowledge, text: str, ranking: list[IntentScore], language: str
) -> None:
    asked = Understanding(text, language, ranking[0], tuple(ranking))  # type: ignore[arg-type]
    told = knowledge.answering(asked)
    assert told == knowledge.answering(asked)
    assert told.text == text
    if told.answer is None:
        assert told == asked
    elif not text.startswith("/"):
        assert told.answer.score + 1e-4 >= LIKELY
        assert told.answer.score <= 1.0
        assert told.answer.exact == (told.answer.score >= SURE) or abs(told.answer.score - SURE) < 1e-4
    if told.intent != asked.intent:
        assert told.answer is not None
        assert told.answer.exact


@given(st.lists(PIECES, max_size=14).map("".join))
def test_a_file_is_read_or_named_with_its_fault(content: str) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.md"
        path.write_text(content, "utf-8")
        fault, passages = read(path)
    if fault is not None:
        assert fault.path == path
        assert 0 <= fault.line <= max(1, len(content.splitlines()))
    assert all(each.text and each.title for each in passages)


def read(path: Path) -> tuple[KnowledgeDamaged | None, list[Passage]]:
    try:
        return None, read_file(path)
    except KnowledgeDamaged as error:
        return error, []
