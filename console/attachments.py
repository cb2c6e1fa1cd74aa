"""A photo, a voice note or a file in a transcript, with what was seen or heard in it, or why nothing was."""

from __future__ import annotations

from typing import Any

from console.markup import chip, link, tag
from console.words import Words
from crm.transcripts import AttachmentView


def show_attachment(attachment: AttachmentView, words: Words, root: str, *, sent: bool = False) -> None:
    """``sent`` ones went to the customer: nobody looks at them or listens to them."""
    url = f"{root}/media/{attachment.id}"
    if not attachment.stored:
        _absent(attachment, words)
    elif attachment.kind == "image":
        _photo(attachment, url, words, sent=sent)
    elif attachment.kind == "audio":
        _voice(attachment, url, words, sent=sent)
    else:
        link(url, words("file.open"), "file", download="")


def _absent(attachment: AttachmentView, words: Words) -> None:
    """The channel still holds it, or will never give it."""
    with tag("figure", classes="absent"):
        tag("b", words.name("kind", attachment.kind))
        if attachment.error_code:
            tag("p", words("file.not_kept", error=words.error(attachment.error_code)), "problem")
        else:
            tag("p", words("file.fetching"), "pending")


def _photo(attachment: AttachmentView, url: str, words: Words, *, sent: bool) -> None:
    facts = attachment.facts or {}
    alt = words("photo.alt_sent" if sent else "photo.alt")
    with tag("figure", classes="photo"):
        with link(url, classes="photo-link", target="_blank", rel="noopener", title=words("photo.open")):
            tag("img", src=url, alt=alt, loading="lazy", **_size(facts))
        if sent:
            return
        with tag("figcaption"):
            if attachment.error_code:
                tag("p", words.error(attachment.error_code), "problem")
            elif attachment.facts is None:
                tag("p", words("photo.pending"), "pending")
            else:
                _seen(facts, words)


def _seen(facts: dict[str, Any], words: Words) -> None:
    fields, codes, lines = (_items(facts, key) for key in ("fields", "codes", "lines"))
    tag("p", words("photo.seen"), "caption")
    with tag("div", classes="chips"):
        if facts.get("kind"):
            chip(words.name("photo.kind", str(facts["kind"])), "chip-outline")
        for field in fields:
            with chip("", "chip-entity", hint=str(field.get("name", ""))):
                tag("span", words.name("entity", str(field.get("name", ""))))
                tag("b", str(field.get("value", "")), dir="auto")
        for code in codes:
            with chip("", "chip-entity"):
                tag("span", str(code.get("format", "")))
                tag("b", str(code.get("text", "")), dir="auto")
    if lines:
        with tag("details", classes="others"):
            tag("summary", words("photo.lines", count=len(lines)))
            tag("div", "\n".join(str(line.get("text", "")) for line in lines), "printed", dir="auto")
    if not (fields or codes or lines):
        tag("p", words("photo.nothing"), "pending")


def _voice(attachment: AttachmentView, url: str, words: Words, *, sent: bool) -> None:
    label = words("voice.player_unknown")
    if attachment.duration_s is not None:
        label = words("voice.player", seconds=round(attachment.duration_s))
    with tag("figure", classes="voice"):
        tag("audio", controls=True, preload="metadata", src=url, aria_label=label)
        with tag("figcaption"):
            tag("span", label, "caption")
            if not sent:
                _heard(attachment, words)


def _heard(attachment: AttachmentView, words: Words) -> None:
    if attachment.error_code:
        tag("p", words.error(attachment.error_code), "problem")
    elif attachment.transcript:
        tag("p", f"{words('voice.heard')}: {attachment.transcript}", "heard", dir="auto")
        if attachment.transcript_confidence is not None and attachment.engine:
            percent = round(100 * attachment.transcript_confidence)
            tag("p", words("voice.confidence", percent=percent, engine=attachment.engine), "pending")
    elif attachment.transcript is None and attachment.facts is None:
        tag("p", words("voice.pending"), "pending")
    else:
        tag("p", words("voice.silent"), "pending")


def _items(facts: dict[str, Any], key: str) -> list[dict[str, Any]]:
    items = facts.get(key)
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def _size(facts: dict[str, Any]) -> dict[str, str]:
    """The picture's own size keeps its place while it loads, so that the page does not jump."""
    width, height = facts.get("width"), facts.get("height")
    return {"width": str(width), "height": str(height)} if isinstance(width, int) and isinstance(height, int) else {}
