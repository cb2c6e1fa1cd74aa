"""The migrations lead to exactly the tables of the models."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from crm.models import Base
from crm.schema import is_current, migrate
from crm.unit_of_work import Database


def test_migrations_make_the_tables_of_the_models(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'crm.sqlite'}")
    assert not is_current(database)
    assert migrate(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    assert set(inspect(database.engine).get_table_names()) == {*Base.metadata.tables, "alembic_version"}
    database.close()


def test_migrating_twice_does_nothing(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'crm.sqlite'}")
    migrate(database)
    assert not migrate(database)
    assert is_current(database)
    database.close()
