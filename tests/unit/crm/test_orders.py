"""Finding one's own orders, never another's."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.demo import seed_demo_shop
from crm.errors import NotFound
from crm.models import Base, Customer, Order, OrderLine, Product
from crm.orders import can_cancel, can_return, find_order, recent_orders
from crm.unit_of_work import Database

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def session() -> Iterator[Session]:
    database = Database("sqlite://")
    Base.metadata.create_all(database.engine)
    with database.writing() as session:
        seed_demo_shop(session, NOW)
        yield session
    database.close()


def customer_id(session: Session, ref: str) -> int:
    return session.execute(select(Customer.id).where(Customer.ref == ref)).scalar_one()


def test_an_order_is_found_by_its_owner_alone(session: Session) -> None:
    assert find_order(session, customer_id(session, "C-1001"), "A1024").status == "shipped"
    refusals = set()
    for ref, number in (("C-1002", "A1024"), ("C-1001", "A9999")):
        with pytest.raises(NotFound) as refused:
            find_order(session, customer_id(session, ref), number)
        refusals.add(refused.value.code)
    assert refusals == {"not_found"}


def test_the_latest_come_first_and_not_too_many(session: Session) -> None:
    mine = customer_id(session, "C-1001")
    assert [each.number for each in recent_orders(session, mine)] == ["A1037", "A1024", "A1011"]
    assert len(recent_orders(session, mine, limit=2)) == 2


@pytest.mark.parametrize(
    ("status", "cancel", "back"),
    [
        ("placed", True, False),
        ("paid", True, False),
        ("packed", True, False),
        ("shipped", False, True),
        ("delivered", False, True),
        ("returned", False, False),
        ("cancelled", False, False),
    ],
)
def test_what_may_be_asked_for(status: str, cancel: bool, back: bool) -> None:
    order = Order(status=status)
    assert (can_cancel(order), can_return(order)) == (cancel, back)


def test_the_demo_shop_is_whole_and_is_added_once(session: Session) -> None:
    assert not seed_demo_shop(session, NOW)
    orders = session.scalars(select(Order)).all()
    assert len(orders) >= 20
    assert {each.status for each in orders} == {
        "placed",
        "paid",
        "packed",
        "shipped",
        "delivered",
        "returned",
        "cancelled",
    }
    assert len(session.scalars(select(Product)).all()) >= 12
    customers = session.scalars(select(Customer)).all()
    assert len(customers) >= 8
    assert {each.language for each in customers} == {"en", "zh"}
    assert all(each.email and each.email.endswith("@example.com") for each in customers)
    for order in orders:
        lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all()
        assert order.total_minor == sum(each.quantity * each.unit_price_minor for each in lines) > 0
        known = [each for each in (order.placed_at, order.shipped_at, order.delivered_at) if each]
        assert known == sorted(known)
        assert known[-1] <= NOW
        assert (order.delivered_at is not None) == (order.status in ("delivered", "returned"))
        assert (order.tracking_number is not None) == (order.status in ("shipped", "delivered", "returned"))
