import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.actions.desk import Shop, make_shop, open_shop


@pytest.fixture(scope="session")
def _demo_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "crm.sqlite"
    make_shop(path)
    return path


@pytest.fixture
def demo(_demo_database: Path, tmp_path: Path) -> Iterator[Shop]:
    """The demo shop with an anonymous English-speaking visitor, on a Monday at noon."""
    with open_shop(shutil.copy(_demo_database, tmp_path)) as running:
        yield running
