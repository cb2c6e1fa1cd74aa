from __future__ import annotations

import pytest

from nlu.language import detect, foreign, load_common_words


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hi", "en"), ("yes", "en"), ("ok!", "en"), ("Tom", "en"), ("where is my résumé", "en"),
        ("你好", "zh"), ("在吗", "zh"), ("我的订单A1024", "zh"), ("iPhone坏了", "zh"), ("請問", "zh"), ("好", "zh"),
        ("pls", "en"), ("u there?", "en"), ("cancle my oder", "en"), ("I live in Los Angeles", "en"),
        ("El Paso store", "en"),
        ("my name is José García", "en"), ("Müller", "en"), ("naïve question: is tax included", "en"), ("AI?", "en"),
        ("no es bueno but ok I will wait", "en"), ("the die battery dies fast", "en"),
        ("731 Saguaro Lane, AZ 85013", "en"),
        ("XL码有吗", "zh"), ("SF还是YTO", "zh"), ("hi 在吗", "zh"), ("唔該", "zh"), ("OK的", "zh"),
        ("我要cancel我的order", "mixed"), ("can you speak 中文", "mixed"),
        ("si", "other"), ("tienen esto en rojo", "other"), ("Was ist das", "other"), ("ich will stornieren", "other"),
        ("waar is mijn bestelling", "other"), ("đơn hàng của tôi đâu", "other"), ("don hang cua toi dau roi", "other"),
        ("wo yao tui kuan", "other"), ("nihao", "other"), ("saya mau refund", "other"), ("YA NO LO QUIERO", "other"),
        ("hola", "other"), ("oui", "other"), ("ja!", "other"), ("où est ma commande", "other"),
        ("donde esta mi pedido", "other"), ("привет", "other"), ("مرحبا", "other"), ("안녕", "other"),
        ("こんにちは", "other"), ("注文はどこですか", "other"), ("สวัสดี", "other"),
        ("", "und"), ("12", "und"), ("A1024", "und"), ("T-1001", "und"), ("😀👍", "und"), ("?!", "und"),
        ("jane@example.com", "und"), ("https://example.com/where", "und"),
    ],
)  # fmt: skip
def test_language_of_a_message(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("¿dónde está mi pedido?", "es"), ("je veux annuler ma commande", "fr"), ("wo ist meine Bestellung", "de"),
        ("vorrei un rimborso", "it"), ("quero cancelar a compra", "pt"), ("waar is mijn pakket", "nl"),
        ("đơn hàng của tôi đâu", "vi"), ("saya mau refund", "id"), ("siparişim nerede", "tr"),
        ("gdzie jest paczka", "pl"),
        ("привет", "ru"), ("مرحبا", "ar"), ("注文はどこですか", "ja"), ("キャンセル", "ja"), ("환불", "ko"),
        ("สวัสดี", "th"), ("wo yao tui kuan", "py"), ("objednávka naše", "cs"),
        ("ქართული", None), ("žžž", None), ("", None),
    ],
)  # fmt: skip
def test_which_other_language(text: str, language: str | None) -> None:
    assert foreign(text) == language


def test_every_list_of_words_can_be_met() -> None:
    lists = load_common_words()
    assert len(lists["en"]) > 900
    for language, words in lists.items():
        assert all(word == word.casefold() for word in words), language
        assert len(words - lists["en"]) > 30 or language == "en"
