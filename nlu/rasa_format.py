"""An understanding as Rasa wants it in answer to ``POST /model/parse``. Pure.

Beside Rasa's own fields stand ``language``, ``sentiment`` and, where there are such, ``answer``, ``foreign`` and
``parts``; they reach the tracker's latest message. The language travels once more as an entity, because that is how it
fills a slot. Several requests are no intent "a+b", which is how Rasa's own classifiers learn them: each pair would then
be an intent with examples and rules of its own.
"""

from __future__ import annotations

from typing import Any

from nlu.understanding import Answer, Entity, IntentScore, Part, Understanding

LANGUAGE_ENTITY = "language"
_SPOKEN = {"en": "en", "zh": "zh", "mixed": "zh"}
"""The language to answer in; a text that tells none adds no entity, so that the slot keeps what it held."""


def to_rasa(understanding: Understanding) -> dict[str, Any]:
    """JSON-ready. Offsets of entities are characters of ``text``; the language entity spans all of it."""
    entities = [_entity(one) for one in understanding.entities]
    spoken = _SPOKEN.get(understanding.language)
    if spoken is not None:
        whole = Entity(LANGUAGE_ENTITY, spoken, understanding.text, 0, len(understanding.text), extractor="language")
        entities.append(_entity(whole))
    parsed = {
        "text": understanding.text,
        "intent": _intent(understanding.intent),
        "intent_ranking": [_intent(one) for one in understanding.ranking],
        "entities": entities,
        "language": understanding.language,
        "sentiment": {"score": understanding.sentiment.score, "label": understanding.sentiment.label},
    }
    if understanding.answer is not None:
        parsed["answer"] = answer_to_rasa(understanding.answer)
    if understanding.foreign is not None:
        parsed["foreign"] = understanding.foreign
    if understanding.parts:
        parsed["parts"] = [part_to_rasa(one) for one in understanding.parts]
    return parsed


def part_to_rasa(part: Part) -> dict[str, Any]:
    """JSON-ready, as it stands in ``parts``."""
    told = {
        "text": part.text,
        "start": part.start,
        "end": part.end,
        "intent": _intent(part.intent),
        "entities": [_entity(one) for one in part.entities],
    }
    return told if part.answer is None else {**told, "answer": answer_to_rasa(part.answer)}


def answer_to_rasa(answer: Answer) -> dict[str, Any]:
    """JSON-ready, as it stands in ``answer``."""
    return {
        "topic": answer.topic,
        "title": answer.title,
        "text": answer.text,
        "buttons": [{"title": title, "payload": payload} for title, payload in answer.buttons],
        "score": answer.score,
        "exact": answer.exact,
    }


def _intent(score: IntentScore) -> dict[str, Any]:
    return {"name": score.name, "confidence": score.confidence}


def _entity(entity: Entity) -> dict[str, Any]:
    return {
        "entity": entity.name,
        "value": entity.value,
        "text": entity.text,
        "start": entity.start,
        "end": entity.end,
        "confidence_entity": entity.confidence,
        "extractor": entity.extractor,
    }
