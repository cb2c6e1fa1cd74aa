"""What the shop has written down to be told: passages of ``data/knowledge``, found by meaning.

Owns the files' form and the search. A passage is what stands under a heading; it is likened to a question by the
sentence vectors and by the n-grams of its title, its sentences and the questions that the file gives as examples. How
likely the best one answers is calibrated, and an unlikely one is no answer. The index is built when it is loaded
and kept in memory. Knows nothing of the conversation.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from nlu.encoder import SentenceEncoder, Vectors
from nlu.errors import KnowledgeDamaged
from nlu.glosses import gloss
from nlu.payloads import parse_payload
from nlu.preparation import matching_form, prepare
from nlu.understanding import Answer, Language
from nlu.utterance import count_glossed

SURE = 0.7
"""Probability from which a passage is told as the answer, whatever the question was understood as."""
LIKELY = 0.5
"""Probability from which it is told where no intent was found, with the remark that it may not be the answer."""
FITTING = 0.25
"""As ``SURE`` within the file of the question's intent, where little but the choice among its passages is open."""

Doubles = npt.NDArray[np.float64]

_LANGUAGES = ("en", "zh")
_KEYS = frozenset({"title", "language", "intent", "buttons"})
_SENTENCE = re.compile(r"(?<=[.!?;:])\s+|(?<=[。！？；])|\n")


@dataclass(frozen=True, slots=True)
class Passage:
    """What stands under one heading; ``opening`` is the part before the first, which has the file's title.

    ``questions`` are examples of what it answers. ``text`` has no empty line in it.
    """

    language: str
    topic: str
    intent: str | None
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
class Weights:
    """A logistic regression on the three likenesses of ``Index.likenesses``, each at most 1."""

    meaning: float
    words: float
    covered: float
    bias: float

    def probabilities(self, likenesses: Doubles) -> Doubles:
        """float64 [passages] for float64 [passages, 3]."""
        raised = likenesses @ np.array([self.meaning, self.words, self.covered]) + self.bias
        probabilities: Doubles = 1.0 / (1.0 + np.exp(-raised))
        return probabilities


WEIGHTS: Mapping[str, Weights] = {
    "en": Weights(11.94, 0.76, 0.47, -7.37),
    "zh": Weights(4.37, 4.08, 3.83, -7.24),
}


