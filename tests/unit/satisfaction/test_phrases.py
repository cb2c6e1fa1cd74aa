"""Every pattern fires on what it is for and keeps still on its nearest neighbours, in both languages."""

from __future__ import annotations

import re

import pytest

from satisfaction import phrases

CASES = [
    (phrases.THANKS, ["Thanks a lot", "thank you!", "谢谢您", "多谢"], ["I think so", "thanksgiving sale", "答谢会"]),
    (
        phrases.SOLVED,
        ["it is solved now", "it works again", "已经解决了", "现在好了", "搞定了"],
        ["not solved", "it isn't fixed", "还没解决了", "解决了吗", "怎么还没好"],
    ),
    (
        phrases.PRAISE,
        ["very helpful, great service", "服务很好", "非常满意", "点赞"],
        ["not satisfied", "不满意", "服务好吗", "is the battery big"],
    ),
    (
        phrases.COMPLAINT,
        ["this is useless", "I am so disappointed", "I want to complain", "太差了", "我要投诉", "没人管"],
        ["where is my order", "is it in stock", "订单到哪里了", "不满100元包邮吗", "complimentary gift"],
    ),
    (
        phrases.SWEARING,
        ["you stupid bot", "what the fuck", "WTF", "傻逼", "他妈的"],
        ["class assignment", "shirt", "scrap", "妈妈的生日", "sbs cable", "滚动条"],
    ),
    (
        phrases.ASKS_HUMAN,
        ["talk to a human", "can I speak with a real person", "I want an agent", "转人工", "人工客服", "找个真人"],
        ["human resources", "I spoke loudly", "人工智能手表", "travel agency"],
    ),
    (
        phrases.NOT_UNDERSTOOD,
        ["Sorry, I didn't understand that.", "Could you rephrase?", "抱歉，我没有听懂", "请换个说法"],
        ["I understand", "我明白了", "sorry for the delay"],
    ),
    (phrases.APOLOGY, ["We are sorry", "our apologies", "非常抱歉"], ["sort by price", "道路"]),
    (
        phrases.DEFERRAL,
        ["please wait, we will get back to you", "send us a private message", "请耐心等待", "我们会尽快处理"],
        ["it arrives tomorrow", "明天送达"],
    ),
    (phrases.FAREWELL, ["bye!", "have a nice day", "再见"], ["byte", "buy it"]),
]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(pattern, text) for pattern, hits, _ in CASES for text in hits],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_fires(pattern: re.Pattern[str], text: str) -> None:
    assert phrases.says(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(pattern, text) for pattern, _, misses in CASES for text in misses],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_it_keeps_still(pattern: re.Pattern[str], text: str) -> None:
    assert not phrases.says(pattern, text)


def test_questions() -> None:
    for text in ("Where is it", "在吗", "what now?", "怎么退货"):
        assert phrases.says(phrases.QUESTION, text)
    for text in ("ok", "好的", "It is here"):
        assert not phrases.says(phrases.QUESTION, text)
