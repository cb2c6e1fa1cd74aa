"""What the commonest emoji say, in the words that a customer would have used; any other is its Unicode name.

Examples hold few emoji, but many words. One reading for each, the one it has in a shop's chat: 🙏 thanks, 👌 agrees.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_SAID = {
    "yes ok": "👍👌✅✔🆗🙆🤝☑",
    "no": "👎❌🚫🙅✖⛔❎",
    "thank you": "🙏🙇",
    "i love it": "❤♥💓💕💖💗💙💚💛💜🧡🤍😍🥰😘🤩",
    "great": "😀😃😄😁😊🙂☺😎🎉💯👏🥳💪🌹💐⭐🌟✨🏆🥇",
    "haha": "😂🤣😆😅😹",
    "angry terrible": "😡😠🤬👿💢😤🖕🤮🤢",
    "annoyed": "🙄😒😑",
    "sad disappointed": "😢😭😞😔☹🙁💔😟😥😩😫😖😣😿",
    "?": "❓❔🤔",
    "help": "🆘",
    "bye": "🫡",
}
_READING = {emoji: words for words, several in _SAID.items() for emoji in several}


@lru_cache(maxsize=4096)
def in_words(character: str) -> str:
    """``character`` as words with a space on either side where it is an emoji, else as it is; signs that only colour
    or join emoji are nothing."""
    if character in _READING:
        return f" {_READING[character]} "
    if unicodedata.category(character) == "So":
        return f" {unicodedata.name(character, '').casefold()} "
    return "" if unicodedata.category(character) in {"Sk", "Mn", "Me"} and character >= "\u20d0" else character
