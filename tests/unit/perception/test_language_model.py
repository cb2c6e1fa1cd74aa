import re

from perception.language_model import packaged_phrases, support_desk_model


def trigrams(model: str) -> set[str]:
    return {" ".join(line.split()[1:4]) for line in model.partition("\\3-grams:")[2].splitlines() if line[:1] == "-"}


def test_every_packaged_phrase_is_spoken_words_and_known_places() -> None:
    places = {place for phrase in packaged_phrases() for place in re.findall(r"\{(\w+)\}", phrase)}
    assert places == {"order", "ticket", "digits", "item", "small"}
    for phrase in packaged_phrases():
        assert re.fullmatch(r"[a-z' {}]+", phrase), phrase


def test_the_model_is_the_same_every_time() -> None:
    assert support_desk_model(lambda _: True, r"A\d{4,8}") == support_desk_model(lambda _: True, r"A\d{4,8}")


def test_the_letters_of_order_numbers_come_from_the_shops_form() -> None:
    assert "my order a." in trigrams(support_desk_model(lambda _: True, r"A\d{4,8}"))
    assert "order w. b." in trigrams(support_desk_model(lambda _: True, r"WB\d{5}"))


def test_more_phrases_join_the_model_without_their_punctuation() -> None:
    model = support_desk_model(lambda _: True, r"A\d{4,8}", ["My blender caught FIRE!"])
    assert "blender caught fire" in trigrams(model)


def test_an_order_number_in_a_phrase_becomes_a_place_for_any_other() -> None:
    found = trigrams(
        support_desk_model(lambda _: True, r"A\d{4,8}", ["Did the gizmo of A1024 ship?", "gizmo 42 please"])
    )
    assert "gizmo of a." in found
    assert not any("gizmo please" in each for each in found)


def test_a_phrase_with_a_word_that_cannot_be_said_is_left_out() -> None:
    model = support_desk_model(lambda word: word != "blender", r"A\d{4,8}", ["my blender caught fire"])
    assert "caught" not in model
