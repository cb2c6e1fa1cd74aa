from __future__ import annotations

from pathlib import Path

import pytest

from bench.sentiment_sets import find_sets
from nlu.errors import TrainingDataError
from nlu.sentiment import LabelledText

TWEETS = 'tweet_id,airline_sentiment,airline,text\n1,neutral,X,"is it, on time?"\n2,negative,X,late\n'
REVIEWS = "label,review\n1,很好\n0,不好\n"
BY_KIND = "cat,label,review\n书籍,1,好看\n"


def test_each_set_in_its_own_form(tmp_path: Path) -> None:
    (tmp_path / "tweets").mkdir()
    (tmp_path / "tweets" / "Tweets.csv").write_text(TWEETS, encoding="utf-8")
    (tmp_path / "hotel.csv").write_text(REVIEWS, encoding="utf-8-sig")
    (tmp_path / "shop.csv").write_text(BY_KIND, encoding="utf-8")
    (tmp_path / "intents.csv").write_text("text,category\nhi,greet\n", encoding="utf-8")
    hotel, shop, tweets = find_sets(tmp_path)
    assert (hotel.name, hotel.labels) == ("hotel", ("negative", "positive"))
    assert hotel.rows == (LabelledText("positive", "很好"), LabelledText("negative", "不好"))
    assert shop.rows == (LabelledText("positive", "好看"),)
    assert (tweets.name, tweets.labels) == ("tweets", ("negative", "neutral", "positive"))
    assert tweets.rows[0] == LabelledText("neutral", "is it, on time?")


def test_a_folder_without_any(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="none of the sets"):
        find_sets(tmp_path)


@pytest.mark.parametrize("content", ["label,review\n2,好\n", "airline_sentiment,text\nhappy,x\n"])
def test_an_unknown_label_names_its_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "one.csv").write_text(content, encoding="utf-8")
    with pytest.raises(TrainingDataError, match="label") as caught:
        find_sets(tmp_path)
    assert caught.value.line == 2
