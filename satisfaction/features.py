"""The documented signals that satisfaction is judged from: what each turn shows, and what the turns show together.

``observe`` reads one turn once; ``measure`` puts observed turns together into a vector, so that a conversation
without one of its turns is measured again at little cost. A signal that cannot be known (no times, no understanding)
is NaN, never 0. Knows nothing of weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from satisfaction import phrases
from satisfaction.ngrams import is_chinese, normalise
from satisfaction.phrases import says
from satisfaction.transcript import Turn

Needs = Literal["text", "understanding", "times"]


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """A signal's stable name, unit, range (values are clipped to it) and what a transcript must carry for it."""

    name: str
    unit: str
    low: float
    high: float
    needs: Needs
    meaning: str


SIGNALS: tuple[SignalSpec, ...] = (
    SignalSpec("customer_turns", "turns", 0, 20, "text", "how often the customer wrote"),
    SignalSpec("agent_turns", "turns", 0, 20, "text", "how often the bot or staff wrote"),
    SignalSpec("opening_length", "ln characters", 0, 8, "text", "length of the customer's first turn"),
    SignalSpec("later_length", "ln characters", 0, 8, "text", "length of the customer's later turns together"),
    SignalSpec("answer_length", "ln characters", 0, 8, "text", "mean length of the answers"),
    SignalSpec("unanswered_at_end", "0 or 1", 0, 1, "text", "the last word is the customer's, and it wants an answer"),
    SignalSpec("repeated_question", "similarity", 0, 1, "text", "the most alike two customer turns are"),
    SignalSpec("repeated_answer", "similarity", 0, 1, "text", "the most alike two answers are"),
    SignalSpec("thanks_at_end", "0 or 1", 0, 1, "text", "the customer's last turn thanks, and it is not the first"),
    SignalSpec("thanks", "turns", 0, 5, "text", "customer turns that thank"),
    SignalSpec("solved_words", "turns", 0, 3, "text", "customer turns that say the problem is gone"),
    SignalSpec("praise", "turns", 0, 5, "text", "customer turns that praise"),
    SignalSpec("complaint_at_start", "0 or 1", 0, 1, "text", "the customer's first turn complains"),
    SignalSpec(
        "complaint_at_end", "0 or 1", 0, 1, "text", "the customer's last turn complains, and it is not the first"
    ),
    SignalSpec("complaints", "turns", 0, 5, "text", "customer turns that complain"),
    SignalSpec("swearing", "turns", 0, 3, "text", "customer turns with swear words or insults"),
    SignalSpec("asked_human", "turns", 0, 3, "text", "customer turns that ask for a human"),
    SignalSpec("exclamation", "share", 0, 1, "text", "customer turns with an exclamation mark"),
    SignalSpec("question_at_end", "0 or 1", 0, 1, "text", "the customer's last turn asks something"),
    SignalSpec("apologies", "turns", 0, 5, "text", "answers that apologise"),
    SignalSpec("deferrals", "turns", 0, 5, "text", "answers that put the customer off or send them elsewhere"),
    SignalSpec("not_understood", "turns", 0, 5, "understanding", "customer turns that were not understood"),
    SignalSpec("done", "things", 0, 3, "understanding", "different things done for the customer"),
    SignalSpec("sentiment_at_end", "-1…1", -1, 1, "understanding", "mean sentiment of the customer's last two turns"),
    SignalSpec("sentiment_course", "-2…2", -2, 2, "understanding", "last turn's sentiment less the first turn's"),
    SignalSpec("longest_wait", "minutes", 0, 60, "times", "the longest the customer waited for an answer"),
)
NAMES: tuple[str, ...] = tuple(spec.name for spec in SIGNALS)
POSITION: dict[str, int] = {name: position for position, name in enumerate(NAMES)}
_LOW = np.array([spec.low for spec in SIGNALS])
_HIGH = np.array([spec.high for spec in SIGNALS])

