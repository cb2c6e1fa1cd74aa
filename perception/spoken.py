"""The written form of what is spelled aloud: order and ticket numbers, phone numbers, e-mail addresses.

"where is my order a one zero two four" becomes "where is my order A1024", "A幺零二四" becomes "A1024". Pure text
to text, in English and Chinese. It is conservative: a letter and digits are joined only where the result has the form
of an order or ticket number, and everything it does not understand stays as it was heard.
"""

from __future__ import annotations

import re

from perception.spoken_numbers import Token, chinese_digits, is_number_word, number_run, tokens_of

ORDER_NUMBER = r"A\d{4,8}"
"""Default form of an order number, in its normal form: capital letters and digits without space or hyphen."""
_TICKET_NUMBER = r"T\d{4,8}"

_MAX_PREFIX = 4
_PHONE_DIGITS = range(7, 16)
_SPELLED_DIGITS = 4
"""So many single digits in a row are a number being spelled, not counting."""
_THINGS_COUNTED = re.compile(
    r"(dollar|euro|pound|cent|day|week|month|year|hour|minute|item|piece|inche|kilo|gram|watt|volt)s?|yuan|percent|inch"
)
_LEADS = re.compile(r"order|number|it's|is|its|ticket|parcel|package|invoice|that's|for|about|yes|on")
_LETTER_NAMES = {"alpha": "a", "ay": "a", "tee": "t"}


def written_form(text: str, *, order_number_pattern: str = ORDER_NUMBER) -> str:
    """``text`` with spelled numbers and addresses written as one would type them."""
    text = _emails(text)
    text = _chinese(text, order_number_pattern)
    return _english(text, order_number_pattern)


# --- English ---------------------------------------------------------------------------------------------------------


def _english(text: str, order_number_pattern: str) -> str:
    addresses = [match.span() for match in re.finditer(r"\S+@\S+", text)]
    tokens = [token for token in tokens_of(text) if not any(start <= token.start < end for start, end in addresses)]
    out: list[str] = []
    written_to = 0
    at = 0
    while at < len(tokens):
        found = _spelled_at(tokens, at, order_number_pattern)
        if found is None:
            at += 1
            continue
        written, at_next = found
        out += [text[written_to : tokens[at].start], written]
        written_to, at = tokens[at_next - 1].end, at_next
    spelled = "".join([*out, text[written_to:]])
    return re.sub(r"\b([A-Za-z])\.(?= [a-z])", r"\1", spelled)  # the recogniser's "a." for the letter by itself


def _spelled_at(tokens: list[Token], at: int, order_number_pattern: str) -> tuple[str, int] | None:
    """What is spelled from token ``at`` on, and the token after it."""
    numbered = _prefixed_number(tokens, at, order_number_pattern)
    if numbered is not None:
        return numbered
    if at > 0 and tokens[at - 1].is_number and tokens[at].is_number:
        return None  # the middle of a run that was not taken as a whole
    return _bare_digits(tokens, at)


def _prefixed_number(tokens: list[Token], at: int, order_number_pattern: str) -> tuple[str, int] | None:
    letters = ""
    first_digit = at
    while first_digit < len(tokens) and len(letters) < _MAX_PREFIX:
        letter = _letter(tokens[first_digit])
        if letter is None:
            break
        letters += letter
        first_digit += 1
    if not letters or first_digit == len(tokens):
        return None
    run = number_run(tokens, first_digit, homophones=True)
    if run is None or (run.next < len(tokens) and _THINGS_COUNTED.fullmatch(tokens[run.next].word)):
        return None
    led = at > 0 and _LEADS.fullmatch(tokens[at - 1].word) is not None
    if (run.has_magnitude or run.counted <= 1) and not led and tokens[at].word == "a":
        return None  # "a two thousand five hundred watt kettle"
    joined = letters.upper() + run.digits
    if re.fullmatch(order_number_pattern, joined):
        return joined, run.next
    if re.fullmatch(_TICKET_NUMBER, joined):
        return f"T-{run.digits}", run.next
    return None


def _letter(token: Token) -> str | None:
    if token.is_number:
        return None
    bare = token.word.rstrip(".")
    return bare if len(bare) == 1 and bare.isalpha() else _LETTER_NAMES.get(bare)


def _bare_digits(tokens: list[Token], at: int) -> tuple[str, int] | None:
    """A phone number, or four and more single digits: a number without its letter."""
    plus = tokens[at].word in ("plus", "+")
    first = at + 1 if plus else at
    if first >= len(tokens) or not is_number_word(tokens[first].word):
        return None
    run = number_run(tokens, first, homophones=False)
    if run is None or run.has_magnitude or run.counted < 2:
        return None
    if len(run.digits) in _PHONE_DIGITS and (plus or run.singles >= run.counted - 2):
        return ("+" if plus else "") + run.digits, run.next
    if not plus and run.singles == run.counted and run.singles >= _SPELLED_DIGITS:
        return run.digits, run.next
    return None


# --- Chinese ---------------------------------------------------------------------------------------------------------

