"""Dates, money, order lines and the names of states in the customer's language.

Sentences stand in ``domain/``; here is only what fills their blanks. Knows no database session.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime

from actions.turn import Language
from crm.contacts import ContactField
from crm.models import Order, OrderLine, OrderStatus, Product, TicketStatus

_ORDER_STATUS: dict[OrderStatus, tuple[str, str]] = {
    "placed": ("placed", "已下单"),
    "paid": ("paid", "已付款"),
    "packed": ("packed", "已打包"),
    "shipped": ("on its way", "运输中"),
    "delivered": ("delivered", "已送达"),
    "returned": ("returned", "已退货"),
    "cancelled": ("cancelled", "已取消"),
}
_TICKET_STATUS: dict[TicketStatus, tuple[str, str]] = {
    "open": ("open: it is in our queue and a colleague will take it up", "待处理：已经排队，同事会尽快处理"),
    "pending": ("in progress: a colleague is working on it", "处理中：同事正在跟进"),
    "solved": ("solved", "已解决"),
    "closed": ("closed", "已关闭"),
}
_TICKET_CATEGORY: dict[str, tuple[str, str]] = {
    "problem": ("your problem report", "您反映的问题"),
    "cancellation": ("your cancellation", "您的取消申请"),
    "return": ("your return", "您的退货申请"),
    "invoice": ("your invoice request", "您的发票申请"),
    "privacy": ("your data request", "您的个人信息申请"),
}
_CONTACT_FIELD: dict[ContactField, tuple[str, str]] = {
    "phone": ("phone number", "手机号"),
    "email": ("e-mail address", "邮箱"),
    "address": ("delivery address", "收货地址"),
}
_REQUESTS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "ask_order_status": (("Where is my order?", "我的订单到哪了"), ("where your order is", "查询订单到哪了")),
    "list_orders": (("See my orders", "查看我的订单"), ("your orders", "查看您的订单")),
    "cancel_order": (("Cancel an order", "取消订单"), ("the cancellation", "取消订单")),
    "return_order": (("Return something", "申请退货"), ("the return", "申请退货")),
    "ask_invoice": (("Get an invoice", "开发票"), ("the invoice", "开发票")),
    "change_contact": (("Change my details", "修改联系方式"), ("your contact details", "修改联系方式")),
    "report_problem": (("Report a problem", "反映问题"), ("the problem you reported", "您反映的问题")),
    "ask_ticket_status": (("How far is my request?", "查询处理进度"), ("how far your request is", "查询处理进度")),
    "ask_human": (("Talk to a person", "转人工"), ("a person for you", "转接人工客服")),
    "ask_product": (("Ask about a product", "咨询商品"), ("the product you asked about", "您咨询的商品")),
    "ask_shipping": (("Ask about delivery", "了解配送"), ("delivery", "配送")),
    "ask_returns": (("How returns work", "了解退换规则"), ("how returns work", "退换规则")),
    "ask_warranty": (("Ask about the warranty", "了解保修"), ("the warranty", "保修")),
    "ask_opening_hours": (("Opening hours", "营业时间"), ("our opening hours", "营业时间")),
    "ask_payment": (("Ways to pay", "付款方式"), ("paying", "付款")),
    "ask_privacy": (("What you keep about me", "我的个人信息"), ("your personal data", "您的个人信息")),
}
"""Of every request its words on a button, and its topic in the middle of a sentence."""
_BUTTONS = {
    "problem": ("Report a problem", "反映问题"),
    "cancel": ("Cancel it", "取消订单"),
    "return": ("Return it", "申请退货"),
    "orders": ("My orders", "我的订单"),
    "change": ("Change my details", "修改联系方式"),
    "status": ("Where is it?", "查物流"),
    "other": ("Something else", "其他事情"),
    "person": ("Talk to a person", "转人工"),
    "skip": ("Not about an order", "与订单无关"),
}
_LANGUAGES_SPOKEN = {
    "ar": "عذرًا، لا أفهم سوى الإنجليزية والصينية.",
    "de": "Entschuldigung, ich verstehe nur Englisch und Chinesisch.",
    "es": "Lo siento, solo entiendo inglés y chino.",
    "fr": "Désolé, je ne comprends que l’anglais et le chinois.",
    "id": "Maaf, saya hanya mengerti bahasa Inggris dan Mandarin.",
    "it": "Mi dispiace, capisco solo l’inglese e il cinese.",
    "ja": "申し訳ございません。英語と中国語のみ対応しております。",
    "ko": "죄송합니다. 영어와 중국어만 이해할 수 있습니다.",
    "nl": "Sorry, ik begrijp alleen Engels en Chinees.",
    "pl": "Przepraszam, rozumiem tylko angielski i chiński.",
    "pt": "Desculpe, só entendo inglês e chinês.",
    "py": "Qing shuru Hanzi, xiexie!",
    "ru": "Извините, я понимаю только английский и китайский.",
    "tr": "Üzgünüm, yalnızca İngilizce ve Çince anlıyorum.",
    "vi": "Xin lỗi, tôi chỉ hiểu tiếng Anh và tiếng Trung.",
}
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_SYMBOLS = {"USD": "$", "EUR": "€", "GBP": "£", "CNY": "¥"}
_NO_MINOR_UNIT = frozenset({"JPY", "KRW", "VND"})


def pick(words: tuple[str, str], language: Language) -> str:
    """The English or the Chinese of a pair."""
    return words[1] if language == "zh" else words[0]


def order_status(status: OrderStatus, language: Language) -> str:
    return pick(_ORDER_STATUS[status], language)


def ticket_status(status: TicketStatus, language: Language) -> str:
    return pick(_TICKET_STATUS[status], language)


def ticket_category(category: str, language: Language) -> str:
    """What the ticket is about, as seen by the customer; a category that staff made up reads as a request."""
    return pick(_TICKET_CATEGORY.get(category, ("your request", "您的申请")), language)


def contact_field(field: ContactField, language: Language) -> str:
    return pick(_CONTACT_FIELD[field], language)


def day(moment: datetime | None, language: Language) -> str:
    """``3 March`` or ``3月3日``; empty without a date. The year is never in doubt in a shop's conversation."""
    if moment is None:
        return ""
    return f"{moment.month}月{moment.day}日" if language == "zh" else f"{moment.day} {_MONTHS[moment.month - 1]}"


