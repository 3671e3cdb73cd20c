"""Selectors: which nodes of a graph, in a line of text.

    Linear                          kind or name; `*` and `?` are wildcards
    Linear, Conv2d                  either
    Linear in CrossAttention*       with such a frame somewhere around it
    Conv2d & out_channels >= 640    both; params compare by = != < <= > >=, and kind, name and path by = !=
    Linear & not in ResidualBlock   `not` before a word, a comparison, `in`, `by` or brackets
    UpBlocks.Chain_1.*              with a dot, the end of a path; `**` stands for any number of its parts
    #n0042                          the node with this id
    Linear by ControlNet            put there by the adapter of this name

Names and ids with other characters stand in double quotes. Nodes that adapters have put there are taken only by `by`
and by their ids, so what one adapter goes to does not depend on the others. `engine.document.selection` looks.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from engine.document.kinds import ParamValue

TOKEN = re.compile(r'\s*(?:(<=|>=|!=|[&,()=<>])|#(?:"([^"]*)"|([^\s&,()=<>!"]+))|"([^"]*)"|([^\s&,()=<>!"#]+)|(\S))')
ORDERS = ("<", "<=", ">", ">=")
COMPARISONS = ("=", "!=", *ORDERS)
ABOUT = ("kind", "name", "path")
"""What compares although it is no param; as text, by = and != only."""
EXPECTED = "a kind, a name, a path, #id, a comparison, `in`, `by`, `not` or ("
CONSTANTS: dict[str, ParamValue] = {"true": True, "false": False, "none": None}


class SelectorError(ValueError):
    """Text that is no selector; the message says what stands where, and what was expected."""


class Word(Struct, frozen=True):
    """A kind, a name, or with a dot the end of a path."""

    pattern: str


class Id(Struct, frozen=True):
    """The node with this id."""

    node: str


class By(Struct, frozen=True):
    """Put there by an adapter of this name."""

    pattern: str


class Compare(Struct, frozen=True):
    """With a param, or one of ABOUT, that compares so."""

    name: str
    operator: str
    value: ParamValue


class In(Struct, frozen=True):
    """Somewhere inside such a frame."""

    frame: "Test"


class Not(Struct, frozen=True):
    """All but these."""

    test: "Test"


class Both(Struct, frozen=True):
    """What passes each test."""

    tests: tuple["Test", ...]


class Either(Struct, frozen=True):
    """What passes any of the tests."""

    tests: tuple["Test", ...]


Test = Word | Id | By | Compare | In | Not | Both | Either


@lru_cache(maxsize=512)
def parse(selector: str) -> Either:
    """The clauses of a selector. Raises SelectorError."""
    return _Parser(selector).whole()


def compared(selector: str) -> set[str]:
    """The names of the params that a selector looks at. Raises SelectorError."""
    return {part.name for part in parts(parse(selector)) if isinstance(part, Compare)} - set(ABOUT)


def ids_in(selector: str) -> list[str]:
    """The ids that a selector names, in its order; it need not read well."""
    return [plain or quoted for _, quoted, plain, *_ in TOKEN.findall(selector) if plain or quoted]


def parts(test: Test) -> Iterator[Test]:
    """The test and all within it."""
    yield test
    match test:
        case Both(tests) | Either(tests):
            for each in tests:
                yield from parts(each)
        case In(inner) | Not(inner):
            yield from parts(inner)
        case _:
            pass


class _Token(Struct, frozen=True):
    sort: str  # "sign", "id", "quoted", "word", "stray", "end"
    text: str
    start: int


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[_Token] = []
        for found in TOKEN.finditer(text):
            sign, quoted_id, plain_id, quoted, word, stray = found.groups()
            start = found.end() - len(found.group().lstrip())
            if sign is not None:
                self.tokens.append(_Token("sign", sign, start))
            elif quoted_id is not None or plain_id is not None:
                self.tokens.append(_Token("id", plain_id or quoted_id or "", start))
            elif quoted is not None:
                self.tokens.append(_Token("quoted", quoted, start))
            elif word is not None:
                self.tokens.append(_Token("word", word, start))
            else:
                self.tokens.append(_Token("stray", stray, start))
        self.tokens.append(_Token("end", "", len(text.rstrip())))
        self.at = 0

    def whole(self) -> Either:
        found = self.either()
        if self.token.sort != "end":
            raise self.error("`&`, `,`, `in` or `by`")
        return found

    @property
    def token(self) -> _Token:
        return self.tokens[self.at]

    def error(self, expected: str) -> SelectorError:
        stands = "the end" if self.token.sort == "end" else f"{self.text[self.token.start :].split()[0]!r}"
        place = f"{stands} (character {self.token.start + 1})"
        return SelectorError(f"{self.text!r}: at {place} there should be {expected}")

    def take(self, *texts: str, sort: str = "sign") -> str:
        """The next token's text where it is one of these, else nothing."""
        token = self.token
        if token.sort != sort or token.text not in texts:
            return ""
        self.at += 1
        return token.text

    def either(self) -> Either:
        clauses = [self.both()]
        while self.take(","):
            clauses.append(self.both())
        return Either(tuple(clauses))

    def both(self) -> Test:
        tests = [self.test()]
        while self.take("&") or (self.token.sort == "word" and self.token.text in ("in", "by")):
            tests.append(self.test())
        return tests[0] if len(tests) == 1 else Both(tuple(tests))

    def test(self) -> Test:
        if self.take("not", sort="word"):
            return Not(self.test())
        if self.take("in", sort="word"):
            frame = self.test()  # "in A in B": in an A that is in a B
            return In(Both((frame, self.test())) if self.token == _Token("word", "in", self.token.start) else frame)
        if self.take("by", sort="word"):
            return By(self.name("the name of an adapter"))
        if self.take("("):
            inner = self.either()
            if not self.take(")"):
                raise self.error("`)`")
            return inner
        if self.token.sort == "id":
            self.at += 1
            return Id(self.tokens[self.at - 1].text)
        name = self.name(EXPECTED)
        if operator := self.take(*COMPARISONS):
            return self.compare(name, operator)
        return Word(name)

    def name(self, expected: str) -> str:
        if self.token.sort not in ("word", "quoted") or not self.token.text:
            raise self.error(expected)
        self.at += 1
        return self.tokens[self.at - 1].text

    def compare(self, name: str, operator: str) -> Compare:
        if name in ABOUT and operator in ORDERS:
            self.at -= 1
            raise self.error(f"= or !=, since {name} is text")
        quoted = self.token.sort == "quoted"
        text = self.name("a number, true, false, none or text")
        value = text if quoted or name in ABOUT else _value(text)
        if operator in ORDERS and (isinstance(value, bool) or not isinstance(value, int | float)):
            self.at -= 1
            raise self.error("a number")
        return Compare(name, operator, value)


def _value(text: str) -> ParamValue:
    if text.lower() in CONSTANTS:
        return CONSTANTS[text.lower()]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text
