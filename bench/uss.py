"""Reading the USS dialogues (user satisfaction simulation; Sun et al., SIGIR 2021) for the satisfaction bench.

Tab-separated lines ``role, text, act, ratings``, a blank line between dialogues; the row ``USER, OVERALL`` holds the
raters' grades of the whole dialogue, 1–5. For measuring only: nothing that is shipped is fitted on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from satisfaction.transcript import Author, Transcript, Turn

SETS = ("MWOZ", "SGD", "ReDial", "CCPE")
CHANNEL = "uss"


@dataclass(frozen=True, slots=True)
class UssDialogue:
    """A dialogue between a customer and a bot, and the mean of its raters' overall grades, 1–5."""

    transcript: Transcript
    overall: float


def find(data: Path, name: str) -> Path | None:
    """The file of one of ``SETS`` in the data folder, if it is there."""
    return next((path for path in (data / f"{name}.txt", data / "uss" / f"{name}.txt") if path.is_file()), None)


def read(path: Path) -> tuple[UssDialogue, ...]:
    """All dialogues of a file that have overall grades."""
    blocks = path.read_text(encoding="utf-8").strip().split("\n\n")
    dialogues = (_dialogue(f"{path.stem}-{number}", block.splitlines()) for number, block in enumerate(blocks))
    return tuple(dialogue for dialogue in dialogues if dialogue is not None)


def _dialogue(name: str, lines: list[str]) -> UssDialogue | None:
    turns: list[Turn] = []
    overall: float | None = None
    for line in lines:
        role, text, *rest = line.split("\t")
        if text == "OVERALL":
            grades = [int(grade) for grade in rest[-1].split(",")]
            overall = sum(grades) / len(grades)
        else:
            author: Author = "customer" if role == "USER" else "bot"
            turns.append(Turn(str(len(turns)), author, text))
    return UssDialogue(Transcript(name, "en", CHANNEL, tuple(turns)), overall) if overall is not None else None
