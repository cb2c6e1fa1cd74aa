"""``crmbot bench knowledge``: how well questions are answered from the shop's knowledge, as customers get it.

A questions file is tab separated: the title of the passage that answers (``-`` where none does; several, between ``|``,
where each does), then the question. Its name ends in its language. Each question is understood and then looked up, as
in serving. The utterances of ``data/nlu/heldout`` that are requests tell how many of those get a passage instead of
what was wanted. Shows figures only: who mends the files by the errors made on held-out questions has no measure left.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from rich.table import Table

from bench.printing import tables
from bot.settings import PROJECT, Settings
from nlu.certainty import OUT_OF_SCOPE
from nlu.encoder import Encoder
from nlu.encoder_export import export_encoder
from nlu.examples import read_file
from nlu.knowledge import Knowledge
from nlu.passages import LANGUAGES, Passage, read_knowledge
from nlu.provenance import is_current
from nlu.training import train
from nlu.understander import Understander
from nlu.understanding import Answer

KNOWLEDGE = PROJECT / "data" / "knowledge"
EXAMPLES = PROJECT / "data" / "nlu"
FITTED_QUESTIONS = {language: KNOWLEDGE / "questions" / f"fitted_{language}.tsv" for language in LANGUAGES}
HELD_OUT = tuple(KNOWLEDGE / "questions" / f"heldout_{language}.tsv" for language in LANGUAGES)
REQUESTS_APART = frozenset({"ask_privacy"})
"""Intents whose questions are partly answered by passages: neither requests nor questions to the knowledge."""
NONE = "-"


@dataclass(frozen=True, slots=True)
class Question:
    """``passages`` are the titles of those that answer; empty where none does."""

    passages: frozenset[str]
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of questions. ``told`` got a passage as an answer, ``right`` of them one that answers;
    ``near`` got one with the remark that it may not be the answer, ``near_right`` of them one that does.
    """

    answerable: int
    unanswerable: int
    told: int
    right: int
    told_unanswerable: int
    near: int
    near_right: int

    @property
    def precision(self) -> float:
        return self.right / self.told if self.told else 0.0

    @property
    def recall(self) -> float:
        """Of the answerable: those answered rightly, with the remark or without."""
        return (self.right + self.near_right) / self.answerable if self.answerable else 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """``requests`` are held-out utterances of the same language, ``taken`` those told a passage without remark;
    ``seconds`` is the middle one of the times that looking up took, without understanding.
    """

    name: str
    score: Score
    requests: int
    taken: int
    seconds: float


def run(settings: Settings, questions: Sequence[Path], json_path: Path | None) -> None:
    """Prints a table, and writes JSON where a path is given. Raises EncoderMissing, KnowledgeDamaged."""
    export_encoder(settings.encoder_dir)
    encoder = Encoder.load(settings.encoder_dir)
    with tempfile.TemporaryDirectory(prefix="crmbot-knowledge-") as fresh:
        model = settings.nlu_dir
        if not is_current(EXAMPLES, settings.encoder_dir, model):
            model = Path(fresh)
            train(EXAMPLES, settings.encoder_dir, model)
        understander = Understander.load(model, encoder_dir=settings.encoder_dir, encoder=encoder)
    passages = read_knowledge(KNOWLEDGE)
    knowledge = Knowledge(passages, encoder)
    outcomes = [measure(knowledge, understander, path, passages) for path in questions or HELD_OUT]
    tables().print(_table(outcomes))
    if json_path is not None:
        content = {"encoder": encoder.manifest.source, "files": [asdict(each) for each in outcomes]}
        json_path.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def read_questions(path: Path) -> list[Question]:
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    pairs = (line.split("\t") for line in lines)
    return [Question(frozenset() if titles == NONE else frozenset(titles.split("|")), text) for titles, text in pairs]


def score(questions: Sequence[Question], answers: Iterable[Answer | None]) -> Score:
    pairs = list(zip(questions, answers, strict=True))
    told = [(question, answer) for question, answer in pairs if answer is not None and answer.exact]
    near = [(question, answer) for question, answer in pairs if answer is not None and not answer.exact]
    return Score(
        answerable=sum(bool(each.passages) for each in questions),
        unanswerable=sum(not each.passages for each in questions),
        told=len(told),
        right=sum(answer.title in question.passages for question, answer in told),
        told_unanswerable=sum(not question.passages for question, _ in told),
        near=len(near),
        near_right=sum(answer.title in question.passages for question, answer in near),
    )


def measure(knowledge: Knowledge, understander: Understander, path: Path, passages: Sequence[Passage]) -> Outcome:
    language = path.stem.rpartition("_")[2]
    questions, times = read_questions(path), list[float]()
    answers = []
    for each in questions:
        understanding = understander.parse(each.text)
        started = time.perf_counter()
        answers.append(knowledge.answering(understanding).answer)
        times.append(time.perf_counter() - started)
    requests = _requests(EXAMPLES / "heldout" / f"{language}.yml", passages)
    told = [knowledge.answering(understander.parse(text)).answer for text in requests]
    taken = sum(each is not None and each.exact for each in told)
    return Outcome(path.stem, score(questions, answers), len(requests), taken, median(times))


def _requests(path: Path, passages: Sequence[Passage]) -> list[str]:
    """Utterances of intents that no file is about."""
    asked = {each.intent for each in passages} | REQUESTS_APART | {OUT_OF_SCOPE}
    return [each.text for each in read_file(path).examples if each.intent not in asked] if path.exists() else []


def _table(outcomes: Sequence[Outcome]) -> Table:
    headings = (
        "told",
        "right",
        "precision",
        "with remark",
        "right",
        "answered",
        "told, no answer",
        "requests told",
        "ms",
    )
    table = Table("", *headings, title="knowledge, as customers get it")
    for each in outcomes:
        counts = each.score
        table.add_row(
            each.name,
            str(counts.told),
            str(counts.right),
            f"{counts.precision:.2f}",
            str(counts.near),
            str(counts.near_right),
            f"{counts.recall:.2f} of {counts.answerable}",
            f"{counts.told_unanswerable} of {counts.unanswerable}",
            f"{each.taken} of {each.requests}",
            f"{each.seconds * 1000:.1f}",
        )
    return table
