"""What Slack itself makes the bot say beside its answers: notices, and the page one finds at its name."""

from __future__ import annotations

from typing import Literal

Word = Literal[
    "answered_in_private", "closed_question", "public_thread", "home_title", "home_can", "home_how", "home_privacy"
]

_WORDS: dict[Word, dict[str, str]] = {
    "answered_in_private": {
        "en": "Thank you. My answer comes as a direct message.",
        "zh": "收到，我会通过私信回复您。",
    },
    "closed_question": {
        "en": "This question is closed. Please write to me what you need.",
        "zh": "这个问题已经结束，请直接告诉我您需要什么。",
    },
    "public_thread": {
        "en": "To look into that I need to know who you are, and others can read this thread. "
        "Please write it to me in a direct message.",
        "zh": "这需要先核实您的身份，而其他人也能看到这里的消息。请私信告诉我。",
    },
    "home_title": {"en": "How can I help?", "zh": "有什么可以帮您？"},
    "home_can": {
        "en": "I answer questions about orders, deliveries, returns and products, day and night, and hand over to a "
        "colleague whenever you like.",
        "zh": "我可以随时解答订单、配送、退换货和商品方面的问题，也可以随时为您转接人工同事。",
    },
    "home_how": {
        "en": "Write to me under Messages, in words, with a photo or by a voice clip. /crmbot human brings a "
        "colleague, /crmbot stop ends messages that you did not ask for.",
        "zh": "请在“消息”中给我留言，文字、图片或语音都可以。输入 /crmbot human 转接人工，"
        "输入 /crmbot stop 不再接收主动发送的消息。",
    },
    "home_privacy": {
        "en": "What you write is stored by the shop, and its staff can read it. /crmbot privacy tells you more.",
        "zh": "您发送的内容由本店保存，客服人员可以查看。输入 /crmbot privacy 了解详情。",
    },
}


def word(key: Word, language: str | None) -> str:
    """The words in ``language``, in both where it is not known."""
    words = _WORDS[key]
    return words[language] if language in words else "\n".join(words.values())
