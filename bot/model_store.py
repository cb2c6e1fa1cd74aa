"""Models on this machine: fetched or brought by hand, checked before use, placed whole or not at all, remembered.

A file must have the SHA-256 that the catalogue pins. Where nothing is pinned (an encoder named by its hub id), the
hub's own listing vouches for what it sends, and what came the first time is written to ``models.lock`` and must be
the same ever after: trust on first use. The store knows no network; whoever fetches is given to it (``Source``).
"""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from bot.errors import ChecksumMismatch, DiskFull, ModelError, ModelIncomplete, PullUnderWay, UnknownModel
from bot.model_catalogue import CATALOGUE, HubModel, ModelFile, find_model

ABSENT, PRESENT, CHANGED = "absent", "present", "changed"
BY_CATALOGUE, BY_HUB, BY_FIRST_USE = "catalogue", "hub", "first use"
_BLOCK = 1 << 20

_SMALL_FILES = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
    "vocab.json",
    "merges.txt",
    "sentencepiece.bpe.model",
    "modules.json",
    "sentence_bert_config.json",
    "config_sentence_transformers.json",
    "1_Pooling/config.json",
    "model.safetensors.index.json",
)
_WEIGHTS = re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors")
_OLD_WEIGHTS = "pytorch_model.bin"

Advance = Callable[[str, int, int | None], None]
"""Called with a file's name, the bytes of it that are there, and its size where known."""


class Source(Protocol):
    """Where models come from."""

    def listing(self, model: HubModel) -> tuple[str, list[ModelFile]]:
        """The commit that the model's revision stands for, and every file of it."""

    def fetch(self, model: HubModel, file: ModelFile, part: Path, advance: Callable[[int], None]) -> None:
        """Appends to ``part`` what it lacks of the file. ``advance`` gets the bytes there are."""


@dataclass(frozen=True, slots=True)
class ModelState:
    """What ``crmbot models`` prints. ``checked_by``: who vouches for the bytes."""

    name: str
    purpose: str
    repository: str
    revision: str | None
    licence: str
    size_bytes: int | None
    state: str
    checked_by: str
    directory: str


def encoder_files(files: Sequence[ModelFile]) -> list[ModelFile]:
    """Of all files those that an encoder needs; the old pickled weights only where there are no others."""
    weights = [file for file in files if _WEIGHTS.fullmatch(file.path)]
    weights = weights or [file for file in files if file.path == _OLD_WEIGHTS]
    small = [file for file in files if file.path in _SMALL_FILES]
    if not weights or not any(file.path == "config.json" for file in small):
        raise ModelIncomplete(
            "there is no encoder: config.json and model.safetensors (or pytorch_model.bin) are needed"
        )
    return [*small, *weights]


