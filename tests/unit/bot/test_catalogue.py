from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import OperationalError

from bot.catalogue import FreshCatalogue
from bot.composition import product_names
from crm.models import Base, Product
from crm.unit_of_work import Database
from nlu.understanding import Entity, IntentScore, Understanding


class Reader:
    """Finds the products it was told of last."""

    def __init__(self) -> None:
        self.products: Sequence[str] = ("Blue Mug",)
        self.told = 0

    def update_products(self, products: Sequence[str]) -> None:
        self.products, self.told = products, self.told + 1

    def parse(self, text: str) -> Understanding:
        intent = IntentScore("inform", 1.0)
        found = tuple(
            Entity("product", name, name, text.index(name), text.index(name) + len(name))
            for name in self.products
            if name in text
        )
        return Understanding(text, "en", intent, (intent,), found)


class Shop:
    def __init__(self) -> None:
        self.names = ["Blue Mug"]
        self.now = 0.0
        self.reader = Reader()
        self.fails = False
        self.catalogue = FreshCatalogue(
            self.reader, self.read, known=self.names, refreshed_s=10.0, clock=lambda: self.now
        )

    def read(self) -> list[str]:
        if self.fails:
            raise OperationalError("select", {}, Exception("gone"))
        return list(self.names)

    def products_in(self, text: str) -> list[str]:
        return [one.value for one in self.catalogue.parse(text).entities]


def test_a_product_added_to_the_records_is_soon_recognised() -> None:
    shop = Shop()
    shop.names.append("Steel Lamp")
    assert shop.products_in("the Steel Lamp") == []
    shop.now = 10.0
    assert shop.products_in("the Steel Lamp") == ["Steel Lamp"]


def test_a_product_taken_off_the_records_is_forgotten() -> None:
    shop = Shop()
    shop.names.clear()
    shop.now = 10.0
    assert shop.products_in("a Blue Mug") == []


def test_nothing_is_built_anew_while_nothing_changes() -> None:
    shop = Shop()
    for shop.now in (10.0, 20.0, 30.0):
        assert shop.products_in("a Blue Mug") == ["Blue Mug"]
    assert shop.reader.told == 0


def test_while_the_records_cannot_be_read_the_names_known_serve() -> None:
    shop = Shop()
    shop.names.append("Steel Lamp")
    shop.now, shop.fails = 10.0, True
    assert shop.products_in("a Blue Mug") == ["Blue Mug"]
    shop.now, shop.fails = 20.0, False
    assert shop.products_in("the Steel Lamp") == ["Steel Lamp"]


def test_the_names_are_those_of_the_database_at_that_moment() -> None:
    database, reader, now = Database("sqlite://"), Reader(), [0.0]
    Base.metadata.create_all(database.engine)
    catalogue = FreshCatalogue(reader, lambda: product_names(database), refreshed_s=10.0, clock=lambda: now[0])
    with database.writing() as session:
        session.add(Product(sku="L1", name_en="Steel Lamp", name_zh="钢灯", price_minor=1000, currency="USD"))
    now[0] = 10.0
    found = [one.value for text in ("the Steel Lamp", "钢灯还有吗") for one in catalogue.parse(text).entities]
    database.close()
    assert found == ["Steel Lamp", "钢灯"]
