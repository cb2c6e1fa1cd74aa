from __future__ import annotations

import pytest

from bench.printing import WIDE, tables


def test_a_pipe_gets_whole_tables(capsys: pytest.CaptureFixture[str]) -> None:
    tables().print("x" * (WIDE - 1))
    assert capsys.readouterr().out == "x" * (WIDE - 1) + "\n"