class ModelStore:
    """Models below ``models_dir``; ``lock_path`` remembers what they were when they came."""

    def __init__(self, models_dir: Path, lock_path: Path) -> None:
        self._models_dir = models_dir
        self._lock_path = lock_path

    def directory(self, model: HubModel) -> Path:
        return self._models_dir / model.place

    def states(self, *, verify: bool = False) -> list[ModelState]:
        """The catalogue, and what else was fetched. ``verify`` reads every byte; without, sizes are compared."""
        others = [name for name in self._locked() if name not in {model.name for model in CATALOGUE}]
        found = [*CATALOGUE, *(model for name in others if (model := find_model(name)) is not None)]
        return [self.state(model, verify=verify) for model in found]

    def state(self, model: HubModel, *, verify: bool = True) -> ModelState:
        settled = self._settled(model)
        state = ABSENT
        if settled.files and self.directory(model).is_dir():
            state = CHANGED if self._wrong(settled, self.directory(model), verify=verify) else PRESENT
        size = settled.size if settled.files else None
        entry = self._locked().get(model.name, {})
        vouched = BY_CATALOGUE if model.pinned else entry.get("checked_by", BY_FIRST_USE)
        return ModelState(
            model.name, model.purpose, model.repository, settled.revision, model.licence, size, state, vouched,
            str(self.directory(model)),
        )  # fmt: skip

    def pull(self, model: HubModel, source: Source, advance: Advance | None = None) -> ModelState:
        """Fetches what is missing; a pull that was cut off goes on where it ended. Nothing is done where the model is
        there and whole. Raises ModelError."""
        with self._alone(model), _clear_about_disks(self._models_dir):
            if self.state(model).state == PRESENT:
                self._remember(self._settled(model), self._vouched(model), "hub")
                return self.state(model)
            wanted, vouched = self._settled(model), self._vouched(model)
            if not wanted.files:
                commit, files = source.listing(model)
                wanted = replace(model, revision=commit, files=tuple(encoder_files(files)))
                vouched = BY_HUB if all(file.sha256 or file.git_sha1 for file in wanted.files) else BY_FIRST_USE
            staging = self._staging(wanted)
            self._check_room(wanted, staging)
            for file in wanted.files:
                _fetch(wanted, file, staging, source, advance or (lambda name, done, size: None))
            return self._put_in_place(wanted, staging, vouched, "hub")

    def place(self, model: HubModel, directory: Path) -> ModelState:
        """Takes the model's files out of a directory to which they were brought by hand. Raises ModelError."""
        with self._alone(model), _clear_about_disks(self._models_dir):
            wanted, vouched = self._settled(model), self._vouched(model)
            if not wanted.files:
                lying = [
                    ModelFile(path.relative_to(directory).as_posix(), path.stat().st_size)
                    for path in sorted(directory.rglob("*"))
                    if path.is_file()
                ]
                wanted, vouched = replace(model, files=tuple(encoder_files(lying))), BY_FIRST_USE
            missing = [file.path for file in wanted.files if not (directory / file.path).is_file()]
            if missing:
                raise ModelIncomplete(f"{directory} lacks {', '.join(missing)}")
            wrong = self._wrong(wanted, directory, verify=True)
            if wrong:
                raise ChecksumMismatch(f"{directory / wrong} is not the file that {model.name} must have")
            staging = self._staging(wanted)
            self._check_room(wanted, staging)
            for file in wanted.files:
                (staging / file.path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(directory / file.path, staging / file.path)
            return self._put_in_place(wanted, staging, vouched, str(directory))

    def checked_directory(self, model: HubModel) -> Path | None:
        """Where the model lies, after reading every byte of it; None where it is not there. Raises ChecksumMismatch."""
        state = self.state(model).state
        if state == CHANGED:
            raise ChecksumMismatch(
                f"the files of {model.name} in {self.directory(model)} are not those that were fetched; "
                f"run: crmbot models pull {model.name}"
            )
        return self.directory(model) if state == PRESENT else None

    def _settled(self, model: HubModel) -> HubModel:
        """The model with the files and the commit that are settled for it, by the catalogue or by its first pull."""
        entry = self._locked().get(model.name)
        if model.pinned or entry is None or entry["repository"] != model.repository:
            return model
        files = tuple(ModelFile(path, one["size"], one["sha256"]) for path, one in entry["files"].items())
        return replace(model, revision=entry["revision"], files=files)

    def _vouched(self, model: HubModel) -> str:
        return BY_CATALOGUE if model.pinned else str(self._locked().get(model.name, {}).get("checked_by", BY_FIRST_USE))

    def _wrong(self, model: HubModel, directory: Path, *, verify: bool) -> str | None:
        """The first file that is not as it must be."""
        for file in model.files:
            path = directory / file.path
            if not path.is_file() or (file.size is not None and path.stat().st_size != file.size):
                return file.path
            if verify and not _as_vouched(path, file):
                return file.path
        return None

    def _check_room(self, model: HubModel, staging: Path) -> None:
        there = sum(path.stat().st_size for path in staging.rglob("*") if path.is_file())
        free = shutil.disk_usage(self._models_dir).free
        needed = model.size - there
        if needed > free:
            raise DiskFull(f"{model.name} needs {_megabytes(needed)}; {self._models_dir} has {_megabytes(free)} left")

    def _staging(self, model: HubModel) -> Path:
        """Where a pull gathers its files; another revision begins afresh."""
        mark = hashlib.sha256(f"{model.repository} {model.revision}".encode()).hexdigest()[:12]
        staging = self._models_dir / ".pulling" / f"{model.place.name}-{mark}"
        staging.mkdir(parents=True, exist_ok=True)
        return staging

    def _put_in_place(self, model: HubModel, staging: Path, vouched: str, came_from: str) -> ModelState:
        known = replace(
            model,
            files=tuple(
                replace(file, size=(staging / file.path).stat().st_size, sha256=_digest(staging / file.path))
                for file in model.files
            ),
        )
        for file, came in zip(model.files, known.files, strict=True):
            if file.sha256 not in (None, came.sha256):
                (staging / file.path).unlink()
                raise ChecksumMismatch(f"{file.path} of {model.name} changed on this disk after it came; try again")
        keep = {file.path for file in model.files}
        for path in sorted(staging.rglob("*"), reverse=True):
            if path.is_file() and path.relative_to(staging).as_posix() not in keep:
                path.unlink()
        target = self.directory(model)
        target.parent.mkdir(parents=True, exist_ok=True)
        replaced = staging.with_name(staging.name + ".replaced")
        shutil.rmtree(replaced, ignore_errors=True)
        if target.exists():
            target.rename(replaced)
        staging.rename(target)
        shutil.rmtree(replaced, ignore_errors=True)
        self._remember(known, vouched, came_from)
        return self.state(model, verify=False)

    def _remember(self, model: HubModel, vouched: str, came_from: str) -> None:
        locked = self._locked()
        if model.name in locked and locked[model.name]["revision"] == model.revision:
            files = {path: one["sha256"] for path, one in locked[model.name]["files"].items()}
            if files == {file.path: file.sha256 for file in model.files}:
                return
        locked[model.name] = {
            "repository": model.repository,
            "revision": model.revision,
            "checked_by": vouched,
            "from": came_from,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "files": {file.path: {"size": file.size, "sha256": file.sha256} for file in model.files},
        }
        self._lock_path.parent.mkdir(parents=True, exist_ok=True)
        written = self._lock_path.with_name(self._lock_path.name + ".new")
        written.write_text(json.dumps(locked, indent=2, sort_keys=True) + "\n", encoding="utf-8")
        written.replace(self._lock_path)

    def _locked(self) -> dict[str, Any]:
        try:
            content = json.loads(self._lock_path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ModelError(f"{self._lock_path} cannot be read; models cannot be checked without it") from error
        return dict(content)

    @contextmanager
    def _alone(self, model: HubModel) -> Iterator[None]:
        pulling = self._models_dir / ".pulling"
        with _clear_about_disks(self._models_dir):
            pulling.mkdir(parents=True, exist_ok=True)
        lock = FileLock(pulling / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise PullUnderWay(f"models are being fetched already; {model.name} has to wait for that") from error
        try:
            yield
        finally:
            lock.release()


def named_model(name: str) -> HubModel:
    """Raises UnknownModel."""
    model = find_model(name)
    if model is None:
        known = ", ".join(each.name for each in CATALOGUE)
        raise UnknownModel(f"there is no model {name!r}; known are {known}, and encoders as owner/model[@revision]")
    return model


def configured_names(encoder: str, whisper: str) -> list[str]:
    """Names of the models that these two settings ask for and that can be fetched."""
    names = [f"whisper-{whisper}"]
    if find_model(encoder) is not None and not Path(encoder).expanduser().is_dir():
        names.insert(0, encoder)
    return names


def _fetch(model: HubModel, file: ModelFile, staging: Path, source: Source, advance: Advance) -> None:
    path = staging / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():  # whole and checked before the last pull was cut off
        advance(file.path, path.stat().st_size, file.size)
        return
    part = path.with_name(path.name + ".part")
    if file.size is not None and part.exists() and part.stat().st_size > file.size:
        part.unlink()
    source.fetch(model, file, part, lambda done: advance(file.path, done, file.size))
    if not _as_vouched(part, file):
        part.unlink()
        raise ChecksumMismatch(
            f"{file.path} of {model.name} came with other bytes than it must have; nothing was placed. "
            "Try again, or another mirror"
        )
    part.replace(path)


def _as_vouched(path: Path, file: ModelFile) -> bool:
    if file.sha256 is not None:
        return _digest(path) == file.sha256
    if file.git_sha1 is not None:
        return _git_digest(path) == file.git_sha1
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _git_digest(path: Path) -> str:
    """As git names a blob; not against forgers, but it tells bytes that went wrong."""
    digest = hashlib.sha1(f"blob {path.stat().st_size}\0".encode(), usedforsecurity=False)
    with path.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


@contextmanager
def _clear_about_disks(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(f"{directory} has no room left; what has come is kept for the next try") from error
        raise ModelError(f"cannot write to {directory}: {error.strerror or error}") from error


def _megabytes(count: int) -> str:
    return f"{max(count, 0) / 1e6:.0f} MB"
