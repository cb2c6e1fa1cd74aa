"""Laws of the scorer over any conversation: bounded, deterministic, and faithful in what it says of turns."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from satisfaction.scorer import Scorer
from satisfaction.transcript import Transcript, Turn

# Building hypothesis' table of Unicode once can take seconds on a busy machine.
patiently = settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)

SAID = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "Where is my order A1024?",
            "where is my order",
            "Thanks, that was very helpful!",
            "This is useless, you stupid bot",
            "I want to talk to a human",
            "Sorry, I did not understand that.",
            "It works again now",
            "我的订单到哪里了",
            "谢谢，已经解决了",
            "太差了，我要投诉",
            "转人工",
            "抱歉，我没有听懂",
            "请您耐心等待，我们会尽快处理",
        ]
    ),
)
INTENTS = st.sampled_from([None, "ask_order_status", "thank", "complain", "ask_human", "inform", "praise"])


@cache
def scorer(number: int = 0) -> Scorer:
    """The packaged scorer; another number gives another one, loaded anew."""
    return Scorer.load()


@st.composite
def transcripts(draw: st.DrawFn) -> Transcript:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    turns = []
    for number in range(draw(st.integers(0, 8))):
        author = draw(st.sampled_from(["customer", "bot", "staff"]))
        at += timedelta(seconds=draw(st.integers(0, 4000)))
        turn = Turn(str(number), author, draw(SAID), at=draw(st.sampled_from([None, at])))
        if author == "customer":
            turn = dataclasses.replace(
                turn,
                intent=draw(INTENTS),
                sentiment=draw(st.none() | st.floats(-1, 1)),
                understood=draw(st.none() | st.booleans()),
            )
        elif author == "bot":
            turn = dataclasses.replace(turn, done=draw(st.sampled_from([None, "ticket_opened", "order_status_told"])))
        turns.append(turn)
    language = draw(st.sampled_from(["en", "zh", "und"]))
    return Transcript("c", language, draw(st.sampled_from(["web", "helpdesk"])), tuple(turns))


@patiently
@given(transcripts())
def test_a_score_is_bounded_and_adds_up(transcript: Transcript) -> None:
    score = scorer().score(transcript)
    assert 1 <= score.low <= score.mean <= score.high <= 5
    assert all(share > 0 for share in score.distribution)
    assert sum(score.distribution) == pytest.approx(1)
    assert sum(grade * share for grade, share in enumerate(score.distribution, 1)) == pytest.approx(score.mean)
    assert len(score.reasons) <= 3


@patiently
@given(transcripts())
def test_the_same_transcript_gets_the_same_score(transcript: Transcript) -> None:
    assert scorer().score(transcript) == scorer(1).score(transcript)


@patiently
@given(transcripts())
def test_removing_a_named_turn_moves_the_score_the_way_the_reason_says(transcript: Transcript) -> None:
    score = scorer().score(transcript)
    for reason in score.reasons:
        rest = tuple(turn for turn in transcript.turns if turn.id != reason.turn_id)
        assert len(rest) == len(transcript.turns) - 1
        moved = score.mean - scorer().score(dataclasses.replace(transcript, turns=rest)).mean
        assert moved * reason.effect > 0


@patiently
@given(transcripts())
def test_more_happiness_never_lowers_a_bot_conversations_score(transcript: Transcript) -> None:
    web = dataclasses.replace(transcript, channel="web")
    customers = [turn for turn in web.turns if turn.author == "customer"]
    if not customers:
        return

    def felt(amount: float) -> float:
        turns = (dataclasses.replace(turn, sentiment=amount) if turn is customers[-1] else turn for turn in web.turns)
        return scorer().score(dataclasses.replace(web, turns=tuple(turns))).mean

    assert felt(-0.5) <= felt(0.0) <= felt(0.9)
