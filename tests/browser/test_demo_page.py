"""The demo page agrees with the demo shop: what it names is there, and belongs together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.public import STATIC
from crm.demo import seed_demo_shop
from crm.models import Customer, Order, Product, utc_now
from crm.schema import migrate
from crm.unit_of_work import Database


@pytest.fixture
def database(tmp_path: Path) -> Database:
    database = Database(f"sqlite:///{tmp_path / 'crm.sqlite'}")
    migrate(database)
    with database.writing() as session:
        seed_demo_shop(session, utc_now())
    return database


def test_the_orders_named_belong_to_the_emails_named(database: Database) -> None:
    script = (STATIC / "demo.js").read_text(encoding="utf-8")
    numbers = re.findall(r"A\d{4}", script)
    emails = re.findall(r"[\w.]+@example\.com", script)
    assert len(numbers) == len(emails) == 2
    with database.reading() as session:
        query = select(Customer.email).join(Order, Order.customer_id == Customer.id)
        assert [session.scalars(query.where(Order.number == number)).one() for number in numbers] == emails


def test_the_goods_shown_are_the_shops(database: Database) -> None:
    page = (STATIC / "demo.html").read_text(encoding="utf-8")
    shown = re.findall(
        r'<span lang="en">([^<]+)</span><span lang="zh-CN">([^<]+)</span></b><span class="price">\$([\d.]+)<', page
    )
    assert len(shown) == 4
    with database.reading() as session:
        for english, chinese, price in shown:
            product = session.scalars(select(Product).where(Product.name_en.startswith(english))).one()
            assert product.name_zh.startswith(chinese)
            assert product.price_minor == round(float(price) * 100)
