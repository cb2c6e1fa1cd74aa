"""Where the benches print their tables."""

from __future__ import annotations

from rich.console import Console

WIDE = 160
"""Columns for a file or a pipe, which tell no width: no table is cut there."""


def tables() -> Console:
    """Standard output, as wide as the terminal or wide enough."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDE)
