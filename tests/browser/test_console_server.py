"""The console's doors, spoken to without a browser: who is let in, to what, and with which headers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from crm.models import Attachment, AuditEntry, Conversation, StaffSession, utc_now
from crm.staff import disable_staff, enable_staff

from .console_site import PASSWORD, Site, say, serve, tone_wav


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with serve(tmp_path_factory.mktemp("doors")) as running:
        yield running


@pytest.fixture
def stranger(site: Site) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site.url, headers={"accept": "text/html"}) as client:
        yield client


@pytest.fixture
def staff(stranger: httpx.Client) -> httpx.Client:
    assert sign_in(stranger).status_code == 303
    return stranger


@pytest.fixture(scope="module")
def note(site: Site) -> str:
    """The id of a voice note."""
    with site.database.writing() as session:
        message = say(session, session.get_one(Conversation, site.ids["good"]), "customer", "")
        session.add(
            Attachment(id="note", message_id=message.id, kind="audio", mime="audio/wav", key="tone", size_bytes=1)
        )
        session.add(
            Attachment(id="gone", message_id=message.id, kind="audio", mime="audio/wav", key="lost", size_bytes=1)
        )
    return "note"


def sign_in(client: httpx.Client, password: str = PASSWORD, email: str = "ana@shop.example", **more) -> httpx.Response:
    form = {"email": email, "password": password} | more.pop("form", {})
    return client.post("/console/sign-in", data=form, **more)


def test_without_a_session_every_page_leads_to_the_sign_in(site, stranger):
    for path in ("/console/", f"/console/c/{site.ids['good']}", "/console/unknown", "/console/media/x"):
        response = stranger.get(path)
        assert response.status_code == 303, path
        assert response.headers["location"] == f"/console/sign-in?next={path}"
    assert stranger.get("/console").headers["location"] == "/console/"


def test_without_a_session_anything_but_a_page_is_refused(stranger, note):
    for path in (f"/console/media/{note}", "/console/_nicegui_ws/socket.io/?EIO=4&transport=polling"):
        response = stranger.get(path, headers={"accept": "*/*"})
        assert (response.status_code, response.text) == (401, "sign in first")


def test_without_a_session_no_websocket_opens(site):
    with pytest.raises(InvalidStatus) as caught:
        connect(site.url.replace("http", "ws") + "/console/_nicegui_ws/socket.io/?EIO=4&transport=websocket")
    assert caught.value.response.status_code == 403


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(stranger):
    response = sign_in(stranger)
    assert response.headers["location"] == "/console/"
    cookie = response.headers["set-cookie"].lower()
    assert cookie.startswith("crmbot_console=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/console" in cookie
    assert "max-age=43200" in cookie
    assert "secure" not in cookie
    assert stranger.get("/console/").status_code == 200


def test_a_forged_cookie_opens_nothing(site, stranger):
    sign_in(stranger)
    value = stranger.cookies["crmbot_console"]
    for forged in ("", "x", value[:-3] + "abc", "eyJ0b2tlbiI6IngifQ==.aaaa.bbbb"):
        response = httpx.get(f"{site.url}/console/", cookies={"crmbot_console": forged})
        assert response.status_code == 401


def test_signing_out_ends_the_session_even_for_a_kept_cookie(site, staff):
    kept = staff.cookies["crmbot_console"]
    assert staff.post("/console/sign-out").status_code == 303
    response = httpx.get(f"{site.url}/console/", cookies={"crmbot_console": kept})
    assert response.status_code == 401
    with site.database.reading() as session:
        assert session.query(AuditEntry).filter_by(action="staff.sign_out").count() >= 1


def test_an_expired_session_and_a_disabled_account_are_out(site, staff):
    with site.database.writing() as session:
        disable_staff(session, email="ana@shop.example")
    assert staff.get("/console/").status_code == 303
    with site.database.writing() as session:
        enable_staff(session, email="ana@shop.example")
    assert sign_in(staff).status_code == 303
    assert staff.get("/console/").status_code == 200
    with site.database.writing() as session:
        session.query(StaffSession).update({StaffSession.expires_at: utc_now() - timedelta(seconds=1)})
    assert staff.get("/console/").status_code == 303


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_never_leads_away(stranger, target):
    assert sign_in(stranger, form={"next": target}).headers["location"] == "/console/"


def test_what_was_typed_comes_back_escaped(stranger):
    page = sign_in(stranger, "wrong password", '"><script>alert(1)</script>@x', form={"next": '"><b>'})
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text
    assert "<b>" not in page.text


def test_another_sites_form_changes_nothing(site, staff):
    response = staff.post("/console/sign-out", headers={"origin": "https://evil.example"})
    assert response.status_code == 403
    assert staff.get("/console/").status_code == 200


def test_pages_may_load_nothing_from_elsewhere_and_stand_in_no_frame(staff):
    response = staff.get("/console/")
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"


def test_a_voice_note_is_served_whole_and_in_parts(staff, note):
    whole = staff.get(f"/console/media/{note}")
    assert whole.content == tone_wav()
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.headers["content-disposition"] == "inline"
    assert whole.headers["content-security-policy"] == "default-src 'none'; sandbox"
    part = staff.get(f"/console/media/{note}", headers={"range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, tone_wav()[100:200])
    assert "content-encoding" not in part.headers


@pytest.mark.parametrize("path", ["media/unknown", "media/gone", "no/such/page", "c/"])
def test_what_is_not_there_is_plainly_not_found(staff, note, path):
    response = staff.get(f"/console/{path}")
    assert (response.status_code, response.text) == (404, "not found")


def test_preferences_take_only_what_they_know(stranger):
    stranger.get("/console/preferences?language=zh&theme=dark&next=/console/sign-in")
    assert 'lang="zh-CN" data-theme="dark"' in stranger.get("/console/sign-in").text
    response = stranger.get("/console/preferences?language=xx&theme=<b>&next=https://evil.example")
    assert response.headers["location"] == "/console/"
    assert 'lang="zh-CN" data-theme="dark"' in stranger.get("/console/sign-in").text


def test_nothing_is_written_beside_the_database(site, staff):
    staff.get("/console/")
    assert not Path(".nicegui").exists()
