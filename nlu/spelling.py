"""Slips of the keyboard put right, for matching only: "cancle my oder" is read as "cancel my order", 定单 as 订单.

An English word that nobody knows (not the examples, the encoder or the list of common words) becomes the commonest
word of the examples that is one slip away: a letter missing, doubled, wrong, or two swapped. Chinese slips are words
typed by sound, from a short list. What entities, records and people see stays as it was written; this module never
touches it. It learns nothing: the words come from the trained model.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping

from nlu.language import load_common_words

LEAST_LETTERS = 3
"""Shorter words have too many neighbours. Chosen by cross-validation over our own examples with slips put in."""
_WORD = re.compile(rf"(?<![\w<'’@.-])[a-z]{{{LEAST_LETTERS},}}(?![\w>'’@-])")
_DOUBLED = re.compile(r"([a-z])\1")
_PLAIN = re.compile(r"[a-z]{2,}")

# Typed by sound, or as the net spells it. Only what cannot be the end of one word and the beginning of the next: 换或
# would be in 退换或维修, 折口 in 打折口红, 木有 in 积木有.
_BY_SOUND = """
    订丹订单 丁单订单 钉单订单 腿款退款 推款退款 退宽退款 腿货退货 推货退货 法票发票 开漂开票 快弟快递
    块递快递 筷递快递 雾流物流 第址地址 地扯地址 帐号账号 帐户账户 登陆登录 客夫客服 仁工人工 优慧优惠
    尤惠优惠 投述投诉 头诉投诉 保休保修 运废运费 支负支付 付宽付款 取肖取消 取销取消 坏调坏掉 签受签收
    尺马尺码 电花电话 肿么怎么 神马什么 甚么什么 怎麽怎么 什麽什么 再吗在吗 在嘛在吗
"""
_MEANT = {pair[:2]: pair[2:] for pair in _BY_SOUND.split()} | {"定单": "订单"}
# 确定单号, 一定单独, 指定单品 hold no order.
_SLIP = re.compile("|".join(_MEANT).replace("定单", "(?<![一确指规固决肯特])定单"))


class Spelling:
    """Immutable, thread-safe.

    ``words`` are those to correct to, each with how common it is; ``knows`` tells of any word whether it is one.
    """

    def __init__(self, words: Mapping[str, float], knows: Callable[[str], bool]) -> None:
        self._words = {word: common for word, common in words.items() if _PLAIN.fullmatch(word)}
        self._knows = knows
        self._shortened: defaultdict[str, list[str]] = defaultdict(list)
        for word in (each for each in self._words if len(each) >= LEAST_LETTERS):
            for shorter in _shortened(word):
                self._shortened[shorter].append(word)

    def corrected(self, matching: str) -> str:
        """A text of ``preparation.matching_form`` with its slips put right."""
        return _WORD.sub(self._word, _SLIP.sub(lambda slip: _MEANT[slip.group()], matching))

    def _word(self, match: re.Match[str]) -> str:
        word = match.group()
        if word in self._words or self._knows(word) or word in load_common_words()["en"]:
            return word
        drawn = _DOUBLED.sub(r"\1", word)
        if drawn in self._words:  # "heelp", "plss": letters that were held
            return drawn
        near = {one for key in _shortened(word) for one in self._shortened.get(key, ()) if _one_slip(word, one)}
        return min(near, key=lambda one: (-self._words[one], one), default=word)


def _shortened(word: str) -> set[str]:
    """The word, and the word without each of its letters in turn: two words one slip apart always share one of these
    (the index of SymSpell; Garbe 2012)."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


def _one_slip(written: str, word: str) -> bool:
    """One letter more or less, another one, or two neighbours swapped. The first letter is hardly ever wrong
    (Yannakoudakis and Fawthrop 1983), and of three letters another one makes another word."""
    apart = [place for place, (left, right) in enumerate(zip(written, word, strict=False)) if left != right]
    if len(written) != len(word):
        return written[0] == word[0] and min(written, word, key=len) in _shortened(max(written, word, key=len))
    if len(apart) == 1:
        return apart != [0] and len(word) > LEAST_LETTERS
    swapped = len(apart) == 2 and apart[1] == apart[0] + 1
    return swapped and written[apart[0]] == word[apart[1]] and written[apart[1]] == word[apart[0]]
