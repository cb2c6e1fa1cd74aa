from __future__ import annotations

import numpy as np

from nlu.word_class_fitting import group_words, whole_words


def test_wordpiece_words_are_those_that_begin_without_a_mark() -> None:
    vocabulary = [("[CLS]", 0), ("jazz", 5), ("##ing", 2), ("blues", 3), ("x", 4), ("!", 6), ("北", 7), ("a1", 8)]
    assert whole_words(vocabulary) == {"blues": 3, "jazz": 5, "北": 7}


def test_sentencepiece_words_are_those_that_begin_with_one() -> None:
    vocabulary = [("<s>", 0), ("\u2581London", 1), ("\u2581london", 2), ("don", 3), ("北", 4), ("\u2581京", 5)]
    assert whole_words(vocabulary) == {"london": 1, "北": 4, "京": 5}


def test_words_that_point_alike_share_their_classes() -> None:
    generator = np.random.default_rng(0)
    sides = np.repeat(np.eye(2, 8, dtype=np.float32), 200, axis=0)
    vectors = sides * 5 + generator.normal(0, 0.1, (400, 8)).astype(np.float32)
    words = {f"word{letter}": number for number, letter in enumerate(map(chr, range(0x4E00, 0x4E00 + 400)))}
    classes = group_words(words, vectors)
    coarse = [classes.of(word)[0] for word in words]
    assert not set(coarse[:200]) & set(coarse[200:])
    assert [len(classes.of(word)) for word in words] == [3] * 400


def test_a_vocabulary_without_words() -> None:
    assert len(group_words({}, np.zeros((3, 4), dtype=np.float32))) == 0
