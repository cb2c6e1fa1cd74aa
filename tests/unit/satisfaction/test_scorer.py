"""Scores that staff would agree with, and reasons that hold."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from satisfaction.features import SIGNALS
from satisfaction.parameter_file import MOVES
from satisfaction.reasons import COURSE, WORDING
from satisfaction.scorer import Scorer
from satisfaction.transcript import Score, Transcript

Build = Callable[..., Transcript]


def knows(intent: str, sentiment: float, understood: bool = True) -> dict[str, object]:
    return {"intent": intent, "sentiment": sentiment, "understood": understood}


GOOD = {
    "en": (
        ("customer", "Hi, where is my order A1024?", knows("ask_order_status", 0.0)),
        ("bot", "Order A1024 is on its way and should arrive tomorrow.", {"done": "order_status_told"}),
        ("customer", "Great, thank you so much!", knows("thank", 0.8)),
        ("bot", "You are welcome. Have a nice day!"),
    ),
    "zh": (
        ("customer", "你好，我的订单A1024到哪里了？", knows("ask_order_status", 0.0)),
        ("bot", "您的订单A1024正在派送，预计明天送达。", {"done": "order_status_told"}),
        ("customer", "太好了，谢谢！", knows("thank", 0.8)),
        ("bot", "不客气，祝您愉快！"),
    ),
}
BAD = {
    "en": (
        ("customer", "My parcel is broken, what now?", knows("out_of_scope", -0.4, False)),
        ("bot", "Sorry, I did not understand that. Could you rephrase?"),
        ("customer", "The parcel arrived broken!", knows("out_of_scope", -0.5, False)),
        ("bot", "Sorry, I did not understand that. Could you rephrase?"),
        ("customer", "This is useless, you stupid bot", knows("complain", -0.9, False)),
        ("bot", "Sorry, I did not understand that. Could you rephrase?"),
        ("customer", "I want to talk to a human", knows("ask_human", -0.6)),
    ),
    "zh": (
        ("customer", "包裹坏了怎么办", knows("out_of_scope", -0.4, False)),
        ("bot", "抱歉，我没有听懂，请您换个说法。"),
        ("customer", "我说包裹收到就是坏的", knows("out_of_scope", -0.5, False)),
        ("bot", "抱歉，我没有听懂，请您换个说法。"),
        ("customer", "什么垃圾机器人，气死我了", knows("complain", -0.9, False)),
        ("bot", "抱歉，我没有听懂，请您换个说法。"),
        ("customer", "转人工", knows("ask_human", -0.6)),
    ),
}


def words_alone(transcript: Transcript) -> Transcript:
    """The same conversation as another system would export it: authors and texts, nothing understood."""
    turns = tuple(
        dataclasses.replace(turn, intent=None, sentiment=None, understood=None, done=None) for turn in transcript.turns
    )
    return dataclasses.replace(transcript, turns=turns)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("seen", [lambda transcript: transcript, words_alone], ids=["understood", "words alone"])
def test_a_good_and_a_bad_conversation_are_far_apart(
    scorer: Scorer, conversation: Build, language: str, seen: Callable[[Transcript], Transcript]
) -> None:
    good = scorer.score(seen(conversation(language, *GOOD[language])))
    bad = scorer.score(seen(conversation(language, *BAD[language])))
    assert good.mean - bad.mean >= 1.5
    assert good.low > bad.high


@pytest.mark.parametrize("language", ["en", "zh"])
def test_reasons_name_the_turns_that_staff_would_name(scorer: Scorer, conversation: Build, language: str) -> None:
    good = scorer.score(conversation(language, *GOOD[language]))
    assert ("t2", "thanks_at_end") in {(reason.turn_id, reason.signal) for reason in good.reasons if reason.effect > 0}
    bad = scorer.score(conversation(language, *BAD[language]))
    assert {reason.signal for reason in bad.reasons} <= {
        "swearing",
        "not_understood",
        "repeated_question",
        "complaints",
        "complaint_at_end",
        "asked_human",
        "sentiment_at_end",
        "unanswered_at_end",
    }
    assert all(reason.effect < 0 for reason in bad.reasons)


@pytest.mark.parametrize("rows", [GOOD["en"], BAD["en"], GOOD["zh"], BAD["zh"]])
def test_taking_the_named_turn_out_moves_the_score_by_the_effect(
    scorer: Scorer, conversation: Build, rows: tuple[object, ...]
) -> None:
    whole = conversation("en", *rows)
    score = scorer.score(whole)
    assert score.reasons
    for reason in score.reasons:
        rest = tuple(turn for turn in whole.turns if turn.id != reason.turn_id)
        without = scorer.score(dataclasses.replace(whole, turns=rest))
        assert score.mean - without.mean == pytest.approx(reason.effect)


@pytest.mark.parametrize(
    ("name", "worse", "better"),
    [
        ("understood", {"understood": False}, {"understood": True}),
        ("sentiment", {"sentiment": -0.8}, {"sentiment": 0.8}),
        ("intent", {"intent": "complain"}, {"intent": "praise"}),
    ],
)
def test_what_the_bot_knows_moves_the_score_the_right_way(
    scorer: Scorer, conversation: Build, name: str, worse: dict[str, object], better: dict[str, object]
) -> None:
    def of(known: dict[str, object]) -> float:
        return scorer.score(conversation("en", ("customer", "hello"), ("bot", "Hi."), ("customer", "so", known))).mean

    assert of(worse) < of(better)


def test_something_done_and_a_quick_answer_are_good(scorer: Scorer, conversation: Build) -> None:
    asked = ("customer", "Where is it?", {"intent": "ask_order_status"})
    done = conversation("en", asked, ("bot", "On its way.", {"done": "order_status_told"}))
    undone = conversation("en", asked, ("bot", "On its way."))
    assert scorer.score(done).mean > scorer.score(undone).mean + 0.2
    quick, slow = (conversation("en", asked, ("bot", "On its way."), gap_s=gap) for gap in (2, 1800))
    assert scorer.score(quick).mean > scorer.score(slow).mean + 0.2


def test_a_conversation_without_words_gets_the_prior_and_a_wide_interval(scorer: Scorer, conversation: Build) -> None:
    score = scorer.score(conversation("en"))
    assert 2.5 < score.mean < 3.7
    assert score.high - score.low > 0.8
    assert score.reasons == ()


def test_helpdesk_dialogues_are_judged_by_the_fitted_part_alone(scorer: Scorer, conversation: Build) -> None:
    rows = BAD["zh"]
    known = scorer.score(conversation("zh", *rows, channel="helpdesk"))
    unknown = scorer.score(words_alone(conversation("zh", *rows, channel="helpdesk")))
    # Intents may still show a complaint that the words hide; "understood" and sentiment count for nothing here.
    assert known.mean == pytest.approx(unknown.mean, abs=0.3)
    assert known.mean > scorer.score(conversation("zh", *rows)).mean


def test_running_estimates_end_with_the_final_one(scorer: Scorer, conversation: Build) -> None:
    whole = conversation("en", *BAD["en"])
    running = scorer.running(whole)
    assert len(running) == len(whole.turns)
    assert running[-1] == scorer.score(whole)
    assert running[-1].mean < running[0].mean


def test_reasons_are_three_at_most_strongest_first_with_words(scorer: Scorer, conversation: Build) -> None:
    known = {spec.name for spec in SIGNALS} | {WORDING, COURSE, *MOVES}
    for rows in (*GOOD.values(), *BAD.values()):
        score: Score = scorer.score(conversation("en", *rows))
        effects = [abs(reason.effect) for reason in score.reasons]
        assert 1 <= len(effects) <= 3
        assert effects == sorted(effects, reverse=True)
        for reason in score.reasons:
            assert reason.signal in known
            assert reason.words_en.endswith(".")
            assert reason.words_zh.endswith("。")


def test_a_conversation_of_five_hundred_turns_is_scored(scorer: Scorer, conversation: Build) -> None:
    rows = [
        ("customer", f"and what about item {position}") if position % 2 else ("bot", "It is in stock.")
        for position in range(500)
    ]
    score = scorer.score(conversation("en", *rows))
    assert 1 <= score.low <= score.mean <= score.high <= 5
