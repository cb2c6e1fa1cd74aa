"""The command line: JSON on standard output, one clear line and a status when something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zxingcpp
from PIL import Image

from tests.whole import CRMBOT, MODELS, Whole

MEDIA = Path(__file__).parents[1] / "media"
pytestmark = pytest.mark.timeout(1500)


def crmbot(data: Path, *arguments: str, status: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [str(CRMBOT), "--data", str(data), *arguments],
        env={**os.environ, "CRMBOT_MODELS": str(MODELS), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    return done


def said(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_parse_tells_what_a_text_means(program: Whole) -> None:
    meaning = said(crmbot(program.data, "parse", "where is my order A1024?"))
    assert meaning["intent"]["name"] == "ask_order_status"
    assert meaning["language"] == "en"
    assert [(each["name"], each["value"]) for each in meaning["entities"]] == [("order_number", "A1024")]


def test_transcribe_tells_what_was_said(program: Whole) -> None:
    heard = said(crmbot(program.data, "transcribe", str(MEDIA / "where_is_my_order.ogg")))
    assert "order" in heard["text"].lower()
    assert heard["has_speech"] is True


def test_transcribe_names_what_it_cannot_open_and_goes_on(program: Whole, tmp_path: Path) -> None:
    broken = tmp_path / "broken.ogg"
    broken.write_bytes((MEDIA / "where_is_my_order.ogg").read_bytes()[:30])
    done = crmbot(program.data, "transcribe", str(broken), str(MEDIA / "silence.wav"), status=2)
    assert '"error"' in done.stdout
    assert '"has_speech": false' in done.stdout


def test_look_tells_what_is_to_be_seen(program: Whole, tmp_path: Path) -> None:
    path = tmp_path / "code.png"
    code = zxingcpp.create_barcode("A1024", zxingcpp.BarcodeFormat.QRCode)
    Image.fromarray(np.asarray(zxingcpp.write_barcode_to_image(code, scale=8))).save(path)
    seen = said(crmbot(program.data, "look", str(path)))
    assert [each["text"] for each in seen["codes"]] == ["A1024"]


def test_score_takes_a_file_and_a_conversation(program: Whole, tmp_path: Path) -> None:
    visitor = program.visitor(language="en")
    visitor.ask("thank you, that was quick")
    stored = said(crmbot(program.data, "score", visitor.conversation_id))
    assert 1 <= stored["mean"] <= 5
    assert crmbot(program.data, "score", "0" * 32, status=2).stderr.startswith("crmbot: ")
    assert "neither a file" in crmbot(program.data, "score", str(tmp_path / "no.json"), status=2).stderr


def test_doctor_is_content_with_a_prepared_site(program: Whole) -> None:
    checks = said(crmbot(program.data, "doctor"))
    assert all(check["ok"] for check in checks if check["needed"])


def test_doctor_names_what_is_missing(tmp_path: Path) -> None:
    checks = said(crmbot(tmp_path / "nothing", "doctor", status=1))
    assert {"data directory", "database"} <= {check["name"] for check in checks if not check["ok"]}


def test_staff_accounts_come_and_go(tmp_path: Path) -> None:
    added = said(crmbot(tmp_path, "staff", "add", "Ana@shop.example", "--name", "Ana"))
    assert added["email"] == "ana@shop.example"
    assert len(added["password"]) >= 12
    assert said(crmbot(tmp_path, "staff", "reset", "ana@shop.example"))["password"] != added["password"]
    crmbot(tmp_path, "staff", "disable", "ana@shop.example")
    crmbot(tmp_path, "staff", "add", "ana@shop.example", status=2)
    crmbot(tmp_path, "staff", "reset", "nobody@shop.example", status=2)
    (account,) = said(crmbot(tmp_path, "staff", "list"))
    assert account["email"] == "ana@shop.example"


def test_a_bad_setting_is_one_line(tmp_path: Path) -> None:
    told = crmbot(tmp_path, "doctor", status=2, CRMBOT_TIMEZONE="Mars/Base").stderr
    assert "CRMBOT_TIMEZONE" in told
    assert "Mars/Base" in told


def test_the_data_directory_is_its_owners_alone(program: Whole) -> None:
    assert program.data.stat().st_mode & 0o077 == 0 or (program.data / "crm.sqlite").stat().st_mode & 0o077 == 0
    assert (program.data / "secrets.json").stat().st_mode & 0o777 == 0o600
