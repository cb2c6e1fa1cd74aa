"""Settings: read from the environment under one prefix, checked, and the paths that follow from them."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from limits import parse
from pydantic import ValidationError

from bot.settings import PROJECT, Settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of whoever runs the tests, and no ``.env`` of theirs."""
    for name in list(os.environ):
        if name.upper().startswith("CRMBOT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_every_default_is_valid_where_it_is_used() -> None:
    settings = Settings()
    again = Settings.model_validate(settings.model_dump())
    assert again == settings
    assert [parse(each).amount for each in (settings.rate_visitors, settings.rate_messages, settings.rate_uploads)]
    assert ZoneInfo(settings.timezone).key == "UTC"
    assert settings.data == PROJECT / "var"
    assert settings.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("CRMBOT_PORT", "8080", 8080),
        ("CRMBOT_DATA", "/srv/crmbot", Path("/srv/crmbot")),
        ("CRMBOT_DEMO", "false", False),
        ("CRMBOT_IDLE_CLOSE_S", "90.5", 90.5),
        ("crmbot_port", "81", 81),
    ],
)
def test_the_environment_sets_what_begins_with_the_prefix(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    monkeypatch.setenv(name, text)
    assert getattr(Settings(), name.lower().removeprefix("crmbot_")) == value


def test_a_name_without_the_prefix_sets_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setenv("DATA", "/elsewhere")
    assert Settings().port == 8000
    assert Settings().data == PROJECT / "var"


def test_a_file_beside_the_program_is_read_and_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("CRMBOT_PORT=81\nCRMBOT_HOST=::1\nSOMETHING_ELSE=1\n")
    monkeypatch.setenv("CRMBOT_PORT", "82")
    assert (Settings().port, Settings().host) == (82, "::1")


def test_everything_written_lies_in_the_data_directory(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    assert settings.crm_url == f"sqlite:///{tmp_path}/crm.sqlite"
    assert settings.dbos_url == f"sqlite:///{tmp_path}/durable.sqlite"
    paths = [settings.tracker_path, settings.media_dir, settings.secrets_path, settings.models_dir]
    models = [settings.encoder_dir, settings.nlu_dir, settings.dialogue_dir, settings.whisper_dir]
    assert all(path.is_relative_to(tmp_path) for path in [*paths, *models])
    assert len({settings.crm_url, settings.dbos_url, *map(str, paths), *map(str, models)}) == 10


def test_databases_and_models_can_lie_elsewhere(tmp_path: Path) -> None:
    settings = Settings(
        data=tmp_path,
        models=Path("/models"),
        whisper_model="small",
        database_url="sqlite:///a",
        durable_url="sqlite:///b",
    )
    assert (settings.crm_url, settings.dbos_url) == ("sqlite:///a", "sqlite:///b")
    assert settings.whisper_dir == Path("/models/whisper/small")
    assert settings.nlu_dir == Path("/models/nlu")
    assert settings.tracker_path.parent == settings.media_dir.parent == tmp_path


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("port", "eighty", "valid integer"),
        ("port", "65536", "less than or equal to 65535"),
        ("port", "-1", "greater than or equal to 0"),
        ("demo", "perhaps", "valid boolean"),
        ("log_level", "chatty", "'debug', 'info', 'warning' or 'error'"),
        ("text_limit", "0", "greater than 0"),
        ("idle_close_s", "-5", "greater than 0"),
        ("session_turns", "0", "greater than 0"),
        ("perception_workers", "0", "greater than or equal to 1"),
        ("rasa_timeout_s", "soon", "valid number"),
        ("telegram_api_url", "not an address", "no address"),
        ("telegram_api_url", "ftp://bots.example.com", "no address"),
        ("telegram_api_url", "https://me:secret@bots.example.com", "no address"),
        ("slack_api_url", "slack.com/api/", "no address"),
        ("slack_api_url", "https:///api/", "no address"),
    ],
)
def test_a_value_that_cannot_be_is_named_and_explained(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, said: str
) -> None:
    monkeypatch.setenv(f"CRMBOT_{name.upper()}", text)
    with pytest.raises(ValidationError) as caught:
        Settings()
    (error,) = caught.value.errors()
    assert error["loc"] == (name,)
    assert said in error["msg"]


@pytest.mark.parametrize(
    ("host", "port", "public_url", "base_url"),
    [
        ("127.0.0.1", 8000, None, "http://127.0.0.1:8000"),
        ("0.0.0.0", 80, None, "http://127.0.0.1:80"),
        ("::", 8000, None, "http://127.0.0.1:8000"),
        ("shop.test", 8000, None, "http://shop.test:8000"),
        ("127.0.0.1", 8000, "https://chat.example.com", "https://chat.example.com"),
        ("127.0.0.1", 8000, "https://chat.example.com/", "https://chat.example.com"),
    ],
)
def test_the_address_for_people(host: str, port: int, public_url: str | None, base_url: str) -> None:
    assert Settings(host=host, port=port, public_url=public_url).base_url == base_url


def test_settings_are_fixed_once_they_are_read() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().port = 1
