"""The internal port: what Rasa asks of us. Loopback only.

``POST /model/parse`` understands an utterance; ``POST /webhook`` runs a custom action. Rasa would go on in silence
after an error of either: a failing action is answered with an apology that the turn recognises.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import Action, ActionExecutionRejection, ActionNotFoundException
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from bot.metrics import Metrics
from bot.phrases import phrase
from bot.turn import FAILED, Parser
from crm.models import Conversation
from crm.unit_of_work import Database
from nlu.payloads import parse_payload
from nlu.rasa_format import to_rasa
from nlu.understanding import Language

log = structlog.get_logger(__name__)

LanguageOf = Callable[[str], Language | None]
ACTION_ATTEMPTS = 3
ACTION_PAUSE_S = 0.2


class ParseBody(BaseModel):
    """Rasa's request; its ``message_id`` holds the sender id, which is our conversation's id."""

    text: str
    message_id: str | None = None


def internal_app(parser: Parser, actions: list[Action], language_of: LanguageOf, metrics: Metrics) -> FastAPI:
    app = FastAPI(title="crmbot internal", docs_url=None, redoc_url=None, openapi_url=None)
    executor = ActionExecutor()
    for action in actions:
        executor.register_action(action)

    @app.post("/model/parse")
    async def parse(body: ParseBody) -> dict[str, Any]:
        return await run_in_threadpool(_parse, parser, language_of, body)

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


def language_in(database: Database) -> LanguageOf:
    """What language a conversation is held in; the turn has settled it before Rasa is asked."""

    def language_of(conversation_id: str) -> Language | None:
        with database.reading() as session:
            language = session.scalar(select(Conversation.language).where(Conversation.id == conversation_id))
        return "zh" if language == "zh" else "en" if language == "en" else None

    return language_of


def _parse(parser: Parser, language_of: LanguageOf, body: ParseBody) -> dict[str, Any]:
    understanding = parse_payload(body.text) or parser.parse(body.text)
    language = language_of(body.message_id) if body.message_id else None
    if language is not None:
        understanding = replace(understanding, language=language)
    return to_rasa(understanding)


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
    words = phrase("technical_problem", str(metadata.get("language") or "en"))
    return {"events": [], "responses": [{"text": words}, {"custom": {"done": FAILED}}]}
