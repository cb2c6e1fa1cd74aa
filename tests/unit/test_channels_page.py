"""What ``docs/channels.md`` tells readers to copy works as it stands there: the start link and the example channel."""

from __future__ import annotations

import ast
import re
import time
from datetime import UTC, datetime

from bot.start_links import verify_start_link
from tests.contract.example_channel import DOCUMENT, example


def test_a_shops_back_end_makes_start_links_by_the_snippet() -> None:
    section = DOCUMENT.read_text("utf-8").partition("\n## Start links\n")[2].partition("\n## ")[0]
    (snippet,) = re.findall(r"^```python\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    names: dict[str, object] = {}
    exec(snippet, names)
    parameter = names["start_parameter"]("site-secret", "C-00017-é", 900)  # type: ignore[operator]
    now = time.time()
    assert verify_start_link("site-secret", parameter, datetime.fromtimestamp(now, UTC)) == "C-00017-é"
    assert verify_start_link("another", parameter, datetime.fromtimestamp(now, UTC)) is None
    assert verify_start_link("site-secret", parameter, datetime.fromtimestamp(now + 1000, UTC)) is None


def test_the_example_channel_has_under_80_lines() -> None:
    assert 0 < len(example().splitlines()) < 80


def test_the_example_needs_of_us_the_contract_the_errors_and_the_fetcher_alone() -> None:
    imported = {
        (node.module, alias.name)
        for node in ast.walk(ast.parse(example()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "bot"
        for alias in node.names
    }
    assert imported == {("bot.channels", "base"), ("bot.errors", "ChannelError"), ("bot.fetcher", "Fetcher")}
