"""Models from a hub: a server that speaks its HTTP, cuts transfers, sends wrong bytes, refuses, stalls, is gone."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from filelock import FileLock
from huggingface_hub import constants

from bot.errors import (
    ChecksumMismatch,
    DiskFull,
    HubUnreachable,
    ModelError,
    ModelIncomplete,
    ModelRefused,
    PullUnderWay,
    UnknownModel,
)
from bot.model_catalogue import CATALOGUE, HubModel, ModelFile, find_model
from bot.model_hub import Hub
from bot.model_store import (
    ABSENT,
    BY_CATALOGUE,
    BY_FIRST_USE,
    BY_HUB,
    CHANGED,
    PRESENT,
    ModelStore,
    configured_names,
    named_model,
)
from tests.vendors.hub import COMMIT, HubServer, hub_server

NOISE = random.Random(7)
FILES = {
    "config.json": b'{"model_type": "bert"}',
    "tokenizer.json": b"{}",
    "1_Pooling/config.json": b"{}",
    "model.safetensors": NOISE.randbytes(300_000),
    "README.md": b"not wanted",
    "pytorch_model.bin": b"not wanted either",
}
WANTED = {"config.json", "tokenizer.json", "1_Pooling/config.json", "model.safetensors"}
REPOSITORY = "acme/tiny-encoder"
PINNED = HubModel(
    "tiny",
    "a test",
    REPOSITORY,
    COMMIT,
    "MIT",
    PurePosixPath("encoders/tiny"),
    tuple(ModelFile(name, len(FILES[name]), hashlib.sha256(FILES[name]).hexdigest()) for name in sorted(WANTED)),
)
UNPINNED = find_model(REPOSITORY)
assert UNPINNED is not None


@pytest.fixture
def server() -> Iterator[HubServer]:
    with hub_server({REPOSITORY: dict(FILES)}) as running:
        yield running


@pytest.fixture
def hub(server: HubServer, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setattr(constants, "HF_HUB_DOWNLOAD_TIMEOUT", 0.2)
    monkeypatch.setattr(constants, "DOWNLOAD_CHUNK_SIZE", 10_000)
    monkeypatch.setattr("huggingface_hub.file_download.time.sleep", lambda _: None)
    return Hub(server.address)


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", tmp_path / "models.lock")


def lying(store: ModelStore, model: HubModel) -> dict[str, bytes]:
    directory = store.directory(model)
    return {
        path.relative_to(directory).as_posix(): path.read_bytes() for path in directory.rglob("*") if path.is_file()
    }


def expected() -> dict[str, bytes]:
    return {name: FILES[name] for name in WANTED}


# --- the catalogue


def test_every_entry_pins_every_byte() -> None:
    for model in CATALOGUE:
        assert model.pinned, model.name
        for file in model.files:
            assert file.sha256 is not None
            assert len(bytes.fromhex(file.sha256)) == 32
            assert file.size
        assert model.base_url or len(bytes.fromhex(model.revision or "")) == 20
    assert len({model.name for model in CATALOGUE}) == len({model.place for model in CATALOGUE}) == len(CATALOGUE)


def test_names_are_of_the_catalogue_or_of_the_hub() -> None:
    assert named_model("whisper-base").repository == "Systran/faster-whisper-base"
    given = named_model("acme/some.model@v1.0")
    assert (given.repository, given.revision, given.files) == ("acme/some.model", "v1.0", ())
    for name in ("nothing", "../up", "a/b/c", "/etc", "a/b@", "./x", "a/../b"):
        with pytest.raises(UnknownModel, match="no model"):
            named_model(name)


def test_what_the_settings_ask_for(tmp_path: Path) -> None:
    assert configured_names("packaged", "base") == ["whisper-base"]
    assert configured_names("multilingual-e5-small", "tiny") == ["multilingual-e5-small", "whisper-tiny"]
    assert configured_names(str(tmp_path), "tiny") == ["whisper-tiny"]


# --- pulling


@pytest.mark.parametrize(("model", "vouched"), [(PINNED, BY_CATALOGUE), (UNPINNED, BY_HUB)])
def test_a_pull_brings_what_is_needed_and_remembers_it(
    store: ModelStore, hub: Hub, server: HubServer, tmp_path: Path, model: HubModel, vouched: str
) -> None:
    told: list[tuple[str, int, int | None]] = []
    assert store.state(model).state == ABSENT
    state = store.pull(model, hub, lambda name, done, size: told.append((name, done, size)))
    assert (state.state, state.checked_by, state.revision) == (PRESENT, vouched, COMMIT)
    assert lying(store, model) == expected()
    assert ("model.safetensors", 300_000, 300_000) in told
    locked = json.loads((tmp_path / "models.lock").read_text())[model.name]
    assert locked["revision"] == COMMIT
    assert locked["files"]["config.json"]["sha256"] == hashlib.sha256(FILES["config.json"]).hexdigest()
    before = len(server.asked)
    assert store.pull(model, hub).state == PRESENT
    assert len(server.asked) == before, "a second pull asks nobody"
    assert not list((tmp_path / "models" / ".pulling").glob("tiny*"))


def test_no_address_is_logged(store: ModelStore, hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    store.pull(PINNED, hub)
    assert caplog.records == []


def test_what_the_first_pull_brought_is_the_only_thing_taken_ever_after(
    store: ModelStore, hub: Hub, server: HubServer
) -> None:
    assert UNPINNED
    store.pull(UNPINNED, hub)
    shutil.rmtree(store.directory(UNPINNED))
    server.files[REPOSITORY]["model.safetensors"] = NOISE.randbytes(300_000)
    with pytest.raises(ChecksumMismatch):
        store.pull(UNPINNED, hub)
    assert store.state(UNPINNED).state == ABSENT


def test_a_transfer_that_is_cut_goes_on_where_it_ended(store: ModelStore, hub: Hub, server: HubServer) -> None:
    server.cut_after, server.cuts = 100_000, 2
    store.pull(PINNED, hub)
    assert server.ranges == ["bytes=100000-", "bytes=200000-"]
    assert lying(store, PINNED) == expected()


def test_a_pull_that_was_given_up_goes_on_where_it_ended(store: ModelStore, hub: Hub, server: HubServer) -> None:
    server.cut_after, server.cuts = 100_000, 1

    def interrupt(name: str, done: int, size: int | None) -> None:
        if name == "model.safetensors" and server.ranges:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.pull(PINNED, hub, interrupt)
    assert store.state(PINNED).state == ABSENT
    server.ranges.clear()
    store.pull(PINNED, hub)
    assert server.ranges == ["bytes=100000-"]
    assert lying(store, PINNED) == expected()


def test_a_server_that_knows_no_ranges_sends_all_again(store: ModelStore, hub: Hub, server: HubServer) -> None:
    server.cut_after, server.cuts, server.ranges_ignored = 100_000, 1, True
    store.pull(PINNED, hub)
    assert lying(store, PINNED) == expected()


@pytest.mark.parametrize("model", [PINNED, UNPINNED])
def test_other_bytes_are_never_placed(store: ModelStore, hub: Hub, server: HubServer, model: HubModel) -> None:
    server.spoilt = True
    with pytest.raises(ChecksumMismatch, match="other bytes"):
        store.pull(model, hub)
    assert store.state(model).state == ABSENT
    server.spoilt = False
    assert store.pull(model, hub).state == PRESENT


def test_a_pull_mends_what_was_changed(store: ModelStore, hub: Hub) -> None:
    store.pull(PINNED, hub)
    path = store.directory(PINNED) / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert store.state(PINNED).state == CHANGED
    assert store.state(PINNED, verify=False).state == PRESENT, "the size alone tells nothing"
    with pytest.raises(ChecksumMismatch, match="crmbot models pull tiny"):
        store.checked_directory(PINNED)
    store.pull(PINNED, hub)
    assert store.checked_directory(PINNED) == store.directory(PINNED)


# --- what goes wrong


@pytest.mark.parametrize(
    ("status", "error"), [(401, UnknownModel), (403, ModelRefused), (404, UnknownModel), (500, HubUnreachable)]
)
@pytest.mark.parametrize("model", [PINNED, UNPINNED])
def test_refusals_are_one_line(
    store: ModelStore, hub: Hub, server: HubServer, status: int, error: type[ModelError], model: HubModel
) -> None:
    server.status = status
    with pytest.raises((error, ModelRefused)) as raised:
        store.pull(model, hub)
    assert "\n" not in str(raised.value)
    assert store.state(model).state == ABSENT


def test_a_repository_or_revision_that_is_not_there(store: ModelStore, hub: Hub) -> None:
    for name in ("acme/nothing", f"{REPOSITORY}@v9"):
        with pytest.raises(UnknownModel, match="no acme"):
            store.pull(named_model(name), hub)
    with pytest.raises(UnknownModel):
        store.pull(replace(PINNED, repository="acme/nothing"), hub)


def test_a_repository_without_an_encoder(store: ModelStore, hub: Hub, server: HubServer) -> None:
    server.files["acme/words"] = {"README.md": b"only words"}
    with pytest.raises(ModelIncomplete, match=r"config\.json"):
        store.pull(named_model("acme/words"), hub)


def test_a_hub_that_stalls_is_given_up(store: ModelStore, hub: Hub, server: HubServer) -> None:
    server.stalled = True
    with pytest.raises(HubUnreachable, match="cannot be reached"):
        store.pull(PINNED, hub)


@pytest.mark.parametrize("model", [PINNED, UNPINNED])
def test_a_hub_that_is_not_there(store: ModelStore, hub: Hub, model: HubModel) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(HubUnreachable, match="HF_ENDPOINT"):
        store.pull(model, Hub(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("model", [PINNED, UNPINNED])
def test_offline_by_setting_asks_nobody(
    store: ModelStore, hub: Hub, server: HubServer, monkeypatch: pytest.MonkeyPatch, model: HubModel
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubUnreachable, match="HF_HUB_OFFLINE"):
        store.pull(model, hub)
    assert server.asked == []


def test_no_room(store: ModelStore, hub: Hub, server: HubServer) -> None:
    vast = replace(PINNED, files=(replace(PINNED.files[0], size=10**18), *PINNED.files[1:]))
    with pytest.raises(DiskFull, match=r"needs .* MB"):
        store.pull(vast, hub)
    assert server.asked == []


def test_a_disk_that_fills_up_meanwhile(store: ModelStore) -> None:
    class Full:
        def listing(self, model: HubModel) -> tuple[str, list[ModelFile]]:
            raise AssertionError("its files are known")

        def fetch(self, *_: object) -> None:
            raise OSError(28, os.strerror(28))

    with pytest.raises(DiskFull, match="no room left"):
        store.pull(PINNED, Full())


def test_two_at_once(store: ModelStore, hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "models" / ".pulling").mkdir(parents=True)
    with FileLock(tmp_path / "models" / ".pulling" / "lock"), pytest.raises(PullUnderWay):
        store.pull(PINNED, hub)


def test_a_lock_file_that_cannot_be_read(store: ModelStore, tmp_path: Path) -> None:
    (tmp_path / "models.lock").write_text("{")
    with pytest.raises(ModelError, match="cannot be read"):
        store.states()


# --- brought by hand


def carried(tmp_path: Path) -> Path:
    for name, content in FILES.items():
        path = tmp_path / "carried" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "carried"


@pytest.mark.parametrize(("model", "vouched"), [(PINNED, BY_CATALOGUE), (UNPINNED, BY_FIRST_USE)])
def test_files_brought_by_hand(store: ModelStore, tmp_path: Path, model: HubModel, vouched: str) -> None:
    state = store.place(model, carried(tmp_path))
    assert (state.state, state.checked_by) == (PRESENT, vouched)
    assert lying(store, model) == expected()
    assert store.checked_directory(model) == store.directory(model)


def test_what_was_brought_by_hand_must_be_whole_and_right(store: ModelStore, tmp_path: Path) -> None:
    directory = carried(tmp_path)
    (directory / "config.json").write_bytes(b'{"model_type": "bert"]')
    with pytest.raises(ChecksumMismatch, match=r"config\.json"):
        store.place(PINNED, directory)
    (directory / "config.json").unlink()
    with pytest.raises(ModelIncomplete, match=r"lacks config\.json"):
        store.place(PINNED, directory)
    assert store.state(PINNED).state == ABSENT


def test_the_list_shows_the_catalogue_and_what_else_was_fetched(store: ModelStore, hub: Hub) -> None:
    assert UNPINNED
    store.pull(UNPINNED, hub)
    states = {state.name: state for state in store.states(verify=True)}
    assert set(states) == {model.name for model in CATALOGUE} | {REPOSITORY}
    assert states[REPOSITORY].state == PRESENT
    assert states["whisper-base"].state == ABSENT
    assert states["whisper-base"].size_bytes == 147_882_941
