"""``crmbot doctor``: looks at everything the program stands on and says what is missing and how to get it.

Each configured channel asks its vendor; whatever comes of that is one clear line, without a traceback and without a
token. It knows no vendor: what to look at there is the channel's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import SecretStr
from sqlalchemy.exc import SQLAlchemyError

from bot.channels.base import Channel
from bot.channels.registry import build_channels
from bot.engine import rasa_executable
from bot.errors import BotError, ModelError, SetupError
from bot.installation import DIALOGUE_MODEL
from bot.keys import Keys, load_or_create_keys
from bot.model_store import CHANGED, ModelStore
from bot.settings import PROJECT, Settings
from crm.schema import is_current
from crm.unit_of_work import Database
from perception.whisper import has_model


@dataclass(frozen=True, slots=True)
class Check:
    """``needed`` things must be there; of the others the program goes without, as ``advice`` says."""

    name: str
    ok: bool
    needed: bool
    advice: str


Build = Callable[[Settings, Keys], Mapping[str, Channel]]


def examine(settings: Settings, build: Build = build_channels) -> list[Check]:
    """All checks; none changes anything."""
    return [*_checks_here(settings), *_checks_of_channels(settings, build)]


def _checks_here(settings: Settings) -> list[Check]:
    return [
        _check("engine", lambda: rasa_executable(PROJECT).exists(), "run: make engine"),
        _check("data directory", settings.data.is_dir, "run: crmbot up"),
        _check("secrets", lambda: _secrets(settings), f"run: chmod 600 {settings.secrets_path}, or crmbot up"),
        _check("database", lambda: _database(settings), "run: crmbot up, which migrates it"),
        _check("models", lambda: _models(settings), "run: crmbot models list --verify, then crmbot models pull NAME"),
        _check("sentence encoder", lambda: any(settings.encoder_dir.glob("*.onnx")), "run: crmbot train"),
        _check("understanding", lambda: any(settings.nlu_dir.glob("*")), "run: crmbot train"),
        _check("dialogue", (settings.dialogue_dir / DIALOGUE_MODEL).exists, "run: crmbot train"),
        _check(
            "whisper",
            lambda: has_model(settings.whisper_dir),
            "without it English voice notes are recognised by pocketsphinx and Chinese ones are left to staff",
            needed=False,
        ),
    ]


def _check(name: str, look: Callable[[], bool], advice: str, *, needed: bool = True) -> Check:
    ok = look()
    return Check(name, ok, needed, "" if ok else advice)


def _secrets(settings: Settings) -> bool:
    if not settings.secrets_path.exists():
        return False
    try:
        load_or_create_keys(settings.secrets_path)
    except SetupError:
        return False
    return True


def _models(settings: Settings) -> bool:
    """Whether every model that was fetched is still what it was."""
    try:
        states = ModelStore(settings.models_dir, settings.models_lock).states(verify=True)
    except ModelError:
        return False
    return all(state.state != CHANGED for state in states)


def _database(settings: Settings) -> bool:
    if settings.database_url is None and not (settings.data / "crm.sqlite").exists():
        return False
    database = Database(settings.crm_url)
    try:
        return is_current(database)
    except SQLAlchemyError:
        return False
    finally:
        database.close()


def _checks_of_channels(settings: Settings, build: Build) -> Iterator[Check]:
    try:
        channels = build(settings, _keys(settings))
    except SetupError as error:
        yield Check("channels", False, True, _without_secrets(str(error), settings))
        return
    try:
        for name, channel in channels.items():
            yield from _checks_of(name, channel, settings)
    finally:
        for channel in channels.values():
            channel.close()


def _checks_of(name: str, channel: Channel, settings: Settings) -> list[Check]:
    try:
        found = channel.check()
    except BotError as error:
        return [Check(name, False, True, _without_secrets(f"{name} could not be asked: {error}", settings))]
    except Exception as error:  # doctor's last resort: a channel is anybody's code, and its errors may hold its token
        advice = f"{name} could not be asked ({type(error).__name__}): see whether this machine reaches it"
        return [Check(name, False, True, advice)]
    return [
        Check(_named(name, each.name), each.ok, True, "" if each.ok else _without_secrets(each.advice, settings))
        for each in found
    ]


def _named(channel: str, finding: str) -> str:
    return finding if finding.startswith(channel) else f"{channel} {finding}"


def _keys(settings: Settings) -> Keys:
    """The site's keys, or, where there are none to be had, some that sign nothing: doctor writes no file."""
    if settings.secrets_path.exists():
        try:
            return load_or_create_keys(settings.secrets_path)
        except SetupError:
            pass  # "secrets" says so
    return Keys(site="", console="", engine="")


def _without_secrets(line: str, settings: Settings) -> str:
    """The line on one line, without the tokens of the settings, should a vendor's words have brought them back."""
    given = (value for _, value in settings if isinstance(value, SecretStr))
    for secret in filter(None, (each.get_secret_value() for each in given)):
        line = line.replace(secret, "***").replace(quote(secret, safe=""), "***")
    return " ".join(line.split())