class Index:
    """The passages of one language. Immutable, thread-safe."""

    def __init__(self, passages: Sequence[Passage], encoder: SentenceEncoder, weights: Weights) -> None:
        self.passages = tuple(passages)
        self._encoder = encoder
        self._weights = weights
        lines = [line for each in passages for line in each.lines]
        self._owner = np.array([place for place, each in enumerate(passages) for _ in each.lines], dtype=np.int64)
        self._vectors = self._encoded(lines)
        counted = [count_glossed(_matching(line)) for line in lines]
        self._places = {gram: place for place, gram in enumerate(dict.fromkeys(chain.from_iterable(counted)))}
        self._rarity = self._rarities(counted)
        self._rarest = float(self._rarity.max(initial=1.0))
        self._words = np.stack([self._weighted(each) for each in counted])
        self._held = np.stack([self._words[self._owner == place].any(axis=0) for place in range(len(passages))])

    def scores(self, question: str) -> list[float]:
        """The probability of each passage to answer the question."""
        return [float(each) for each in self._weights.probabilities(self.likenesses(question))]

    def likenesses(self, question: str) -> Doubles:
        """float64 [passages, 3]: the nearest line by sentence vector, the nearest by n-grams, and how much of the
        question's n-grams stands anywhere in the passage, the rarer ones counting more.
        """
        by_vector = self._vectors @ self._encoded([question])[0]
        counts = count_glossed(_matching(question))
        by_words = self._words @ self._weighted(counts)
        covered = self._covered(counts)
        likenesses = np.empty((len(self.passages), 3))
        for place in range(len(self.passages)):
            mine = self._owner == place
            likenesses[place] = by_vector[mine].max(), by_words[mine].max(), covered[place]
        return likenesses

    def _rarities(self, counted: Sequence[Counter[str]]) -> Doubles:
        """float64 [grams]: of each n-gram, the less common the greater."""
        within = np.zeros(len(self._places))
        for each in counted:
            within[[self._places[gram] for gram in each]] += 1
        rarities: Doubles = np.log((1 + len(counted)) / (1 + within)) + 1
        return rarities

    def _weighted(self, counts: Counter[str]) -> Doubles:
        """float64 [grams], of length 1 with those n-grams that no passage holds: as rare as can be, they count
        against likeness.
        """
        known = {gram: number for gram, number in counts.items() if gram in self._places}
        weighted = np.zeros(len(self._places))
        places = [self._places[gram] for gram in known]
        weighted[places] = (1 + np.log(list(known.values()))) * self._rarity[places]
        unknown = [number for gram, number in counts.items() if gram not in self._places]
        beside = float((((1 + np.log(unknown)) * self._rarest) ** 2).sum()) if unknown else 0.0
        length = math.sqrt(float(weighted @ weighted) + beside)
        return weighted / length if length else weighted

    def _covered(self, counts: Counter[str]) -> Doubles:
        """float64 [passages]: the share of what is asked that each holds, by rarity."""
        places = [self._places[gram] for gram in counts if gram in self._places]
        whole = float(self._rarity[places].sum()) + self._rarest * (len(counts) - len(places))
        shares: Doubles = (self._held[:, places] @ self._rarity[places]) / whole if whole else np.zeros(len(self._held))
        return shares

    def _encoded(self, lines: Sequence[str]) -> Vectors:
        plain = [_matching(line) for line in lines]
        return self._encoder.encode(plain if self._encoder.reads_chinese else [gloss(line) for line in plain])


class Knowledge:
    """Build with ``load``."""

    def __init__(self, passages: Sequence[Passage], encoder: SentenceEncoder) -> None:
        self._indices = {
            language: Index([each for each in passages if each.language == language], encoder, WEIGHTS[language])
            for language in _LANGUAGES
            if any(each.language == language for each in passages)
        }

    @classmethod
    def load(cls, directory: Path, encoder: SentenceEncoder) -> Knowledge:
        """Every ``*.md`` below the directory; none is no fault. Raises KnowledgeDamaged."""
        return cls(read_knowledge(directory), encoder)

    def of_intent(self, intent: str, question: str, language: Language) -> Answer | None:
        """A passage of any file that answers for ``SURE``; else the one of the intent's file that fits best, ``exact``
        from ``FITTING`` on.

        ``question`` is empty where a button was pressed: then the opening. None where no file is about the intent.
        """
        index = self._index(language)
        if index is None or not any(each.intent == intent for each in index.passages):
            return None
        of_topic = [place for place, each in enumerate(index.passages) if each.intent == intent]
        if not question.strip():
            opening = next(place for place in of_topic if index.passages[place].opening)
            return told_as(index.passages[opening], 1.0, exact=True)
        scores = index.scores(question)
        best = max(range(len(scores)), key=scores.__getitem__)
        if scores[best] < SURE:
            best = max(of_topic, key=scores.__getitem__)
        return told_as(index.passages[best], scores[best], exact=scores[best] >= FITTING)

    def search(self, question: str, language: Language) -> Answer | None:
        """The passage most likely to answer, of all, ``exact`` from ``SURE`` on; None where none is ``LIKELY`` to."""
        index = self._index(language)
        if index is None or not question.strip():
            return None
        scores = index.scores(question)
        best = int(np.argmax(scores))
        if scores[best] < LIKELY:
            return None
        return told_as(index.passages[best], scores[best], exact=scores[best] >= SURE)

    def _index(self, language: Language) -> Index | None:
        return self._indices.get("zh" if language in ("zh", "mixed") else "en")


