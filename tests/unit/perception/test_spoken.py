import pytest

from perception.spoken import written_form


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("where is my order a one zero two four", "where is my order A1024"),
        ("where is my order a. one zero two four", "where is my order A1024"),
        ("where is my order a ten twenty four", "where is my order A1024"),
        ("Where is my order A, one oh two four?", "Where is my order A1024?"),
        ("it's a one thousand and twenty four", "it's A1024"),
        ("order A 10 24 please", "order A1024 please"),
        ("order A-1024", "order A1024"),
        ("order a1024", "order A1024"),
        ("a. three four five six seven", "A34567"),
        ("a double five zero one", "A5501"),
        ("order a one zero to four", "order A1024"),
        ("it's a one zero two for", "it's A1024"),
        ("what about ticket t one zero zero one", "what about ticket T-1001"),
        ("alpha one zero two four", "A1024"),
        ("my phone number is five five five one two three four", "my phone number is 5551234"),
        ("call me at plus one four one five five five five two six seven one", "call me at +14155552671"),
        ("my email is a1024@example.com", "my email is a1024@example.com"),
        ("it is one zero two four", "it is 1024"),
        ("my email is john at example dot com", "my email is john@example.com"),
        ("my email is john dot smith at example dot co dot uk", "my email is john.smith@example.co.uk"),
        ("my email address is john smith at gmail dot com please", "my email address is johnsmith@gmail.com please"),
        ("write to j r underscore 9 at example dot com", "write to jr_9@example.com"),
        ("send it to mary twenty four at example dot com", "send it to mary24@example.com"),
    ],
)
def test_english_spelling_becomes_what_one_would_type(heard: str, written: str) -> None:
    assert written_form(heard) == written


@pytest.mark.parametrize(
    "heard",
    [
        "i bought a twenty four pack",
        "i need a one two three",
        "a two thousand five hundred watt kettle",
        "a one thousand dollar laptop",
        "i waited two to three days for one parcel",
        "i have a problem",
        "meet me at seven dot",
        "look at the dot com boom",
        "one two three",
        "there are twenty four hours",
        "i want to return a shirt",
        "",
    ],
)
def test_ordinary_english_stays_as_it_was_heard(heard: str) -> None:
    assert written_form(heard) == heard


@pytest.mark.parametrize(
    ("heard", "written"),
    [
        ("我的订单A一零二四到哪里了", "我的订单A1024到哪里了"),
        ("我的订单A幺零二四到哪里了", "我的订单A1024到哪里了"),
        ("订单a 一零二四", "订单A1024"),
        ("订单号是诶一零二四", "订单号是A1024"),
        ("订单Ａ一千零二十四", "订单A1024"),
        ("工单T一零零一怎么样了", "工单T-1001怎么样了"),
        ("我的电话是一三八零零一三八零零零", "我的电话是13800138000"),
        ("我的电话是幺三八 零零幺三 八零零零", "我的电话是13800138000"),
        ("订单号一零二四", "订单号1024"),
        ("二零二六年", "2026年"),
        ("我的邮箱是 liming 艾特 example 点 com", "我的邮箱是 liming@example.com"),
    ],
)
def test_chinese_spelling_becomes_what_one_would_type(heard: str, written: str) -> None:
    assert written_form(heard) == written


@pytest.mark.parametrize(
    "heard", ["我买了两三件衣服", "事情办得七七八八了", "一共三十五块", "第一二三页", "等了十一天", "三千五百元"]
)
def test_ordinary_chinese_stays_as_it_was_heard(heard: str) -> None:
    assert written_form(heard) == heard


def test_the_form_of_an_order_number_is_the_shops_own() -> None:
    heard = "where is order w b one zero two four five"
    assert written_form(heard, order_number_pattern=r"WB\d{5}") == "where is order WB10245"
    assert written_form("order a one zero two four", order_number_pattern=r"WB\d{5}") == "order a 1024"