SMALL_TALK = frozenset({"greet", "goodbye", "thank", "affirm", "deny", "stop", "inform", "praise", "give_rating"})
"""Intents that ask for nothing: saying one twice is no repeated question, and one at the end is not unanswered."""

REPHRASED = 0.7
"""The least similarity of two customer turns in a row with one intent and nothing done between: a rephrasing."""

SHORTEST_REPEAT = 4
"""Letters below which likeness means nothing ("yes", "好的")."""

_COMPARED = 12
"""Turns before the present one that it is compared with; bounds the cost of a very long conversation."""

Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Observed:
    """One turn and what it shows by itself. The marks say what their author can: thanks only on a customer turn."""

    turn: Turn
    pieces: frozenset[str]
    letters: int
    thanks: bool = False
    solved: bool = False
    praise: bool = False
    complaint: bool = False
    swearing: bool = False
    asks_human: bool = False
    exclaims: bool = False
    asks: bool = False
    closes: bool = False
    apologises: bool = False
    defers: bool = False
    owns_up: bool = False

    @property
    def by_customer(self) -> bool:
        return self.turn.author == "customer"


def observe(turn: Turn) -> Observed:
    """What this turn shows by itself: patterns of phrases.py, and intents where the turn carries one."""
    text = normalise(turn.text)
    pieces, letters = _pieces(text), sum(sign.isalnum() for sign in text)
    if turn.author != "customer":
        return Observed(
            turn,
            pieces,
            letters,
            apologises=says(phrases.APOLOGY, text),
            defers=says(phrases.DEFERRAL, text),
            owns_up=says(phrases.NOT_UNDERSTOOD, text),
        )
    thanks = turn.intent == "thank" or says(phrases.THANKS, text)
    return Observed(
        turn,
        pieces,
        letters,
        thanks=thanks,
        solved=says(phrases.SOLVED, text),
        praise=turn.intent == "praise" or says(phrases.PRAISE, text),
        complaint=turn.intent == "complain" or says(phrases.COMPLAINT, text),
        swearing=says(phrases.SWEARING, text),
        asks_human=turn.intent == "ask_human" or says(phrases.ASKS_HUMAN, text),
        exclaims="!" in text or "！" in text,
        asks=says(phrases.QUESTION, text),
        closes=thanks or turn.intent in SMALL_TALK or says(phrases.FAREWELL, text),
    )


def similarity(one: Observed, other: Observed) -> float:
    """How alike two turns are, 0 to 1: shared pieces over the pieces of the shorter; 0 where one is too short."""
    if min(one.letters, other.letters) < SHORTEST_REPEAT:
        return 0.0
    return len(one.pieces & other.pieces) / min(len(one.pieces), len(other.pieces))


def measure(turns: Sequence[Observed]) -> Vector:
    """Every signal of these turns, in the order of ``SIGNALS``: float64 [26], NaN where it cannot be known."""
    customer = [seen for seen in turns if seen.by_customer]
    agent = [seen for seen in turns if not seen.by_customer]
    values = (
        _lengths(customer, agent)
        | _phrases(customer, agent)
        | _repeats(turns, customer, agent)
        | _understanding(turns, customer)
        | {"longest_wait": _longest_wait(turns)}
    )
    return np.asarray(np.clip(np.array([values[name] for name in NAMES], dtype=float), _LOW, _HIGH))


def _lengths(customer: Sequence[Observed], agent: Sequence[Observed]) -> dict[str, float]:
    later = sum(len(seen.turn.text) for seen in customer[1:])
    answers = sum(len(seen.turn.text) for seen in agent) / max(1, len(agent))
    return {
        "customer_turns": len(customer),
        "agent_turns": len(agent),
        "opening_length": float(np.log1p(len(customer[0].turn.text))) if customer else 0.0,
        "later_length": float(np.log1p(later)),
        "answer_length": float(np.log1p(answers)),
    }


