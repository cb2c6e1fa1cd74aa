"""When a question is answered from what the shop has written down, and with which passage of ``data/knowledge``.

Owns the decision: an answer, one with the remark that it may not be the answer, or none. Which files there are is
``nlu.passages``', how alike texts are ``nlu.likeness``', how sure that makes ``nlu.certainty``'s. Knows nothing of the
conversation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

from nlu.certainty import FALLBACK, OUT_OF_SCOPE, Choice, Meant, choose, fitted_weights
from nlu.encoder import SentenceEncoder
from nlu.likeness import Index, VectorOf, encode, matching
from nlu.passages import LANGUAGES, Passage, read_knowledge, twins_of
from nlu.payloads import parse_payload
from nlu.understanding import Answer, IntentScore, Language, Part, Understanding
from nlu.utterance import count_glossed

SURE = 0.6
"""Probability from which a passage is told as the answer."""
LIKELY = 0.25
"""Probability from which it is told with the remark that it may not be the answer."""

NO_INTENT = frozenset({FALLBACK, OUT_OF_SCOPE})
_OWN_DATA = frozenset({"order_number", "ticket_number", "email", "phone"})
"""Entities of customers' own affairs: what names one is a request, however it sounds."""


class Knowledge:
    """Build with ``load``. Immutable, thread-safe."""

    def __init__(self, passages: Sequence[Passage], encoder: SentenceEncoder) -> None:
        self._encoder = encoder
        self._indices = indices_of(passages, encoder)

    @classmethod
    def load(cls, directory: Path, encoder: SentenceEncoder) -> Knowledge:
        """Every ``*.md`` below the directory; none is no fault. Raises KnowledgeDamaged."""
        return cls(read_knowledge(directory), encoder)

    def answering(self, understanding: Understanding) -> Understanding:
        """The understanding with the passage that answers, ``exact`` from ``SURE`` on, where one is to be told.

        With an intent that a file is about, or none at all, a passage is told from ``LIKELY`` on. With any other the
        intent stands, unless a passage is sure to answer and nothing of the customer's own was named: then the intent
        is that passage's file's, or none. A button of an intent gets the opening of its file. Each of several requests
        has an answer of its own, where a file is about its intent.
        """
        index = self._indices.get("zh" if understanding.language in ("zh", "mixed") else "en")
        if index is None or not understanding.text.strip():
            return understanding
        if understanding.parts:
            language = understanding.language
            return replace(
                understanding, parts=tuple(self._of_part(one, index, language) for one in understanding.parts)
            )
        intent = understanding.intent.name
        if parse_payload(understanding.text):
            opening = next((each for each in index.passages if each.intent == intent and each.opening), None)
            return replace(understanding, answer=told_as(opening, 1.0, exact=True)) if opening else understanding
        choice = self._chosen(index, understanding)
        passage = index.passages[choice.place]
        answer = told_as(passage, choice.probability, exact=choice.probability >= SURE)
        if intent in NO_INTENT or any(each.intent == intent for each in index.passages):
            return replace(understanding, answer=answer) if choice.probability >= LIKELY else understanding
        if not answer.exact or any(each.name in _OWN_DATA for each in understanding.entities):
            return understanding
        asked = IntentScore(passage.intent or FALLBACK, choice.probability)
        others = (each for each in understanding.ranking if each.name != asked.name)
        return replace(understanding, intent=asked, ranking=(asked, *others), answer=answer)

    def _of_part(self, part: Part, index: Index, language: Language) -> Part:
        if all(each.intent != part.intent.name for each in index.passages):
            return part
        alone = Understanding(part.text, language, part.intent, (part.intent,), part.entities)
        return replace(part, answer=self.answering(alone).answer)

    def _chosen(self, index: Index, understanding: Understanding) -> Choice:
        vector = understanding.vector
        likenesses = index.likenesses(
            encode(understanding.text, self._encoder) if vector is None else vector,
            count_glossed(matching(understanding.text)),
        )
        meant = Meant.of(understanding.text, understanding.ranking)
        return choose(index.passages, likenesses, meant, fitted_weights()[index.passages[0].language])


def indices_of(passages: Sequence[Passage], encoder: SentenceEncoder) -> dict[str, Index]:
    """By language; none where there is no passage."""
    vector_of: VectorOf = cache(partial(encode, encoder=encoder))  # most lines serve both languages
    indices = {}
    for language in LANGUAGES:
        mine = [each for each in passages if each.language == language]
        if mine:
            others = [each for each in passages if each.language != language]
            indices[language] = Index(mine, twins_of(mine, others), vector_of)
    return indices


def told_as(passage: Passage, score: float, *, exact: bool) -> Answer:
    """The passage as it travels to the dialogue."""
    return Answer(passage.topic, passage.title, passage.text, passage.buttons, round(score, 4), exact)
