"""Signing in and out, and the two preferences a browser keeps: language and light or dark.

These are plain HTML forms: they work before any script has loaded, password managers know them, and a visitor
who is not signed in costs the server no live page.
"""

from __future__ import annotations

import asyncio
import math
from html import escape
from string import Template
from typing import Annotated
from urllib.parse import quote

import structlog
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from console.access import Access, drop_token, keep_token, next_page, session_token
from console.words import Words, spoken_language
from crm.errors import SignInRefused, SignInThrottled
from crm.staff import Passwords, SignInThrottle, end_session, prove, start_session
from crm.unit_of_work import Database

_log = structlog.get_logger(__name__)

_PAGE = Template("""<!doctype html>
<html lang="$lang" data-theme="$theme">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title · crmbot</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="$root/static/console.css">
</head>
<body class="sign-in">
<main>
<p class="brand"><span class="brand-mark" aria-hidden="true"></span>crmbot <span>$app</span></p>
<form method="post" action="$root/sign-in" class="card">
<h1>$title</h1>
<p class="lead">$lead</p>
$problem
<input type="hidden" name="next" value="$next">
<label for="email">$email_label</label>
<input id="email" name="email" type="email" autocomplete="username" required maxlength="254" value="$email"
 $email_focus>
<label for="password">$password_label</label>
<input id="password" name="password" type="password" autocomplete="current-password" required maxlength="256"
 $password_focus>
<button type="submit">$submit</button>
<p class="hint">$help</p>
</form>
<p class="sign-in-language"><a href="$root/preferences?language=$other_language&amp;next=$next_quoted"
 lang="$other_language" title="$language_hint">$language_name</a></p>
</main>
</body>
</html>
""")


class SignIn:
    """The routes that open and end sessions."""

    def __init__(self, database: Database, passwords: Passwords, throttle: SignInThrottle, access: Access) -> None:
        self._database = database
        self._passwords = passwords
        self._throttle = throttle
        self._access = access

    def router(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/sign-in", self.show, methods=["GET"])
        router.add_api_route("/sign-in", self.enter, methods=["POST"])
        router.add_api_route("/sign-out", self.leave, methods=["POST"])
        router.add_api_route("/preferences", self.prefer, methods=["GET"])
        return router

    async def show(self, request: Request, next: str = "") -> Response:
        target = next_page(next, _root(request))
        if await self._access.account(session_token(request)) is not None:
            return RedirectResponse(target, status_code=303)
        return _page(request, target)

    async def enter(
        self,
        request: Request,
        email: Annotated[str, Form(max_length=1000)] = "",
        password: Annotated[str, Form(max_length=4000)] = "",
        next: Annotated[str, Form(max_length=2000)] = "",
    ) -> Response:
        words = words_for(request)
        target = next_page(next, _root(request))
        address = request.client.host if request.client else "unknown"
        try:
            token = await asyncio.to_thread(self._enter, email, password, address)
        except SignInThrottled as error:
            minutes = math.ceil(error.retry_after_s / 60)
            page = _page(request, target, words("sign_in.throttled", minutes=minutes), email, status=429)
            page.headers["Retry-After"] = str(error.retry_after_s)
            return page
        except SignInRefused:
            return _page(request, target, words("sign_in.refused"), email, status=401)
        keep_token(request, token)
        return RedirectResponse(target, status_code=303)

    async def leave(self, request: Request) -> Response:
        token = session_token(request)
        if token is not None:
            await asyncio.to_thread(self._leave, token)
        drop_token(request)
        return RedirectResponse(f"{_root(request)}/sign-in", status_code=303)

    async def prefer(self, request: Request, language: str = "", theme: str = "", next: str = "") -> Response:
        if language in ("en", "zh"):
            request.session["language"] = language
        if theme in ("light", "dark"):
            request.session["theme"] = theme
        root = _root(request)
        is_sign_in = next.startswith(f"{root}/sign-in")
        return RedirectResponse(next_page(next, root) if not is_sign_in else f"{root}/sign-in", status_code=303)

    def _enter(self, email: str, password: str, address: str) -> str:
        with self._database.reading() as session:
            proven = prove(session, self._passwords, self._throttle, email=email, password=password, address=address)
        with self._database.writing() as session:
            token = start_session(session, proven)
        _log.info("staff_signed_in", staff_id=proven.account.id)
        return token

    def _leave(self, token: str) -> None:
        with self._database.writing() as session:
            end_session(session, token)


def words_for(request: Request) -> Words:
    return Words(spoken_language(request.session.get("language"), request.headers.get("accept-language", "")))


def _root(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root


def _page(request: Request, target: str, problem: str = "", email: str = "", *, status: int = 200) -> HTMLResponse:
    words = words_for(request)
    values = {
        "lang": words.tag,
        "theme": request.session.get("theme", ""),
        "root": _root(request),
        "app": words("app"),
        "title": words("sign_in.title"),
        "lead": words("sign_in.lead"),
        "next": target,
        "next_quoted": quote(target),
        "email": email,
        "email_label": words("sign_in.email"),
        "password_label": words("sign_in.password"),
        "submit": words("sign_in.submit"),
        "help": words("sign_in.help"),
        "language_name": words("nav.language"),
        "language_hint": words("nav.language_hint"),
        "other_language": "en" if words.language == "zh" else "zh",
    }
    page = _PAGE.substitute(
        {key: escape(str(value)) for key, value in values.items()},
        problem=f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else "",
        email_focus="" if email else "autofocus",
        password_focus="autofocus" if email else "",
    )
    return HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store"})
