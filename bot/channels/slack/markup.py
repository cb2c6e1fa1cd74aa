"""Slack's marked-up text, and plain text: what a person meant to say, and what cannot be taken for markup. Pure.

Slack escapes three characters and puts mentions and links between angle brackets
(docs.slack.dev/messaging/formatting-message-text). Bold and code marks stay: people type them themselves, too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

_REFERENCE = re.compile(r"<([^<>]+)>")
_LEADING = re.compile(r"^[\s,:;，：；、]+")
_URL = re.compile(r"https?://[^\s<>\"'“”（）()\[\]【】，。；！？]+")
_URL_END = ".,:;!?"


def plain(text: str, own_ids: Collection[str] = ()) -> str:
    """What was said, without markup; mentions of ``own_ids`` are taken out."""
    own = {f"@{each}" for each in own_ids}
    said = _REFERENCE.sub(lambda found: "" if found[1].partition("|")[0] in own else _shown(found[1]), text)
    if said != text and any(f"<{each}" in text for each in own):
        said = _LEADING.sub("", re.sub(r"[ \t]{2,}", " ", said))
    return said.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _shown(reference: str) -> str:
    target, _, label = reference.partition("|")
    match target[:1]:
        case "@" | "#":
            return target[:1] + (label or target[1:]).removeprefix(target[:1])
        case "!":
            return label or ("@" + target[1:] if target in {"!here", "!channel", "!everyone"} else "")
    if target.startswith("tel:"):
        return label or target.removeprefix("tel:")
    address = target.removeprefix("mailto:")
    if not label or label == address:
        return address
    return label if label in address else f"{label} ({address})"


def escaped(text: str) -> str:
    """Plain text, such that Slack finds no markup of its own in it: nobody is called by it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def links_in(text: str) -> Iterator[tuple[str, bool]]:
    """``text`` in pieces, none of them empty, and of each whether it is an address of the web."""
    end = 0
    for found in _URL.finditer(text):
        url = found[0].rstrip(_URL_END)
        if found.start() > end:
            yield text[end : found.start()], False
        yield url, True
        end = found.start() + len(url)
    if end < len(text):
        yield text[end:], False
