"""Bursts that wait while the program ends: the next one answers them, once and whole.

Apart from the other tests of bursts, for a process runs one program at a time.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import select

from crm.models import OutboxRow
from tests.contract.test_bursts import Carrier, Person, own
from tests.serving import serving, wait_until


@pytest.mark.parametrize("texts", [["where is"], ["where is", "my order", "A1024"]])
def test_a_burst_that_waits_when_the_program_ends_is_answered_once_by_the_next(
    tmp_path: Path, texts: list[str]
) -> None:
    carrier = Carrier()
    with serving(tmp_path, channels={"carrier": carrier}, burst_window_s=5) as first:
        for text in texts:
            Person(first, carrier, "late", sent=texts.index(text)).sends(text)
        assert [each.state for each in own(first, "late")] == ["received"] * len(texts)
    with serving(tmp_path, channels={"carrier": carrier}, burst_window_s=5) as second:
        second.site.inbox.requeue(at_start=True)
        answered = Person(second, carrier, "late")
        wait_until(answered.shown)
        time.sleep(1)
        assert answered.shown() == ["You said: " + "\n".join(texts)]
        assert {each.state for each in answered.own()} == {"answered"}
        with second.database.reading() as session:
            assert list(session.scalars(select(OutboxRow.state))) == ["sent"]
