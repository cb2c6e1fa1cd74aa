"""Dates, money and names in both languages."""

from datetime import UTC, datetime
from typing import get_args

import pytest

from actions.turn import Language
from actions.wording import (
    arrival,
    button_title,
    contact_field,
    day,
    duration,
    money,
    one_line,
    order_status,
    ticket_category,
    ticket_status,
    tracking,
)
from crm.contacts import CONTACT_FIELDS
from crm.models import OrderStatus, TicketStatus

MARCH = datetime(2026, 3, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minor", "currency", "written"),
    [
        (3590, "USD", "$35.90"),
        (123456, "CNY", "¥1,234.56"),
        (5, "EUR", "€0.05"),
        (990, "JPY", "990 JPY"),
        (100, "CHF", "1.00 CHF"),
    ],
)
def test_money(minor: int, currency: str, written: str) -> None:
    assert money(minor, currency) == written


def test_dates_and_arrivals() -> None:
    assert (day(MARCH, "en"), day(MARCH, "zh"), day(None, "en")) == ("5 March", "3月5日", "")
    assert arrival(MARCH, "en") == " It should arrive by 5 March."
    assert arrival(MARCH, "zh") == "预计3月5日送达。"
    assert arrival(None, "zh") == ""


def test_tracking_says_what_is_known() -> None:
    assert tracking("RP", "1", "en") == "RP, tracking number 1"
    assert tracking("RP", None, "en") == "RP"
    assert tracking(None, None, "zh") == "暂无运单号"


@pytest.mark.parametrize(
    ("seconds", "english", "chinese"), [(1, "1 minute", "1分钟"), (60, "1 minute", "1分钟"), (61, "2 minutes", "2分钟")]
)
def test_waiting_times_are_rounded_up(seconds: int, english: str, chinese: str) -> None:
    assert duration(seconds, "en") == english
    assert duration(seconds, "zh") == chinese


@pytest.mark.parametrize("language", get_args(Language))
def test_every_state_has_a_name(language: Language) -> None:
    names = [order_status(each, language) for each in get_args(OrderStatus)]
    names += [ticket_status(each, language) for each in get_args(TicketStatus)]
    names += [contact_field(each, language) for each in CONTACT_FIELDS]
    assert all(names)
    assert len(set(names)) == len(names)
    assert ticket_category("made up by staff", language)


def test_titles_and_lines() -> None:
    assert button_title("skip", "zh") == "与订单无关"
    assert one_line(" a\n\t b ") == "a b"
    with pytest.raises(KeyError):
        button_title("nothing", "en")
