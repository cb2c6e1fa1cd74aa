"""Reading both formats, refusing damaged files with the place named, and writing."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from satisfaction.errors import InvalidTranscript
from satisfaction.formats import (
    read_stc3,
    read_transcripts,
    score_to_json,
    transcript_from_json,
    transcript_to_json,
)
from satisfaction.scorer import Scorer
from satisfaction.transcript import Transcript, Turn

OURS: dict[str, Any] = {
    "conversation_id": "c-17",
    "language": "en",
    "channel": "web",
    "asked_for_human": True,
    "turns": [
        {
            "id": "m-1",
            "author": "customer",
            "text": "Where is my order A1024?",
            "at": "2026-11-23T09:30:00+00:00",
            "intent": "ask_order_status",
            "confidence": 0.97,
            "sentiment": -0.1,
            "understood": True,
        },
        {"author": "bot", "text": "It is on its way.", "done": "order_status_told"},
    ],
}
STC3: list[dict[str, Any]] = [
    {
        "id": "38",
        "turns": [
            {"sender": "customer", "utterances": ["网络", "断了"]},
            {"sender": "helpdesk", "utterances": ["您好"]},
        ],
        "annotations": [
            {"quality": {"A": 1, "S": score, "E": 0}, "nugget": ["CNUG0", helps]}
            for score, helps in ((-2, "HNaN"), (0, "HNUG"), (0, "HNUG"), (2, "HNUG*"))
        ],
    }
]


def written(folder: Path, document: object, name: str = "file.json") -> Path:
    path = folder / name
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def test_our_format(tmp_path: Path) -> None:
    (read,) = read_transcripts(written(tmp_path, OURS))
    assert (read.conversation_id, read.language, read.channel) == ("c-17", "en", "web")
    assert read.asked_for_human
    assert not read.reached_human
    first, second = read.turns
    assert first == Turn(
        "m-1",
        "customer",
        "Where is my order A1024?",
        at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
        intent="ask_order_status",
        confidence=0.97,
        sentiment=-0.1,
        understood=True,
    )
    assert (second.id, second.done, second.understood) == ("1", "order_status_told", None)


def test_the_least_that_is_needed() -> None:
    read = transcript_from_json({"turns": [{"author": "customer", "text": "我的订单呢"}]})
    assert (read.conversation_id, read.language, read.channel) == ("0", "zh", "unknown")


def test_a_list_of_ours_and_gzip_and_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "many.json.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + json.dumps([OURS, OURS]).encode()))
    assert len(read_transcripts(path)) == 2
    assert read_transcripts(written(tmp_path, [])) == ()


def test_stc3(tmp_path: Path) -> None:
    path = written(tmp_path, STC3)
    (rated,) = read_stc3(path)
    assert rated.satisfaction == (1, 0, 2, 0, 1)
    assert rated.accomplishment == (0, 0, 0, 4, 0)
    assert rated.effectiveness == (0, 0, 4, 0, 0)
    assert rated.moves == ((4, 0, 0, 0, 0, 0, 0), (0, 0, 0, 0, 2, 1, 1))
    assert (rated.transcript.language, rated.transcript.channel) == ("zh", "helpdesk")
    assert [(turn.author, turn.text) for turn in rated.transcript.turns] == [
        ("customer", "网络 断了"),
        ("staff", "您好"),
    ]
    assert read_transcripts(path) == (rated.transcript,)


def test_stc3_without_annotations_can_be_scored(tmp_path: Path) -> None:
    (rated,) = read_stc3(written(tmp_path, [{"id": "1", "turns": STC3[0]["turns"]}]))
    assert rated.satisfaction == ()
    assert rated.moves == ()


def test_there_and_back() -> None:
    read = transcript_from_json(OURS)
    assert transcript_from_json(json.loads(json.dumps(transcript_to_json(read)))) == read


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"turns": 7}, ".turns"),
        ({"turns": [7]}, ".turns[0]"),
        ({"turns": [{"author": "robot", "text": "x"}]}, ".turns[0].author"),
        ({"turns": [{"author": "bot"}]}, ".turns[0].text"),
        ({"turns": [{"author": "bot", "text": 5}]}, ".turns[0].text"),
        ({"turns": [{"author": "bot", "text": "x", "at": "yesterday"}]}, ".turns[0].at"),
        ({"turns": [{"author": "bot", "text": "x", "at": "2026-11-23T09:30:00"}]}, ".turns[0].at"),
        ({"turns": [{"author": "customer", "text": "x", "sentiment": 3}]}, ".turns[0].sentiment"),
        ({"turns": [{"author": "customer", "text": "x", "confidence": "high"}]}, ".turns[0].confidence"),
        ({"turns": [{"author": "customer", "text": "x", "understood": "no"}]}, ".turns[0].understood"),
        ({"turns": [], "language": 5}, ".language"),
    ],
)
def test_damage_is_named(change: dict[str, Any], where: str) -> None:
    with pytest.raises(InvalidTranscript) as raised:
        transcript_from_json(OURS | change)
    assert raised.value.where == where


def test_what_is_no_conversation_file_is_refused(tmp_path: Path) -> None:
    for document in (5, "text", None):
        with pytest.raises(InvalidTranscript):
            read_transcripts(written(tmp_path, document))
    for data in (b"", b"{", b"\xff\xfe\x00", b"\x1f\x8b\x08broken", b"[" * 100_000):
        path = tmp_path / "broken"
        path.write_bytes(data)
        with pytest.raises(InvalidTranscript):
            read_transcripts(path)
    with pytest.raises(InvalidTranscript):
        read_transcripts(tmp_path / "nowhere.json")
    with pytest.raises(InvalidTranscript):
        read_stc3(written(tmp_path, OURS))


@pytest.mark.parametrize(
    ("damaged", "where"),
    [
        (7, "[0].annotations"),
        ([7], "[0].annotations[0]"),
        ([{"quality": {"S": 3, "A": 0, "E": 0}, "nugget": ["CNaN", "HNaN"]}], "[0].annotations[0].quality.S"),
        ([{"quality": {"S": 0, "A": 0}, "nugget": ["CNaN", "HNaN"]}], "[0].annotations[0].quality.E"),
        ([{"quality": {"S": 0, "A": 0, "E": 0}, "nugget": ["CNaN"]}], "[0].annotations[0].nugget"),
        ([{"quality": {"S": 0, "A": 0, "E": 0}, "nugget": ["CNaN", "what"]}], "[0].annotations[0].nugget"),
    ],
)
def test_damaged_annotations_are_named(tmp_path: Path, damaged: object, where: str) -> None:
    with pytest.raises(InvalidTranscript) as raised:
        read_stc3(written(tmp_path, [STC3[0] | {"annotations": damaged}]))
    assert raised.value.where == where


def test_a_score_as_json(scorer: Scorer) -> None:
    transcript = Transcript("c", "en", "web", (Turn("a", "customer", "Thanks, that was very helpful!"),))
    document = json.loads(json.dumps(score_to_json(scorer.score(transcript))))
    assert set(document) == {"mean", "interval_80", "distribution", "reasons", "model_version"}
    assert list(document["distribution"]) == ["1", "2", "3", "4", "5"]
    assert set(document["reasons"][0]) == {"turn_id", "signal", "effect", "words"}
