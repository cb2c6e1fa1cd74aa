"""Which words fit a file that could not be had or made out."""

import pytest

from bot.remarks import remark_on_kind, remark_on_lost, remark_on_media
from crm.models import Attachment
from tests.unit.bot.chat import failed, note, photo


def files(*each: dict[str, object]) -> list[Attachment]:
    return [Attachment(mime="x/y", size_bytes=1, **one) for one in each]


def test_no_files_no_remark() -> None:
    assert remark_on_media([]) is None
    assert remark_on_lost([]) is None


def test_one_file_that_was_made_out_is_enough() -> None:
    assert remark_on_media(files(failed("image", "timeout"), photo())) is None
    assert remark_on_media(files(failed("image", "timeout"), failed("audio", "silence"))) == "slow_media"


def test_what_no_engine_recognises_is_for_the_dialogue_to_answer() -> None:
    assert remark_on_media(files(failed("audio", "no_recogniser"))) is None


@pytest.mark.parametrize("code", ["media_unavailable", "media_refused"])
def test_what_never_came_is_told_beside_the_words(code: str) -> None:
    assert remark_on_lost(files(note(), failed("image", code, key=None))) == "lost_photo"
    assert remark_on_lost(files(failed("audio", code, key=None))) == "lost_note"


def test_what_staff_can_still_look_at_is_not_told_beside_the_words() -> None:
    assert remark_on_lost(files(failed("image", "unreadable_media"))) is None
    assert remark_on_lost(files(photo(key=None, facts=None))) is None  # not fetched yet


def test_a_contact_says_why_it_proves_nothing() -> None:
    assert remark_on_kind("contact", "contact_unknown") == "contact_unknown"
    assert remark_on_kind("contact", "something new") == "contact_seen"
    assert remark_on_kind("location", "contact_unknown") == "location_seen"
