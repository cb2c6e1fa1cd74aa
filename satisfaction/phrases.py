"""What customers and agents say that bears on satisfaction, in English and Chinese: the patterns, written by hand.

Each pattern answers one yes-or-no question about one turn. They are deliberately narrow: a pattern that misses costs
a little accuracy, one that fires wrongly puts a wrong reason before staff. Knows nothing of conversations or models.
"""

from __future__ import annotations

import re
from collections.abc import Sequence


def _any(english: Sequence[str], chinese: Sequence[str]) -> re.Pattern[str]:
    latin = "|".join(english)
    return re.compile(rf"(?:(?<![a-z])(?:{latin})(?![a-z]))|{'|'.join(chinese)}", re.IGNORECASE)


THANKS = _any(
    (r"thanks?", r"thank you", r"thx", r"many thanks", r"cheers", r"(?:much )?appreciated?", r"grateful"),
    (r"谢谢", r"谢啦", r"谢了", r"多谢", r"感谢", r"辛苦(?:了|你|您)", r"谢您", r"麻烦您了"),
)

SOLVED = _any(
    (
        r"(?<!not )(?<!n't )(?<!never )(?:solved|resolved|sorted|fixed)(?! soon)",
        r"(?:it|that|everything|all) (?:now )?works(?: now| again| fine)?",
        r"(?:is|it's) working (?:now|again|fine)",
        r"back to normal",
        r"(?:have|i've|just) (?:received|got) it",
        r"problem(?:'s| is| has been) (?:gone|over)",
    ),
    (
        r"(?<![没未不])(?<!没有)(?<!怎么)(?<!还没)(?:已经|已|终于|都|问题)?解决了(?![吗嘛么没?？])",
        r"搞定了(?![吗嘛么?？])",
        r"(?:已经|现在|终于|又)(?:好了|可以了|能用了|正常了|恢复了|收到了)(?![吗嘛么?？])",
        r"没问题了",
        r"^(?:收到|弄好)了[!！。.]*$",
    ),
)

PRAISE = _any(
    (
        r"(?:very |so |really )(?:helpful|kind|quick|fast|good|nice|patient|professional)",
        r"great (?:service|job|help|work)",
        r"well done",
        r"(?<!not )(?:excellent|perfect|awesome|amazing|wonderful|fantastic|brilliant|lovely)",
        r"good (?:service|job)",
        r"(?<!not )(?<!n't )(?:satisfied|happy with|pleased)",
        r"love it",
        r"you(?:'re| are) the best",
    ),
    (
        r"(?<!不)(?:很|非常|真|太|挺|十分)(?:满意|给力|棒|及时|贴心|耐心|专业|感动|周到|热情)",
        r"(?<!不)(?<!没有)点赞",
        r"好评",
        r"服务(?:很|真|非常)?(?:好|不错|到位|周到)(?![吗嘛么?？])",
        r"太好了",
        r"真不错",
        r"完美",
        r"效率(?:很|真)?高",
        r"赞一个",
    ),
)

COMPLAINT = _any(
    (
        r"terrible",
        r"awful",
        r"horrible",
        r"useless",
        r"rubbish",
        r"garbage",
        r"worst",
        r"poor (?:service|quality|attitude)",
        r"(?:so|too|very|really|how) (?:bad|slow|poor|annoying|disappointing|rude)",
        r"disappoint(?:ed|ing|ment)",
        r"unacceptable",
        r"ridiculous",
        r"(?:a )?joke",
        r"scam(?:mers?)?",
        r"cheat(?:ed|ing|ers?|s)?",
        r"liars?",
        r"fraud",
        r"angry",
        r"furious",
        r"fed up",
        r"complain(?:ts?|ing)?",
        r"waste of (?:time|money)",
        r"wasting my time",
        r"irresponsible",
        r"never (?:buy|use|order|shop|come)",
        r"no ?(?:one|body) (?:answers?|replies|cares|responds)",
        r"this is (?:bad|stupid|wrong)",
        r"not (?:happy|satisfied|acceptable|good enough)",
        r"(?:doesn't|does not|didn't|did not) (?:help|work)(?: at all)?",
        r"not helpful",
        r"no help",
    ),
    (
        r"投诉",
        r"垃圾",
        r"(?:太|真|这么|那么|很|超级|极)(?:差|慢|烂|坑|烦|过分|恶心|离谱)",
        r"差劲",
        r"坑(?:人|爹|死|钱)",
        r"骗(?:人|子|钱|我)",
        r"欺(?:骗|诈)",
        r"忽悠",
        r"失望",
        r"无语",
        r"气(?:死|愤|人)",
        r"愤怒",
        r"生气",
        r"不满(?!足|\d)",
        r"差评",
        r"糟糕",
        r"糟透",
        r"没用",
        r"没人(?:管|理|回|接|处理|负责)",
        r"不负责任?",
        r"推(?:卸|诿|脱)",
        r"敷衍",
        r"浪费(?:我的?)?时间",
        r"再也不(?:买|用|来|会)",
        r"什么(?:破|烂|鬼|玩意|态度)",
        r"霸王",
        r"曝光",
        r"(?:12315|工商局|消协)",
        r"受不了",
        r"崩溃",
    ),
)

