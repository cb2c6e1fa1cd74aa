"""The files of ``data/knowledge``: what the shop has written down to be told, and how it is written.

Owns the form of a file and says of one that cannot be used which it is, where and why. A passage is what stands under
one heading. Knows nothing of searching.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from nlu.errors import KnowledgeDamaged
from nlu.payloads import parse_payload

LANGUAGES = ("en", "zh")

_KEYS = frozenset({"title", "language", "intent", "beside", "buttons"})
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|(?<=[。！？；])|\n")
_HEADING = re.compile(r"#{1,6}[ \t]+(.+?)[ \t#]*")


@dataclass(frozen=True, slots=True)
class Passage:
    """What stands under one heading; ``opening`` is the part before the first, which has the file's title.

    ``intent`` is the one that is answered from this file; ``beside`` one that the dialogue answers by itself, though
    this file may know better. ``questions`` are examples of what the passage answers. ``text`` has no empty line.
    """

    language: str
    topic: str
    intent: str | None
    beside: str | None
    title: str
    text: str
    questions: tuple[str, ...]
    buttons: tuple[tuple[str, str], ...]
    opening: bool
    path: Path

    @property
    def lines(self) -> list[str]:
        """What a question is likened to."""
        sentences = [each.strip() for each in _SENTENCE.split(self.text)]
        return [self.title, *self.questions, *(f"{self.title}: {each}" for each in sentences if each)]


@dataclass(frozen=True, slots=True)
class _Section:
    """``line`` is the heading's; of the opening, that of the file's title."""

    title: str
    line: int
    text: str
    questions: tuple[str, ...]
    opening: bool


def read_knowledge(directory: Path) -> list[Passage]:
    """Every ``*.md`` below the directory, in the order of their names. Raises KnowledgeDamaged: where and what."""
    passages = [passage for path in sorted(directory.rglob("*.md")) for passage in read_file(path)]
    seen: dict[tuple[str, str], Path] = {}
    for each in passages:
        if not each.opening or each.intent is None:
            continue
        first = seen.setdefault((each.language, each.intent), each.path)
        if first != each.path:
            line = _line_of("intent", each.path.read_text(encoding="utf-8-sig"))
            raise KnowledgeDamaged(f"{first.name} of the same language has the intent {each.intent}", each.path, line)
    return passages


def twins_of(passages: Sequence[Passage], others: Sequence[Passage]) -> list[Passage | None]:
    """For each passage the one of ``others`` that stands at its place in the file of its name; None where the two
    files have not as many passages.
    """
    return [_twin(each, passages, others) for each in passages]


def _twin(passage: Passage, passages: Sequence[Passage], others: Sequence[Passage]) -> Passage | None:
    mine = [each for each in passages if each.path.name == passage.path.name]
    theirs = [each for each in others if each.path.name == passage.path.name]
    return theirs[mine.index(passage)] if len(mine) == len(theirs) else None


def read_file(path: Path) -> list[Passage]:
    """The passages of one file. Raises KnowledgeDamaged."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeDamaged("the file cannot be read as UTF-8", path) from error
    front, body = _front_matter(content, path)
    buttons = _buttons(front.get("buttons") or [], path, _line_of("buttons", content))
    before_body = len(content[: len(content) - len(body)].splitlines())
    title_line = _line_of("title", content)
    sections = [
        section
        for section in _sections(body, front["title"], before_body, title_line)
        if section.text or section.questions
    ]
    if front.get("intent") and not (sections and sections[0].opening and sections[0].text):
        line = _line_of("intent", content)
        raise KnowledgeDamaged("a file with an intent needs a text before its first heading", path, line)
    for section in sections:
        if not section.text:
            raise KnowledgeDamaged(f"nothing stands under “{section.title}”", path, section.line)
    return [
        Passage(
            language=front["language"],
            topic=front["title"],
            intent=front.get("intent"),
            beside=front.get("beside"),
            title=section.title,
            text=section.text,
            questions=section.questions,
            buttons=buttons,
            opening=section.opening,
            path=path,
        )
        for section in sections
    ]


def _front_matter(content: str, path: Path) -> tuple[dict[str, Any], str]:
    found = re.match(r"---\r?\n(.*?)^---[ \t]*(?:\r?\n|\Z)(.*)", content, re.MULTILINE | re.DOTALL)
    if not found:
        raise KnowledgeDamaged("the file does not begin with a block between two lines of ---", path, 1)
    try:
        front = YAML(typ="safe", pure=True).load(found[1])
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        line = mark.line + 2 if mark else 1
        raise KnowledgeDamaged("the block between the lines of --- is not YAML", path, line) from error
    allowed = f"the block between the lines of --- may hold {', '.join(sorted(_KEYS))}"
    if not isinstance(front, dict):
        raise KnowledgeDamaged(allowed, path, 1)
    unknown = next((key for key in front if key not in _KEYS), None)
    if unknown is not None:
        raise KnowledgeDamaged(allowed, path, _line_of(str(unknown), content))
    if not isinstance(front.get("title"), str) or front.get("language") not in LANGUAGES:
        wrong = "language" if isinstance(front.get("title"), str) else "title"
        raise KnowledgeDamaged("the file needs a title and a language, en or zh", path, _line_of(wrong, content))
    for key in ("intent", "beside"):
        if not isinstance(front.get(key, ""), str):
            raise KnowledgeDamaged(f"{key} must be a name", path, _line_of(key, content))
    return front, found[2]


def _line_of(key: str, content: str) -> int:
    """Where a key of the block at the beginning stands, counted from 1; the first line where it does not."""
    start = f"{key}:"
    return next((place for place, line in enumerate(content.splitlines(), 1) if line.startswith(start)), 1)


def _sections(body: str, title: str, lines_before: int, title_line: int) -> Iterable[_Section]:
    heading, line, held, opening = title, title_line, list[str](), True
    for place, written in enumerate(body.splitlines(), lines_before + 1):
        found = _HEADING.fullmatch(written)
        if found is None:
            held.append(written.strip())
            continue
        yield _section(heading, line, held, opening=opening)
        heading, line, held, opening = found[1].strip(), place, [], False
    yield _section(heading, line, held, opening=opening)


def _section(title: str, line: int, held: Sequence[str], *, opening: bool) -> _Section:
    text = "\n".join(each for each in held if each and not each.startswith(">"))
    questions = tuple(each[1:].strip() for each in held if each.startswith(">") and each[1:].strip())
    return _Section(title, line, text, questions, opening)


def _buttons(listed: Any, path: Path, line: int) -> tuple[tuple[str, str], ...]:
    try:
        buttons = tuple((str(each["title"]), str(each["payload"])) for each in listed)
    except (TypeError, KeyError) as error:
        raise KnowledgeDamaged("each button needs a title and a payload", path, line) from error
    for _, payload in buttons:
        if parse_payload(payload) is None:
            raise KnowledgeDamaged(f"{payload} is no payload such as /ask_human", path, line)
    return buttons
