"""A start link proves the customer it was made for, for as long as it says, and nothing else."""

from __future__ import annotations

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.start_links import sign_start_link, verify_start_link

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
UNTIL = int((NOW + timedelta(hours=1)).timestamp())
REFS = st.text(min_size=1, max_size=31).filter(lambda ref: is_utf8(ref) and len(ref.encode()) <= 31)


def is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@given(ref=REFS, expires=st.integers(0, 2**32 - 1))
def test_what_is_signed_fits_telegram_and_is_verified_until_it_expires(ref: str, expires: int) -> None:
    parameter = sign_start_link("key", ref, expires)
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", parameter)
    moment = datetime.fromtimestamp(expires, UTC)
    assert verify_start_link("key", parameter, moment) == ref
    assert verify_start_link("key", parameter, moment + timedelta(seconds=1)) is None


def test_a_changed_link_proves_nothing() -> None:
    packed = base64.urlsafe_b64decode(sign_start_link("key", "C-00001", UNTIL))
    for place in range(len(packed)):
        changed = packed[:place] + bytes([packed[place] ^ 1]) + packed[place + 1 :]
        parameter = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
        assert verify_start_link("key", parameter, NOW) is None
    for length in range(len(packed)):
        parameter = base64.urlsafe_b64encode(packed[:length]).rstrip(b"=").decode()
        assert verify_start_link("key", parameter, NOW) is None


def test_a_link_of_another_site_proves_nothing() -> None:
    assert verify_start_link("other", sign_start_link("key", "C-1", UNTIL), NOW) is None


@given(st.text(max_size=70))
def test_anything_else_is_not_a_start_link(parameter: str) -> None:
    assert verify_start_link("key", parameter, NOW) is None


@pytest.mark.parametrize("ref", ["", "x" * 32, "订" * 11])
def test_a_reference_that_does_not_fit_is_refused(ref: str) -> None:
    with pytest.raises(ValueError, match="1 to 31 bytes"):
        sign_start_link("key", ref, UNTIL)


@pytest.mark.parametrize("expires", [-1, 2**32])
def test_an_expiry_that_does_not_fit_is_refused(expires: int) -> None:
    with pytest.raises(ValueError, match="expiry"):
        sign_start_link("key", "C-1", expires)