SWEARING = _any(
    (
        r"f+u+c+k\w*",
        r"fck\w*",
        r"wtf",
        r"sh[i1]t+y?",
        r"bullsh\w+",
        r"crap(?:py)?",
        r"damn(?:ed|it)?",
        r"ass+holes?",
        r"bastards?",
        r"idiots?",
        r"morons?",
        r"stupid",
        r"dumb",
        r"bloody hell",
        r"piss(?:ed)? off",
        r"screw you",
        r"go to hell",
        r"shut up",
    ),
    (
        r"他妈(?!妈)",
        r"(?<!妈)妈的",
        r"[tT]m[dD]",
        r"尼玛",
        r"你妈",
        r"卧槽",
        r"我[靠操艹]",
        r"操你",
        r"傻[逼比x叉缺子]",
        r"[煞沙]笔",
        r"[sS][bB](?![a-z])",
        r"混蛋",
        r"王八",
        r"滚(?:蛋|开|犊|吧|$)",
        r"去死",
        r"狗屁",
        r"放屁",
        r"屁用",
        r"脑残",
        r"白痴",
        r"智障",
        r"弱智",
        r"废物",
        r"坑爹",
        r"不要脸",
        r"无耻",
    ),
)

ASKS_HUMAN = _any(
    (
        r"(?:talk|speak|chat|connect|transfer|switch|get|put|pass)(?: me)?(?: through)? (?:to|with)"
        r" (?:a |an |the |some )?(?:real |live |actual )?"
        r"(?:human|person|someone|agent|representative|operator|manager|staff|advisor|colleague|supervisor)\w*",
        r"(?:real|live|actual|human) (?:human|person|people|agent|being|operator|help)s?",
        r"(?:want|need|get me|give me) (?:a |an |the )?(?:human|agent|person|manager|representative|operator)",
        r"(?:is|are) (?:there )?(?:anyone|anybody) (?:there|here)",
    ),
    (
        r"(?:转|找|要|接|换|叫|给我|来个|想和|想跟|请)(?:一下|个|一个|一位|到)?(?:人工|真人|经理|主管|活人)",
        r"人工(?:客服|服务|坐席|在吗)",
        r"真人客服",
        r"有人(?:在)?吗",
        r"不(?:要|想)(?:和|跟)?机器人",
    ),
)

NOT_UNDERSTOOD = _any(
    (
        r"(?:sorry|afraid)[^.!?]{0,30}(?:didn't|did not|don't|do not|couldn't|could not) (?:quite )?"
        r"(?:understand|get|catch|follow)",
        r"(?:could|can|would) you (?:please )?(?:rephrase|say (?:that|it) (?:again|differently|another way))",
        r"(?:didn't|did not|don't) (?:quite )?understand (?:that|you|what you)",
        r"not sure (?:i understood|what you mean)",
    ),
    (
        r"没(?:有)?(?:太)?(?:听懂|听明白|看懂|理解|明白)(?:您|你)?",
        r"(?:不太|不)(?:明白|理解|懂)(?:您|你)的(?:意思|话)",
        r"换(?:个|一种|一个)(?:说法|方式|问法)",
        r"再说一(?:遍|次)",
    ),
)
"""Said by the bot: it owns up to not having understood."""

APOLOGY = _any(
    (r"sorry", r"apologi[sz]e\w*", r"apolog(?:y|ies)", r"regret"),
    (r"抱歉", r"对不起", r"不好意思", r"歉意", r"见谅", r"谅解"),
)

DEFERRAL = _any(
    (
        r"please wait",
        r"be patient",
        r"private messages?",
        r"feed(?:ed)? back",
        r"get back to you",
        r"(?:report|forward|pass|submit)(?:ed)? (?:it|this|your)",
        r"(?:relevant|related|responsible) (?:department|staff|personnel|colleagues?)",
        r"as soon as possible",
        r"follow up",
    ),
    (
        r"耐心等",
        r"请(?:您)?(?:稍等|等待|稍候|私信)",
        r"敬请等待",
        r"私信",
        r"反馈(?:给|至|到|您|你)",
        r"相关(?:部门|人员|同事)",
        r"尽快",
        r"后续",
        r"上报",
        r"跟进",
    ),
)
"""Said by an agent: the answer is put off, or the customer is sent elsewhere."""

FAREWELL = _any(
    (r"bye", r"good ?bye", r"see you", r"good night", r"have a (?:nice|good|great) (?:day|one|evening)"),
    (r"再见", r"拜拜", r"晚安", r"回见"),
)

QUESTION = re.compile(
    r"[?？]|吗[。!！]?$|呢[。!！]?$|怎么|什么|哪[里儿个]|多少|几点|为何|是否|能不能|可不可以|有没有"
    r"|^(?:what|where|when|why|who|how|which|is|are|do|does|did|can|could|will|would|has|have)\b",
    re.IGNORECASE,
)


def says(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the turn says it, anywhere."""
    return pattern.search(text) is not None
