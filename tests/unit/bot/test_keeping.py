"""What the server keeps on disk: its secrets and its media."""

from pathlib import Path

import pytest

from bot.errors import SetupError
from bot.keys import load_or_create_keys
from bot.media_store import MediaStore


def test_secrets_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    keys = load_or_create_keys(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_or_create_keys(path) == keys
    assert len({keys.site, keys.console, keys.engine}) == 3
    assert all(len(key) >= 43 for key in (keys.site, keys.console, keys.engine))


def test_secrets_that_others_can_read_are_not_used(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    load_or_create_keys(path)
    path.chmod(0o644)
    with pytest.raises(SetupError, match="chmod 600"):
        load_or_create_keys(path)


@pytest.mark.parametrize("content", ["", "{}", "not json", '{"site": 1}'])
def test_damaged_secrets_are_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "secrets.json"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(SetupError, match="damaged"):
        load_or_create_keys(path)


def test_media_come_back_as_they_were(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    key = store.save(b"\x00\xffsound", "webm")
    assert key.endswith(".webm")
    assert store.read(key) == b"\x00\xffsound"
    assert [path.stat().st_mode & 0o777 for path in tmp_path.rglob("*.webm")] == [0o600]
    store.delete(key)
    store.delete(key)
    with pytest.raises(FileNotFoundError):
        store.read(key)


@pytest.mark.parametrize("key", ["../secrets.json", "/etc/passwd", "aa/../../x.jpg", "", "aa/" + "b" * 32, "aa\x00"])
def test_only_keys_of_the_store_are_read(tmp_path: Path, key: str) -> None:
    with pytest.raises(ValueError, match="no media key"):
        MediaStore(tmp_path).read(key)


def test_two_files_never_share_a_key(tmp_path: Path) -> None:
    store = MediaStore(tmp_path)
    assert len({store.save(b"same", "jpg") for _ in range(50)}) == 50
