"""What the program starts Rasa with."""

from dataclasses import replace
from pathlib import Path

from bot.composition import build_dialogue, build_engine, rasa_environment
from bot.metrics import Metrics
from tests.serving import KEYS, settings_for


def test_a_token_that_begins_with_a_dash_is_still_a_token(tmp_path: Path) -> None:
    settings, keys = settings_for(tmp_path), replace(KEYS, engine="-secret")
    dialogue = build_dialogue(settings, keys, "http://127.0.0.1:9")
    engine = build_engine(settings, keys, Path("rasa"), "http://127.0.0.1:9", 9, dialogue, Metrics())
    dialogue.close()
    assert "--auth-token=-secret" in engine._command
    assert "-secret" not in engine._command
    assert engine._command[engine._command.index("--interface") + 1] == "127.0.0.1"


def test_rasa_is_kept_from_telling_anybody_anything(tmp_path: Path) -> None:
    environment = rasa_environment(settings_for(tmp_path), "http://127.0.0.1:1234")
    assert environment["RASA_TELEMETRY_ENABLED"] == "false"
    assert environment["LOG_LEVEL"] == "CRITICAL"
    assert environment["CRMBOT_ACTION_URL"] == "http://127.0.0.1:1234/webhook"
