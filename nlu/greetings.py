"""Greetings that a message begins with: "hi", "good morning", 早上好, 在吗, before it comes to the point.

People greet and ask in one message, or in a burst that is understood as one. Owns the list of greetings and where one
ends; which of the two counts is decided elsewhere (``nlu.intents``). No models.
"""

from __future__ import annotations

import re

_MARK = r"[,.!?;:~…。、—]"
_ENGLISH = (
    r"(?:hi+|hiya|hello+|hey+|heya|yo|howdy|greetings|good (?:morning|afternoon|evening|day))"
    r"(?: (?:there|again|all|everyone|team|guys|folks))?"
)
_HALF_ENGLISH = r"(?:morning|afternoon|evening)"
_CHINESE = (
    r"(?:客服)?(?:您好|你好|你们好|大家好|亲|嗨|嘿|喂|哈喽|哈罗|哈啰|早|早安|早上好|上午好|中午好|下午好|晚上好"
    r"|在吗|在么|在不在|在不|有人吗|在线吗)[呀啊哦]?"
)
# A greeting ends where its word does: 你好用吗 and "high" greet nobody. Half a greeting needs a mark after it
# ("morning, …"), or it would be a time of day.
_GREETINGS = re.compile(
    rf"(?:(?:{_ENGLISH}(?=\s|{_MARK}|$)|{_HALF_ENGLISH}(?=\s?{_MARK})|(?:请问)?(?:{_CHINESE})+(?=\s|{_MARK}|[a-z0-9<]|$))"
    rf"(?:\s|{_MARK})*)+"
)
_WORD = re.compile(r"\w")


def greeting_end(text: str) -> int:
    """Where the greetings at the start of a prepared text end; 0 where there is none."""
    greetings = _GREETINGS.match(text.lower())
    return greetings.end() if greetings is not None else 0


def without_greeting(matching: str) -> str | None:
    """What follows the greetings at the start of a text of ``preparation.matching_form``.

    None where it begins with no greeting, or where no word follows.
    """
    greetings = _GREETINGS.match(matching)
    if greetings is None or not _WORD.search(matching, greetings.end()):
        return None
    return matching[greetings.end() :]
