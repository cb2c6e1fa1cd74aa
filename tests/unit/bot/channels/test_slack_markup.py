"""Slack's markup and plain text."""

from __future__ import annotations

import pytest

from bot.channels.slack.markup import escaped, links_in, plain


@pytest.mark.parametrize(
    ("marked_up", "text"),
    [
        ("a &amp; b &lt;c&gt;", "a & b <c>"),
        ("&amp;lt;", "&lt;"),
        ("<@U0BOT> where is it?", "where is it?"),
        ("<@U0BOT>, where is it?", "where is it?"),
        ("<@U0BOT|shop>：在哪里", "在哪里"),
        ("where <@U0BOT> is it?", "where is it?"),
        ("ask <@U061F7AUR|mei>", "ask @mei"),
        ("ask <@U061F7AUR>", "ask @U061F7AUR"),
        ("in <#C0LAN2Q65|general>", "in #general"),
        ("<!here> hello <!subteam^S012|@sales>", "@here hello @sales"),
        ("<!date^1392734382^{date}|Feb 18, 2014>", "Feb 18, 2014"),
        ("<http://example.com|example.com>", "example.com"),
        ("<https://example.com/track?n=1&amp;m=2>", "https://example.com/track?n=1&m=2"),
        ("<https://example.com|my order>", "my order (https://example.com)"),
        ("<mailto:mei@example.com|mei@example.com>", "mei@example.com"),
        ("<tel:+14155550134|+1 415 555 0134>", "+1 415 555 0134"),
        ("1 < 2", "1 < 2"),
    ],
)
def test_what_was_meant(marked_up: str, text: str) -> None:
    assert plain(marked_up, {"U0BOT"}) == text


@pytest.mark.parametrize("text", ["<!channel>", "a & b", "<@U061F7AUR>", "&lt;"])
def test_what_is_escaped_is_markup_no_more(text: str) -> None:
    assert plain(escaped(text)) == text
    assert "<" not in escaped(text)


def test_links_are_found_without_the_sentence_around_them() -> None:
    text = "See https://shop.example/a?b=1. 或者 https://shop.example/退货，谢谢"
    assert [piece for piece, is_link in links_in(text) if is_link] == [
        "https://shop.example/a?b=1",
        "https://shop.example/退货",
    ]
    assert "".join(piece for piece, _ in links_in(text)) == text
