"""What a customer's words bring beyond their intent: an order number, a contact, a yes, enough of a story.

Understanding has already found intent and entities; this fills in what it cannot know: which question the
words answer. Pure functions of a turn; knows no database.
"""

from __future__ import annotations

import re

from actions.turn import NOT_UNDERSTOOD, Turn

#: Intents that begin another goal or end this one: said while a form waits, they take the conversation over.
GOALS = frozenset(
    {
        "ask_order_status",
        "list_orders",
        "cancel_order",
        "return_order",
        "ask_invoice",
        "change_contact",
        "report_problem",
        "ask_ticket_status",
        "ask_human",
        "stop",
        "goodbye",
    }
)
FACTS = frozenset(
    {
        "ask_product",
        "ask_shipping",
        "ask_returns",
        "ask_warranty",
        "ask_opening_hours",
        "ask_payment",
        "ask_privacy",
    }
)
#: What "did you mean …?" may offer.
REQUESTS = (GOALS - {"stop", "goodbye"}) | FACTS

_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_PHONE = re.compile(r"(?<![A-Za-z\d-])\+?\d[\d\s().-]{5,}\d")
_FILLER = re.compile(
    r"\b(?:my|the|an?|order|orders|number|no|nr|is|it|it's|its|that|this|one|about|for|please|hi|hello|i|mean|think)\b"
    r"|[我的订单号码编是这个那单就请问一下啊吧呢您好了]|[\W_]+",
    re.IGNORECASE,
)
_YES = re.compile(
    r"(?:yes|yeah|yep|yup|sure|ok|okay|correct|right|confirm(?:ed)?|please do|go ahead|do it)\b"
    r"|(?:是的|对的|好的|可以|确认|确定|没错|没问题|嗯|行)|(?:是|对|好)(?=$|[\s，。,.!！])",
    re.IGNORECASE,
)
_NO = re.compile(
    r"(?:no|nope|nah|wrong|not (?:right|correct)|don't|do not)\b"
    r"|不是|不对|不用|不要|不行|不了|别|错了|有误|不(?=$|[\s，。,.!！])",
    re.IGNORECASE,
)
_HESITATION = re.compile(r"(?:h+m+|m+|u+m+|e+r+m*|so|well)\W*", re.IGNORECASE)
_QUESTION = re.compile(
    r"[?？]|吗|呢|多少|怎么|什么|几[点天个号](?!了)|多久|哪"
    r"|^\s*(?:how|what|when|where|which|who|why|do|does|can|could|is|are|will|would)\b",
    re.IGNORECASE,
)
_ANNOUNCEMENT = re.compile(
    r"\b(?:hi|hello|hey|please|i|i'd|i'm|i've|we|you|me|my|the|a|an|and|to|of|with|about|have|has|had|got|there|is|are|was"
    r"|would|like|want|need|wish|can|could|some|kind|big|small|report|file|raise|open|make|problem|problems|issue|issues"
    r"|complaint|ticket|trouble|wrong|something|order|orders|it|this|that|help|another|new|one|just|placed|bought)\b"
    r"|我|想|要|有|个|一|问题|报告|反馈|投诉|反映|提交|工单|报修|你好|您好|请|帮|的|了|订单|出|遇到|点|些|这|那|单|售后|麻烦|下"
    r"|[\W_]+",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u3400-\u9fff]")
_OTHER_ONE = re.compile(r"\b(?:other|another|different)\b|别的|另|其他|其它", re.IGNORECASE)


class OrderNumbers:
    """The shop's order numbers. ``pattern`` describes one in its normal form, e.g. ``A\\d{4,8}``."""

    def __init__(self, pattern: str) -> None:
        self._whole = re.compile(pattern)
        self._within = re.compile(rf"(?<![A-Z0-9])(?:{pattern})(?![A-Z0-9])")

    def named(self, turn: Turn) -> str | None:
        """The one that understanding found, or that a button or a photo gave."""
        value = turn.entity("order_number")
        tidy = _tidy(value) if value else ""
        return tidy if self._whole.fullmatch(tidy) else None

    def answered(self, turn: Turn) -> str | None:
        """The one in an answer to "which order?"; there a number counts even where it was not recognised."""
        found = self._within.search(_tidy(turn.text))
        return self.named(turn) or (found.group() if found else None)


def contact_named(turn: Turn) -> str | None:
    """An e-mail or a phone that understanding found."""
    return turn.entity("email") or turn.entity("phone")


def contact_answered(turn: Turn) -> str | None:
    """The same in an answer to "which e-mail or phone?"; there anything of that shape counts."""
    return contact_named(turn) or email_in(turn.text) or phone_in(turn.text)


def email_in(text: str) -> str | None:
    found = _EMAIL.search(text)
    return found.group() if found else None


def phone_in(text: str) -> str | None:
    found = _PHONE.search(text)
    return found.group().strip() if found else None


def takes_over(turn: Turn, own: frozenset[str], answer: str | None) -> bool:
    """Whether the message starts another goal rather than answers.

    An answer in few words ("my order A1024 please") stays one, however its intent was read; a button's
    intent is what it says.
    """
    if turn.intent not in GOALS or turn.intent in own:
        return False
    return answer is None or not turn.text or not _is_bare(turn.text, answer)


def says_yes(turn: Turn, own: frozenset[str]) -> bool:
    """A yes, also in longer words ("yes, cancel it") that were read as the form's own intent; never a mere "hmm"."""
    if _HESITATION.fullmatch(turn.text.strip()):
        return False
    return turn.intent == "affirm" or (_stays(turn, own) and bool(_YES.match(turn.text.strip())))


def says_no(turn: Turn, own: frozenset[str]) -> bool:
    """A no, likewise ("no, change my e-mail instead")."""
    return turn.intent == "deny" or (_stays(turn, own) and bool(_NO.match(turn.text.strip())))


def without_no(text: str) -> str:
    """What follows a leading "no": the correction."""
    stripped = text.strip()
    found = _NO.match(stripped)
    return stripped[found.end() :].lstrip(" ,，.。:：") if found else stripped


def is_question(text: str) -> bool:
    return bool(_QUESTION.search(text))


def tells_something(text: str) -> bool:
    """Whether the words describe a problem rather than announce one ("I have a problem with my order")."""
    rest = _ANNOUNCEMENT.sub(" ", text)
    return len(_CJK.findall(rest)) >= 3 or len(re.findall(r"[^\W\d_]{2,}", _CJK.sub(" ", rest))) >= 2


def means_another(turn: Turn) -> bool:
    """Whether the words ask for something else than what was just talked about."""
    return bool(_OTHER_ONE.search(turn.text))


def _stays(turn: Turn, own: frozenset[str]) -> bool:
    return turn.intent in own or turn.intent in NOT_UNDERSTOOD or turn.intent == "inform"


def _is_bare(text: str, answer: str) -> bool:
    spelled = r"[\s-]*".join(map(re.escape, answer))
    return not _FILLER.sub("", re.sub(spelled, " ", text, flags=re.IGNORECASE))


def _tidy(text: str) -> str:
    return re.sub(r"(?<=[A-Z])[\s-]+(?=\d)", "", text.upper()).strip()
