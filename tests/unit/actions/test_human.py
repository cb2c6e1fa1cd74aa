"""When people are there."""

from datetime import UTC, datetime, time, timedelta, timezone

import pytest

from actions.human import OpeningHours

HOURS = OpeningHours(frozenset(range(5)), time(9), time(18), UTC)


@pytest.mark.parametrize(
    ("moment", "there"),
    [
        (datetime(2026, 3, 2, 9, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 8, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 6, 17, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 6, 18, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 7, 12, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 2, 1, 0, tzinfo=timezone(timedelta(hours=-8))), True),
    ],
)
def test_opening_hours(moment: datetime, there: bool) -> None:
    assert HOURS.include(moment) is there
