"""What Telegram's own screens say for the bot, in English and Chinese: its commands, a button of the app, an alert."""

from __future__ import annotations

from typing import Final

COMMANDS: Final = {
    "en": (
        ("start", "Begin"),
        ("help", "What I can do for you"),
        ("human", "Talk to a person"),
        ("privacy", "How your data is handled"),
        ("stop", "No messages from us unasked"),
    ),
    "zh": (
        ("start", "开始对话"),
        ("help", "我能帮您做什么"),
        ("human", "联系人工客服"),
        ("privacy", "您的信息如何处理"),
        ("stop", "不再接收主动发送的消息"),
    ),
}
"""At most 100 commands, names of 32 characters, descriptions of 256 (core.telegram.org/bots/api#botcommand)."""

SHARE_PHONE: Final = {"en": "Share my phone number", "zh": "分享我的手机号码"}

BUTTON_CLOSED: Final = {
    "en": "That question is closed by now. Please use the latest buttons, or simply type what you need.",
    "zh": "这个问题已经结束了。请使用最新的按钮，或者直接打字告诉我您的需求。",
}
"""200 characters at most (core.telegram.org/bots/api#answercallbackquery)."""

COME_TO_PRIVATE_CHAT: Final = {
    "en": "I can only help in a private chat, so that your orders stay between you and us: https://t.me/{username}",
    "zh": "为了保护您的订单信息，我只在私聊中提供帮助。请点这里联系我：https://t.me/{username}",
}


def words(said: dict[str, str], language: str) -> str:
    """In the person's language, English where there is none."""
    return said.get(language, said["en"])
