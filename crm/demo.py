"""A demo shop: products, customers and orders, in English and Chinese, whose dates make sense from ``now`` on.

All persons are invented; their e-mails are at example.com, their British and American phones in ranges kept
for fiction, the Chinese ones obviously made up. Knows no dialogue.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.models import Customer, Order, OrderLine, OrderStatus, Product

_PRODUCTS: tuple[tuple[str, str, str, int, int], ...] = (
    # sku, English, Chinese, price in cents, stock
    ("KT-100", "Electric kettle 1.7 l", "电热水壶 1.7升", 3590, 42),
    ("CF-210", "Coffee machine", "咖啡机", 12900, 8),
    ("RC-300", "Rice cooker 4 l", "电饭煲 4升", 6990, 25),
    ("TS-120", "Toaster", "烤面包机", 2950, 31),
    ("BL-150", "Blender", "搅拌机", 4990, 17),
    ("VC-500", "Robot vacuum cleaner", "扫地机器人", 24900, 5),
    ("AF-220", "Air fryer 5 l", "空气炸锅 5升", 8990, 0),
    ("DL-090", "Desk lamp", "台灯", 2490, 64),
    ("HD-330", "Hair dryer", "吹风机", 3990, 28),
    ("HP-700", "Wireless headphones", "无线耳机", 7990, 19),
    ("SP-410", "Bluetooth speaker", "蓝牙音箱", 4590, 22),
    ("PB-200", "Power bank 20000 mAh", "充电宝 20000毫安", 2990, 73),
    ("SW-610", "Smart watch", "智能手表", 14900, 11),
    ("KB-105", "Mechanical keyboard", "机械键盘", 6490, 14),
)

_CUSTOMERS: tuple[tuple[str, str, str, str, str, str], ...] = (
    # ref, name, e-mail, phone, address, language
    ("C-1001", "Mia Turner", "mia.turner@example.com", "+447700900123", "14 Orchard Lane, Bristol BS1 4XX", "en"),
    ("C-1002", "Daniel Reyes", "daniel.reyes@example.com", "+12025550143", "220 Maple Street, Springfield 01103", "en"),
    ("C-1003", "Aisha Khan", "aisha.khan@example.com", "+447700900456", "7 Mill Road, Leeds LS2 9XX", "en"),
    ("C-1004", "Tom Walsh", "tom.walsh@example.com", "+12025550178", "58 Harbor Drive, Portland 97201", "en"),
    ("C-2001", "李晓雨", "li.xiaoyu@example.com", "+8613800000001", "上海市浦东新区樱花路100号3栋502室", "zh"),
    ("C-2002", "王建国", "wang.jianguo@example.com", "+8613800000002", "北京市海淀区清河路25号院6号楼1201", "zh"),
    ("C-2003", "陈思敏", "chen.simin@example.com", "+8613800000003", "广州市天河区龙口西路88号", "zh"),
    ("C-2004", "赵磊", "zhao.lei@example.com", "+8613800000004", "成都市武侯区桐梓林街9号2单元", "zh"),
)


@dataclass(frozen=True, slots=True)
class _Sale:
    """An order placed ``placed_days`` before ``now``; one not arrived yet is expected ``expected_in_days`` after it."""

    number: str
    customer: str
    status: OrderStatus
    placed_days: int
    lines: tuple[tuple[str, int], ...]
    expected_in_days: int = 3


_SALES = (
    _Sale("A1024", "C-1001", "shipped", 3, (("KT-100", 1), ("TS-120", 1)), 2),
    _Sale("A1011", "C-1001", "delivered", 24, (("DL-090", 2),)),
    _Sale("A1037", "C-1001", "paid", 0, (("HP-700", 1),), 5),
    _Sale("A1018", "C-1002", "delivered", 15, (("CF-210", 1),)),
    _Sale("A1029", "C-1002", "shipped", 8, (("VC-500", 1),), -2),
    _Sale("A1040", "C-1002", "placed", 0, (("PB-200", 3),), 5),
    _Sale("A1009", "C-1003", "returned", 40, (("HD-330", 1),)),
    _Sale("A1033", "C-1003", "packed", 1, (("SW-610", 1), ("PB-200", 1)), 4),
    _Sale("A1005", "C-1004", "cancelled", 52, (("AF-220", 1),)),
    _Sale("A1021", "C-1004", "delivered", 9, (("KB-105", 1),)),
    _Sale("A2048", "C-2001", "packed", 1, (("RC-300", 1), ("KT-100", 2)), 3),
    _Sale("A2015", "C-2001", "delivered", 20, (("SP-410", 1),)),
    _Sale("A2031", "C-2001", "shipped", 2, (("HD-330", 1),), 2),
    _Sale("A2019", "C-2002", "delivered", 13, (("VC-500", 1),)),
    _Sale("A2052", "C-2002", "paid", 0, (("CF-210", 1), ("TS-120", 2)), 4),
    _Sale("A2027", "C-2002", "shipped", 7, (("DL-090", 4),), -1),
    _Sale("A2008", "C-2003", "returned", 45, (("HP-700", 1),)),
    _Sale("A2044", "C-2003", "shipped", 1, (("SW-610", 1),), 3),
    _Sale("A2056", "C-2003", "placed", 0, (("BL-150", 1),), 5),
    _Sale("A2003", "C-2004", "cancelled", 60, (("KB-105", 2),)),
    _Sale("A2023", "C-2004", "delivered", 11, (("PB-200", 2), ("SP-410", 1))),
    _Sale("A2050", "C-2004", "packed", 1, (("BL-150", 1),), 4),
)


DEMO_REFS = frozenset(row[0] for row in _CUSTOMERS)
"""The shop's keys of the made-up customers: anybody may be let in as one of them."""