_ZH_DIGITS = "零〇一二三四五六七八九幺"
_ZH_RUN = re.compile(
    rf"(?P<letter>[A-Za-zＡ-Ｚａ-ｚ](?:[ \-]?)|[诶欸]\s?)?(?P<run>[{_ZH_DIGITS}](?:[ \-]?[{_ZH_DIGITS}0-9])*)"
    rf"(?![{_ZH_DIGITS}十百千万亿两])"
)
_ZH_MAGNITUDE = re.compile(rf"(?P<letter>[A-Za-zＡ-Ｚａ-ｚ]\s?)(?P<run>[{_ZH_DIGITS}十百千两]+)")
_ZH_IDIOMS = frozenset({"七七八八", "一一", "三三", "九九八一"})


def _chinese(text: str, order_number_pattern: str) -> str:
    if not re.search(f"[{_ZH_DIGITS}]", text):
        return text
    text = _ZH_MAGNITUDE.sub(lambda match: _zh_magnitude(match, order_number_pattern), text)
    return _ZH_RUN.sub(lambda match: _zh_run(match, order_number_pattern), text)


def _zh_magnitude(match: re.Match[str], order_number_pattern: str) -> str:
    if not re.search("[十百千]", match["run"]):
        return match[0]
    digits = chinese_digits(match["run"])
    return _named(match["letter"], digits, order_number_pattern) or match[0]


def _zh_run(match: re.Match[str], order_number_pattern: str) -> str:
    run = re.sub(r"[ \-]", "", match["run"])
    digits = chinese_digits(run)
    if match["letter"]:
        return _named(match["letter"], digits, order_number_pattern) or match[0]
    spelled = digits is not None and len(run) >= _SPELLED_DIGITS and run not in _ZH_IDIOMS
    return digits if spelled and digits is not None else match[0]


def _named(letter: str, digits: str | None, order_number_pattern: str) -> str | None:
    """The number with its letter, where that is an order or ticket number. 诶 and 欸 are how A is said."""
    if digits is None:
        return None
    heard = letter.strip(" -")
    plain = "A" if heard in "诶欸" else chr((ord(heard) - 0xFEE0) if ord(heard) > 0x7F else ord(heard)).upper()
    if re.fullmatch(order_number_pattern, plain + digits):
        return plain + digits
    return f"T-{digits}" if re.fullmatch(_TICKET_NUMBER, plain + digits) else None


# --- e-mail addresses ------------------------------------------------------------------------------------------------

_AT = r"\s*(?:\bat\b|艾特|圈[aA]|@)\s*"
_DOT = r"\s*(?:\bdot\b|\bpoint\b|点)\s*"
_JOINT = r"(?:dot|underscore|dash|hyphen|点|下划线|减号|横杠)"
_EMAIL = re.compile(
    rf"(?P<local>[A-Za-z0-9.]+(?:\s+(?!at\b)(?:{_JOINT}\s+)?[A-Za-z0-9.]+){{0,12}}?){_AT}"
    rf"(?P<domain>[A-Za-z0-9]+(?:\s(?!dot\b|point\b)[A-Za-z0-9]+){{0,3}}?)"
    rf"(?P<rest>(?:{_DOT}(?:[a-z]\s[a-z](?:\s[a-z])?\b|[A-Za-z]{{2,24}}))+)",
    re.IGNORECASE,
)
_EMAIL_WORDS = frozenset({"email", "mail"})
_NO_DOMAINS = frozenset({"the", "a", "my", "your", "our", "this", "that"})
_JOINT_SIGNS = {
    "dot": ".", "点": ".", "underscore": "_", "下划线": "_", "dash": "-", "hyphen": "-", "减号": "-", "横杠": "-",
}  # fmt: skip


def _emails(text: str) -> str:
    return _EMAIL.sub(_email, text)


def _email(match: re.Match[str]) -> str:
    words = match["local"].split()
    kept = _start_of_local_part(words)
    domain = re.sub(r"\s", "", match["domain"])
    rest = re.sub(_DOT, ".", match["rest"])
    if domain.lower() in _NO_DOMAINS or kept == len(words):
        return match[0]
    before = "".join(word + " " for word in words[:kept])
    return f"{before}{_joined(words[kept:])}@{domain}{rest.replace(' ', '')}".replace("..", ".")


def _start_of_local_part(words: list[str]) -> int:
    """After "my e-mail is" all words belong to it; otherwise the last one, what is spelled, and what a sign ties."""
    lowered = [word.lower() for word in words]
    leads = [at for at, word in enumerate(lowered) if word in _EMAIL_WORDS]
    if leads:
        start = leads[-1] + 1
        while start < len(words) and lowered[start] in ("address", "is", "it's"):
            start += 1
        return start
    start = len(words) - 1
    while start > 0:
        tied = start >= 2 and lowered[start - 1] in _JOINT_SIGNS
        spelled = len(lowered[start - 1].rstrip(".")) == 1 and len(lowered[start].rstrip(".")) == 1
        if not (tied or spelled or is_number_word(lowered[start])):
            break
        start -= 2 if tied else 1
    return start


def _joined(words: list[str]) -> str:
    pieces: list[str] = []
    tokens = tokens_of(" ".join(words))
    at = 0
    while at < len(tokens):
        run = number_run(tokens, at, homophones=False) if is_number_word(tokens[at].word) else None
        if run is not None:
            pieces.append(run.digits)
            at = run.next
            continue
        pieces.append(_JOINT_SIGNS.get(tokens[at].word, tokens[at].word.rstrip(".")))
        at += 1
    return "".join(pieces)
