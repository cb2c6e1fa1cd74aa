"""One running server for the whole protocol suite; every test brings its own visitors."""

from collections.abc import Iterator

import pytest

from tests.serving import Serving, serving


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(autouse=True)
def _unbroken(request: pytest.FixtureRequest) -> Iterator[None]:
    """What one test breaks is whole for the next."""
    yield
    if "server" in request.fixturenames:
        server: Serving = request.getfixturevalue("server")
        server.parser.broken = False
        server.dialogue.fail_before = server.dialogue.fail_after = 0
        server.dialogue.delay_s = 0
