"""Reading conversations from files, and writing scores: our own JSON, and the STC-3 help-desk format.

Our format is one object, or a list of them::

    {"conversation_id": "c-17", "language": "en", "channel": "web",
     "asked_for_human": false, "reached_human": false,
     "turns": [{"id": "m-1", "author": "customer", "text": "Where is my order A1024?",
                "at": "2026-11-23T09:30:00+00:00", "intent": "ask_order_status", "confidence": 0.97,
                "sentiment": -0.1, "understood": true},
               {"id": "m-2", "author": "bot", "text": "It is on its way.", "done": "order_status_told"}]}

Only ``turns`` with ``author`` (customer, bot or staff) and ``text`` are needed; what is left out is not known.
STC-3 (Zeng et al., NTCIR) is a list of ``{"id", "turns": [{"sender", "utterances"}], "annotations"?}``. Either may be
gzipped. Knows nothing of scoring.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeGuard, TypeVar

from satisfaction.errors import InvalidTranscript
from satisfaction.judgement import STC3_CHANNEL
from satisfaction.ngrams import is_chinese
from satisfaction.transcript import Author, Score, Transcript, Turn

_T = TypeVar("_T")


Votes = tuple[int, ...]

_NUGGETS = ("CNUG0", "CNUG", "CNUG*", "CNaN", "HNUG", "HNUG*", "HNaN")
"""STC-3's names of ``MOVES``, in their order."""


@dataclass(frozen=True, slots=True)
class RatedTranscript:
    """A conversation and what its raters said; empty where nobody has rated it.

    ``satisfaction``, ``accomplishment``, ``effectiveness``: how many raters gave each grade 1…5. ``moves``: for each
    turn, how many raters saw each of ``MOVES`` in it.
    """

    transcript: Transcript
    satisfaction: Votes = ()
    accomplishment: Votes = ()
    effectiveness: Votes = ()
    moves: tuple[Votes, ...] = ()


def read_transcripts(path: Path) -> tuple[Transcript, ...]:
    """Read a file of either format. Raises ``InvalidTranscript``, naming the place."""
    document = _load(path)
    if _is_stc3(document):
        return tuple(rated.transcript for rated in _stc3(document))
    if isinstance(document, Mapping):
        return (transcript_from_json(document),)
    if isinstance(document, list):
        return tuple(transcript_from_json(item, where=f"[{index}]") for index, item in enumerate(document))
    raise InvalidTranscript("", "a conversation file holds an object or a list of objects")


def read_stc3(path: Path) -> tuple[RatedTranscript, ...]:
    """Read an STC-3 file with its ratings: S of −2…2 becomes 1…5. Raises ``InvalidTranscript``."""
    document = _load(path)
    if not _is_stc3(document):
        raise InvalidTranscript("", f"{path.name} is not in STC-3's format")
    return _stc3(document)


def transcript_from_json(item: object, where: str = "") -> Transcript:
    """One conversation of our own format. Raises ``InvalidTranscript``."""
    fields = _object(item, where)
    turns = fields.get("turns")
    if not isinstance(turns, list):
        raise InvalidTranscript(f"{where}.turns", "a list of turns is needed")
    read = tuple(_turn(turn, index, f"{where}.turns[{index}]") for index, turn in enumerate(turns))
    return Transcript(
        conversation_id=str(fields.get("conversation_id", where.strip("[]") or "0")),
        language=_typed(fields, "language", str, where) or _language(read),
        channel=_typed(fields, "channel", str, where) or "unknown",
        turns=read,
        asked_for_human=bool(_typed(fields, "asked_for_human", bool, where)),
        reached_human=bool(_typed(fields, "reached_human", bool, where)),
    )


def transcript_to_json(transcript: Transcript) -> dict[str, Any]:
    """One conversation in our own format; what is not known is left out."""
    fields = asdict(transcript)
    fields["turns"] = [
        {name: value for name, value in asdict(turn).items() if value is not None}
        | ({"at": turn.at.isoformat()} if turn.at is not None else {})
        for turn in transcript.turns
    ]
    return fields


def score_to_json(score: Score) -> dict[str, Any]:
    """A score as JSON values; points and probabilities are rounded to four places."""
    return {
        "mean": round(score.mean, 4),
        "interval_80": [round(score.low, 4), round(score.high, 4)],
        "distribution": {str(grade): round(share, 4) for grade, share in enumerate(score.distribution, 1)},
        "reasons": [
            {
                "turn_id": reason.turn_id,
                "signal": reason.signal,
                "effect": round(reason.effect, 4),
                "words": {"en": reason.words_en, "zh": reason.words_zh},
            }
            for reason in score.reasons
        ],
        "model_version": score.model_version,
    }


def _load(path: Path) -> object:
    try:
        data = path.read_bytes()
        if data[:2] == b"\x1f\x8b":
            data = gzip.decompress(data)
        return json.loads(data.decode("utf-8-sig"))
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidTranscript("", f"{path.name} cannot be read: {error}") from error
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InvalidTranscript("", f"{path.name} is not JSON in UTF-8: {error}") from error


