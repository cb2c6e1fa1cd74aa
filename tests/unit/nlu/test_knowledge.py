"""What the shop has written down: read from its files, and found by meaning or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from nlu.encoder import Vectors
from nlu.errors import KnowledgeDamaged
from nlu.knowledge import LIKELY, SURE, Knowledge, read_file, read_knowledge

PROJECT = Path(__file__).parents[3]

SHIPPING = """---
title: Shipping
language: en
intent: ask_shipping
buttons:
  - {title: "My order", payload: /ask_order_status}
---
We deliver in 3 days.

It costs $5.

> How does shipping work?

## Lockers
> Can I use a parcel locker?

Choose a locker at the checkout.

- It waits there for a week.
"""
ZH = """---
title: 配送
language: zh
intent: ask_shipping
---
三天送到。

## 快递柜
> 可以放快递柜吗？

结账时选择快递柜。
"""


GIFTS = """---
title: Gifts
language: en
---
## Gift wrapping
> Do you wrap gifts?

We wrap them for $3.
"""


class WordEncoder:
    """A component for each word: texts without a word in common are not alike."""

    identity = "words"
    dimension = 4096
    reads_chinese = True

    def knows(self, word: str) -> bool:
        return True

    def encode(self, texts: Sequence[str]) -> Vectors:
        places: dict[str, int] = self.__dict__.setdefault("places", {})
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.split():
                vectors[row, places.setdefault(word, len(places))] += 1
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "shipping.md").write_text(SHIPPING, "utf-8")
    (tmp_path / "zh.md").write_text(ZH, "utf-8")
    return tmp_path


@pytest.fixture
def knowledge(folder: Path) -> Knowledge:
    return Knowledge.load(folder, WordEncoder())


def test_a_file_is_read_by_its_headings(folder: Path) -> None:
    opening, lockers = read_file(folder / "en" / "shipping.md")
    assert (opening.title, opening.text, opening.opening) == ("Shipping", "We deliver in 3 days.\nIt costs $5.", True)
    assert opening.questions == ("How does shipping work?",)
    assert opening.buttons == (("My order", "/ask_order_status"),)
    assert (lockers.title, lockers.topic, lockers.intent) == ("Lockers", "Shipping", "ask_shipping")
    assert lockers.text == "Choose a locker at the checkout.\n- It waits there for a week."
    assert not lockers.opening


def test_a_file_with_windows_line_ends_and_a_mark_reads_the_same(folder: Path) -> None:
    before = read_file(folder / "en" / "shipping.md")
    (folder / "en" / "shipping.md").write_bytes(b"\xef\xbb\xbf" + SHIPPING.replace("\n", "\r\n").encode())
    assert read_file(folder / "en" / "shipping.md") == before


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("no front matter", "does not begin"),
        ("---\ntitle: [\n---\ntext", "is not YAML"),
        ("---\ntitle: A\nlanguage: fr\n---\ntext", "a title and a language"),
        ("---\ntitle: A\nlanguage: en\ntags: x\n---\ntext", "may hold"),
        ("---\ntitle: A\nlanguage: en\nintent: 3\n---\ntext", "intent must be a name"),
        ("---\ntitle: A\nlanguage: en\nintent: x\n---\n## B\ntext", "before its first heading"),
        ("---\ntitle: A\nlanguage: en\n---\n## B\n> only asked?\n", "nothing stands under “B”"),
        ("---\ntitle: A\nlanguage: en\nbuttons: [{title: B}]\n---\ntext", "a title and a payload"),
        ("---\ntitle: A\nlanguage: en\nbuttons: [{title: B, payload: C}]\n---\ntext", "no payload"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_fault(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "broken.md").write_text(content, "utf-8")
    with pytest.raises(KnowledgeDamaged, match=complaint) as caught:
        read_knowledge(tmp_path)
    assert caught.value.path.name == "broken.md"


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KnowledgeDamaged, match="UTF-8"):
        read_knowledge(tmp_path)


def test_two_files_of_one_intent_and_language_are_refused(folder: Path) -> None:
    (folder / "again.md").write_text(SHIPPING, "utf-8")
    with pytest.raises(KnowledgeDamaged, match="ask_shipping"):
        read_knowledge(folder)


def test_a_question_is_answered_in_its_language(knowledge: Knowledge) -> None:
    english = knowledge.search("can I use a parcel locker?", "en")
    assert english is not None
    assert (english.topic, english.title, english.exact) == ("Shipping", "Lockers", True)
    chinese = knowledge.search("可以放快遞櫃嗎", "zh")
    assert chinese is not None
    assert chinese.title == "快递柜"


@pytest.mark.parametrize("question", ["who won the game last night", "", "  ", "???", "谁赢了"])
def test_what_is_not_written_down_has_no_answer(knowledge: Knowledge, question: str) -> None:
    assert knowledge.search(question, "en") is None


def test_an_intent_is_answered_from_its_file_unless_another_is_sure_to_answer(
    folder: Path, knowledge: Knowledge
) -> None:
    fitting = knowledge.of_intent("ask_shipping", "use a parcel locker", "en")
    assert fitting is not None
    assert (fitting.title, fitting.exact) == ("Lockers", True)
    other = knowledge.of_intent("ask_shipping", "zebra crossing", "en")
    assert other is not None
    assert (other.title, other.exact) == ("Shipping", False)
    (folder / "gifts.md").write_text(GIFTS, "utf-8")
    elsewhere = Knowledge.load(folder, WordEncoder()).of_intent("ask_shipping", "do you wrap gifts", "en")
    assert elsewhere is not None
    assert (elsewhere.title, elsewhere.exact) == ("Gift wrapping", True)
    pressed = knowledge.of_intent("ask_shipping", "", "zh")
    assert pressed is not None
    assert (pressed.title, pressed.exact) == ("配送", True)


def test_a_likely_answer_is_found_and_said_to_be_no_more() -> None:
    knowledge = Knowledge.load(PROJECT / "data" / "knowledge", WordEncoder())
    probabilities = []
    for question in ("Can you wrap it as a present?", "wrap it as a present", "present for my mother"):
        answer = knowledge.search(question, "en")
        if answer is not None:
            assert answer.exact == (answer.score >= SURE)
            assert answer.score >= LIKELY
            probabilities.append(answer.score)
    assert probabilities == sorted(probabilities, reverse=True)
    assert probabilities[0] >= SURE


def test_the_shops_own_questions_lead_to_their_passages() -> None:
    passages = read_knowledge(PROJECT / "data" / "knowledge")
    knowledge = Knowledge(passages, WordEncoder())
    for each in passages:
        for question in each.questions:
            answer = knowledge.search(question, "zh" if each.language == "zh" else "en")
            assert answer is not None, question
            assert answer.title == each.title, question


def test_an_intent_without_a_file_has_no_answer(knowledge: Knowledge) -> None:
    assert knowledge.of_intent("greet", "hello", "en") is None


def test_a_language_without_files_has_no_answers(folder: Path) -> None:
    (folder / "zh.md").unlink()
    knowledge = Knowledge.load(folder, WordEncoder())
    assert knowledge.search("可以放快递柜吗", "zh") is None
    assert knowledge.of_intent("ask_shipping", "可以放快递柜吗", "mixed") is None


def test_nothing_written_down_is_no_fault(tmp_path: Path) -> None:
    assert Knowledge.load(tmp_path, WordEncoder()).search("anything", "en") is None
