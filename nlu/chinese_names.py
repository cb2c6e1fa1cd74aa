"""How Chinese people are named: family names, given names, 小张 and 张经理; and the same sentence with another name.

Sentences with other names teach the tagger that it is the place that tells a name, not the characters. Only lists of
single characters and titles; whose name it is nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from nlu.patterns import Found

Span = tuple[str, int, int]
"""``(entity, start, end)``."""

_COMMON = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁"
    "潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱"
)
"""The family names that other names are made of; about 85 in 100 people of China bear one of the commonest hundred."""
# The commonest family names of the mainland, Hong Kong and Taiwan, in traditional characters where they differ.
SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹"
    "孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁"
    "尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉骆蓝路游辛靳欧阳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄窦戚岑景"
    "党宫费卜冷晏席卫米柏宗瞿桂全佟应臧闵苟邬边卞姬师和仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕"
    "張陳劉楊黃趙吳孫馬鄭謝許韓馮鄧蕭葉蘇呂盧鍾譚陸範賈韋鄒邱閻龍賀顧龔邵萬錢嚴湯龐顏倪莊聶魯關蘭俞寧紀單塗"
)
GIVEN = frozenset(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红梅建国志海燕文辉玲斌鹏飞雪琴晓小春雨欣怡婷浩宇轩梓涵子豪佳琪思雅颖慧洁琳莹倩萍凤"
    "龙峰林波亮东旭阳晨昊天俊凯瑞博瑶诗梦婉淑珍珠莲荣贵福生德义仁忠良才清云月美惠彤可心悦然嘉一诺若曦泽楠宏振兴立新光永康健庆祥安宁远航帆翔"
    "偉麗強軍豔傑濤華蘭紅國輝飛琴曉東陽凱瑤夢榮貴義雲悅澤興慶遠"
)
"""Characters common in given names."""
TWO_CHARACTER_SURNAMES = frozenset(
    {"欧阳", "司马", "诸葛", "尉迟", "上官", "夏侯", "皇甫", "令狐", "慕容", "端木", "司徒", "公孙"}
)
FAMILIAR = frozenset("小老阿")
"""What goes before a name among those who know each other: 小张, 阿强."""
TITLES = frozenset(
    {"经理", "师傅", "老师", "女士", "先生", "小姐", "主管", "太太", "医生", "同学", "主任", "老板", "律师", "教授"}
)
SHORT_TITLES = frozenset("姐哥总工叔姨嫂")
_CHOICE_OF_GIVEN = tuple(sorted(GIVEN))
_HAN_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")


def with_another_name(
    text: str, spans: Sequence[Span], known: Sequence[Found], chooser: Random
) -> tuple[str, tuple[Span, ...], tuple[Found, ...]] | None:
    """The sentence with its one person called otherwise, and all that stands behind moved along.

    None where no person or several are marked, or the name is not a Chinese one.
    """
    people = [(start, end) for name, start, end in spans if name == "person"]
    other = _another(text[slice(*people[0])], chooser) if len(people) == 1 else None
    if other is None:
        return None
    start, end = people[0]
    longer = len(other) - (end - start)

    def moved(place: int) -> int:
        return place + longer if place >= end else place

    return (
        text[:start] + other + text[end:],
        tuple((name, moved(first), moved(last)) for name, first, last in spans),
        tuple(replace(one, start=moved(one.start), end=moved(one.end)) for one in known),
    )


def _another(name: str, chooser: Random) -> str | None:
    """A name of the same kind; None for one of no kind that is known."""
    if not _HAN_NAME.fullmatch(name):
        return None
    if name[0] in FAMILIAR and len(name) == 2:
        return name[0] + chooser.choice(_COMMON if name[1] in SURNAMES else _CHOICE_OF_GIVEN)
    if name[0] not in SURNAMES:
        return None
    if name[1:] in TITLES or name[1:] in SHORT_TITLES:
        return chooser.choice(_COMMON) + name[1:]
    if len(name) > 3:
        return None
    return chooser.choice(_COMMON) + "".join(chooser.choices(_CHOICE_OF_GIVEN, k=chooser.choice((1, 2, 2))))
