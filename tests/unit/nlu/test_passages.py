"""Files of knowledge: what they hold, and what is said of one that cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from nlu.errors import KnowledgeDamaged
from nlu.passages import read_file, read_knowledge, twins_of
from tests.unit.nlu.small_knowledge import SHIPPING, written


def test_a_file_is_read_by_its_headings(tmp_path: Path) -> None:
    opening, lockers = read_file(written(tmp_path) / "en" / "shipping.md")
    assert (opening.title, opening.text, opening.opening) == ("Shipping", "We deliver in 3 days.\nIt costs $5.", True)
    assert opening.questions == ("How does shipping work?",)
    assert opening.buttons == (("My order", "/ask_order_status"),)
    assert (lockers.title, lockers.topic, lockers.intent) == ("Lockers", "Shipping", "ask_shipping")
    assert lockers.text == "Choose a locker at the checkout.\n- It waits there for a week."
    assert not lockers.opening
    assert lockers.lines[:2] == ["Lockers", "Can I use a parcel locker?"]
    assert lockers.lines[2] == "Lockers: Choose a locker at the checkout."


def test_a_file_with_windows_line_ends_and_a_mark_reads_the_same(tmp_path: Path) -> None:
    path = written(tmp_path) / "en" / "shipping.md"
    before = read_file(path)
    path.write_bytes(b"\xef\xbb\xbf" + SHIPPING.replace("\n", "\r\n").encode())
    assert read_file(path) == before


@pytest.mark.parametrize(
    ("content", "line", "complaint"),
    [
        ("no front matter", 1, "does not begin"),
        ("---\ntitle: A\n  x: [\n---\ntext", 3, "is not YAML"),
        ("---\n- A\n---\ntext", 1, "may hold"),
        ("---\ntitle: A\nlanguage: fr\n---\ntext", 3, "a title and a language"),
        ("---\nlanguage: en\n---\ntext", 1, "a title and a language"),
        ("---\ntitle: A\nlanguage: en\ntags: x\n---\ntext", 4, "may hold"),
        ("---\ntitle: A\nlanguage: en\nintent: 3\n---\ntext", 4, "intent must be a name"),
        ("---\ntitle: A\nlanguage: en\nbeside: [x]\n---\ntext", 4, "beside must be a name"),
        ("---\ntitle: A\nlanguage: en\nintent: x\n---\n## B\ntext", 4, "before its first heading"),
        ("---\ntitle: A\nlanguage: en\n---\ntext\n\n## B\n> only asked?\n", 7, "nothing stands under “B”"),
        ("---\ntitle: A\nlanguage: en\n---\n> only asked?\n", 2, "nothing stands under “A”"),
        ("---\ntitle: A\nlanguage: en\nbuttons: [{title: B}]\n---\ntext", 4, "a title and a payload"),
        ("---\ntitle: A\nlanguage: en\nbuttons: [{title: B, payload: C}]\n---\ntext", 4, "no payload"),
        ("---\ntitle: A\nlanguage: en\nbuttons: 3\n---\ntext", 4, "a title and a payload"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_line_and_fault(
    tmp_path: Path, content: str, line: int, complaint: str
) -> None:
    (tmp_path / "broken.md").write_text(content, "utf-8")
    with pytest.raises(KnowledgeDamaged, match=complaint) as caught:
        read_knowledge(tmp_path)
    assert (caught.value.path.name, caught.value.line, caught.value.code) == ("broken.md", line, "knowledge_damaged")
    assert str(caught.value).startswith(f"{tmp_path / 'broken.md'}:{line}: ")


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "broken.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(KnowledgeDamaged, match="UTF-8") as caught:
        read_knowledge(tmp_path)
    assert caught.value.line == 0


def test_two_files_of_one_intent_and_language_are_refused(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "again.md").write_text(SHIPPING, "utf-8")
    with pytest.raises(KnowledgeDamaged, match=r"again\.md of the same language has the intent ask_shipping") as caught:
        read_knowledge(tmp_path)
    assert (caught.value.path.name, caught.value.line) == ("shipping.md", 4)


def test_a_heading_that_holds_nothing_is_no_passage(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("---\ntitle: A\nlanguage: en\n---\n# A\n\n## B\ntext", "utf-8")
    assert [each.title for each in read_file(tmp_path / "a.md")] == ["B"]


def test_passages_at_the_same_place_of_files_of_one_name_are_twins(tmp_path: Path) -> None:
    for language, text in (("en", "one\n## B\ntwo"), ("zh", "一\n## 乙\n二")):
        (tmp_path / language).mkdir()
        front = f"---\ntitle: {language}\nlanguage: {language}\n---\n"
        (tmp_path / language / "a.md").write_text(front + text, "utf-8")
    english, chinese = (read_file(tmp_path / language / "a.md") for language in ("en", "zh"))
    assert twins_of(english, chinese) == chinese
    assert twins_of(english, chinese[:1]) == [None, None]
