"""The console mounted one way and another, one server after the other: NiceGUI has one application per process."""

from __future__ import annotations

import httpx

from .console_site import PASSWORD, serve


def sign_in(client: httpx.Client, password: str = PASSWORD, email: str = "ana@shop.example") -> httpx.Response:
    return client.post("/console/sign-in", data={"email": email, "password": password})


def test_with_https_the_cookie_never_travels_in_the_clear(tmp_path):
    with serve(tmp_path, https=True) as site, httpx.Client(base_url=site.url) as client:
        assert "; secure" in sign_in(client).headers["set-cookie"].lower()


def test_too_many_failures_are_told_to_wait_in_words_and_in_the_header(tmp_path):
    with serve(tmp_path, failures=4) as site, httpx.Client(base_url=site.url) as client:
        for _ in range(4):
            assert sign_in(client, "wrong password", "wei@shop.example").status_code == 401
        response = sign_in(client, PASSWORD, "wei@shop.example")
    assert response.status_code == 429
    assert 0 < int(response.headers["retry-after"]) <= 900
    assert "Please wait 15 min" in response.text


def test_another_server_in_the_same_process_starts_afresh(tmp_path_factory):
    cookies = []
    for name in ("one", "two"):
        with serve(tmp_path_factory.mktemp(name)) as site, httpx.Client(base_url=site.url) as client:
            assert sign_in(client).status_code == 303
            page = client.get(f"/console/c/{site.ids['good']}")
            assert (page.status_code, "Maria Lindqvist" in page.text) == (200, True)
            cookies.append(client.cookies["crmbot_console"])
            assert httpx.get(f"{site.url}/console/", cookies={"crmbot_console": cookies[0]}).status_code == (
                200 if name == "one" else 401
            )
