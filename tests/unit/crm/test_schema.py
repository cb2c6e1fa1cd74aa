"""The migrations lead to exactly the tables of the models, keep every row, and change nothing when they fail."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import JSON, Boolean, Column, DateTime, Float, Integer, MetaData, event, insert, inspect, select
from sqlalchemy.exc import OperationalError

from crm.errors import BrokenReferences
from crm.models import Base, Identity, IdentityLink, Message, OutboxRow
from crm.schema import MIGRATIONS, is_current, migrate
from crm.unit_of_work import Database

ROWS = 3
DROPPED = {"outbox": {"channel_message_id"}}
"""Columns that a later migration gave up on purpose."""

Row = dict[str, Any]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path / 'crm.sqlite'}")
    yield database
    database.close()


@pytest.fixture
def filled(database: Database) -> dict[str, list[Row]]:
    """Every table as the first release made it, with rows; what was put in, by table."""
    with database.engine.connect() as connection, connection.begin():
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    tables = MetaData()
    tables.reflect(database.engine)
    with database.writing() as session:
        for table in tables.sorted_tables:
            if table.name != "alembic_version":
                for n in range(1, ROWS + 1):
                    session.execute(insert(table).values({column.name: value(column, n) for column in table.columns}))
    return kept(database)


def value(column: Column[Any], n: int) -> Any:
    """Something for row ``n`` of a table, which refers to row ``n`` of others."""
    if column.foreign_keys:
        return value(next(iter(column.foreign_keys)).column, n)
    match column.type:
        case DateTime():
            return datetime(2026, 11, n, 12, 34, 56, 789)
        case JSON():
            return [{"title": f"“{n}” 好", "payload": "/x"}]
        case Boolean():
            return n % 2 == 0
        case Integer():
            return n
        case Float():
            return n + 0.25
        case other:
            return f"{column.table.name}.{column.name} {n}"[: getattr(other, "length", None)]


def kept(database: Database) -> dict[str, list[Row]]:
    tables = MetaData()
    tables.reflect(database.engine)
    with database.engine.connect() as connection:
        return {
            name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for name, table in tables.tables.items()
            if name != "alembic_version"
        }


def dump(database: Database) -> list[str]:
    with database.engine.connect() as connection:
        return list(connection.connection.driver_connection.iterdump())  # type: ignore[union-attr]


def assert_as_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert set(inspect(database.engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}


def assert_references_hold(database: Database) -> None:
    with database.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        assert connection.exec_driver_sql("PRAGMA integrity_check").all() == [("ok",)]
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def with_one_more(directory: Path, body: str) -> Path:
    """The migrations, and after them one that does ``body``."""
    migrations = directory / "migrations"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    heads = sorted(path.name[:4] for path in (migrations / "versions").glob("0*.py"))
    head = f'from alembic import op\n\nrevision = "9999"\ndown_revision = "{heads[-1]}"\n'
    (migrations / "versions" / "9999_one_more.py").write_text(f"{head}\n\ndef upgrade() -> None:\n{body}")
    return migrations


def test_migrations_make_the_tables_of_the_models(database: Database) -> None:
    assert not is_current(database)
    assert migrate(database)
    assert_as_the_models(database)


def test_migrating_twice_does_nothing(database: Database) -> None:
    migrate(database)
    assert not migrate(database)
    assert is_current(database)


def test_a_filled_database_keeps_every_row(database: Database, filled: dict[str, list[Row]]) -> None:
    assert all(len(rows) == ROWS for rows in filled.values())
    assert migrate(database)
    assert_as_the_models(database)
    assert_references_hold(database)
    after = kept(database)
    for name, rows in filled.items():
        for before, now in zip(rows, after[name], strict=True):
            assert {key: now.get(key, "gone") for key in before.keys() - DROPPED.get(name, set())} == {
                key: each for key, each in before.items() if key not in DROPPED.get(name, set())
            }


def test_what_the_second_migration_adds_is_filled_sensibly(database: Database, filled: dict[str, list[Row]]) -> None:
    migrate(database)
    with database.reading() as session:
        messages, outgoing = session.scalars(select(Message)).all(), session.scalars(select(OutboxRow)).all()
        assert [(each.kind, each.burst_id, each.edited_at, each.asks_for) for each in messages] == [(None,) * 4] * ROWS
        assert [each.parts for each in outgoing] == [[]] * ROWS
        links = session.scalars(select(IdentityLink).order_by(IdentityLink.id)).all()
        identities = session.scalars(select(Identity).order_by(Identity.id)).all()
        assert [(each.identity_id, each.customer_id, each.at) for each in links] == [
            (each.id, each.customer_id, each.created_at) for each in identities
        ]
        assert {(each.proof, each.undone_at) for each in links} == {("signature", None)}


def test_a_failing_migration_leaves_the_database_as_it_was(
    database: Database, filled: dict[str, list[Row]], tmp_path: Path
) -> None:
    before = dump(database)
    body = '    op.drop_table("ticket_attachment")\n    op.execute("INSERT INTO nowhere VALUES (1)")\n'
    with pytest.raises(OperationalError):
        migrate(database, with_one_more(tmp_path, body))
    assert dump(database) == before
    assert_references_hold(database)
    assert migrate(database)
    assert_as_the_models(database)


def test_a_migration_that_breaks_references_is_not_kept(
    database: Database, filled: dict[str, list[Row]], tmp_path: Path
) -> None:
    before = dump(database)
    with pytest.raises(BrokenReferences) as caught:
        migrate(database, with_one_more(tmp_path, '    op.execute("DELETE FROM product WHERE id = 1")\n'))
    assert caught.value.tables == {"order_line"}
    assert dump(database) == before
    assert_references_hold(database)


def test_two_processes_may_migrate_at_once(database: Database, filled: dict[str, list[Row]]) -> None:
    """The second waits for the write lock; what it saw of the tables before that no longer holds then."""
    other = Database(database.url)
    begun: list[str] = []
    for each in (database, other):
        event.listen(each.engine, "before_cursor_execute", lambda *given: begun.append(given[2]))
    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(migrate, (database, other))).count(True) >= 1
    other.close()
    assert sum(statement.startswith("CREATE TABLE identity_link") for statement in map(str.strip, begun)) == 1
    assert_as_the_models(database)
    assert len(kept(database)["identity_link"]) == ROWS
