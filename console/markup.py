"""The few elements that the console's pages are made of.

Text always travels as text: nothing here, and nothing on the pages, turns words into HTML or Markdown.
"""

from __future__ import annotations

from datetime import datetime

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from console.words import Words


def tag(name: str, text: str = "", classes: str = "", **attributes: str | bool | None) -> TextElement:
    """An HTML element. Attributes of value None or False are left out; ``data_x`` becomes ``data-x``."""
    element = TextElement(tag=name, text=text).classes(classes)
    for key, value in attributes.items():
        if value is not None and value is not False:
            element.props[key.rstrip("_").replace("_", "-")] = value
    return element


def link(href: str, text: str = "", classes: str = "", **attributes: str | bool | None) -> TextElement:
    return tag("a", text, classes, href=href, **attributes)


def chip(text: str, classes: str = "", *, hint: str | None = None) -> TextElement:
    """A small label. What it means is in its words; colour only repeats it."""
    return tag("span", text, f"chip {classes}", title=hint)


class LocalTime(Element, component="local_time.js"):
    """A moment, told in the reader's own time zone by their browser.

    Today's moments show the time, others the date too; the full moment is in the tooltip.
    """

    def __init__(self, at: datetime, words: Words) -> None:
        super().__init__()
        self.props["at"] = at.isoformat()
        self.props["lang"] = words.tag


def announce(text: str, *, problem: bool = False) -> None:
    """A short note at the edge of the page, read out by screen readers."""
    ui.notify(text, type="negative" if problem else "positive", position="top", timeout=6000 if problem else 2500)
