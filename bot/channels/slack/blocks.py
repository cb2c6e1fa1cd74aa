"""Messages and pages in Slack's Block Kit. Pure.

What the shop says is sent as plain text, so that nothing in it can become a mention or a format; addresses of the web
alone become links. The limits are those of docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.channels.base import OutgoingButton
from bot.channels.slack.markup import escaped, links_in
from bot.channels.slack.words import word
from bot.channels.splitting import split

Block = dict[str, Any]

SECTION_LIMIT = 3000
SECTIONS_LIMIT = 10
"""Sections in one message; Slack allows 50 blocks, and 40,000 characters of ``text``."""
BUTTON_LIMIT = 75
BUTTONS_LIMIT = 25
FALLBACK_LIMIT = 3000
ACTION = "crmbot:"
"""What the ``action_id`` of our buttons begins with."""


@dataclass(frozen=True, slots=True)
class Composed:
    """One message: ``text`` is for notifications and screen readers."""

    text: str
    blocks: list[Block]


def compose(text: str, buttons: Sequence[OutgoingButton] = ()) -> list[Composed]:
    """The messages that say ``text``, with the buttons under the last one."""
    chunks = split(text, SECTION_LIMIT)
    groups = [chunks[start : start + SECTIONS_LIMIT] for start in range(0, len(chunks), SECTIONS_LIMIT)]
    if buttons and not groups:
        groups = [[]]
    composed = [_message(group) for group in groups]
    if buttons:
        composed[-1].blocks.extend(_buttons(buttons))
    return composed


def _message(chunks: Sequence[str]) -> Composed:
    words = "\n".join(chunks)[:FALLBACK_LIMIT]
    return Composed(escaped(words) or "…", [_said(chunk) for chunk in chunks])


def _said(chunk: str) -> Block:
    pieces = list(links_in(chunk))
    if not any(is_link for _, is_link in pieces):
        return section(chunk)
    elements = [{"type": "link", "url": piece} if link else {"type": "text", "text": piece} for piece, link in pieces]
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def _buttons(buttons: Sequence[OutgoingButton]) -> list[Block]:
    elements = [
        {
            "type": "button",
            "action_id": f"{ACTION}{number}",
            "text": _plain(_clipped(button.title)),
            "value": button.ref,
        }
        for number, button in enumerate(buttons)
    ]
    rows = [elements[start : start + BUTTONS_LIMIT] for start in range(0, len(elements), BUTTONS_LIMIT)]
    return [{"type": "actions", "elements": row} for row in rows]


def chosen(message: Mapping[str, Any], title: str) -> Composed:
    """A message that was sent with buttons, after one was pressed: they are gone, and the choice is told."""
    given = message.get("blocks")
    blocks = [
        block
        for block in (given if isinstance(given, list) else [])
        if isinstance(block, dict) and block.get("type") != "actions"
    ]
    words = message.get("text")
    told = {"type": "context", "elements": [_plain(f"✓ {title or '…'}")]}
    return Composed(words if isinstance(words, str) and words else "…", [*blocks, told])


def home(language: str | None) -> Block:
    """The page at the bot's name: what it does, how it is reached, and what becomes of what one writes."""
    header = {"type": "header", "text": _plain(word("home_title", language).replace("\n", " · "))}
    sections = [section(word(key, language)) for key in ("home_can", "home_how", "home_privacy")]
    return {"type": "home", "blocks": [header, *sections]}


def section(text: str) -> Block:
    return {"type": "section", "text": _plain(text)}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}


def _clipped(title: str) -> str:
    title = title or "…"
    return title if len(title) <= BUTTON_LIMIT else title[: BUTTON_LIMIT - 1] + "…"