def _phrases(customer: Sequence[Observed], agent: Sequence[Observed]) -> dict[str, float]:
    last = customer[-1] if len(customer) > 1 else None
    return {
        "thanks_at_end": float(last is not None and last.thanks),
        "thanks": sum(seen.thanks for seen in customer),
        "solved_words": sum(seen.solved for seen in customer),
        "praise": sum(seen.praise for seen in customer),
        "complaint_at_start": float(bool(customer) and customer[0].complaint),
        "complaint_at_end": float(last is not None and last.complaint),
        "complaints": sum(seen.complaint for seen in customer),
        "swearing": sum(seen.swearing for seen in customer),
        "asked_human": sum(seen.asks_human for seen in customer),
        "exclamation": sum(seen.exclaims for seen in customer) / max(1, len(customer)),
        "question_at_end": float(bool(customer) and customer[-1].asks),
        "apologies": sum(seen.apologises for seen in agent),
        "deferrals": sum(seen.defers for seen in agent),
    }


def _repeats(turns: Sequence[Observed], customer: Sequence[Observed], agent: Sequence[Observed]) -> dict[str, float]:
    last = turns[-1] if turns else None
    return {
        "unanswered_at_end": float(last is not None and last.by_customer and not last.closes),
        "repeated_question": max(_most_alike(customer), REPHRASED if _rephrased(turns) else 0.0),
        "repeated_answer": _most_alike(agent),
    }


def _most_alike(turns: Sequence[Observed]) -> float:
    return max(
        (
            similarity(turns[earlier], seen)
            for position, seen in enumerate(turns)
            for earlier in range(max(0, position - _COMPARED), position)
        ),
        default=0.0,
    )


def _rephrased(turns: Sequence[Observed]) -> bool:
    """Whether the customer had to ask for one and the same thing twice running, nothing having been done."""
    before: str | None = None
    for seen in turns:
        if seen.turn.done is not None:
            before = None
        elif seen.by_customer and seen.turn.intent is not None:
            if seen.turn.intent == before and before not in SMALL_TALK:
                return True
            before = seen.turn.intent
    return False


def _understanding(turns: Sequence[Observed], customer: Sequence[Observed]) -> dict[str, float]:
    judged = [seen for seen in customer if seen.turn.understood is not None]
    felt = [seen.turn.sentiment for seen in customer if seen.turn.sentiment is not None]
    known = any(seen.turn.intent is not None or seen.turn.done is not None for seen in turns)
    owned_up = sum(seen.owns_up for seen in turns)
    return {
        "not_understood": sum(not seen.turn.understood for seen in judged) if judged else (owned_up or np.nan),
        "done": len({seen.turn.done for seen in turns} - {None}) if known else np.nan,
        "sentiment_at_end": float(np.mean(felt[-2:])) if felt else np.nan,
        "sentiment_course": felt[-1] - felt[0] if len(felt) > 1 else np.nan,
    }


def _longest_wait(turns: Sequence[Observed]) -> float:
    """Minutes between a customer turn and the next answer; the customer's own pauses are not waiting."""
    waits = []
    asked_at = None
    for seen in turns:
        if seen.by_customer:
            asked_at = asked_at or seen.turn.at
        elif asked_at is not None:
            if seen.turn.at is not None:
                waits.append((seen.turn.at - asked_at).total_seconds() / 60)
            asked_at = None
    return max(0.0, *waits) if waits else np.nan


def _pieces(text: str) -> frozenset[str]:
    """Character pairs of Chinese, words and character 4-grams of the rest: both survive small rewordings."""
    if is_chinese(text):
        solid = "".join(sign for sign in text if sign.isalnum())
        return frozenset(solid[start : start + 2] for start in range(len(solid) - 1))
    words = "".join(sign if sign.isalnum() else " " for sign in text).split()
    solid = " ".join(words)
    return frozenset(words) | frozenset(solid[start : start + 4] for start in range(len(solid) - 3))
