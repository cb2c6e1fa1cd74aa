"""The two sides of ``crmbot bench nlu`` as child processes: ours, and Rasa's DIET in the engine's environment.

Each trains from the same file of examples by its own command line and then answers ``POST /model/parse`` over HTTP.
Nothing of Rasa is imported. Time and peak memory of a training are those of its whole process, start included.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import asdict, dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Protocol

import click

from bench.nlu_figures import Answer
from bench.nlu_sets import Part, to_rasa_yaml
from bot.engine import rasa_executable
from bot.server import free_port
from bot.settings import PROJECT

READY_TIMEOUT_S = 300.0
PARSE_TIMEOUT_S = 60.0
TRAINING_FILE = "nlu.yml"

_SENTIMENT = "label\ttext\n" + "positive\tthank you, very good\n" * 5 + "negative\tthis is bad\n" * 5
"""Ours trains sentiment too, and no set but our own has any: as little as it takes."""

_MEASURE = """
import os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[2:])
_, status, usage = os.wait4(process.pid, 0)
with open(sys.argv[1], "w") as report:
    report.write(f"{time.perf_counter() - began} {usage.ru_maxrss}")
raise SystemExit(os.waitstatus_to_exitcode(status))
"""
"""Linux counts what a process's parent held at the fork into the process's own peak: the parent must be a small one."""

_PIPELINE = """\
recipe: default.v1
assistant_id: bench
language: {language}
pipeline:
- name: {tokenizer}
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: {epochs}
  constrain_similarities: true
  random_seed: {seed}
- name: EntitySynonymMapper
- name: FallbackClassifier
  threshold: 0.3
  ambiguity_threshold: 0.1
policies: []
"""
"""Rasa 3.6's default (``rasa/engine/recipes/config_files/default_config.yml``) without the ResponseSelector, which has
nothing to select from here and would only make DIET slower."""


@dataclass(frozen=True, slots=True)
class Trained:
    """``peak_mb`` is the highest resident memory of the training's largest process."""

    seconds: float
    peak_mb: float


class Arm(Protocol):
    """A side of the bench: ``train`` once, then ``serving``."""

    @property
    def name(self) -> str: ...

    def train(self, part: Part, directory: Path) -> Trained:
        """Trains into the directory, which must not exist."""

    def serving(self, directory: Path) -> AbstractContextManager[Served]:
        """The process that answers by what was trained there."""


class Served:
    """A process that answers ``/model/parse``; asked over one connection that stays open, by a client that costs little
    (0.2 ms of processor time where httpx takes 0.6), for its time counts too."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PARSE_TIMEOUT_S)

    def ask(self, text: str) -> tuple[Answer, float]:
        """The answer and the milliseconds it took. Raises OSError, HTTPException (also for any status but 200)."""
        question = json.dumps({"text": text})
        try:
            status, content, took = self._asked(question)
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            status, content, took = self._asked(question)  # the server had closed a connection that lay idle
        if status != HTTPStatus.OK:
            raise http.client.HTTPException(f"status {status}")
        answer: Answer = json.loads(content)
        return answer, took

    def _asked(self, question: str) -> tuple[int, bytes, float]:
        began = time.perf_counter()
        try:
            self._connection.request("POST", "/model/parse", question, {"Content-Type": "application/json"})
            response = self._connection.getresponse()
            content = response.read()
        except BaseException:
            self._connection.close()  # opened again by the next request
            raise
        return response.status, content, (time.perf_counter() - began) * 1000

    def close(self) -> None:
        self._connection.close()

    def is_ready(self) -> bool:
        """Waits until the process answers; False where it ended or took too long."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                return False
            try:
                self.ask("ready?")
            except (OSError, http.client.HTTPException):
                time.sleep(0.5)
            else:
                return True
        return False

    def peak_mb(self) -> float | None:
        """Highest resident memory so far; None where the system does not tell."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text()
        except OSError:
            return None
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        return int(found[1]) / 1024 if found else None


@dataclass(frozen=True, slots=True)
class Ours:
    """crmbot's understanding with the sentence encoder in ``encoder_dir``."""

    encoder_dir: Path
    name: str = "crmbot"

    def train(self, part: Part, directory: Path) -> Trained:
        data = directory / "data"
        (data / "sentiment").mkdir(parents=True)
        (data / "sentiment" / "en.tsv").write_text(_SENTIMENT, encoding="utf-8")
        (data / TRAINING_FILE).write_text(to_rasa_yaml(part.train, part.listed), encoding="utf-8")
        command = our_command("train", data, self.encoder_dir, directory / "model")
        return run_measured(command, PROJECT, directory / "training.log")

    @contextmanager
    def serving(self, directory: Path) -> Iterator[Served]:
        port = free_port()
        command = our_command("serve", self.encoder_dir, directory / "model", port)
        with serve(command, PROJECT, port, directory / "serving.log") as served:
            yield served


