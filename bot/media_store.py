"""Keeps the bytes of photos and voice notes as files under random names. Knows nothing of what is in them."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}\.[a-z0-9]{1,8}")


def _sync(directory: Path) -> None:
    """Makes the names in a directory survive a power failure."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


class MediaStore:
    """Files below ``root``; a key looks like ``3f/3f…e1.webm`` and says nothing of its owner."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, data: bytes, extension: str) -> str:
        """Writes the bytes durably and returns their key: a crash leaves the whole file or none."""
        name = secrets.token_hex(16)
        key = f"{name[:2]}/{name}.{extension.lstrip('.').lower()}"
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
        for directory in (path.parent, self._root):
            _sync(directory)
        return key

    def read(self, key: str) -> bytes:
        """Raises FileNotFoundError when the file is gone, ValueError for what is no key."""
        return self._path(key).read_bytes()

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"no media key: {key!r}")
        return self._root / key