def arrival(expected: datetime | None, language: Language) -> str:
    """A sentence to end with; empty while no date is known."""
    if expected is None:
        return ""
    date = day(expected, language)
    return f"预计{date}送达。" if language == "zh" else f" It should arrive by {date}."


def tracking(carrier: str | None, number: str | None, language: Language) -> str:
    """Who carries it and under which number, as far as known."""
    if carrier and number:
        return f"{carrier}，运单号 {number}" if language == "zh" else f"{carrier}, tracking number {number}"
    return carrier or pick(("no tracking number yet", "暂无运单号"), language)


def button_title(name: str, language: Language) -> str:
    """The words on a button that an action makes; raises KeyError for a name there is none for."""
    return pick(_BUTTONS[name], language)


def has_words(intent: str) -> bool:
    """Whether customers can be asked if they meant this intent."""
    return intent in _REQUESTS


def request_title(intent: str, language: Language) -> str:
    """What a request is called on a button; raises KeyError for an intent without words."""
    return pick(_REQUESTS[intent][0], language)


def request_topic(intent: str, text: str, language: Language) -> str:
    """What a request is about, to stand in a sentence: the customer's own words where an intent has none of ours."""
    if has_words(intent):
        return pick(_REQUESTS[intent][1], language)
    return f"“{one_line(text)}”"


def money(minor: int, currency: str) -> str:
    """``$35.90``; a currency without a known symbol is written out (``35.90 CHF``)."""
    amount = f"{minor:,}" if currency in _NO_MINOR_UNIT else f"{minor / 100:,.2f}"
    symbol = _SYMBOLS.get(currency)
    return f"{symbol}{amount}" if symbol else f"{amount} {currency}"


def product_name(product: Product, language: Language) -> str:
    return product.name_zh if language == "zh" else product.name_en


def order_contents(lines: Iterable[OrderLine], language: Language) -> str:
    """``2 × Kettle, 1 × Mug``."""
    named = (f"{each.quantity} × {product_name(each.product, language)}" for each in lines)
    return ("，" if language == "zh" else ", ").join(named)


def order_summary(order: Order, language: Language) -> str:
    """One line of a list: number, date, sum and state."""
    parts = (order.number, day(order.placed_at, language), money(order.total_minor, order.currency))
    return f"{' · '.join(parts)} · {order_status(order.status, language)}"


def duration(seconds: int, language: Language) -> str:
    """Whole minutes, rounded up."""
    minutes = max(1, -(-seconds // 60))
    if language == "zh":
        return f"{minutes}分钟"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"


def one_line(text: str) -> str:
    """The customer's own words fit to stand inside a sentence of ours."""
    return re.sub(r"\s+", " ", text).strip()


def languages_spoken_in(language: str) -> str:
    """A line that says in another language which two are spoken here, its end included; or nothing."""
    line = _LANGUAGES_SPOKEN.get(language)
    return f"{line}\n" if line else ""
