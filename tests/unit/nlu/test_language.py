from __future__ import annotations

import pytest

from nlu.language import detect


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hi", "en"), ("yes", "en"), ("ok!", "en"), ("Tom", "en"), ("where is my résumé", "en"),
        ("你好", "zh"), ("在吗", "zh"), ("我的订单A1024", "zh"), ("iPhone坏了", "zh"), ("請問", "zh"), ("好", "zh"),
        ("我要cancel我的order", "mixed"),
        ("hola", "other"), ("oui", "other"), ("ja!", "other"), ("où est ma commande", "other"),
        ("donde esta mi pedido", "other"), ("привет", "other"), ("مرحبا", "other"), ("안녕", "other"),
        ("こんにちは", "other"), ("注文はどこですか", "other"), ("สวัสดี", "other"),
        ("", "und"), ("12", "und"), ("A1024", "und"), ("T-1001", "und"), ("😀👍", "und"), ("?!", "und"),
        ("jane@example.com", "und"), ("https://example.com/where", "und"),
    ],
)  # fmt: skip
def test_language_of_a_message(text: str, language: str) -> None:
    assert detect(text) == language