def read_knowledge(directory: Path) -> list[Passage]:
    """In the order of the files' names. Raises KnowledgeDamaged, which says where and what."""
    passages = [passage for path in sorted(directory.rglob("*.md")) for passage in read_file(path)]
    seen: set[tuple[str, str]] = set()
    for each in passages:
        if not each.opening or each.intent is None:
            continue
        if (each.language, each.intent) in seen:
            raise KnowledgeDamaged(f"another file of the same language has the intent {each.intent} too", each.path)
        seen.add((each.language, each.intent))
    return passages


def read_file(path: Path) -> list[Passage]:
    """The passages of one file. Raises KnowledgeDamaged."""
    try:
        content = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeDamaged("the file cannot be read as UTF-8", path) from error
    front, body = _front_matter(content, path)
    sections = [section for section in _sections(body, front["title"]) if section[1] or section[2]]
    if front.get("intent") and not (sections and sections[0][3] and sections[0][1]):
        raise KnowledgeDamaged("a file with an intent needs a text before its first heading", path)
    passages = []
    for title, text, questions, opening in sections:
        if not text:
            raise KnowledgeDamaged(f"nothing stands under “{title}”", path)
        passages.append(
            Passage(
                language=front["language"],
                topic=front["title"],
                intent=front.get("intent"),
                title=title,
                text=text,
                questions=questions,
                buttons=_buttons(front.get("buttons") or [], path),
                opening=opening,
                path=path,
            )
        )
    return passages


def _front_matter(content: str, path: Path) -> tuple[dict[str, Any], str]:
    found = re.match(r"---\r?\n(.*?)^---[ \t]*\r?\n?(.*)", content, re.MULTILINE | re.DOTALL)
    if not found:
        raise KnowledgeDamaged("the file does not begin with a block between two lines of ---", path)
    try:
        front = YAML(typ="safe", pure=True).load(found[1])
    except YAMLError as error:
        raise KnowledgeDamaged("the block between the lines of --- is not YAML", path) from error
    if not isinstance(front, dict) or not set(front) <= _KEYS:
        raise KnowledgeDamaged(f"the block between the lines of --- may hold {', '.join(sorted(_KEYS))}", path)
    if not isinstance(front.get("title"), str) or front.get("language") not in _LANGUAGES:
        raise KnowledgeDamaged("the file needs a title and a language, en or zh", path)
    if not isinstance(front.get("intent", ""), str):
        raise KnowledgeDamaged("intent must be a name", path)
    return front, found[2]


def _sections(body: str, title: str) -> Iterable[tuple[str, str, tuple[str, ...], bool]]:
    """Title, text, example questions, and whether it is the opening."""
    parts = re.split(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", body, flags=re.MULTILINE)
    for place in range(0, len(parts), 2):
        lines = [line.strip() for line in parts[place].splitlines()]
        text = "\n".join(line for line in lines if line and not line.startswith(">"))
        questions = tuple(line[1:].strip() for line in lines if line.startswith(">") and line[1:].strip())
        yield title if place == 0 else parts[place - 1].strip(), text, questions, place == 0


def _buttons(listed: Any, path: Path) -> tuple[tuple[str, str], ...]:
    try:
        buttons = tuple((str(each["title"]), str(each["payload"])) for each in listed)
    except (TypeError, KeyError) as error:
        raise KnowledgeDamaged("each button needs a title and a payload", path) from error
    for _, payload in buttons:
        if parse_payload(payload) is None:
            raise KnowledgeDamaged(f"{payload} is no payload such as /ask_human", path)
    return buttons


def told_as(passage: Passage, score: float, *, exact: bool) -> Answer:
    """The passage as it travels to the dialogue."""
    return Answer(passage.topic, passage.title, passage.text, passage.buttons, round(score, 4), exact)


def _matching(line: str) -> str:
    return matching_form(prepare(line).text)
