"""The site's own secrets: made once, kept in one file that only its owner can read."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from bot.errors import SetupError


@dataclass(frozen=True, slots=True)
class Keys:
    """``site`` signs customers' identities, ``console`` staff cookies, ``engine`` is Rasa's token."""

    site: str
    console: str
    engine: str


def load_or_create_keys(path: Path) -> Keys:
    """Raises SetupError when the file is damaged or readable by others."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _load(path)
    keys = Keys(**{field.name: secrets.token_urlsafe(32) for field in fields(Keys)})
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(keys), file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    return keys


def _load(path: Path) -> Keys:
    if path.stat().st_mode & 0o077:
        raise SetupError(f"{path} can be read by others; run: chmod 600 {path}")
    try:
        return Keys(**json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise SetupError(f"{path} is damaged; restore it from a backup, or remove it to make new secrets") from error
