"""Why a turn moved the score, in words that staff understand, in English and Chinese.

Each sentence speaks of one turn, the one named in the reason, and is used only where the turn shows what it says: a
turn is never called a complaint because the one after it is. Knows nothing of how the signals are weighed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from satisfaction.features import Observed
from satisfaction.transcript import Author, Signal

WORDING: Signal = "wording"
"""Not one signal but the words of the turn as a whole, as the fitted n-grams weigh them."""

COURSE: Signal = "course"
"""No signal that the turn shows by itself: the conversation with it reads otherwise than without it."""

FORM: frozenset[Signal] = frozenset(
    {"customer_turns", "agent_turns", "later_length", "answer_length", "opening_length"}
)
"""Signals of a conversation's form: named only where nothing that was said explains a third as much."""


@dataclass(frozen=True, slots=True)
class Words:
    """One sentence in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class _Sentence:
    """The words for a signal in one direction, and whether a turn shows what they say."""

    words: Words
    shown: Callable[[Observed], bool]


def _customer(seen: Observed) -> bool:
    return seen.by_customer


def _agent(seen: Observed) -> bool:
    return not seen.by_customer


_LOWERED: Mapping[Signal, _Sentence] = {
    "not_understood": _Sentence(
        Words("The bot did not understand the customer here.", "机器人在这里没有听懂客户的话。"),
        lambda seen: seen.turn.understood is False or seen.owns_up,
    ),
    "asked_human": _Sentence(
        Words("The customer asked for a human.", "客户要求转人工。"), lambda seen: seen.asks_human
    ),
    "swearing": _Sentence(
        Words("The customer used angry or insulting words.", "客户使用了气愤或辱骂的言辞。"),
        lambda seen: seen.swearing,
    ),
    "complaint_at_start": _Sentence(
        Words("The customer opened with a complaint.", "客户一开始就在抱怨。"), lambda seen: seen.complaint
    ),
    "complaint_at_end": _Sentence(
        Words("The customer was still complaining at the end.", "客户到最后仍在抱怨。"), lambda seen: seen.complaint
    ),
    "complaints": _Sentence(Words("The customer complained.", "客户在抱怨。"), lambda seen: seen.complaint),
    "repeated_question": _Sentence(
        Words("The customer had to ask the same thing more than once.", "客户不得不重复提问。"), _customer
    ),
    "repeated_answer": _Sentence(Words("The same answer was given more than once.", "重复给出了相同的回复。"), _agent),
    "agent_nothing": _Sentence(
        Words("This answer seems to bring the matter no further.", "这条回复似乎没有推进问题。"), _agent
    ),
    "unanswered_at_end": _Sentence(
        Words("The conversation ended with the customer waiting for an answer.", "会话结束时客户仍在等待答复。"),
        lambda seen: seen.by_customer and not seen.closes,
    ),
    "question_at_end": _Sentence(
        Words("The customer still had a question at the end.", "客户到最后仍有疑问。"), lambda seen: seen.asks
    ),
    "sentiment_at_end": _Sentence(
        Words("The customer's mood was low here, near the end.", "客户在临近结束时情绪低落。"),
        lambda seen: (seen.turn.sentiment or 0.0) < 0,
    ),
    "sentiment_course": _Sentence(
        Words("The customer's mood had got worse by this turn.", "客户的情绪到这里变差了。"),
        lambda seen: (seen.turn.sentiment or 0.0) < 0,
    ),
    "longest_wait": _Sentence(Words("The customer waited long for this answer.", "客户为这条回复等待较久。"), _agent),
    "deferrals": _Sentence(
        Words("The customer was put off or sent elsewhere.", "客户被要求等待或另找渠道。"), lambda seen: seen.defers
    ),
    "apologies": _Sentence(
        Words("The answer apologised rather than helped.", "回复多为道歉，帮助不大。"), lambda seen: seen.apologises
    ),
    "exclamation": _Sentence(
        Words("The customer wrote with exclamation marks.", "客户语气较为激烈。"), lambda seen: seen.exclaims
    ),
    "opening_length": _Sentence(
        Words("The customer opened with a long account of the trouble.", "客户一开始就用较长的篇幅诉说问题。"),
        _customer,
    ),
    "later_length": _Sentence(
        Words("The customer had to explain at length.", "客户不得不用较长的篇幅说明。"), _customer
    ),
    "customer_turns": _Sentence(Words("The customer had to write again.", "客户不得不再次发言。"), _customer),
    "agent_turns": _Sentence(
        Words("One more answer did not bring the matter to an end.", "多一次回复也没有了结问题。"), _agent
    ),
}

_RAISED: Mapping[Signal, _Sentence] = {
    "done": _Sentence(
        Words("Something was done for the customer here.", "这里为客户办成了事情。"),
        lambda seen: seen.turn.done is not None,
    ),
    "thanks_at_end": _Sentence(
        Words("The customer said thanks at the end.", "客户在最后表示感谢。"), lambda seen: seen.thanks
    ),
    "thanks": _Sentence(Words("The customer said thanks.", "客户表示感谢。"), lambda seen: seen.thanks),
    "solved_words": _Sentence(
        Words("The customer said that the problem is solved.", "客户表示问题已经解决。"), lambda seen: seen.solved
    ),
    "praise": _Sentence(Words("The customer praised the service.", "客户称赞了服务。"), lambda seen: seen.praise),
    "complaint_at_end": _Sentence(
        Words("After the complaint came this calmer turn.", "抱怨之后，客户在这里语气缓和。"),
        lambda seen: seen.by_customer and not seen.complaint,
    ),
    "unanswered_at_end": _Sentence(
        Words("The customer was not left waiting: this answer came.", "没有让客户空等，这里给出了答复。"), _agent
    ),
    "question_at_end": _Sentence(
        Words("By this turn the customer had no open question.", "到这里客户已没有疑问。"),
        lambda seen: seen.by_customer and not seen.asks,
    ),
    "sentiment_at_end": _Sentence(
        Words("The customer's mood was good here, near the end.", "客户在临近结束时情绪良好。"),
        lambda seen: (seen.turn.sentiment or 0.0) > 0,
    ),
    "sentiment_course": _Sentence(
        Words("The customer's mood had got better by this turn.", "客户的情绪到这里变好了。"),
        lambda seen: (seen.turn.sentiment or 0.0) > 0,
    ),
    "longest_wait": _Sentence(Words("The customer was answered promptly here.", "这里很快答复了客户。"), _agent),
    "deferrals": _Sentence(
        Words("The customer was told how it goes on.", "告知了客户后续安排。"), lambda seen: seen.defers
    ),
    "apologies": _Sentence(Words("The answer apologised.", "回复表示了歉意。"), lambda seen: seen.apologises),
    "exclamation": _Sentence(
        Words("The customer wrote with warmth.", "客户语气热情。"), lambda seen: seen.exclaims and seen.closes
    ),
    "agent_solves": _Sentence(Words("This answer seems to solve the matter.", "这条回复看来解决了问题。"), _agent),
    "agent_helps": _Sentence(Words("This answer seems to help the matter on.", "这条回复看来推进了问题。"), _agent),
    "customer_confirms_solved": _Sentence(
        Words("The customer seems to say that the matter is settled.", "客户看来认为问题已经解决。"), _customer
    ),
    "answer_length": _Sentence(Words("The customer got a full answer.", "客户得到了较详细的答复。"), _agent),
    "agent_turns": _Sentence(Words("The customer got an answer.", "客户得到了答复。"), _agent),
}

_WORDING: Mapping[tuple[bool, bool], Words] = {
    # (by the customer, raised the score)
    (True, False): Words("The customer's words here sound dissatisfied.", "客户这句话听起来不满意。"),
    (True, True): Words("The customer's words here sound satisfied.", "客户这句话听起来满意。"),
    (False, False): Words("Answers worded like this one tend to disappoint.", "这样的回复往往令客户失望。"),
    (False, True): Words("Answers worded like this one tend to help.", "这样的回复往往对客户有帮助。"),
}

_COURSE: Mapping[bool, Words] = {
    False: Words("The conversation reads worse with this turn than without it.", "有了这句话，会话整体显得较差。"),
    True: Words("The conversation reads better with this turn than without it.", "有了这句话，会话整体显得较好。"),
}


def words_for(signal: Signal, author: Author, *, raised: bool) -> Words:
    """The sentence for a signal that raised or lowered the score at a turn of this author."""
    if signal == WORDING:
        return _WORDING[author == "customer", raised]
    if signal == COURSE:
        return _COURSE[raised]
    return (_RAISED if raised else _LOWERED)[signal].words


def main_signal(seen: Observed, pulls: Mapping[Signal, float], effect: float, move: Signal) -> Signal:
    """The signal that explains best why the score moved by ``effect`` at this turn.

    ``pulls``: points by which each signal, and the turn's own wording, moved the mean; ``move``: what the turn most
    likely does for the matter. Of what pulled the same way the strongest is named that has a sentence which the turn
    bears out; what was said or done comes before the move, the wording and the form as soon as it explains a third
    as much.
    """
    sentences = _RAISED if effect > 0 else _LOWERED
    fitting = {
        name: abs(pull)
        for name, pull in pulls.items()
        if pull * effect > 0 and (name == WORDING or (name in sentences and sentences[name].shown(seen)))
    }
    telling = {name: pull for name, pull in fitting.items() if name not in FORM and name != WORDING}
    if telling and telling[_strongest(telling)] >= fitting[_strongest(fitting)] / 3:
        return _strongest(telling)
    if move in sentences:
        return move
    return _strongest(fitting) if fitting else COURSE


def _strongest(pulls: Mapping[Signal, float]) -> Signal:
    return max(pulls, key=lambda name: pulls[name])
