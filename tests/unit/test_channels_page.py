"""What ``docs/channels.md`` tells readers to copy works as it stands there: the start link and the example channel."""

from __future__ import annotations

import ast
import re
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.channels.registry import build_channels
from bot.errors import SetupError
from bot.start_links import verify_start_link
from tests.contract.example_channel import DOCUMENT, example
from tests.serving import KEYS, settings_for


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


def test_what_the_example_lacks_is_told_by_name_and_its_secret_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOOK_SECRET", "not to be shown")
    (tmp_path / "hook_to_set_up.py").write_text(example().replace("hide_input_in_errors=True", ""), "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SetupError, match=r"hook_to_set_up:Hook .*url: Field required") as caught:
        build_channels(settings_for(tmp_path, channels="hook_to_set_up:Hook"), KEYS)
    assert "not to be shown" not in str(caught.value)
    monkeypatch.setenv("HOOK_URL", "https://app.example.com/answers")
    assert list(build_channels(settings_for(tmp_path, channels="hook_to_set_up:Hook"), KEYS)) == ["hook"]