@dataclass(frozen=True, slots=True)
class Diet:
    """Rasa's default pipeline around its DIETClassifier."""

    epochs: int
    seed: int
    kept: Path | None = None
    """Where trained models are kept: the same examples and pipeline are not trained twice, which takes hours."""
    name: str = "DIET"

    def train(self, part: Part, directory: Path) -> Trained:
        directory.mkdir(parents=True)
        examples = to_rasa_yaml(part.train, part.listed)
        configuration = pipeline(part.language, self.epochs, self.seed)
        (directory / TRAINING_FILE).write_text(examples, encoding="utf-8")
        (directory / "config.yml").write_text(configuration, encoding="utf-8")
        if self.kept is None:
            return self._train(directory)
        kept = self.kept / hashlib.sha256(f"{configuration}\n{examples}".encode()).hexdigest()[:16]
        if (kept / "trained.json").exists():
            shutil.copytree(kept / "models", directory / "models")
            return Trained(**json.loads((kept / "trained.json").read_text()))
        trained = self._train(directory)
        shutil.copytree(directory / "models", kept / "models", dirs_exist_ok=True)
        (kept / "trained.json").write_text(json.dumps(asdict(trained)))
        return trained

    def _train(self, directory: Path) -> Trained:
        command = _rasa_command("train", "nlu", "--nlu", TRAINING_FILE, "--config", "config.yml", "--out", "models")
        command += ["--fixed-model-name", "diet"]
        trained = run_measured(command, directory, directory / "training.log")
        if not (directory / "models" / "diet.tar.gz").exists():
            raise click.ClickException("Rasa made no model")
        return trained

    @contextmanager
    def serving(self, directory: Path) -> Iterator[Served]:
        port = free_port()
        command = _rasa_command("run", "--enable-api", "--model", "models/diet.tar.gz", "--port", port)
        command += ["--interface", "127.0.0.1"]
        with serve(command, directory, port, directory / "serving.log") as served:
            yield served


def our_command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "bench.nlu_ours", *map(str, arguments)]


def _rasa_command(*arguments: object) -> list[str]:
    return [str(rasa_executable(PROJECT)), *map(str, arguments)]


def pipeline(language: str, epochs: int, seed: int) -> str:
    """Rasa's configuration file. Chinese has no spaces between words: Rasa's own tokenizer for it is jieba's."""
    tokenizer = "JiebaTokenizer" if language == "zh" else "WhitespaceTokenizer"
    return _PIPELINE.format(language=language, tokenizer=tokenizer, epochs=epochs, seed=seed)


def lacks(language: str) -> str | None:
    """What the engine's environment has not that DIET needs for the language; None where nothing is missing."""
    python = rasa_executable(PROJECT).with_name("python")
    if language == "zh" and subprocess.run([python, "-c", "import jieba"], capture_output=True, check=False).returncode:  # noqa: S603
        return "jieba is not installed in the engine's environment"
    return None


def run_measured(command: Sequence[str], directory: Path, log: Path) -> Trained:
    """Runs to the end. Raises ClickException with the last lines that the command wrote where it fails."""
    report = log.with_suffix(".measured")
    with log.open("wb") as output:
        status = subprocess.run(  # noqa: S603  (our own command line)
            [sys.executable, "-S", "-c", _MEASURE, report, *command],
            cwd=directory,
            env=environment(),
            stdout=output,
            stderr=output,
            check=False,
        ).returncode
    if status:
        raise click.ClickException(f"{command[0]} ended with status {status}:\n{last_lines(log)}")
    seconds, peak = report.read_text().split()
    return Trained(float(seconds), int(peak) / (1024 if sys.platform != "darwin" else 1024 * 1024))


@contextmanager
def serve(command: Sequence[str], directory: Path, port: int, log: Path) -> Iterator[Served]:
    """A serving process, ready; ended afterwards. Raises ClickException with its last lines where it never is."""
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603  (our own command line)
            command, cwd=directory, env=environment(), stdout=output, stderr=output
        )
    try:
        with closing(Served(process, port)) as served:
            if not served.is_ready():
                raise click.ClickException(f"{command[0]} did not begin to answer:\n{last_lines(log)}")
            yield served
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def last_lines(log: Path) -> str:
    return "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-10:])


def environment() -> Mapping[str, str]:
    """Without a GPU on either side: a shop's server has none."""
    return {
        **os.environ,
        "CUDA_VISIBLE_DEVICES": "-1",
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