def _is_stc3(document: object) -> TypeGuard[list[Mapping[str, Any]]]:
    """Whether every item has turns with a sender: ours have an author."""
    return (
        isinstance(document, list)
        and bool(document)
        and all(
            isinstance(item, Mapping)
            and isinstance(item.get("turns"), list)
            and bool(item["turns"])
            and isinstance(item["turns"][0], Mapping)
            and "sender" in item["turns"][0]
            for item in document
        )
    )


def _stc3(document: Sequence[Mapping[str, Any]]) -> tuple[RatedTranscript, ...]:
    return tuple(_stc3_dialogue(item, f"[{index}]") for index, item in enumerate(document))


def _stc3_dialogue(item: Mapping[str, Any], where: str) -> RatedTranscript:
    turns = []
    for index, turn in enumerate(item["turns"]):
        at = f"{where}.turns[{index}]"
        fields = _object(turn, at)
        utterances = fields.get("utterances")
        if not isinstance(utterances, list) or not all(isinstance(utterance, str) for utterance in utterances):
            raise InvalidTranscript(f"{at}.utterances", "a list of texts is needed")
        author: Author = "customer" if fields.get("sender") == "customer" else "staff"
        turns.append(Turn(id=str(index), author=author, text=" ".join(utterances)))
    transcript = Transcript(str(item.get("id", where)), _language(turns), STC3_CHANNEL, tuple(turns))
    annotations = item.get("annotations")
    if not annotations:
        return RatedTranscript(transcript)
    where = f"{where}.annotations"
    if not isinstance(annotations, list):
        raise InvalidTranscript(where, "a list is needed")
    return RatedTranscript(
        transcript,
        satisfaction=_votes(annotations, "S", where),
        accomplishment=_votes(annotations, "A", where),
        effectiveness=_votes(annotations, "E", where),
        moves=_moves(annotations, len(turns), where),
    )


def _votes(annotations: Sequence[object], kind: str, where: str) -> Votes:
    votes = [0] * 5
    for index, annotation in enumerate(annotations):
        quality = _object(annotation, f"{where}[{index}]").get("quality")
        grade = quality.get(kind) if isinstance(quality, Mapping) else None
        if isinstance(grade, bool) or grade not in (-2, -1, 0, 1, 2):
            raise InvalidTranscript(f"{where}[{index}].quality.{kind}", "a whole number from -2 to 2 is needed")
        votes[int(grade) + 2] += 1
    return tuple(votes)


def _moves(annotations: Sequence[object], turns: int, where: str) -> tuple[Votes, ...]:
    votes = [[0] * len(_NUGGETS) for _ in range(turns)]
    for index, annotation in enumerate(annotations):
        nuggets = _object(annotation, f"{where}[{index}]").get("nugget")
        if not isinstance(nuggets, list) or len(nuggets) != turns or not all(name in _NUGGETS for name in nuggets):
            raise InvalidTranscript(f"{where}[{index}].nugget", "one of STC-3's nugget names for each turn is needed")
        for turn, name in enumerate(nuggets):
            votes[turn][_NUGGETS.index(name)] += 1
    return tuple(tuple(turn) for turn in votes)


def _turn(item: object, index: int, where: str) -> Turn:
    fields = _object(item, where)
    author = fields.get("author")
    if author not in ("customer", "bot", "staff"):
        raise InvalidTranscript(f"{where}.author", "customer, bot or staff is needed")
    text = _typed(fields, "text", str, where)
    if text is None:
        raise InvalidTranscript(f"{where}.text", "a text is needed")
    return Turn(
        id=str(fields.get("id", index)),
        author=author,
        text=text,
        at=_time(fields, where),
        intent=_typed(fields, "intent", str, where),
        confidence=_number(fields, "confidence", 0.0, 1.0, where),
        sentiment=_number(fields, "sentiment", -1.0, 1.0, where),
        understood=_typed(fields, "understood", bool, where),
        done=_typed(fields, "done", str, where),
    )


def _object(item: object, where: str) -> Mapping[str, Any]:
    if not isinstance(item, Mapping):
        raise InvalidTranscript(where, "an object is needed")
    return item


def _typed(fields: Mapping[str, Any], name: str, kind: type[_T], where: str) -> _T | None:
    value = fields.get(name)
    if value is not None and not isinstance(value, kind):
        raise InvalidTranscript(f"{where}.{name}", f"{kind.__name__} is needed, not {type(value).__name__}")
    return value


def _number(fields: Mapping[str, Any], name: str, low: float, high: float, where: str) -> float | None:
    value = fields.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise InvalidTranscript(f"{where}.{name}", f"a number from {low:g} to {high:g} is needed")
    return float(value)


def _time(fields: Mapping[str, Any], where: str) -> datetime | None:
    text = _typed(fields, "at", str, where)
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidTranscript(f"{where}.at", "an ISO 8601 time is needed") from error
    if at.tzinfo is None:
        raise InvalidTranscript(f"{where}.at", "a time zone is needed, such as +00:00")
    return at


def _language(turns: Sequence[Turn]) -> str:
    return "zh" if is_chinese(" ".join(turn.text for turn in turns)) else "en"
