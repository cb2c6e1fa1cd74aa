"""A headless Chromium for the tests of what people see: Debian's own, driven by Playwright.

Without one, these tests are left out with one clear line; where CI is set they fail instead.
"""

from __future__ import annotations

import math
import os
import shutil
import struct
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from tests.browser.console_site import PASSWORD, Site
from tests.browser.fake_server import FakeChatServer
from tests.browser.widget_page import DESKTOP, WidgetPage

NO_CHROMIUM = "Chromium is needed: apt-get install -y chromium (or set CRMBOT_CHROMIUM to its path)."
LAPTOP = {"width": 1366, "height": 800}
SCREENSHOTS = Path(__file__).parents[2] / "build" / "screenshots"

PATIENCE_MS = 30_000
"""How long anything may take to appear: on a busy machine it may well, and waiting for what does come costs nothing."""
expect.set_options(timeout=PATIENCE_MS)

FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of the browser."""
    path = os.environ.get("CRMBOT_CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail(NO_CHROMIUM, pytrace=False) if os.environ.get("CI") else pytest.skip(NO_CHROMIUM)
    return path


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Stopped after each module: while it runs, asynchronous tests cannot."""
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def tone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five seconds of a 440 Hz tone as WAV, for a microphone that hears something."""
    path = tmp_path_factory.mktemp("microphone") / "tone.wav"
    samples = (round(9000 * math.sin(2 * math.pi * 440 * n / 16000)) for n in range(5 * 16000))
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return path


@pytest.fixture(scope="module")
def launch(playwright: Playwright, chromium: str) -> Iterator[Callable[[Path], Browser]]:
    """Starts a browser whose microphone hears a WAV file, once, from the moment a recording begins."""
    started: list[Browser] = []

    def start(microphone: Path) -> Browser:
        flags = [*FLAGS, f"--use-file-for-fake-audio-capture={microphone}%noloop"]
        started.append(playwright.chromium.launch(executable_path=chromium, headless=True, args=flags))
        return started[-1]

    yield start
    for browser in started:
        browser.close()


@pytest.fixture(scope="module")
def browser(launch: Callable[[Path], Browser], tone: Path) -> Browser:
    return launch(tone)


@pytest.fixture
def new_context(browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Opens fresh profiles (``locale``, ``viewport``, ``color_scheme``…); closed when the test ends."""
    opened: list[BrowserContext] = []

    def new(**options: object) -> BrowserContext:
        settings: dict[str, object] = {"locale": "en-GB", "viewport": DESKTOP, "timezone_id": "UTC"}
        context = browser.new_context(**(settings | options))  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        opened.append(context)
        return context

    yield new
    for context in opened:
        context.close()


@pytest.fixture
def page(new_context: Callable[..., BrowserContext]) -> Page:
    """A page in English at desktop width, which must not raise an error."""
    return new_context().new_page()


@pytest.fixture
def visit(site: Site, new_context: Callable[..., BrowserContext]) -> Iterator[Callable[..., Page]]:
    """Opens a page of the console as a signed-in member of staff; no page may ask another host or raise an error."""
    faults: list[str] = []

    def watch(page: Page) -> Page:
        page.on("pageerror", lambda error: faults.append(f"error {error}"))
        page.on("console", lambda line: faults.append(line.text) if line.type in ("error", "warning") else None)
        page.on("request", lambda request: None if local(request.url) else faults.append(f"foreign {request.url}"))
        return page

    def local(url: str) -> bool:
        return url.startswith((site.url, site.url.replace("http", "ws"), "data:", "blob:"))

    def open_page(path: str = "/", *, email: str = "ana@shop.example", **options: Any) -> Page:
        context = new_context(**({"viewport": LAPTOP} | options))
        context.request.post(f"{site.url}/console/sign-in", form={"email": email, "password": PASSWORD})
        page = watch(context.new_page())
        page.goto(f"{site.url}/console{path}")
        return page

    yield open_page
    assert faults == []


@pytest.fixture
def server() -> Iterator[FakeChatServer]:
    with FakeChatServer().running() as running:
        yield running


@pytest.fixture
def widget(page: Page, server: FakeChatServer) -> WidgetPage:
    """The widget on a bare page of the fake server, closed as a visitor first meets it."""
    return WidgetPage(page).visit(f"{server.url}/page")


@pytest.fixture(scope="session")
def screenshots() -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
