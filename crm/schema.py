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

from crm.errors import BrokenReferences
from crm.unit_of_work import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(database: Database, migrations: Path = MIGRATIONS) -> bool:
    """Applies what is missing, all of it or, when anything fails, nothing; True when there was anything.

    Two processes may do so at once: the second waits, and finds it done. Raises BrokenReferences.
    """
    if is_current(database, migrations):
        return False
    with database.engine.connect() as connection, _unchecked(connection):
        connection.execution_options(writes=True)
        with connection.begin():
            config = _config(migrations)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            _check_references(connection)
    return True


@contextmanager
def _unchecked(connection: Connection) -> Iterator[None]:
    """Lets SQLite copy a table that others refer to: it alters tables so. Must stand around the transaction.

    See https://www.sqlite.org/lang_altertable.html#otheralter.
    """
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


def _check_references(connection: Connection) -> None:
    """Makes up for the check that was off."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise BrokenReferences(frozenset(str(table) for table, *_ in broken))


def is_current(database: Database, migrations: Path = MIGRATIONS) -> bool:
    """Whether the database has every migration."""
    head = ScriptDirectory.from_config(_config(migrations)).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


def _config(migrations: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations))
    return config
