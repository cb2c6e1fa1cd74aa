"""Understanding of one utterance, start to finish: what the rest of the program calls.

``Understander.load`` opens a trained model and its encoder; ``parse`` is safe to call from any thread, never raises
for a text of any kind, and remembers what it was asked lately. What a text means depends on the text, the day and the
shop's products, and on nobody who wrote it. It decides nothing about the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from nlu.artefacts import ModelFiles
from nlu.clauses import Clause, clauses_of
from nlu.encoder import Encoder, LayeredEncoder
from nlu.entities import EntityExtractor, in_original, masked
from nlu.errors import ModelDamaged
from nlu.intents import FALLBACK, IntentClassifier
from nlu.language import detect, foreign
from nlu.numbers import ORDER_NUMBER_PATTERN, TICKET_NUMBER_PATTERN
from nlu.patterns import Found, PatternExtractor
from nlu.preparation import Prepared, prepare
from nlu.remembered import Remembered
from nlu.sentiment import SentimentScorer
from nlu.several import Asked, Scored, asked_for, belonging_to
from nlu.spelling import Spelling
from nlu.tagger import Tagger
from nlu.tokens import new_vocabulary
from nlu.understanding import Language, Part, Understanding
from nlu.utterance import View, forms_of, views

_DATA = frozenset({"order_number", "ticket_number", "email", "phone", "date", "time", "amount", "person", "address"})
_LETTERS = re.compile(r"\w+")


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Understander:
    """Build with ``load``; the constructor takes the parts, for tests."""

    def __init__(
        self,
        extractor: Callable[[Sequence[str]], EntityExtractor],
        intents: IntentClassifier,
        sentiment: SentimentScorer,
        encoder: LayeredEncoder,
        *,
        products: Sequence[str] = (),
        today: Callable[[], date],
    ) -> None:
        self._build_extractor = extractor
        self._entities = extractor(products)
        self._intents = intents
        self._sentiment = sentiment
        self._encoder = encoder
        self._spelling = Spelling(intents.words(), encoder.knows)
        self._today = today
        self._remembered: Remembered[Understanding] = Remembered()

    @classmethod
    def load(
        cls,
        model_dir: Path,
        *,
        encoder_dir: Path,
        products: Sequence[str] = (),
        order_number_pattern: str = ORDER_NUMBER_PATTERN,
        ticket_number_pattern: str = TICKET_NUMBER_PATTERN,
        phone_regions: Sequence[str] = ("US", "CN"),
        now: Callable[[], datetime] = _utc_now,
        encoder: LayeredEncoder | None = None,
    ) -> Understander:
        """``now`` gives the time where the shop is (dates are counted from its day); ``encoder`` replaces the one in
        ``encoder_dir``. Raises EncoderMissing, ModelMissing, ModelDamaged (also for a model trained with another
        encoder).
        """
        encoder = encoder or Encoder.load(encoder_dir)
        files = ModelFiles.load(model_dir)
        if files.encoder_identity != encoder.identity:
            raise ModelDamaged(f"the model in {model_dir} was trained with another sentence encoder: train again")
        vocabulary = new_vocabulary()

        def today() -> date:
            return now().date()

        patterns = PatternExtractor(
            vocabulary,
            today=today,
            order_number_pattern=order_number_pattern,
            ticket_number_pattern=ticket_number_pattern,
            phone_regions=phone_regions,
        )
        tagger = Tagger(files.tagger, encoder.word_classes)

        def extractor(products: Sequence[str]) -> EntityExtractor:
            return EntityExtractor(vocabulary, patterns, tagger, files.gazetteer, products)

        intents = IntentClassifier(files.intents, files.policy)
        return cls(extractor, intents, SentimentScorer(files.sentiment), encoder, products=products, today=today)

    @property
    def encoder(self) -> LayeredEncoder:
        """The encoder it was loaded with, for whatever else is to be likened to what customers write."""
        return self._encoder

    def update_products(self, products: Sequence[str]) -> None:
        """From now on these are the product names to look for; what was remembered is forgotten."""
        self._entities = self._build_extractor(products)
        self._remembered.forget()

    def parse(self, text: str) -> Understanding:
        """Never raises for what a text may hold; of a very long one the first ``MAX_CHARACTERS`` are read."""
        entities = self._entities
        # The extractor names the products: what was begun before they changed is never taken for what holds now.
        return self._remembered.get((text, self._today(), entities), lambda: self._understand(text, entities))

    def parse_many(self, texts: Iterable[str]) -> list[Understanding]:
        """In the order of ``texts``; the same as ``parse`` for each."""
        return [self.parse(text) for text in texts]

    def _understand(self, text: str, extractor: EntityExtractor) -> Understanding:
        prepared = prepare(text)
        if not prepared.text.strip():
            ranking = self._intents.fallen_back()
            return Understanding(text, "und", ranking[0], ranking)
        language = detect(prepared.text)
        by_pattern, found = extractor.find(prepared.text, language)
        seen, following, scored = self._seen(prepared.text, language, by_pattern, found)
        ranking = self._intents.rank(seen, past_greeting=following, bare=_is_bare(prepared.text, found))
        parts = _parts(asked_for(scored, ranking[0]), found, prepared)
        if parts:
            first = parts[0].intent
            ranking = (first, *(each for each in ranking if each.name not in (first.name, FALLBACK)))
        sentiment = self._sentiment.score(prepared.text, seen)
        which = None
        if language == "other":
            which = foreign(prepared.text) or "und"
            if not found:
                ranking = self._intents.courtesy_at_most(ranking, words=len(_LETTERS.findall(prepared.text)))
        return Understanding(
            text,
            language,
            ranking[0],
            ranking,
            in_original(found, prepared),
            sentiment,
            parts=parts,
            vector=seen.vector.copy(),
            foreign=which,
        )

    def _seen(
        self, text: str, language: Language, by_pattern: Sequence[Found], found: Sequence[Found]
    ) -> tuple[View, View | None, list[Scored]]:
        """The whole, what follows its greeting if it has one, and its clauses; all encoded in one call."""
        spelling = None if language == "other" else self._spelling
        whole = forms_of(text, by_pattern, spelling)
        past_greeting = whole.past_greeting()
        clauses = () if language == "other" else clauses_of(text, [(one.start, one.end) for one in found])
        pieces = [forms_of(_piece(text, each), _within(by_pattern, each), spelling) for each in clauses]
        texts = [whole, *([past_greeting] if past_greeting else []), *pieces]
        seen, *others = views(texts, language, self._encoder)
        following = others.pop(0) if past_greeting else None
        scored = [self._scored(text, one, found, piece) for one, piece in zip(clauses, others, strict=True)]
        return seen, following, scored

    def _scored(self, text: str, clause: Clause, found: Sequence[Found], seen: View) -> Scored:
        inside = _within(found, clause)
        orders = frozenset(one.value for one in inside if one.name == "order_number")
        return Scored(clause, self._intents.best(seen), _is_bare(_piece(text, clause), inside), orders)


def _piece(text: str, clause: Clause) -> str:
    return text[clause.start : clause.end]


def _within(found: Sequence[Found], clause: Clause) -> list[Found]:
    """What was found in a clause, in offsets of the clause."""
    inside = (one for one in found if clause.start <= one.start and one.end <= clause.end)
    return [replace(one, start=one.start - clause.start, end=one.end - clause.start) for one in inside]


def _parts(asked: Sequence[Asked], found: Sequence[Found], prepared: Prepared) -> tuple[Part, ...]:
    parts = []
    for one in asked:
        start, end = prepared.original_span(one.start, one.end)
        entities = in_original(belonging_to(one, asked, found), prepared)
        parts.append(Part(prepared.original[start:end], start, end, one.intent, entities))
    return tuple(parts)


def _is_bare(text: str, found: Sequence[Found]) -> bool:
    """Whether nothing but data was written: "A1024", "jane@example.com, 13800138000". Never for a bare rating."""
    data = [one for one in found if one.name in _DATA]
    rest = masked(text, data, _DATA)
    for one in data:
        rest = rest.replace(f"<{one.name}>", " ")
    return bool(data) and not _LETTERS.search(rest)
