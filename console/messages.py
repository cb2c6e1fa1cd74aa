"""One message of a transcript: what was said, what was understood of it, and what came with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.attachments import show_attachment
from console.markup import LocalTime, chip, link, tag
from console.words import Words
from crm.transcripts import DeliveryView, MessageView
from crm.views import ReasonView

LOW_CONFIDENCE = 0.5
CLEAR_SENTIMENT = 0.25
"""Beyond this, on the −1…1 scale, a sentiment is called negative or positive."""


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message and the reasons of the current score that are about it."""

    message: MessageView
    reasons: tuple[ReasonView, ...] = ()


def anchor(message_id: str) -> str:
    return f"m-{message_id}"


def show_bubble(bubble: Bubble, words: Words, root: str) -> None:
    message = bubble.message
    with tag("div", classes="message-head"):
        who = message.staff_name if message.author == "staff" else None
        tag("b", who or words(f"author.{message.author}"))
        LocalTime(message.at, words)
        if message.kind:
            chip(words.name("kind", message.kind), "chip-outline")
        if message.payload:
            chip(words("message.button"), "chip-outline", hint=message.payload)
        _state(message, words)
        _delivery(message.delivery, words)
    heard = any(attachment.transcript == message.text for attachment in message.attachments)
    if not heard and (message.text or not (message.attachments or message.kind)):
        tag(
            "div",
            message.text or words("message.empty"),
            "bubble" if message.text else "bubble bubble-empty",
            dir="auto",
        )
    for attachment in message.attachments:
        show_attachment(attachment, words, root, sent=message.author != "customer")
    _afterwards(message, words)
    if message.button_titles:
        with tag("div", classes="chips offered", aria_label=words("message.offered")):
            for title in message.button_titles:
                chip(title, "chip-outline")
    if message.author == "customer":
        _meaning(message, words)
    if message.done:
        with tag("div", classes="chips"):
            chip(words("message.done", event=words.name("done", message.done)), "chip-good", hint=message.done)
    for reason in bubble.reasons:
        show_reason(reason, "#score", words)


def _state(message: MessageView, words: Words) -> None:
    if message.state in ("received", "asked"):
        chip(words("message.working"), "chip-live")
    elif message.state == "failed":
        error = words.error(message.error_code or "unknown")
        chip(words("message.failed", error=error), "chip-alert", hint=message.error_code)


def _delivery(delivery: DeliveryView | None, words: Words) -> None:
    """On channels that are pushed to. What has arrived needs no word."""
    if delivery is None or delivery.state == "sent":
        return
    if delivery.state == "pending":
        tag("span", words("delivery.pending"), "pending")
    else:
        error = words.error(delivery.error_code or "unknown")
        chip(words("delivery.dead", error=error), "chip-alert", hint=delivery.error_code)


def _afterwards(message: MessageView, words: Words) -> None:
    """What became of the message after it was sent: changed, read with another, or of no use as a proof."""
    if message.edited_at is not None:
        _edited(message.edited_at, message.first_text, words)
    if message.burst_id is not None:
        link(f"#{anchor(message.burst_id)}", words("message.merged"), "merged")
    if message.kind == "contact" and message.error_code and message.state == "answered":
        tag("p", words.error(message.error_code), "pending")


def _edited(at: datetime, first_text: str | None, words: Words) -> None:
    if first_text is None:
        with tag("p", classes="others"):
            tag("span", f"{words('message.edited')} ")
            LocalTime(at, words)
        return
    with tag("details", classes="others edited"):
        with tag("summary"):
            tag("span", f"{words('message.edited')} ")
            LocalTime(at, words)
        tag("div", words("message.first_text", text=first_text or words("message.empty")), "printed", dir="auto")


def _meaning(message: MessageView, words: Words) -> None:
    if message.intent is None and not message.entities and message.sentiment is None and message.understood is None:
        return
    with tag("div", classes="chips meaning"):
        if message.intent is not None:
            _intent(message.intent, message.confidence, words)
        if message.understood is False:
            chip(words("message.not_understood"), "chip-alert")
        for entity in message.entities:
            _entity(str(entity.get("name", "")), str(entity.get("value", "")), str(entity.get("text", "")), words)
        if message.sentiment is not None:
            _sentiment(message.sentiment, words)
    others = [reading for reading in message.ranking if reading.get("name") != message.intent][:4]
    if others:
        with tag("details", classes="others"):
            tag("summary", words("message.others"))
            with tag("ul"):
                for reading in others:
                    name = str(reading.get("name", ""))
                    confidence = words("message.confidence", percent=_percent(reading.get("confidence")))
                    tag("li", f"{words.name('intent', name)} · {confidence}", title=name)


def _intent(intent: str, confidence: float | None, words: Words) -> None:
    unsure = confidence is not None and confidence < LOW_CONFIDENCE
    with chip("", "chip-intent chip-unsure" if unsure else "chip-intent", hint=f"{words('message.intent')}: {intent}"):
        tag("b", words.name("intent", intent))
        if confidence is not None:
            tag("span", words("message.confidence", percent=_percent(confidence)))


def _entity(name: str, value: str, text: str, words: Words) -> None:
    with chip("", "chip-entity", hint=f"{name}: “{text}”" if text else name):
        tag("span", words.name("entity", name))
        tag("b", value, dir="auto")


def _sentiment(score: float, words: Words) -> None:
    name = "neutral"
    if abs(score) >= CLEAR_SENTIMENT:
        name = "positive" if score > 0 else "negative"
    chip(f"{words(f'mood.{name}')} {signed(score)}", f"chip-{name}")


def show_reason(reason: ReasonView, target: str, words: Words) -> None:
    """What moved the score and by how much, leading to ``target``: from the turn to the score or back."""
    with link(target, classes="moved moved-down" if reason.effect < 0 else "moved moved-up"):
        tag("b", words("score.points", effect=signed(reason.effect)))
        tag("span", reason.words_zh if words.language == "zh" else reason.words_en)


def signed(number: float) -> str:
    """``+0.4`` or ``−0.8``, with a real minus."""
    text = f"{number:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text.replace("-", "−")


def _percent(confidence: object) -> int:
    return round(100 * confidence) if isinstance(confidence, (int, float)) else 0
