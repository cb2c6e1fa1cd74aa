"""The list that the action endpoint mounts."""

from actions.registry import build_actions
from tests.unit.actions.desk import Shop


def test_every_action_once(demo: Shop) -> None:
    names = [each.name() for each in build_actions(demo.database)]
    assert len(names) == len(set(names)) == 24


def test_the_pattern_is_the_shops(demo: Shop) -> None:
    form = next(
        each
        for each in build_actions(demo.database, order_number_pattern=r"ZZ\d{3}")
        if each.name() == "validate_order_status_form"
    )
    assert demo.opens(form, "where is it", "ask_order_status").slots["requested_slot"] == "order_number"
    assert demo.answers(form, "zz 123", "inform").slots["order_number"] == "ZZ123"