def seed_demo_shop(session: Session, now: datetime) -> bool:
    """Adds the demo shop; False, changing nothing, where it has been added before."""
    if session.scalar(select(Customer.id).where(Customer.ref == _CUSTOMERS[0][0])) is not None:
        return False
    products = {row[0]: _product(*row) for row in _PRODUCTS}
    customers = {row[0]: _customer(*row, now=now) for row in _CUSTOMERS}
    session.add_all([*products.values(), *customers.values()])
    session.flush()
    session.add_all(_order(sale, customers[sale.customer], products, now) for sale in _SALES)
    session.flush()
    return True


def _product(sku: str, name_en: str, name_zh: str, price_minor: int, stock: int) -> Product:
    return Product(sku=sku, name_en=name_en, name_zh=name_zh, price_minor=price_minor, currency="USD", stock=stock)


def _customer(ref: str, name: str, email: str, phone: str, address: str, language: str, *, now: datetime) -> Customer:
    return Customer(
        ref=ref,
        name=name,
        email=email,
        phone=phone,
        address=address,
        language=language,
        created_at=now - timedelta(days=200),
    )


def _order(sale: _Sale, customer: Customer, products: dict[str, Product], now: datetime) -> Order:
    placed_at = now - timedelta(days=sale.placed_days, hours=2)
    sent = sale.status in ("shipped", "delivered", "returned")
    arrived = sale.status in ("delivered", "returned")
    shipped_at = placed_at + timedelta(days=1) if sent else None
    lines = [
        OrderLine(product_id=products[sku].id, quantity=quantity, unit_price_minor=products[sku].price_minor)
        for sku, quantity in sale.lines
    ]
    return Order(
        number=sale.number,
        customer_id=customer.id,
        status=sale.status,
        placed_at=placed_at,
        shipped_at=min(shipped_at, now - timedelta(hours=1)) if shipped_at else None,
        expected_at=None if sale.status == "cancelled" else _expected(sale, placed_at, now),
        delivered_at=placed_at + timedelta(days=4) if arrived else None,
        carrier=("顺丰速运" if customer.language == "zh" else "Royal Parcel") if sent else None,
        tracking_number=f"{'SF' if customer.language == 'zh' else 'RP'}77{sale.number[1:]}0042" if sent else None,
        total_minor=sum(line.quantity * line.unit_price_minor for line in lines),
        currency="USD",
        lines=lines,
    )


def _expected(sale: _Sale, placed_at: datetime, now: datetime) -> datetime:
    if sale.status in ("delivered", "returned"):
        return placed_at + timedelta(days=5)
    return now + timedelta(days=sale.expected_in_days)
