"""Payloads: utterances that need no understanding because a button of ours made them.

A payload reads ``/ask_order_status{"order_number": "A1024"}``. Only the bot itself makes them; what a
customer types never reaches this module with a leading slash.
"""

from __future__ import annotations

import json
import re

from nlu.understanding import Entity, IntentScore, Understanding

_PAYLOAD = re.compile(r"/(?P<intent>[a-z][a-z0-9_]*)\s*(?P<entities>\{.*\})?\s*", re.DOTALL)


def format_payload(intent: str, entities: dict[str, str] | None = None) -> str:
    """The payload's text; the inverse of ``parse_payload``."""
    return f"/{intent}{json.dumps(entities, ensure_ascii=False)}" if entities else f"/{intent}"


def parse_payload(text: str) -> Understanding | None:
    """What a payload means, certain by construction; None when the text is no payload."""
    match = _PAYLOAD.fullmatch(text)
    if match is None:
        return None
    try:
        entities = json.loads(match["entities"] or "{}")
    except ValueError:
        return None
    intent = IntentScore(match["intent"], 1.0)
    return Understanding(
        text=text,
        language="und",
        intent=intent,
        ranking=(intent,),
        entities=tuple(
            Entity(name, str(value), text="", start=0, end=0, extractor="payload") for name, value in entities.items()
        ),
    )
