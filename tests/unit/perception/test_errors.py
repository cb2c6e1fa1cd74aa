import subprocess
import sys
from pathlib import Path

import pytest

from perception import errors
from perception.errors import MediaTooLarge, PerceptionError
from perception.media import TAKEN, MediaLimits

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "perception.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", PerceptionError.__subclasses__())
def test_every_error_has_a_code_of_its_own_that_is_documented(kind: type[PerceptionError]) -> None:
    codes = [each.code for each in PerceptionError.__subclasses__()]
    assert codes.count(kind.code) == 1
    assert f"`{kind.code}`" in GUIDE
    assert kind.code in (errors.__doc__ or "")


def test_a_limit_travels_with_its_error() -> None:
    error = MediaTooLarge("too long", limit=300)
    assert (str(error), error.limit) == ("too long", 300)


def test_every_type_taken_is_documented() -> None:
    for media_type in TAKEN:
        assert media_type.extension.upper().replace("JPG", "JPEG") in GUIDE.upper()


def test_the_documented_limits_are_the_real_ones() -> None:
    limits = MediaLimits()
    assert f"{limits.max_bytes // 1024 // 1024} MiB" in GUIDE
    assert f"{limits.max_pixels // 1_000_000} million" in GUIDE
    assert f"| {limits.max_audio_s:g} |" in GUIDE


def test_the_server_side_loads_no_model_library() -> None:
    """What the server imports of perception must stay light; the heavy half belongs to the workers."""
    heavy = ["torch", "transformers", "onnxruntime", "faster_whisper", "ctranslate2", "pocketsphinx", "rapidocr", "av"]
    code = (
        "import sys, perception.worker, perception.picture, perception.summary;"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["speech", "sphinx", "whisper", "reading", "photo"])
def test_no_part_of_hearing_and_seeing_imports_torch(module: str) -> None:
    code = f"import sys, perception.{module}; print([name for name in ('torch', 'tensorflow') if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert result.stdout.strip() == "[]"
