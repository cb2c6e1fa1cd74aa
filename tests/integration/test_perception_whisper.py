"""The Whisper engine on a tiny model made here, through the code that loads a real one: no words are recognised."""

from __future__ import annotations

from pathlib import Path

import pytest

from perception.audio import decode
from perception.errors import NoRecogniser
from perception.speech import hear
from perception.whisper import _MANDARIN_PROMPT, WhisperRecogniser, has_model
from perception.worker import PerceptionService
from tests.unit.perception.sounds import media
from tests.unit.perception.toy_whisper import make_whisper

NOTE = decode(media("where_is_my_order.wav"))


@pytest.fixture(scope="module")
def english(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "toy"
    make_whisper(directory, language="en", says="A1024?")
    return directory


def test_a_model_in_a_directory_is_loaded_and_heard_with_certainty(english: Path) -> None:
    assert has_model(english)
    speech = hear(NOTE, [WhisperRecogniser(english)], language_hint="zh")
    assert speech.text == "A1024?"
    assert (speech.language, speech.engine) == ("en", "whisper-toy")
    assert speech.confidence > 0.9


def test_mandarin_is_detected_and_prompted_for(tmp_path: Path) -> None:
    make_whisper(tmp_path, language="zh", says="我的订单", prompt=_MANDARIN_PROMPT)
    speech = hear(NOTE, [WhisperRecogniser(tmp_path)], language_hint="en")
    assert (speech.text, speech.language) == ("我的订单", "zh")


def test_words_that_the_model_itself_doubts_count_little(tmp_path: Path) -> None:
    """Its language is doubtful too, so the conversation's is taken."""
    make_whisper(tmp_path, language="fr", says=" hi", sure=False)
    heard = WhisperRecogniser(tmp_path).recognise(NOTE, "en")
    assert heard.language == "en"
    assert heard.confidence < 0.1


def test_silence_is_not_given_to_it(english: Path) -> None:
    speech = hear(decode(media("silence.wav")), [WhisperRecogniser(english)])
    assert (speech.text, speech.has_speech) == ("", False)


@pytest.mark.parametrize("missing", ["model.bin", "tokenizer.json", "config.json"])
def test_half_a_model_is_none_and_nothing_is_fetched(english: Path, tmp_path: Path, missing: str) -> None:
    for file in english.iterdir():
        if file.name != missing:
            (tmp_path / file.name).symlink_to(file)
    assert not has_model(tmp_path)
    with pytest.raises(NoRecogniser):
        WhisperRecogniser(tmp_path).warm_up()


def test_the_service_prefers_it_and_hears_chinese_conversations_then(english: Path) -> None:
    service = PerceptionService(whisper_dir=english)
    try:
        speech = service.transcribe(media("where_is_my_order.webm"), language_hint="zh")
    finally:
        service.close()
    assert (speech.text, speech.engine) == ("A1024?", "whisper-toy")


def test_the_service_falls_back_where_the_directory_is_empty(tmp_path: Path) -> None:
    service = PerceptionService(whisper_dir=tmp_path / "nothing")
    try:
        assert service.transcribe(media("where_is_my_order.webm"), language_hint="en").engine == "pocketsphinx"
    finally:
        service.close()
