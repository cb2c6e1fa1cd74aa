"""How well questions are answered from the shop's knowledge: ``python -m bench.knowledge MODELS QUESTIONS…``.

``MODELS`` is a directory of models (``encoder`` and ``nlu`` in it), a questions file is tab separated: the title of the
passage that answers (``-`` where none does), then the question. Told are the search alone, over all files, and what a
customer gets, where the understanding of the question decides first which file is asked or whether any is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from nlu.encoder import Encoder
from nlu.knowledge import Knowledge
from nlu.language import detect
from nlu.understander import Understander
from nlu.understanding import Answer, Language

KNOWLEDGE = Path(__file__).parents[1] / "data" / "knowledge"
NOT_UNDERSTOOD = frozenset({"nlu_fallback", "out_of_scope"})
NONE = "-"


@dataclass(frozen=True, slots=True)
class Question:
    """``passage`` is the title of the one that answers; None where none does."""

    passage: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of questions. ``told`` got a passage as an answer, ``right`` of them the one that answers;
    ``near`` got one with the remark that it may not be the answer, ``near_right`` of them the right one.
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
        return self.right / self.answerable if self.answerable else 0.0


def read_questions(path: Path) -> list[Question]:
    lines = path.read_text(encoding="utf-8").splitlines()[1:]
    pairs = (line.split("\t") for line in lines)
    return [Question(None if passage == NONE else passage, text) for passage, text in pairs]


def score(questions: Sequence[Question], answers: Iterable[Answer | None]) -> Score:
    pairs = list(zip(questions, answers, strict=True))
    told = [(question, answer) for question, answer in pairs if answer is not None and answer.exact]
    near = [(question, answer) for question, answer in pairs if answer is not None and not answer.exact]
    return Score(
        answerable=sum(each.passage is not None for each in questions),
        unanswerable=sum(each.passage is None for each in questions),
        told=len(told),
        right=sum(question.passage == answer.title for question, answer in told),
        told_unanswerable=sum(question.passage is None for question, _ in told),
        near=len(near),
        near_right=sum(question.passage == answer.title for question, answer in near),
    )


def answered_as_customers_are(knowledge: Knowledge, understander: Understander, text: str) -> Answer | None:
    understanding = understander.parse(text)
    if understanding.intent.name in NOT_UNDERSTOOD:
        return knowledge.search(text, detect(text))
    return knowledge.of_intent(understanding.intent.name, text, detect(text))


def main(arguments: Sequence[str]) -> int:
    if len(arguments) < 2:
        print("python -m bench.knowledge MODELS QUESTIONS…", file=sys.stderr)
        return 2
    models = Path(arguments[0])
    encoder = Encoder.load(models / "encoder")
    started = time.perf_counter()
    knowledge = Knowledge.load(KNOWLEDGE, encoder)
    print(f"index made in {time.perf_counter() - started:.2f} s")
    understander = Understander.load(models / "nlu", encoder_dir=models / "encoder", encoder=encoder)
    for name in arguments[1:]:
        questions = read_questions(Path(name))
        times: list[float] = []
        searched = [_timed(times, knowledge.search, each.text) for each in questions]
        served = [answered_as_customers_are(knowledge, understander, each.text) for each in questions]
        print(f"{Path(name).stem}: a search takes {median(times) * 1000:.1f} ms in the middle")
        for title, answers in (("search alone", searched), ("as customers get it", served)):
            result = score(questions, answers)
            print(
                f"  {title}: {result.told} told, {result.right} right: precision {result.precision:.2f}, recall"
                f" {result.recall:.2f} of {result.answerable}; told of the {result.unanswerable} without an answer:"
                f" {result.told_unanswerable}; with the remark {result.near}, of them right {result.near_right}"
            )
    return 0


def _timed(times: list[float], search: Callable[[str, Language], Answer | None], text: str) -> Answer | None:
    language = detect(text)
    started = time.perf_counter()
    answer = search(text, language)
    times.append(time.perf_counter() - started)
    return answer


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
