from __future__ import annotations

import pytest
from starlette.requests import HTTPConnection, Request

from console.access import OPEN, drop_token, keep_token, local_path, next_page, same_origin, session_token


def request(method: str = "GET", path: str = "/console/", **headers: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": method,
            "path": path,
            "root_path": "/console",
            "query_string": b"",
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
            "session": {},
        }
    )


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in",
        "/preferences",
        "/static/console.css",
        "/_nicegui/3.18.0/static/nicegui.js",
        "/_nicegui/3.18.0/components/x/input.js",
    ],
)
def test_what_pages_are_made_of_is_open(path):
    assert OPEN.fullmatch(path)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "",
        "/c/0123",
        "/media/abc",
        "/sign-out",
        "/sign-in/../c/0123",
        "/sign-in/x",
        "/_nicegui_ws/socket.io/",
        "/_nicegui/auto/media/x",
        "/_nicegui/client/x/upload/1",
        "/anything-added-later",
    ],
)
def test_everything_else_is_closed(path):
    assert not OPEN.fullmatch(path)


@pytest.mark.parametrize(
    ("target", "page"),
    [
        ("/console/c/1?x=2", "/console/c/1?x=2"),
        ("", "/console/"),
        (None, "/console/"),
        ("https://evil.example/console/", "/console/"),
        ("//evil.example/console/", "/console/"),
        ("/elsewhere", "/console/"),
        ("/console/\\evil.example", "/console/"),
        ("/console/\r\nSet-Cookie: a=b", "/console/"),
    ],
)
def test_the_way_after_signing_in_stays_in_the_console(target, page):
    assert next_page(target, "/console") == page


@pytest.mark.parametrize(
    ("method", "headers", "allowed"),
    [
        ("GET", {"origin": "https://evil.example", "host": "shop.example"}, True),
        ("POST", {"origin": "https://shop.example", "host": "shop.example"}, True),
        ("POST", {"origin": "https://evil.example", "host": "shop.example"}, False),
        ("POST", {"origin": "null", "host": "shop.example"}, False),
        ("POST", {"host": "shop.example"}, True),
        ("POST", {"host": "shop.example", "sec_fetch_site": "cross-site"}, False),
    ],
)
def test_only_pages_of_this_host_may_change_anything(method, headers, allowed):
    assert same_origin(request(method, **headers)) is allowed


def test_the_path_below_the_mount():
    assert local_path(request(path="/console/c/1")) == "/c/1"
    assert local_path(request(path="/console")) == "/"


def test_signing_in_starts_the_browsers_session_anew():
    connection = request()
    connection.session.update(id="planted", token="planted", language="zh", theme="dark", other=1)
    keep_token(connection, "fresh")
    assert dict(connection.session) == {"language": "zh", "theme": "dark", "token": "fresh"}
    assert session_token(connection) == "fresh"
    drop_token(connection)
    assert session_token(connection) is None


def test_a_token_that_is_no_string_is_none():
    connection: HTTPConnection = request()
    connection.session["token"] = {"a": 1}
    assert session_token(connection) is None
