from __future__ import annotations

import pytest

from tests.unit.nlu.finding import found

ENGLISH = [
    ("it cost $35.90", ("$35.90", "35.90 USD")),
    ("$1,299.00", ("$1,299.00", "1299.00 USD")),
    ("US$ 15", ("US$ 15", "15.00 USD")),
    ("100 euros", ("100 euros", "100.00 EUR")),
    ("35,90 €", ("35,90 €", "35.90 EUR")),
    ("1.299,00 €", ("1.299,00 €", "1299.00 EUR")),
    ("€20", ("€20", "20.00 EUR")),
    ("£9.99!", ("£9.99", "9.99 GBP")),
    ("20 quid", ("20 quid", "20.00 GBP")),
    ("50 bucks", ("50 bucks", "50.00 USD")),
    ("12.99 USD", ("12.99 USD", "12.99 USD")),
    ("USD 12.99", ("USD 12.99", "12.99 USD")),
    ("usd12", ("usd12", "12.00 USD")),
    ("A$20", ("A$20", "20.00 AUD")),
    ("HK$100", ("HK$100", "100.00 HKD")),
    ("NT$500", ("NT$500", "500.00 TWD")),
    ("C$ 20", ("C$ 20", "20.00 CAD")),
    ("$2k", ("$2k", "2000.00 USD")),
    ("20$ off", ("20$", "20.00 USD")),
    ("twenty-five dollars", ("twenty-five dollars", "25.00 USD")),
    ("a hundred dollars", ("a hundred dollars", "100.00 USD")),
    ("two hundred and fifty euros", ("two hundred and fifty euros", "250.00 EUR")),
    ("35 dollars and 50 cents", ("35 dollars and 50 cents", "35.50 USD")),
    ("99 cents", ("99 cents", "0.99 USD")),
    ("from $5 to $10", ("$5", "5.00 USD"), ("$10", "10.00 USD")),
    ("a 50-dollar voucher", ("50-dollar", "50.00 USD")),
    ("💸$15💸", ("$15", "15.00 USD")),
    ("charged ＄１５．５０ twice", ("＄１５．５０", "15.50 USD")),
    ("(refund: $7)", ("$7", "7.00 USD")),
    ("$10 USD", ("$10 USD", "10.00 USD")),
]  # fmt: skip
CHINESE = [
    ("¥120", ("¥120", "120.00 CNY")),
    ("￥１２０", ("￥１２０", "120.00 CNY")),
    ("35.90元", ("35.90元", "35.90 CNY")),
    ("1,299.00元", ("1,299.00元", "1299.00 CNY")),
    ("RMB 88", ("RMB 88", "88.00 CNY")),
    ("100rmb", ("100rmb", "100.00 CNY")),
    ("100块钱", ("100块钱", "100.00 CNY")),
    ("三百二十块", ("三百二十块", "320.00 CNY")),
    ("一百元整", ("一百元整", "100.00 CNY")),
    ("三百二块", ("三百二块", "320.00 CNY")),
    ("两千零五十元", ("两千零五十元", "2050.00 CNY")),
    ("1.5万元", ("1.5万元", "15000.00 CNY")),
    ("三万元", ("三万元", "30000.00 CNY")),
    ("三块五", ("三块五", "3.50 CNY")),
    ("8块8", ("8块8", "8.80 CNY")),
    ("五毛钱", ("五毛钱", "0.50 CNY")),
    ("二十美金", ("二十美金", "20.00 USD")),
    ("12.5美元", ("12.5美元", "12.50 USD")),
    ("港币100", ("港币100", "100.00 HKD")),
    ("人民币100元", ("人民币100元", "100.00 CNY")),
    ("一百欧元", ("一百欧元", "100.00 EUR")),
    ("三百塊", ("三百塊", "300.00 CNY")),
    ("五十歐元", ("五十歐元", "50.00 EUR")),
    ("100人民幣", ("100人民幣", "100.00 CNY")),
    ("退我50块，谢谢", ("50块", "50.00 CNY")),
    ("多收了我20元😡", ("20元", "20.00 CNY")),
    ("叁佰元", ("叁佰元", "300.00 CNY")),
    ("满200元减30元", ("200元", "200.00 CNY"), ("30元", "30.00 CNY")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "amounts"), [(text, list(amounts)) for text, *amounts in ENGLISH + CHINESE])
def test_amounts(text: str, amounts: list[tuple[str, str]]) -> None:
    assert found(text, "amount") == amounts


@pytest.mark.parametrize(
    "text",
    ["一块毛巾", "$", "两块手表", "三毛衣", "单元楼", "100", "五角星", "a dollar store", "元旦", "2k mugs",
     "a pounding noise",
     "cents", "十块"[:1], "A 20", "块", "人民币", "二毛线"],
)  # fmt: skip
def test_what_is_no_amount(text: str) -> None:
    assert found(text, "amount") == []
