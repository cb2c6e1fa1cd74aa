"""Mounts the console on the public app: the one place that knows how its parts hang together.

NiceGUI keeps one application per process; mounting again (as tests do) starts from its bare state.
"""

from __future__ import annotations

import logging
from pathlib import Path

from fastapi import FastAPI, Request
from nicegui import app as nicegui_app
from nicegui import ui
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute
from starlette.staticfiles import StaticFiles

from console.access import Access, Guard, SecurityHeaders
from console.conversation import ConversationPage
from console.conversations import ConversationsPage
from console.frame import Page
from console.markup import tag
from console.media import Media
from console.ports import LiveUpdates, MediaSource, StaffDesk
from console.refresh import POLL_S
from console.sign_in import SignIn, words_for
from console.words import Words
from crm.staff import SESSION_LIFETIME, Passwords, SignInThrottle
from crm.unit_of_work import Database

PATH = "/console"
COOKIE = "crmbot_console"
FAVICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="9" fill="#0f766e"/>'
    '<path d="M8 9h16v11H14l-6 5z" fill="#fff"/></svg>'
)
RECONNECT_S = 15.0
"""How long a page waits for a browser whose connection broke: after that it is built anew, and half a reply is lost."""
_STATIC = Path(__file__).with_name("static")
_bare_routes: list[BaseRoute] = []


def mount(
    app: FastAPI,
    *,
    database: Database,
    storage_secret: str,
    media: MediaSource,
    live: LiveUpdates,
    desk: StaffDesk,
    https: bool,
    passwords: Passwords | None = None,
    throttle: SignInThrottle | None = None,
    poll_s: float = POLL_S,
) -> None:
    """Adds the staff console under ``/console``. Call it once, before the app starts, and before any catch-all.

    ``storage_secret`` signs the session cookie. ``https`` marks the cookie as never to be sent in the clear.
    ``poll_s`` is how often an open page looks by itself whether anything changed.
    Wraps the app's lifespan: NiceGUI starts before it and stops after it.
    """
    _bare()
    access = Access(database)
    nicegui_app.mount("/static", StaticFiles(directory=_STATIC), name="console_static")
    sign_in = SignIn(database, passwords or Passwords(), throttle or SignInThrottle(), access)
    nicegui_app.include_router(sign_in.router())
    nicegui_app.include_router(Media(database, media).router())
    pages: tuple[Page, ...] = (
        ConversationsPage(database, live, access, poll_s),
        ConversationPage(database, live, desk, access, poll_s),
    )
    for page in pages:
        page.register()
    nicegui_app.on_page_exception(_apologise)
    nicegui_app.add_exception_handler(404, _not_found)
    nicegui_app.add_middleware(SecurityHeaders)
    nicegui_app.add_middleware(Guard, access=access)  # inside the session, which run_with puts around it
    app.add_api_route(PATH, _to_console, methods=["GET"], include_in_schema=False)
    ui.run_with(
        app,
        mount_path=PATH,
        title="crmbot",
        favicon=FAVICON,
        dark=None,
        tailwind=False,
        binding_refresh_interval=None,
        reconnect_timeout=RECONNECT_S,
        storage_secret=storage_secret,
        session_middleware_kwargs={
            "session_cookie": COOKIE,
            "path": PATH,
            "same_site": "lax",
            "https_only": https,
            "max_age": int(SESSION_LIFETIME.total_seconds()),
        },
        show_welcome_message=False,
    )
    logging.getLogger("nicegui").setLevel(logging.WARNING)


def _bare() -> None:
    if not _bare_routes:
        _bare_routes.extend(nicegui_app.router.routes)
    nicegui_app.router.routes[:] = _bare_routes
    nicegui_app.user_middleware.clear()
    nicegui_app.middleware_stack = None


async def _to_console(request: Request) -> Response:
    return RedirectResponse(f"{request.scope.get('root_path', '')}{PATH}/", status_code=307)


async def _not_found(request: Request, _error: Exception) -> Response:
    return PlainTextResponse("not found", status_code=404)


def _apologise() -> None:
    """Shown in place of a page that could not be built. The error itself is for the log alone."""
    words: Words = words_for(ui.context.client.request)
    tag("h1", words("failed.title"))
    tag("p", words("failed.lead"))
