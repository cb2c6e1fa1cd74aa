"""Products found by the words a customer uses."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session

from crm.demo import seed_demo_shop
from crm.models import Base
from crm.shop import GOOD_MATCH, NEAR_MATCH, find_products
from crm.unit_of_work import Database


@pytest.fixture
def session() -> Iterator[Session]:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        seed_demo_shop(session, datetime(2026, 3, 2, tzinfo=UTC))
        yield session
    database.close()


@pytest.mark.parametrize(
    ("words", "sku"),
    [
        ("kettle", "KT-100"),
        ("Electric Kettle", "KT-100"),
        ("coffee machines", "CF-210"),
        ("cofee machine", "CF-210"),
        ("the robot vacuum", "VC-500"),
        ("headphones", "HP-700"),
        ("电水壶", "KT-100"),
        ("咖啡机", "CF-210"),
        ("扫地机", "VC-500"),
        ("蓝牙音响", "SP-410"),
        ("充电宝20000", "PB-200"),
    ],
)
def test_short_long_and_mistyped_names(session: Session, words: str, sku: str) -> None:
    best = find_products(session, words)[0]
    assert best.product.sku == sku
    assert best.likeness >= GOOD_MATCH or words in ("电水壶", "蓝牙音响")


def test_the_nearest_are_no_good_match(session: Session) -> None:
    near = find_products(session, "蓝牙耳机")
    assert {each.product.sku for each in near} == {"HP-700", "SP-410"}
    assert all(NEAR_MATCH <= each.likeness < GOOD_MATCH for each in near)


@pytest.mark.parametrize("words", ["", "  ", "!?", "%", "_", "trampoline", "滑板", "x' OR 1=1 --"])
def test_nothing_is_found_for_nothing(session: Session, words: str) -> None:
    assert find_products(session, words) == []


def test_the_limit_holds(session: Session) -> None:
    assert len(find_products(session, "machine vacuum speaker watch lamp", limit=2)) <= 2
