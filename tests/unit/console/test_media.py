from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.media import answer

DATA = bytes(range(100))


@pytest.mark.parametrize(
    ("asked", "body", "content_range"),
    [
        ("bytes=0-", DATA, "bytes 0-99/100"),
        ("bytes=0-0", DATA[:1], "bytes 0-0/100"),
        ("bytes=10-19", DATA[10:20], "bytes 10-19/100"),
        ("bytes=90-500", DATA[90:], "bytes 90-99/100"),
        ("bytes=-10", DATA[90:], "bytes 90-99/100"),
        ("bytes=-500", DATA, "bytes 0-99/100"),
        (" bytes=5-6 ", DATA[5:7], "bytes 5-6/100"),
    ],
)
def test_a_player_gets_the_part_it_asks_for(asked, body, content_range):
    response = answer("audio/ogg", DATA, asked)
    assert response.status_code == 206
    assert response.body == body
    assert response.headers["content-range"] == content_range
    assert response.headers["content-length"] == str(len(body))


@pytest.mark.parametrize("asked", [None, "", "bytes=", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6"])
def test_what_names_no_single_part_gets_the_whole(asked):
    response = answer("audio/ogg", DATA, asked)
    assert (response.status_code, response.body) == (200, DATA)
    assert response.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=5-2", "bytes=-0"])
def test_a_part_that_is_not_there_is_refused(asked):
    response = answer("audio/ogg", DATA, asked)
    assert (response.status_code, response.body) == (416, b"")
    assert response.headers["content-range"] == "bytes */100"


@pytest.mark.parametrize("mime", ["image/png", "image/jpeg", "audio/webm", "audio/mp4"])
def test_pictures_and_sounds_are_shown_in_place(mime):
    response = answer(mime, DATA, None)
    assert response.headers["content-type"] == mime
    assert response.headers["content-disposition"] == "inline"


@pytest.mark.parametrize("mime", ["image/svg+xml", "text/html", "application/pdf", "", "image/png; x=y"])
def test_anything_else_is_a_download_of_no_type(mime):
    response = answer(mime, b"<script>", None)
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"] == "attachment"


def test_nothing_in_it_may_run():
    headers = answer("image/png", DATA, None).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["cache-control"].startswith("private")


@given(st.binary(max_size=50), st.text(alphabet="bytes=-0123456789, ", max_size=14))
def test_any_range_gives_a_true_part(data, asked):
    response = answer("audio/ogg", data, asked)
    assert response.status_code in (200, 206, 416)
    if response.status_code == 206:
        start, end = map(int, response.headers["content-range"].removeprefix("bytes ").split("/")[0].split("-"))
        assert response.body == data[start : end + 1] != b""
