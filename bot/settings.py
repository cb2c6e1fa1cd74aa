"""Every setting of the program, and the one reader of the environment.

A setting ``idle_close_s`` is given as ``CRMBOT_IDLE_CLOSE_S`` or in a ``.env`` file beside the program. Paths of
things written at run time are derived from ``data``, the data directory.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import httpx
from limits import parse
from phonenumbers import SUPPORTED_REGIONS
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT = Path(__file__).resolve().parent.parent
"""The checkout: home of ``domain/``, ``data/`` and ``engine/``."""
NLU_EXAMPLES = PROJECT / "data" / "nlu"
KNOWLEDGE = PROJECT / "data" / "knowledge"


class Settings(BaseSettings):
    """The settings, with their defaults. Times are in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix="CRMBOT_", env_file=".env", extra="ignore", frozen=True)

    data: Path = Field(default=PROJECT / "var", description="Directory of everything written at run time.")
    models: Path | None = Field(default=None, description="Directory of models; models in the data directory if unset.")
    host: str = Field(default="127.0.0.1", description="Address the public port listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Public port: widget, channels, console, metrics.")
    public_url: str | None = Field(
        default=None, description="How the outside reaches the public port, if not host:port."
    )
    internal_port: int = Field(default=0, ge=0, le=65535, description="Loopback port for Rasa's calls; 0 picks one.")
    rasa_port: int = Field(default=0, ge=0, le=65535, description="Loopback port of Rasa; 0 picks a free one.")

    database_url: str | None = Field(default=None, description="CRM database; SQLite in the data directory if unset.")
    durable_url: str | None = Field(default=None, description="DBOS system database; SQLite there if unset.")

    demo: bool = Field(default=True, description="Seed the demo shop and serve the demo page with its sign-in.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info", description="Least level logged.")
    log_json: bool = Field(default=False, description="Log as JSON lines rather than for reading.")
    rasa_log_level: Literal["debug", "info", "warning", "error", "critical"] = Field(
        default="critical", description="Least level Rasa logs. Anything below critical writes customers' words."
    )
    forwarded_allow_ips: str = Field(default="127.0.0.1", description="Proxies whose X-Forwarded-For is believed.")

    allowed_origins: str = Field(
        default="*", description="Sites that may embed the widget, separated by spaces; * is all."
    )

    order_number_pattern: str = Field(
        default=r"A\d{4,8}", description="Regular expression of the shop's order numbers."
    )
    phone_regions: str = Field(default="US CN", description="Countries of phone numbers without a country code.")
    timezone: str = Field(default="UTC", description="Where the shop is, as in Europe/Paris: what 'tomorrow' means.")
    text_limit: int = Field(default=4000, gt=0, description="Longest message taken, in characters.")
    media_limit_bytes: int = Field(default=20 * 1024 * 1024, gt=0, description="Largest photo or voice note taken.")
    audio_limit_s: float = Field(default=300, gt=0, description="Longest voice note taken.")
    perception_timeout_s: float = Field(default=180, gt=0, description="Longest look at one photo or voice note.")
    perception_workers: int = Field(default=1, ge=1, description="Processes that hear and see.")
    encoder: str = Field(
        default="packaged",
        description="Sentence encoder: packaged, a name of crmbot models list, a directory, or owner/model[@revision].",
    )
    whisper_model: str = Field(
        default="base", description="Whisper model used when its files are in the data directory."
    )

    channels: str | None = Field(
        default=None, description="Channels of others, as module:Class, separated by spaces; see channels.md."
    )
    burst_window_s: float = Field(
        default=1.2, ge=0, le=10, description="Pause after which messages of a chat app are answered together."
    )
    web_burst_window_s: float = Field(default=0, ge=0, le=10, description="The same for the web widget.")
    fetch_timeout_s: float = Field(default=60, gt=0, description="Longest fetch of one file from a channel.")

    telegram_token: SecretStr | None = Field(
        default=None, description="Token of the Telegram bot; turns the channel on."
    )
    telegram_mode: Literal["polling", "webhook"] = Field(
        default="polling", description="Ask Telegram for messages, or be called by it at CRMBOT_PUBLIC_URL."
    )
    telegram_api_url: str = Field(default="https://api.telegram.org", description="Where Telegram's Bot API answers.")

    slack_bot_token: SecretStr | None = Field(
        default=None, description="Slack's bot token (xoxb-…); turns the channel on."
    )
    slack_app_token: SecretStr | None = Field(default=None, description="Slack's app token (xapp-…), for Socket Mode.")
    slack_signing_secret: SecretStr | None = Field(default=None, description="Slack's signing secret, for HTTP mode.")
    slack_mode: Literal["socket", "http"] = Field(
        default="socket", description="Open a socket to Slack, or be called by it at CRMBOT_PUBLIC_URL."
    )
    slack_api_url: str = Field(default="https://slack.com/api/", description="Where Slack's Web API answers.")
    slack_link_by_email: bool = Field(
        default=False, description="Take a workspace member's e-mail as proof of who they are."
    )

    idle_close_s: float = Field(default=1800, gt=0, description="Silence after which a conversation is closed.")
    session_turns: int = Field(default=20, gt=0, description="Turns after which Rasa is given a fresh session.")
    turn_attempts: int = Field(default=6, gt=0, description="Tries before a turn is given up with an apology.")
    delivery_attempts: int = Field(default=8, gt=0, description="Tries before a message to a customer is given up.")
    rasa_restart_wait_s: float = Field(default=60, ge=0, description="Longest wait for Rasa to come back in mid-turn.")
    rasa_timeout_s: float = Field(default=60, gt=0, description="Longest wait for one answer of Rasa.")

    rate_visitors: str = Field(default="30/minute", description="New visitors taken from one address.")
    rate_messages: str = Field(default="60/minute", description="Messages taken from one visitor.")
    rate_uploads: str = Field(default="20/minute", description="Photos and voice notes taken from one visitor.")

    @field_validator("data", "models")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path.resolve() if path is not None else None

    @field_validator("timezone")
    @classmethod
    def _known_timezone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, ZoneInfoNotFoundError) as error:
            raise ValueError(f"there is no time zone {name!r}; write it as in Europe/Paris") from error
        return name

    @field_validator("order_number_pattern")
    @classmethod
    def _regular_expression(cls, pattern: str) -> str:
        try:
            re.compile(pattern)
        except re.error as error:
            raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return pattern

    @field_validator("phone_regions")
    @classmethod
    def _known_regions(cls, regions: str) -> str:
        unknown = set(regions.split()) - SUPPORTED_REGIONS
        if unknown:
            raise ValueError(f"there is no country {sorted(unknown)[0]!r}; write codes as in US CN")
        return regions

    @field_validator("rate_visitors", "rate_messages", "rate_uploads")
    @classmethod
    def _rate(cls, rate: str) -> str:
        try:
            parse(rate)
        except ValueError as error:
            raise ValueError(f"{rate!r} is no rate; write it as in 30/minute") from error
        return rate

    @field_validator("telegram_api_url", "slack_api_url")
    @classmethod
    def _address(cls, address: str) -> str:
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            url = httpx.URL()
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise ValueError("no address; write it as in https://bots.example.com, without a user's name")
        return address

    @property
    def crm_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data / 'crm.sqlite'}"

    @property
    def dbos_url(self) -> str:
        return self.durable_url or f"sqlite:///{self.data / 'durable.sqlite'}"

    @property
    def tracker_path(self) -> Path:
        return self.data / "tracker.sqlite"

    @property
    def media_dir(self) -> Path:
        return self.data / "media"

    @property
    def secrets_path(self) -> Path:
        return self.data / "secrets.json"

    @property
    def models_dir(self) -> Path:
        return self.models or self.data / "models"

    @property
    def models_lock(self) -> Path:
        return self.data / "models.lock"

    @property
    def encoder_dir(self) -> Path:
        return self.models_dir / "encoder"

    @property
    def nlu_dir(self) -> Path:
        return self.models_dir / "nlu"

    @property
    def dialogue_dir(self) -> Path:
        return self.models_dir / "dialogue"

    @property
    def whisper_dir(self) -> Path:
        return self.models_dir / "whisper" / self.whisper_model

    @property
    def base_url(self) -> str:
        """The address printed for people: the public one, or host and port."""
        host = "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        host = f"[{host}]" if ":" in host else host
        return (self.public_url or f"http://{host}:{self.port}").rstrip("/")
