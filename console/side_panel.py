"""What is known beside the words of a conversation: satisfaction, rating, tickets, the customer."""

from __future__ import annotations

from console.customer_card import CardActs, show_customer
from console.markup import chip, link, tag
from console.messages import anchor, show_reason
from console.scores import mood, rating_chip
from console.words import Words
from crm.transcripts import RatingView, TicketView, TranscriptView
from crm.views import ScoreView


def show_side(view: TranscriptView, words: Words, root: str, acts: CardActs) -> None:
    _score(view.conversation.score, words)
    _rating(view.rating, words)
    _tickets(view.tickets, words)
    show_customer(view, words, root, acts)


def _score(score: ScoreView | None, words: Words) -> None:
    with tag("section", classes="card", id="score", tabindex="-1"):
        tag("h2", f"{words('score.title')} · {words('score.predicted')}")
        if score is None:
            tag("p", words("score.none"), "pending")
            return
        name = mood(score.mean)
        with tag("p", classes=f"score-large score-{name}"):
            tag("b", words("score.of_five", score=f"{score.mean:.1f}"))
            tag("span", words(f"mood.{name}"))
        _scale(score)
        tag("p", words("score.interval", low=f"{score.low:.1f}", high=f"{score.high:.1f}"), "pending")
        tag("h3", words("score.reasons"))
        if not score.reasons:
            tag("p", words("score.no_reasons"), "pending")
        with tag("ol", classes="reasons"):
            for reason in score.reasons:
                with tag("li"):
                    show_reason(reason, f"#{anchor(reason.message_id)}", words)
        tag("p", words("score.model", version=score.model_version), "pending")


def _scale(score: ScoreView) -> None:
    """The 1–5 scale with the interval as a band and the mean as a mark; the words beside it say the same."""
    with tag("div", classes=f"scale scale-{mood(score.mean)}", aria_hidden="true"):
        low, mean, high = ((value - 1) / 4 * 100 for value in (score.low, score.mean, score.high))
        tag("span", classes="band").style(f"left:{low:.1f}%;right:{100 - high:.1f}%")
        tag("span", classes="mark").style(f"left:{mean:.1f}%")


def _rating(rating: RatingView | None, words: Words) -> None:
    with tag("section", classes="card"):
        tag("h2", words("rating.title"))
        if rating is None:
            tag("p", words("rating.none"), "pending")
            return
        rating_chip(rating.score, words)
        if rating.comment:
            tag("blockquote", rating.comment, dir="auto")


def _tickets(tickets: tuple[TicketView, ...], words: Words) -> None:
    with tag("section", classes="card"):
        tag("h2", words("tickets.title"))
        if not tickets:
            tag("p", words("tickets.none"), "pending")
        for ticket in tickets:
            with tag("div", classes="ticket"):
                with tag("div", classes="chips"):
                    tag("b", ticket.number)
                    chip(words.name("ticket", ticket.status), "chip-outline")
                    chip(words.name("category", ticket.category), "chip-outline")
                tag("p", ticket.description, "ticket-text", dir="auto")
                if ticket.order_number:
                    tag("p", words("tickets.order", number=ticket.order_number), "pending")
                link(f"#{anchor(ticket.source_message_id)}", words("tickets.source"))
