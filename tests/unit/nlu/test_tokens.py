from __future__ import annotations

import subprocess
import sys

import pytest

from nlu.tokens import new_vocabulary, tokenise

vocabulary = new_vocabulary()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("don't touch A1024!", ["don't", "touch", "A", "1024", "!"]),
        ("订单A1024，a.b@c.com", ["订", "单", "A", "1024", "，", "a.b@c.com"]),
        ("邮箱a.b@c.com谢谢", ["邮", "箱", "a.b@c.com", "谢", "谢"]),
        ("$35.90元", ["$", "35.90", "元"]),
        ("", []),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    assert [token.text for token in tokenise(text, vocabulary)] == tokens


@pytest.mark.parametrize("text", ["  where   is it", "a  b", " 我 们 ", "   "])
def test_tokens_stand_where_they_say(text: str) -> None:
    for token in tokenise(text, vocabulary):
        assert text[token.idx : token.idx + len(token)] == token.text


def test_serving_imports_neither_torch_nor_transformers_nor_scikit_learn() -> None:
    code = (
        "import sys, nlu.understander, nlu.server, nlu.rasa_format;"
        "print([name for name in ('torch', 'transformers', 'sklearn', 'onnx') if sys.modules.get(name)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_torch_can_still_be_imported_afterwards() -> None:
    code = (
        "import importlib.util, sys, nlu.tokens;"
        "print('torch' in sys.modules, importlib.util.find_spec('torch') is None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False"
