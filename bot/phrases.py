"""The few things the server itself says to customers, when the dialogue engine cannot or need not be asked."""

from __future__ import annotations

from typing import Literal

Phrase = Literal[
    "technical_problem",
    "silent_note",
    "unreadable_note",
    "long_note",
    "unreadable_photo",
    "slow_media",
]

_PHRASES: dict[Phrase, dict[str, str]] = {
    "technical_problem": {
        "en": "I'm sorry, something went wrong on our side and I could not answer that. "
        "Your message is saved and a colleague can see it. Please try again in a moment.",
        "zh": "非常抱歉，我们这边出了点问题，暂时没能回答您。您的消息已经保存，同事可以看到，请稍后再试。",
    },
    "silent_note": {
        "en": "I could not hear anything in that voice note. Please record it again a little closer to the "
        "microphone, or type your message.",
        "zh": "这条语音里我没有听到声音。请靠近麦克风再录一次，或者直接打字告诉我。",
    },
    "unreadable_note": {
        "en": "I could not open that voice note; it may have been cut off. "
        "Please record it again, or type your message.",
        "zh": "这条语音无法打开，可能没有录完整。请您重新录一次，或者直接打字告诉我。",
    },
    "long_note": {
        "en": "That voice note is longer than I can listen to. "
        "Please keep it under {minutes} minutes, or type your message.",
        "zh": "这条语音太长了，我听不完。请控制在{minutes}分钟以内，或者直接打字告诉我。",
    },
    "unreadable_photo": {
        "en": "I could not open that picture. Please send it again as a JPEG, PNG or WebP photo.",
        "zh": "这张图片无法打开，请以 JPEG、PNG 或 WebP 格式重新发送。",
    },
    "slow_media": {
        "en": "That took me too long to look at, so I stopped. A colleague can still see what you sent. "
        "Please describe it in a few words.",
        "zh": "这个文件处理时间过长，我先停下了。同事仍然可以看到您发的内容，请用几句话描述一下。",
    },
}


def phrase(key: Phrase, language: str, **values: object) -> str:
    """The words in the customer's language, English where there is none."""
    return _PHRASES[key].get(language, _PHRASES[key]["en"]).format(**values)
