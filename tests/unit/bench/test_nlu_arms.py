from __future__ import annotations

import sys
import time
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from bench.nlu_arms import Diet, Trained, pipeline, run_measured, serve
from bench.nlu_sets import Part
from bot.server import free_port
from nlu.examples import Example

SERVER = """
import json, sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Echo(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"text": json.loads(body)["text"]}).encode())
    def log_message(self, *args): pass
HTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
"""


def test_chinese_is_cut_by_jieba_and_everything_else_is_as_rasa_has_it() -> None:
    english, chinese = (YAML(typ="safe").load(pipeline(language, 100, 20)) for language in ("en", "zh"))
    assert (english["pipeline"][0]["name"], chinese["pipeline"][0]["name"]) == ("WhitespaceTokenizer", "JiebaTokenizer")
    assert english["pipeline"][1:] == chinese["pipeline"][1:]
    assert {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True, "random_seed": 20} in english[
        "pipeline"
    ]


def test_a_process_is_measured_as_a_whole_and_without_its_parent(tmp_path: Path) -> None:
    ours = b"1" * 500_000_000
    script = "import time; kept = bytearray(120_000_000); time.sleep(0.2)"
    measured = run_measured([sys.executable, "-c", script], tmp_path, tmp_path / "log")
    assert measured.seconds >= 0.2
    assert 115 <= measured.peak_mb <= 400 < len(ours) / 1_000_000


def test_a_failure_shows_what_was_said_last(tmp_path: Path) -> None:
    with pytest.raises(click.ClickException, match=r"status 3:\nno luck"):
        run_measured([sys.executable, "-c", "print('no luck'); raise SystemExit(3)"], tmp_path, tmp_path / "log")


def test_a_served_side_is_asked_and_ended(tmp_path: Path) -> None:
    port = free_port()
    with serve([sys.executable, "-c", SERVER, str(port)], tmp_path, port, tmp_path / "log") as served:
        answer, took = served.ask("你好")
        assert answer == {"text": "你好"}
        assert took > 0
        assert (served.peak_mb() or 100) > 1
    with serve([sys.executable, "-c", SERVER, str(port)], tmp_path, port, tmp_path / "log"):
        pass  # the port is free again


def test_a_connection_closed_while_it_lay_idle_is_opened_again(tmp_path: Path) -> None:
    port = free_port()
    hasty = SERVER.replace("HTTPServer((", "Echo.protocol_version, Echo.timeout = 'HTTP/1.1', 0.2\nHTTPServer((")
    hasty = hasty.replace("self.end_headers()", "self.send_header('Content-Length', '18'); self.end_headers()")
    with serve([sys.executable, "-c", hasty, str(port)], tmp_path, port, tmp_path / "log") as served:
        assert served.ask("stable")[0] == {"text": "stable"}
        time.sleep(0.5)
        assert served.ask("closed")[0] == {"text": "closed"}


def test_a_side_that_never_answers(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('out of order')"]
    with (
        pytest.raises(click.ClickException, match="out of order"),
        serve(command, tmp_path, free_port(), tmp_path / "log"),
    ):
        pass


class FakeDiet(Diet):
    trainings = 0

    def _train(self, directory: Path) -> Trained:
        type(self).trainings += 1
        (directory / "models").mkdir()
        (directory / "models" / "diet.tar.gz").write_bytes(b"weights")
        return Trained(12.5, 900.0)


def test_a_kept_model_is_taken_again_for_the_same_examples_only(tmp_path: Path) -> None:
    def part(*texts: str) -> Part:
        examples = tuple(Example("greet", text, (), tmp_path, 1) for text in texts)
        return Part("a set", "en", "all of it", examples, examples)

    diet = FakeDiet(1, 20, tmp_path / "kept")
    first, again, other = (
        diet.train(part(*texts), tmp_path / name)
        for texts, name in ((("hi", "hello"), "first"), (("hi", "hello"), "again"), (("hi", "hey"), "other"))
    )
    assert first == again == other == Trained(12.5, 900.0)
    assert FakeDiet.trainings == 2
    assert (tmp_path / "again" / "models" / "diet.tar.gz").read_bytes() == b"weights"
