from collections.abc import Iterable

import numpy as np
import pytest

from perception.audio import Samples, decode
from perception.errors import NoRecogniser
from perception.speech import Heard, hear
from perception.sphinx import SphinxRecogniser
from perception.voice import utterances_in
from tests.unit.perception.sounds import SPOKEN, media

NOTE = decode(media("where_is_my_order.wav"))
PAUSE = np.zeros(32_000, np.float32)


class RecogniserOf:
    """Says what the test tells it to, one answer an utterance."""

    confidence_floor = 0.1

    def __init__(self, name: str, languages: Iterable[str | None], answers: Iterable[Heard]) -> None:
        self.name = name
        self._languages = set(languages)
        self._answers = list(answers)
        self.asked: list[Samples] = []

    def hears(self, language: str | None) -> bool:
        return language in self._languages

    def recognise(self, samples: Samples, language_hint: str | None) -> Heard:
        self.asked.append(samples)
        return self._answers.pop(0)

    def warm_up(self) -> None: ...


def english(*answers: tuple[str, float]) -> RecogniserOf:
    return RecogniserOf("english", (None, "en"), [Heard(text, "en", confidence) for text, confidence in answers])


def test_what_is_heard_comes_in_its_written_form() -> None:
    speech = hear(NOTE, [english(("where is my order a one zero two four", 0.9))])
    assert (speech.text, speech.language, speech.confidence) == ("where is my order A1024", "en", 0.9)
    assert (speech.engine, speech.has_speech) == ("english", True)
    assert speech.duration_s == pytest.approx(3.5, abs=0.1)


@pytest.mark.parametrize("sound", ["zeros", "noise", "tone", "file"])
def test_no_engine_is_asked_about_silence(sound: str) -> None:
    sounds = {
        "zeros": np.zeros(48_000, np.float32),
        "noise": np.random.default_rng(1).normal(0, 0.1, 48_000).astype(np.float32),
        "tone": (np.sin(np.arange(48_000) / 6) * 0.3).astype(np.float32),
        "file": decode(media("silence.wav")),
    }
    engine = english()
    speech = hear(sounds[sound], [engine], language_hint="zh")
    assert (speech.text, speech.has_speech, speech.confidence, speech.language) == ("", False, 0.0, "zh")
    assert engine.asked == []


def test_two_sentences_with_a_pause_between_become_one_text() -> None:
    engine = english(("where is my order", 0.9), ("thank you", 0.5))
    speech = hear(np.concatenate([NOTE, PAUSE, NOTE]), [engine])
    assert speech.text == "where is my order thank you"
    assert speech.confidence == pytest.approx(0.7, abs=0.05)
    assert len(engine.asked) == 2


def test_the_first_engine_that_hears_the_language_is_asked() -> None:
    deaf = english()
    chinese = RecogniserOf("chinese", ("zh",), [Heard("我的订单", "zh", 0.8)])
    assert hear(NOTE, [deaf, chinese], language_hint="zh").text == "我的订单"
    assert deaf.asked == []


def test_speech_that_no_engine_hears_is_said_so() -> None:
    with pytest.raises(NoRecogniser):
        hear(NOTE, [english()], language_hint="zh")
    with pytest.raises(NoRecogniser):
        hear(NOTE, [])


def test_words_no_better_than_chance_are_not_passed_on() -> None:
    with pytest.raises(NoRecogniser):
        hear(NOTE, [english(("the three i your three", 0.05))])


def test_an_engine_that_makes_out_no_word_heard_no_speech() -> None:
    speech = hear(NOTE, [english(("", 0.0))])
    assert (speech.text, speech.has_speech) == ("", False)


def test_the_edges_of_a_note_are_not_cut_into_the_words() -> None:
    (utterance,) = utterances_in(np.concatenate([PAUSE, NOTE, PAUSE]))
    assert utterance.start_s == pytest.approx(2.0 + 0.1, abs=0.25)
    assert 2.5 < len(utterance.samples) / 16_000 < 3.8
    assert utterances_in(np.zeros(100, np.float32)) == ()


@pytest.fixture(scope="module")
def sphinx() -> SphinxRecogniser:
    return SphinxRecogniser()


@pytest.mark.parametrize("name", SPOKEN)
def test_pocketsphinx_hears_the_order_number_in_every_container(sphinx: SphinxRecogniser, name: str) -> None:
    speech = hear(decode(media(name)), [sphinx], language_hint="en")
    assert speech.text == "where is my order A1024"
    assert speech.confidence > 0.5
    assert speech.engine == "pocketsphinx"


def test_pocketsphinx_does_not_pass_chinese_off_as_english(sphinx: SphinxRecogniser) -> None:
    chinese = decode(media("where_is_my_order_zh.ogg"))
    with pytest.raises(NoRecogniser):
        hear(chinese, [sphinx], language_hint="zh")
    with pytest.raises(NoRecogniser):
        hear(chinese, [sphinx], language_hint=None)
