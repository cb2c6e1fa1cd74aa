"""The limits of Slack's Block Kit that a message may break, and what Slack then says.

The numbers are those of docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

BLOCKS, SECTION, BUTTON, VALUE, ACTION_ID, BLOCK_ID, ELEMENTS, CONTEXT, HEADER = (
    50, 3000, 75, 2000, 255, 255, 25, 10, 150,
)  # fmt: skip


def complaints(blocks: Sequence[dict[str, Any]], *, most: int = BLOCKS) -> list[str]:
    """What is wrong with ``blocks``, as in ``response_metadata.messages``; nothing if they are fine."""
    found = [f"[ERROR] no more than {most} items allowed [json-pointer:/blocks]"] if len(blocks) > most else []
    names = [block["block_id"] for block in blocks if "block_id" in block]
    if len(names) != len(set(names)):
        found.append("[ERROR] block_id must be unique [json-pointer:/blocks]")
    for number, block in enumerate(blocks):
        check = _CHECKS.get(block.get("type", ""))
        problems = check(block) if check else iter(["unsupported type"])
        found += [f"[ERROR] {problem} [json-pointer:/blocks/{number}]" for problem in problems]
        if len(block.get("block_id", "")) > BLOCK_ID:
            found.append(f"[ERROR] block_id is too long [json-pointer:/blocks/{number}]")
    return found


def _text(text: dict[str, Any] | None, most: int, *, plain: bool = False) -> Iterator[str]:
    if not text or text.get("type") not in ({"plain_text"} if plain else {"plain_text", "mrkdwn"}):
        yield "missing or unsupported text"
    elif not 1 <= len(text["text"]) <= most:
        yield f"must be less than {most + 1} characters"
    elif "emoji" in text and text["type"] != "plain_text":
        yield "emoji is of plain_text alone"


def _section(block: dict[str, Any]) -> Iterator[str]:
    yield from _text(block.get("text"), SECTION)


def _header(block: dict[str, Any]) -> Iterator[str]:
    yield from _text(block.get("text"), HEADER, plain=True)


def _actions(block: dict[str, Any]) -> Iterator[str]:
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= ELEMENTS:
        yield f"1 to {ELEMENTS} elements"
    names = [element.get("action_id", "") for element in elements]
    if len(names) != len(set(names)):
        yield "action_id must be unique"
    for element in elements:
        yield from _text(element.get("text"), BUTTON, plain=True)
        if len(element.get("value", "")) > VALUE or len(element.get("action_id", "")) > ACTION_ID:
            yield "value or action_id is too long"


def _context(block: dict[str, Any]) -> Iterator[str]:
    elements = block.get("elements", [])
    if not 1 <= len(elements) <= CONTEXT:
        yield f"1 to {CONTEXT} elements"
    for element in elements:
        yield from _text(element, SECTION)


def _rich_text(block: dict[str, Any]) -> Iterator[str]:
    for section in block.get("elements", []):
        for element in section.get("elements", []):
            if element["type"] not in {"text", "link"} or not element.get("text", element.get("url")):
                yield "unsupported or empty element"


def _divider(block: dict[str, Any]) -> Iterator[str]:
    yield from ()


_CHECKS = {
    "section": _section,
    "header": _header,
    "actions": _actions,
    "context": _context,
    "rich_text": _rich_text,
    "divider": _divider,
}
