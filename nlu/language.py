"""The language of one message: English, Chinese, both, another one, or not to be told.

Decided by script and by the commonest words, so that three characters are enough ("yes", "你好", "ja!"). A shop's
customers write English or Chinese: plain Latin text is English unless the words say otherwise. Codes, addresses of
e-mail and web, numbers and emoji say nothing of the language. It knows no models.
"""

from __future__ import annotations

import re
import unicodedata

from nlu.understanding import Language

_NOT_WORDS = re.compile(r"\S+@\S+|https?://\S+|www\.\S+|\b(?=[\w-]*\d)[A-Za-z0-9_-]+\b")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f々〇]")
_KANA_OR_HANGUL = re.compile(r"[\u3041-\u30ff\uac00-\ud7af\u1100-\u11ff]")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+(?:['’][A-Za-z]+)*")

_ENGLISH_WORDS = """
    a about after all am an and any are as at back be been broken but by bye can cancel can't could customer
    damn day delivery did didn't do does don't email for from get give go good got great had has have hello help
    here hey hi how human i i'd i'll i'm i've if in is isn't it it's item just know last like long make me money
    more much my need never new no nope not now number of off ok okay on one open or order out over package
    parcel pay payment people phone please product rating really refund return say send service shipping should
    sir so some someone something stop sure talk thank thanks that the them then there they this ticket time to
    today tomorrow track up us very want was we well what what's when where where's which who why will with
    won't would wrong yeah yep yes yet you your
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
# Words common in another language and not in English: function words, greetings, yes and no.
_OTHER_WORDS = """
    hola gracias buenos buenas dias adios si sí donde dónde está esta estoy mi mis pedido el la los las una unos
    por para porque quiero puedo como cómo cuando cuándo qué que con pero muy bien ayuda necesito tengo es del
    al mañana bonjour salut merci oui non où est ma mon mes commande le les des du je vous nous suis veux
    voudrais avec pour pas dans très quand comment pourquoi quel quelle c'est j'ai s'il aide au revoir hallo
    guten tag danke bitte ja nein wo ist mein meine meinen bestellung der das den dem und ich sie wir ein eine
    einen möchte kann mit für auf nicht wann wie warum wer hilfe tschüss ciao grazie sì dove il lo gli ordine
    sono vorrei posso della di perché quando buongiorno arrivederci prego aiuto olá obrigado obrigada não sim
    onde meu minha eu você com quero bom dia ajuda tchau hoi dank nee waar mijn bestelling het een ik wil niet
    met voor wanneer hoe waarom merhaba teşekkürler evet hayır nerede siparişim selam tak nej hej tack var min
    dziękuję nie gdzie moje cześć halo terima kasih ya tidak dimana pesanan saya xin chào cảm ơn
"""
_OTHER = frozenset(_OTHER_WORDS.split())

_MIXED_SHARE = 0.25
"""English words against Chinese characters above which Chinese with a brand name in it becomes a mixed message."""


def detect(text: str) -> Language:
    """``en``, ``zh``, ``mixed`` (both, in earnest), ``other``, or ``und`` where nothing tells."""
    plain = _NOT_WORDS.sub(" ", text)
    han = len(_HAN.findall(plain))
    words = [word.casefold().replace("’", "'") for word in _LATIN_WORD.findall(plain)]
    if len(_KANA_OR_HANGUL.findall(plain)) * 4 > han or _foreign_letters(plain) > han + sum(map(len, words)):
        return "other"
    if han:
        english = sum(len(word) > 1 for word in words)
        return "mixed" if english >= 2 and english >= _MIXED_SHARE * han else "zh"
    return _latin(words) if words else "und"


def _foreign_letters(text: str) -> int:
    """Letters of neither script that a shop here reads: Cyrillic, Arabic, Thai …"""
    if text.isascii():
        return 0
    return sum(
        unicodedata.category(character) in {"Lo", "Ll", "Lu"}
        and not _HAN.match(character)
        and not _LATIN_WORD.match(character)
        for character in text
    )


def _latin(words: list[str]) -> Language:
    english = sum(word in _ENGLISH for word in words)
    other = sum(word in _OTHER or not word.isascii() for word in words)
    return "other" if other > english else "en"
