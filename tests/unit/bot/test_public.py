"""The public port gives every channel its place, counts what is refused there, and shows none of it to strangers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, Request
from fastapi.testclient import TestClient

from bot.channels.base import Channel, Outgoing
from bot.composition import build_site
from bot.errors import Unauthorized
from bot.public import public_app
from tests.serving import KEYS, FakeDialogue, FakeParser, FakeSenses, settings_for


class Pigeon(Channel):
    name = "pigeon"

    def send(self, outgoing: Outgoing) -> Iterator[str]:
        raise NotImplementedError

    def routes(self) -> APIRouter:
        router = APIRouter()

        @router.post("/hook")
        async def hook(secret: str, request: Request) -> dict[str, bool]:
            await request.body()
            if secret != "seed":
                raise Unauthorized("That is no pigeon of ours.")
            return {"taken": True}

        return router


class Raven(Pigeon):
    name = "raven"

    def routes(self) -> None:  # type: ignore[override]
        return None


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    settings = settings_for(tmp_path)
    channels = {"pigeon": Pigeon(), "raven": Raven()}
    site = build_site(
        settings, KEYS, dialogue=FakeDialogue(), parser=FakeParser(), senses=FakeSenses(), channels=channels
    )
    app = public_app(
        site.web, site.metrics, dict, media_limit_bytes=1000, allowed_origins=frozenset("*"), channels=site.channels
    )
    with TestClient(app) as client:
        yield client
    site.durable.close(0)
    site.database.close()


def test_a_channel_is_called_below_its_name(client: TestClient) -> None:
    assert client.post("/channels/pigeon/hook?secret=seed").json() == {"taken": True}
    assert client.post("/channels/raven/hook?secret=seed").status_code == 404
    assert client.get("/channels/pigeon/hook").status_code == 405


def test_a_refusal_is_counted_for_its_channel(client: TestClient) -> None:
    assert client.post("/channels/pigeon/hook?secret=hawk").json() == {
        "error": {"code": "unauthorized", "message": "That is no pigeon of ours."}
    }
    assert 'crmbot_refusals_total{channel="pigeon",code="unauthorized"} 1.0' in client.get("/metrics").text


def test_hooks_are_no_part_of_the_documented_protocol(client: TestClient) -> None:
    assert not any("pigeon" in path for path in client.get("/v1/openapi.json").json()["paths"])


def test_a_hook_takes_no_body_larger_than_a_mebibyte(client: TestClient) -> None:
    for size, status in ((2**20, 200), (2**20 + 1, 413)):
        assert client.post("/channels/pigeon/hook?secret=seed", content=b"x" * size).status_code == status
