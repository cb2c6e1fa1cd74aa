"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator

import pytest

from tests.whole import Whole, whole


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    """The whole program with the real Rasa, one for the session; do not kill it."""
    with whole(tmp_path_factory.mktemp("whole")) as running:
        yield running
