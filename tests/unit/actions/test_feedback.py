"""Ratings given in words."""

import pytest
from sqlalchemy import select

from actions.feedback import TakeRating
from crm.models import Rating
from tests.unit.actions.desk import Shop, said


@pytest.mark.parametrize("value", ["0", "6", "-1", "4.5", "five", "", "²"])
def test_what_is_no_rating_is_asked_for(demo: Shop, value: str) -> None:
    turn = demo.turn("my rating", "give_rating", rating=value)
    assert said(demo.build(TakeRating).answer(turn)) == ["utter_rating_wanted"]


def test_a_later_rating_replaces_the_first(demo: Shop) -> None:
    action = demo.build(TakeRating)
    assert said(action.answer(demo.turn("1", "give_rating", rating="1"))) == ["utter_rated_low"]
    assert said(action.answer(demo.turn("5", "give_rating", rating="5"))) == ["utter_rated_well"]
    with demo.database.reading() as session:
        assert session.scalars(select(Rating.score)).all() == [5]


def test_a_number_inside_a_form_is_not_kept(demo: Shop) -> None:
    demo.form = "ticket_form"
    assert said(demo.build(TakeRating).answer(demo.turn("5", "give_rating", rating="5"))) == ["utter_not_caught"]
    with demo.database.reading() as session:
        assert session.scalars(select(Rating)).all() == []
