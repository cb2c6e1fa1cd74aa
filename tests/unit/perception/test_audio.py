import numpy as np
import pytest

from perception.audio import SAMPLE_RATE, decode
from perception.errors import MediaTooLarge, UnreadableMedia, UnsupportedMedia
from perception.media import MediaLimits
from tests.unit.perception.pictures import encoded, noise
from tests.unit.perception.sounds import SPOKEN, media, recorded, wav

ALL = (*SPOKEN, "where_is_my_order.mp3")


@pytest.mark.parametrize("name", ALL)
def test_every_container_gives_the_same_three_and_a_half_seconds(name: str) -> None:
    samples = decode(media(name))
    assert samples.dtype == np.float32
    assert samples.ndim == 1
    assert len(samples) / SAMPLE_RATE == pytest.approx(3.5, abs=0.1)
    assert 0.1 < np.abs(samples).max() <= 1.0


@pytest.mark.parametrize("name", ALL)
def test_a_truncated_note_is_heard_as_far_as_it_goes(name: str) -> None:
    data = media(name)
    try:
        samples = decode(data[: int(len(data) * 0.7)])
    except (UnreadableMedia, UnsupportedMedia):
        assert name.endswith("m4a")  # its index stands at the end
        return
    assert 0.5 < len(samples) / SAMPLE_RATE < 3.5


@pytest.mark.parametrize("name", ALL)
def test_a_note_longer_than_allowed_is_refused(name: str) -> None:
    with pytest.raises(MediaTooLarge) as caught:
        decode(media(name), limits=MediaLimits(max_audio_s=2.0))
    assert caught.value.limit == 2.0


def test_half_an_hour_is_refused() -> None:
    """At 8 kHz and 8 bits it is within the limit on bytes."""
    half_an_hour = bytearray(wav(np.zeros(8), rate=8000)[:44])
    samples = 30 * 60 * 8000
    half_an_hour[28:32] = (8000).to_bytes(4, "little")
    half_an_hour[32:36] = (1).to_bytes(2, "little") + (8).to_bytes(2, "little")
    half_an_hour[40:44] = samples.to_bytes(4, "little")
    half_an_hour[4:8] = (samples + 36).to_bytes(4, "little")
    with pytest.raises(MediaTooLarge):
        decode(bytes(half_an_hour) + b"\x80" * samples)


def test_a_note_without_a_sample_is_unreadable() -> None:
    with pytest.raises(UnreadableMedia):
        decode(wav(np.zeros(0)))
    with pytest.raises(UnreadableMedia):
        decode(media("where_is_my_order.ogg")[:200])


def test_a_picture_is_no_voice_note() -> None:
    with pytest.raises(UnsupportedMedia):
        decode(encoded(noise(20, 20), "PNG"))


def test_a_codec_that_is_not_on_the_list_is_refused() -> None:
    with pytest.raises(UnsupportedMedia):
        decode(recorded("matroska", "ac3"))


def test_samples_stay_in_bounds_whatever_a_float_file_says() -> None:
    out = bytearray(wav(np.zeros(400)))
    out[20:22] = (3).to_bytes(2, "little")  # IEEE float
    out[28:36] = (64000).to_bytes(4, "little") + (4).to_bytes(2, "little") + (32).to_bytes(2, "little")
    values = np.array([np.nan, np.inf, -np.inf, 1e30, 0.5] * 40, "<f4")
    samples = decode(bytes(out[:44]) + values.tobytes())
    assert np.isfinite(samples).all()
    assert np.abs(samples).max() <= 1.0


def test_of_a_video_note_the_sound_is_heard() -> None:
    samples = decode(recorded("mp4", "aac", video=True, seconds=1.0))
    assert abs(len(samples) / SAMPLE_RATE - 1.0) < 0.1
    assert np.abs(samples).max() > 0.1
