"""What the shop sells, found by the words a customer uses, in either language, mistyped or shortened.

Knows no dialogue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from crm.models import Product

GOOD_MATCH = 0.5
NEAR_MATCH = 0.2
_CANDIDATES = 500
_CJK = "\u3400-\u9fff"


@dataclass(frozen=True, slots=True)
class ProductMatch:
    """``likeness`` runs from 0 to 1; from ``GOOD_MATCH`` on the customer most likely means this product."""

    product: Product
    likeness: float


def find_products(session: Session, words: str, limit: int = 3) -> list[ProductMatch]:
    """The products whose name in either language is most like ``words``, best first; none below ``NEAR_MATCH``."""
    wanted = _pieces(words)
    if not wanted:
        return []
    matches = (
        ProductMatch(product, max(_likeness(wanted, product.name_en), _likeness(wanted, product.name_zh)))
        for product in session.scalars(_sharing_a_piece(wanted))
    )
    ranked = sorted(matches, key=lambda match: (-match.likeness, match.product.sku))
    return [match for match in ranked if match.likeness >= NEAR_MATCH][:limit]


def _sharing_a_piece(wanted: Iterable[str]) -> Select[Product]:
    name = func.lower(Product.name_en + " " + Product.name_zh)
    return select(Product).where(or_(*(name.contains(piece, autoescape=True) for piece in wanted))).limit(_CANDIDATES)


def _likeness(wanted: set[str], name: str) -> float:
    """How much of what was said the name holds (Tversky index, so that a short form of a long name counts)."""
    present = _pieces(name)
    shared = len(wanted & present)
    return shared / (shared + 0.8 * len(wanted - present) + 0.2 * len(present - wanted)) if shared else 0.0


def _pieces(text: str) -> set[str]:
    """Three-letter pieces of each word and two-character pieces of each Chinese run, lower-cased."""
    lowered = text.lower()
    pieces: set[str] = set()
    for word in re.findall(r"[a-z0-9]{2,}", lowered):
        pieces.update(_windows(word, 3))
    for run in re.findall(f"[{_CJK}]+", lowered):
        pieces.update(_windows(run, 2))
    return pieces


def _windows(text: str, length: int) -> Iterable[str]:
    return (text[start : start + length] for start in range(max(1, len(text) - length + 1)))
