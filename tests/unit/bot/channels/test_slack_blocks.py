"""Our messages and pages, held against the limits of Block Kit."""

from __future__ import annotations

import pytest

from bot.channels.base import OutgoingButton
from bot.channels.slack.blocks import chosen, compose, home
from tests.vendors.slack_blocks import complaints


def buttons(count: int, title: str = "A1024") -> tuple[OutgoingButton, ...]:
    return tuple(OutgoingButton(f"{title}{number}", f"{'0' * 32}:{number}") for number in range(count))


def test_a_short_text_is_one_plain_section() -> None:
    (found,) = compose("<!channel> *hello* & goodbye")
    assert found.blocks == [
        {"type": "section", "text": {"type": "plain_text", "text": "<!channel> *hello* & goodbye", "emoji": False}}
    ]
    assert found.text == "&lt;!channel&gt; *hello* &amp; goodbye"


def test_addresses_become_links_and_nothing_else_does() -> None:
    (found,) = compose("Track it: https://shop.example/t?n=1&m=2. <@U061F7AUR>")
    (section,) = found.blocks[0]["elements"]
    assert section["elements"] == [
        {"type": "text", "text": "Track it: "},
        {"type": "link", "url": "https://shop.example/t?n=1&m=2"},
        {"type": "text", "text": ". <@U061F7AUR>"},
    ]
    assert complaints(found.blocks) == []


@pytest.mark.parametrize("length", [1, 2999, 3000, 3001, 30_000, 70_000])
def test_a_text_of_any_length_is_within_the_limits(length: int) -> None:
    found = compose(("A sentence that says little. " * 3000)[:length], buttons(3))
    assert all(complaints(each.blocks) == [] and 1 <= len(each.text) <= 40_000 for each in found)
    assert [any(block["type"] == "actions" for block in each.blocks) for each in found][-1]
    assert sum(block["type"] == "actions" for each in found for block in each.blocks) == 1


def test_no_words_are_lost_by_cutting() -> None:
    text = " ".join(str(number) for number in range(12_000))
    said = [block["text"]["text"] for each in compose(text) for block in each.blocks]
    assert " ".join(said).split() == text.split()


@pytest.mark.parametrize("count", [1, 25, 26, 60])
def test_any_number_of_buttons_is_within_the_limits(count: int) -> None:
    (found,) = compose("Which?", buttons(count, "t" * 100))
    assert complaints(found.blocks) == []
    values = [each["value"] for block in found.blocks[1:] for each in block["elements"]]
    assert values == [button.ref for button in buttons(count)]


def test_buttons_without_words_are_sent() -> None:
    (found,) = compose("", (OutgoingButton("", "r"),))
    assert complaints(found.blocks) == []
    assert found.text


def test_nothing_to_say_is_no_message() -> None:
    assert compose("") == []


def test_after_a_choice_the_words_stay_and_the_buttons_go() -> None:
    (sent,) = compose("Which order?", buttons(2))
    found = chosen({"text": sent.text, "blocks": sent.blocks}, "A1024")
    assert [block["type"] for block in found.blocks] == ["section", "context"]
    assert found.text == "Which order?"
    assert complaints(found.blocks) == []


@pytest.mark.parametrize("message", [{}, {"blocks": None, "text": 3}, {"blocks": [1, {}]}])
def test_a_choice_on_an_odd_message_is_told_all_the_same(message: dict[str, object]) -> None:
    assert chosen(message, "").blocks[-1]["type"] == "context"


@pytest.mark.parametrize("language", ["en", "zh", None])
def test_the_bots_page_is_within_the_limits(language: str | None) -> None:
    view = home(language)
    assert view["type"] == "home"
    assert complaints(view["blocks"], most=100) == []
    words = " ".join(block["text"]["text"] for block in view["blocks"])
    assert ("order" in words, "订单" in words) == (language != "zh", language != "en")
