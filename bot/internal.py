"""The internal port: what Rasa asks of us. Loopback only.

``POST /model/parse`` understands an utterance; ``POST /webhook`` runs a custom action. Rasa would go on in silence
after an error of either: a failing action is answered with an apology that the turn recognises, and after a failing
parse Rasa says ``utter_default``, which the turn recognises too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import Action, ActionExecutionRejection, ActionNotFoundException
from sqlalchemy import select

from bot.metrics import Metrics
from bot.pending import order_number_seen
from bot.phrases import phrase
from bot.turn import FAILED, Parser, with_order_number
from crm.models import Attachment, Conversation, Message
from crm.unit_of_work import Database
from nlu.knowledge import Knowledge
from nlu.payloads import parse_payload
from nlu.server import parse_router
from nlu.understanding import Language, Understanding

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Context:
    """What a text alone does not tell: the conversation's language, and the order number on a photo sent with it."""

    language: Language | None = None
    order_number: str | None = None


ContextOf = Callable[[str], Context]
ACTION_ATTEMPTS = 3
ACTION_PAUSE_S = 0.2


def internal_app(
    parser: Parser,
    actions: list[Action],
    context_of: ContextOf,
    metrics: Metrics,
    knowledge: Knowledge | None = None,
) -> FastAPI:
    """``knowledge`` is what the shop has written down; without it no understanding carries an answer."""

    def understand(text: str, sender: str | None) -> Understanding:
        understanding = _understand(parser, context_of, text, sender)
        return knowledge.answering(understanding) if knowledge else understanding

    app = FastAPI(title="crmbot internal", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(parse_router(understand, watch=metrics))
    executor = ActionExecutor()
    for action in actions:
        executor.register_action(action)

    @app.post("/webhook")
    async def webhook(request: Request) -> JSONResponse:
        call = await request.json()
        name = str(call.get("next_action"))
        try:
            return JSONResponse(await _run(executor, call))
        except ActionExecutionRejection as error:
            return JSONResponse({"error": error.message, "action_name": error.action_name}, status_code=400)
        except ActionNotFoundException as error:
            return JSONResponse({"error": error.message, "action_name": error.action_name}, status_code=404)
        except Exception:
            log.exception("action_failed", action=name, conversation_id=call.get("sender_id"))
            metrics.action_failures.labels(name).inc()
            return JSONResponse(apology(call))

    return app


def context_in(database: Database) -> ContextOf:
    """What the turn has settled before Rasa is asked, read from the records."""

    def context_of(conversation_id: str) -> Context:
        with database.reading() as session:
            conversation = session.get(Conversation, conversation_id)
            if conversation is None:
                return Context()
            photos = session.scalars(
                select(Attachment)
                .join(Message, Message.id == Attachment.message_id)
                .where(Message.conversation_id == conversation_id, Message.state == "asked", Attachment.kind == "image")
                .order_by(Message.seq, Attachment.at)
            ).all()
            language: Language | None = next((each for each in ("en", "zh") if each == conversation.language), None)
            return Context(language, order_number_seen(photos))

    return context_of


def _understand(parser: Parser, context_of: ContextOf, text: str, conversation_id: str | None) -> Understanding:
    """What a text means in its conversation; Rasa's sender is our conversation."""
    context = context_of(conversation_id) if conversation_id else Context()
    understanding = parse_payload(text) or with_order_number(parser.parse(text), context.order_number)
    return replace(understanding, language=context.language) if context.language else understanding


async def _run(executor: ActionExecutor, call: dict[str, Any]) -> dict[str, Any]:
    """Runs an action, again after a passing fault. Actions may be run twice: their writes are keyed by message."""
    for attempt in range(1, ACTION_ATTEMPTS + 1):
        try:
            result = await executor.run({**call, "domain": {}})  # the executor wants the key; no action reads it
            return dict(result.model_dump()) if result else {"events": [], "responses": []}
        except (ActionExecutionRejection, ActionNotFoundException):
            raise
        except Exception as error:
            if attempt == ACTION_ATTEMPTS:
                raise
            log.warning("action_retried", action=call.get("next_action"), error=type(error).__name__)
            await asyncio.sleep(ACTION_PAUSE_S * attempt)
    raise AssertionError("unreachable")


def apology(call: dict[str, Any]) -> dict[str, Any]:
    """An action's answer that tells the customer honestly, and the turn that it failed."""
    metadata = ((call.get("tracker") or {}).get("latest_message") or {}).get("metadata") or {}
    language = str(metadata.get("language") or "en")
    words = phrase("technical_problem", language)
    # One event, for Rasa drops the words of a form that reports none.
    events = [{"event": "slot", "name": "language", "value": language}]
    return {"events": events, "responses": [{"text": words}, {"custom": {"done": FAILED}}]}
