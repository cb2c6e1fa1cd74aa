from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from nlu.training import TrainingReport, train
from nlu.understander import Understander
from tests.unit.nlu.small_shop import HashingEncoder, write_data

MONDAY = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("nlu") / "data")


@pytest.fixture(scope="session")
def trained(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, TrainingReport]:
    model_dir = tmp_path_factory.mktemp("nlu") / "model"
    report = train(data_dir, Path("unused"), model_dir, encoder=HashingEncoder())
    return model_dir, report


@pytest.fixture(scope="session")
def load(trained: tuple[Path, TrainingReport]) -> Callable[..., Understander]:
    def load(**changes: object) -> Understander:
        options = {"now": lambda: MONDAY, "encoder": HashingEncoder()} | changes
        return Understander.load(trained[0], encoder_dir=Path("unused"), **options)

    return load


@pytest.fixture(scope="session")
def understander(load: Callable[..., Understander]) -> Understander:
    return load(products=("Blue Mug", "蓝色马克杯"))
