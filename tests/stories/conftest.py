"""One running stage for all stories; every story brings its own visitors."""

from collections.abc import Iterator

import pytest

from tests.stories.stage import MONDAY_NOON, Stage, stage


@pytest.fixture(scope="session")
def _running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with stage(tmp_path_factory.mktemp("stage")) as running:
        yield running


@pytest.fixture
def on_stage(_running: Stage) -> Stage:
    """The stage at Monday noon, whatever another story did to its clock."""
    _running.now = MONDAY_NOON
    _running.failing.clear()
    _running.calls.clear()
    return _running
