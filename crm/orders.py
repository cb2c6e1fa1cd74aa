"""A customer's orders: finding their own, never another's, and what may still be asked for each.

Knows no dialogue and no language.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from crm.errors import NotFound
from crm.models import Order, OrderLine, OrderStatus

_CANCELLABLE: frozenset[OrderStatus] = frozenset({"placed", "paid", "packed"})
_RETURNABLE: frozenset[OrderStatus] = frozenset({"shipped", "delivered"})


def find_order(session: Session, customer_id: int, number: str) -> Order:
    """The customer's own order with its lines. Raises NotFound, the same for another's order as for none."""
    order = session.scalar(
        select(Order)
        .where(Order.number == number, Order.customer_id == customer_id)
        .options(selectinload(Order.lines).joinedload(OrderLine.product))
    )
    if order is None:
        raise NotFound(f"no order {number} of customer {customer_id}")
    return order


def recent_orders(session: Session, customer_id: int, limit: int = 5) -> list[Order]:
    """The customer's latest orders, newest first."""
    newest_first = select(Order).where(Order.customer_id == customer_id).order_by(Order.placed_at.desc(), Order.id)
    return list(session.scalars(newest_first.limit(limit)))


def can_cancel(order: Order) -> bool:
    """It has not left the warehouse."""
    return order.status in _CANCELLABLE


def can_return(order: Order) -> bool:
    """It is on its way or has arrived."""
    return order.status in _RETURNABLE
