"""Brings a CRM database to the tables of ``models`` by Alembic migrations, and tells whether it is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from crm.unit_of_work import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database) -> bool:
    """Applies what is missing; True when there was anything."""
    if is_current(database):
        return False
    with database.engine.connect() as connection, _unchecked(connection), connection.begin():
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


@contextmanager
def _unchecked(connection: Connection) -> Iterator[None]:
    """Lets SQLite copy a table that others refer to: it alters tables so. Must stand around the transaction."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.cursor()
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
        driver.close()


def is_current(database: Database) -> bool:
    """Whether the database has every migration."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
