"""Start links: how a shop's own page leads a customer it knows into a chat app, proven to be that customer.

The shop puts the parameter made here into a link such as ``https://t.me/<bot>?start=<parameter>``; the app hands it
over with the first message. It is base64url of version (1 byte), expiry (4 bytes, Unix seconds), the first 12 bytes of
an HMAC-SHA256 by the site key over all else, and the customer's reference: 64 characters at most, as Telegram allows
(https://core.telegram.org/bots/features#deep-linking). Knows no channel and no database.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import struct
from datetime import datetime

MAX_REF_BYTES = 31
_VERSION = 1
_HEAD = struct.Struct(">BI12s")
_PURPOSE = b"crmbot start link\0"  # the site key signs other things, too
_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}")


def sign_start_link(site_key: str, customer_ref: str, expires: int) -> str:
    """The parameter that proves ``customer_ref`` until ``expires`` (Unix seconds), of ``[A-Za-z0-9_-]``.

    Raises ValueError for a reference that is empty or longer than 31 bytes of UTF-8, or an expiry beyond 32 bits.
    """
    ref = customer_ref.encode()
    if not 0 < len(ref) <= MAX_REF_BYTES:
        raise ValueError(f"a start link holds a customer reference of 1 to {MAX_REF_BYTES} bytes")
    if not 0 <= expires < 2**32:
        raise ValueError("the expiry does not fit a start link")
    packed = _HEAD.pack(_VERSION, expires, _mac(site_key, expires, ref)) + ref
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def verify_start_link(site_key: str, parameter: str, now: datetime) -> str | None:
    """The customer's reference, or None for a parameter that is not ours, was changed, or has expired."""
    packed = _decode(parameter)
    if packed is None or len(packed) <= _HEAD.size:
        return None
    version, expires, mac = _HEAD.unpack_from(packed)
    ref = packed[_HEAD.size :]
    if version != _VERSION or not hmac.compare_digest(mac, _mac(site_key, expires, ref)):
        return None
    return ref.decode() if now.timestamp() <= expires else None


def _mac(site_key: str, expires: int, ref: bytes) -> bytes:
    signed = _PURPOSE + struct.pack(">BI", _VERSION, expires) + ref
    return hmac.new(site_key.encode(), signed, hashlib.sha256).digest()[:12]


def _decode(parameter: str) -> bytes | None:
    if not _FORM.fullmatch(parameter):
        return None
    try:
        return base64.urlsafe_b64decode(parameter + "=" * (-len(parameter) % 4))
    except binascii.Error:  # of a length that base64 never has
        return None
