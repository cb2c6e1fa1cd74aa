"""Slots tell the living from the dead: a held one is nobody else's, one let go is free for all."""

from __future__ import annotations

from pathlib import Path

from bot.slots import Slots


def test_each_process_has_the_least_free_slot(tmp_path: Path) -> None:
    first, second, third = (Slots(tmp_path / "durable.sqlite") for _ in range(3))
    assert [first.take(), second.take(), third.take()] == [0, 1, 2]
    second.release()
    assert Slots(tmp_path / "durable.sqlite").take() == 1


def test_abandoned_are_those_that_were_used_and_are_held_no_more(tmp_path: Path) -> None:
    first, second, third = (Slots(tmp_path / "durable.sqlite") for _ in range(3))
    for each in (first, second, third):
        each.take()
    with first.abandoned() as slots:
        assert slots == []
    second.release()
    third.release()
    with first.abandoned() as slots:
        assert slots == [1, 2]
        assert second.take() == 3, "what is looked at is not taken meanwhile"
    with first.abandoned() as slots:
        assert slots == [1, 2]


def test_letting_go_twice_does_nothing(tmp_path: Path) -> None:
    slots = Slots(tmp_path / "durable.sqlite")
    slots.release()
    slots.take()
    slots.release()
    slots.release()
    assert slots.take() == 0
