"""How well several requests in one message are told apart, for ``crmbot bench heldout``.

Reads the ``several_*.tsv`` of the held-out utterances: a heading, then the intents of a message in their order, with
spaces between them, a tab, and the message. Shows figures only, as the rest of that bench does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from nlu.errors import TrainingDataError
from nlu.understander import Understander


@dataclass(frozen=True, slots=True)
class Message:
    """``intents`` has one name where the message asks for one thing."""

    text: str
    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Several:
    """Of a file: the messages that make several requests, those of them in which all were found in their order, those
    in which several of any kind were found; the messages that make one, and those of them that were cut.
    """

    name: str
    several: int
    all_found: int
    any_found: int
    single: int
    falsely_cut: int


def read_several(directory: Path) -> dict[str, tuple[Message, ...]]:
    """The messages of each file, by its name; none where there is no file. Raises TrainingDataError for a line that is
    not intents, a tab and a message.
    """
    return {path.stem: tuple(_messages(path)) for path in sorted(directory.glob("several_*.tsv"))}


def _messages(path: Path) -> list[Message]:
    messages = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines()[1:], start=2):
        intents, tab, text = line.partition("\t")
        if not (tab and intents.split() and text.strip()):
            raise TrainingDataError(f"line {number} is not intents, a tab and a message", path=path)
        messages.append(Message(text, tuple(intents.split())))
    return messages


def measure_several(understander: Understander, files: Mapping[str, Sequence[Message]]) -> list[Several]:
    """File by file."""
    return [_measured(understander, name, messages) for name, messages in files.items()]


def _measured(understander: Understander, name: str, messages: Sequence[Message]) -> Several:
    found = [tuple(part.intent.name for part in understander.parse(one.text).parts) for one in messages]
    pairs = list(zip(messages, found, strict=True))
    several = [(one.intents, parts) for one, parts in pairs if len(one.intents) > 1]
    single = [parts for one, parts in pairs if len(one.intents) == 1]
    return Several(
        name,
        len(several),
        sum(intents == parts for intents, parts in several),
        sum(bool(parts) for _, parts in several),
        len(single),
        sum(bool(parts) for parts in single),
    )


def several_row(outcome: Several) -> dict[str, Any]:
    """JSON-ready."""
    return asdict(outcome)


def several_table(outcomes: Sequence[Several]) -> Table:
    table = Table("", "several asked", "all found", "any found", "one asked", "falsely cut", title="several requests")
    for one in outcomes:
        table.add_row(one.name, *map(str, (one.several, one.all_found, one.any_found, one.single, one.falsely_cut)))
    return table
