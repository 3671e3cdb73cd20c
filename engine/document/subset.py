"""The subset of Python that an expression may use: a `Checker` walks a syntax tree and refuses the rest, saying why."""

import ast
import builtins
import difflib
import keyword
import re
import warnings
from collections.abc import Container, Sequence
from itertools import pairwise

from engine.document import allowed

DEEPEST = 100
"""Levels of nesting; evaluation takes a few calls of Python's stack for each."""
SUBSET = "use arithmetic, comparisons, indexing, tuples, lists, `a if b else c`, and listed functions and methods"
# Short fields only: a width of a thousand million would fill the memory.
FORMAT_SPEC = re.compile(r"([<>=^]?[-+ ]?#?0?\d{0,3}[,_]?(\.\d{1,3})?[bcdeEfFgGnosxX%]?)")

REFERENCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


class ExpressionError(ValueError):
    """A source outside the subset, or one that cannot be evaluated; says which part, why, and what to write instead.

    `meant` has the names that a mistyped one may stand for, each with the source that has it instead.
    """

    def __init__(self, message: str, meant: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.meant = meant


def is_reference(text: str) -> bool:
    """Whether `text` names Python code of others, as "package.module:name", rather than being an expression."""
    text = text.strip()
    return REFERENCE.fullmatch(text) is not None and not any(map(keyword.iskeyword, re.split("[.:]", text)))


def quoted(text: str) -> str:
    """`text` on one line between backquotes, cut when long."""
    text = " ".join(text.split())
    return f"`{text if len(text) <= 60 else text[:57] + '...'}`"


def tree_of(text: str) -> ast.expr:
    """The syntax tree of one expression, unchecked. Raises ExpressionError for what is none."""
    if not text:
        raise ExpressionError("the source is empty; write an expression such as `x * 2`")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a doubtful escape in a text is no reason to write to the terminal
            return ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise _not_an_expression(text, error) from None
    except (MemoryError, RecursionError):
        raise ExpressionError(f"{quoted(text)}: the expression is nested too deeply") from None
    except ValueError as error:
        raise ExpressionError(f"{quoted(text)}: this is not text that Python can read ({error})") from None


def _not_an_expression(text: str, error: SyntaxError) -> ExpressionError:
    try:
        ast.parse(text)
    except (SyntaxError, MemoryError, RecursionError, ValueError):
        lines = text.split("\n")
        line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
        part = lines[line - 1][column - 1 :] if line <= len(lines) else ""
        return ExpressionError(f"{quoted(part or text)} ({_place(line, column)}): {error.msg}; {SUBSET}")
    return ExpressionError(f"{quoted(text)} (column 1): a statement cannot be used here, only an expression; {SUBSET}")


def _place(line: int, column: int) -> str:
    return f"column {column}" if line == 1 else f"line {line}, column {column}"


def listed(node: ast.expr, local: Container[str]) -> str | None:
    """The full name that `node` spells if it starts at a module or stands alone (`torch.nn.functional.relu` for
    `F.relu`); None for a value and for a name in `local`."""
    members: list[str] = []
    while isinstance(node, ast.Attribute):
        members.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id in local:
        return None
    if node.id in allowed.NAMESPACES:
        return ".".join([allowed.NAMESPACES[node.id], *reversed(members)])
    return None if members else node.id


def _near(name: str, candidates: frozenset[str]) -> list[str]:
    last = name.rpartition(".")[2]
    same = [candidate for candidate in sorted(candidates) if candidate.rpartition(".")[2] == last]
    if same or "." in name:
        return same[:3] or difflib.get_close_matches(name, sorted(candidates), 3)
    by_last = {candidate.rpartition(".")[2]: candidate for candidate in sorted(candidates, key=lambda c: (-len(c), c))}
    return [by_last[each] for each in difflib.get_close_matches(name, sorted(by_last), 3)]


class Checker:
    """Walks one source and refuses, by raising, what lies outside the subset."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.local: frozenset[str] = frozenset()
        self.called: set[str] = set()

    def refusal(
        self, node: ast.expr | ast.arg | ast.keyword, reason: str, meant: Sequence[str] = ()
    ) -> ExpressionError:
        part = ast.get_source_segment(self.text, node) or self.text
        start = self.text.split("\n")[node.lineno - 1].encode()[: node.col_offset]
        place = _place(node.lineno, len(start.decode(errors="ignore")) + 1)
        instead = tuple((name, self.with_name(node, name)) for name in meant)
        return ExpressionError(f"{quoted(part)} ({place}): {reason}", instead)

    def with_name(self, node: ast.expr | ast.arg | ast.keyword, name: str) -> str:
        """The source with `name` where a name or, of a value's member, its last part stands."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        lines = [line.encode() for line in self.text.split("\n")]
        after = sum(len(line) + 1 for line in lines[: node.end_lineno - 1]) + node.end_col_offset
        before = sum(len(line) + 1 for line in lines[: node.lineno - 1]) + node.col_offset
        if isinstance(node, ast.Attribute) and listed(node, self.local) is None:
            before = after - len(node.attr.encode())
        data = self.text.encode()
        return (data[:before] + name.encode() + data[after:]).decode()

    def signature(self, given: ast.arguments) -> tuple[str, ...]:
        if extra := [*given.kwonlyargs, *([given.kwarg] if given.kwarg else [])]:
            raise self.refusal(
                extra[0], "values travel by position, so a lambda takes no keyword-only and no ** arguments"
            )
        named = [*given.posonlyargs, *given.args]
        seen: set[str] = set()
        for argument in [*named, *([given.vararg] if given.vararg else [])]:
            if argument.arg in seen:
                raise self.refusal(argument, "two arguments have the same name")
            if argument.arg.startswith("__"):
                raise self.refusal(argument, "names that begin with two underscores are not allowed")
            seen.add(argument.arg)
        return (*(argument.arg for argument in named), *([f"*{given.vararg.arg}"] if given.vararg else []))

    def defaults(self, given: ast.arguments) -> tuple[object, ...]:
        for default in given.defaults:
            match default:
                case ast.Constant(value=bool() | int() | float() | str() | None):
                    pass
                case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float())):
                    pass
                case _:
                    raise self.refusal(default, "a default must be a number, a text, True, False or None")
        return tuple(ast.literal_eval(default) for default in given.defaults)

    def free_names(self, tree: ast.expr) -> tuple[str, ...]:
        names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
        free: dict[str, None] = {}
        for node in sorted(names, key=lambda node: (node.lineno, node.col_offset)):
            if node.id in allowed.NAMESPACES or node.id in allowed.BUILTINS:
                continue
            if node.id.startswith("__"):
                raise self.refusal(node, "names that begin with two underscores are not allowed")
            if hasattr(builtins, node.id):
                known = f"this built-in is not allowed, only {', '.join(sorted(allowed.BUILTINS))}"
                advice = f"for an argument of that name write `lambda {node.id}: ...`"
                raise self.refusal(node, f"{allowed.REASONS.get(node.id, known)}; {advice}")
            free[node.id] = None
        return tuple(free)

    def check(self, node: ast.expr, depth: int = 0) -> None:
        """Refuse what `node` or anything inside it may not be."""
        if depth > DEEPEST:
            raise self.refusal(node, f"the expression is nested more than {DEEPEST} deep")
        inner: Sequence[ast.expr] = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        match node:
            case ast.Constant():
                if isinstance(node.value, bytes):
                    raise self.refusal(node, "bytes are not allowed; write a text without the b")
            case ast.Name():
                if node.id not in self.local:
                    self.listed_value(node, listed(node, self.local) or node.id)
            case ast.Attribute():
                if name := listed(node, self.local):
                    self.listed_value(node, name)
                    inner = ()
                else:
                    self.member(node, allowed.ATTRIBUTES, "attributes")
            case ast.Call():
                inner = self.call(node)
            case ast.JoinedStr():
                inner = [self.field(part) for part in node.values if isinstance(part, ast.FormattedValue)]
            case ast.Compare():
                for kind, sides in zip(node.ops, pairwise(inner), strict=True):
                    nothing = any(isinstance(side, ast.Constant) and side.value is None for side in sides)
                    if isinstance(kind, ast.Is | ast.IsNot) and not nothing:
                        raise self.refusal(node, "`is` compares with None only; use == for values")
            case ast.Tuple() | ast.List() | ast.Starred() | ast.Subscript() | ast.Slice():
                pass
            case ast.UnaryOp() | ast.BinOp() | ast.BoolOp() | ast.IfExp():
                pass
            case _:
                refused = allowed.UNSUPPORTED.get(type(node), "this")
                raise self.refusal(node, f"{refused} is not allowed; {SUBSET}")
        for part in inner:
            self.check(part, depth + 1)

    def listed_value(self, node: ast.expr, name: str) -> None:
        """A name that is not an argument and not called: it must be a constant."""
        if name in allowed.FUNCTIONS:
            raise self.refusal(node, f"{name} is a function; call it, as in {name}(x)")
        if name in allowed.NAMESPACES.values():
            raise self.refusal(node, f"{name} is a module; name one of its members, such as math.pi or torch.relu")
        if name not in allowed.CONSTANTS:
            candidates = allowed.FUNCTIONS | allowed.CONSTANTS | self.local
            raise self.unlisted(node, name, candidates, "an argument or a listed name")

    def unlisted(self, node: ast.expr, name: str, candidates: frozenset[str], expected: str) -> ExpressionError:
        if any(part.startswith("_") for part in name.split(".")):
            return self.refusal(node, "names that begin with an underscore are not allowed")
        if name.endswith("_"):
            return self.refusal(node, f"what ends with an underscore works in place; use {name.rstrip('_')}")
        if known := allowed.REASONS.get(name):
            return self.refusal(node, f"{name} is not {expected}; {known}")
        return self.mistyped(node, f"{name} is not {expected}", _near(name, candidates))

    def mistyped(self, node: ast.expr, reason: str, near: list[str]) -> ExpressionError:
        advice = f"did you mean {' or '.join(near)}?" if near else SUBSET
        return self.refusal(node, f"{reason}; {advice}", near)

    def member(self, node: ast.Attribute, members: frozenset[str], what: str) -> None:
        """An attribute or method of a value."""
        if node.attr not in members:
            if node.attr in allowed.METHODS:
                raise self.refusal(node, f"{node.attr} is a method; call it, as in x.{node.attr}()")
            if node.attr in allowed.ATTRIBUTES:
                raise self.refusal(node, f"{node.attr} is not a method; leave out the parentheses")
            raise self.unlisted(node, node.attr, allowed.METHODS | allowed.ATTRIBUTES, f"one of the listed {what}")

    def call(self, node: ast.Call) -> list[ast.expr]:
        """Check what is called and the keywords; what remains to be checked comes back."""
        inner = [*node.args, *(keyword.value for keyword in node.keywords)]
        name = listed(node.func, self.local)
        if name in allowed.FUNCTIONS:
            self.called.add(name)
            if len(node.args) > (most := allowed.MOST_ARGUMENTS.get(name, len(node.args))):
                raise self.refusal(node.args[most], f"{name} takes {most} by position; the next works in place")
        elif name:
            raise self.unlisted(node.func, name, allowed.FUNCTIONS, "one of the listed functions")
        elif isinstance(node.func, ast.Attribute):
            self.member(node.func, allowed.METHODS, "methods")
            inner.insert(0, node.func.value)
        else:
            near = _near(node.func.id, allowed.FUNCTIONS) if isinstance(node.func, ast.Name) else []
            raise self.mistyped(node.func, "only listed functions and methods can be called", near)
        for given in node.keywords:
            if given.arg is None:
                raise self.refusal(given.value, "keywords must be written out, ** is not allowed")
            if given.arg in allowed.KEYWORDS_REFUSED or (name == "print" and given.arg not in ("sep", "end")):
                raise self.refusal(given, f"the keyword {given.arg} is not allowed here")
        return inner

    def field(self, part: ast.FormattedValue) -> ast.expr:
        if part.conversion != -1:
            raise self.refusal(part.value, "conversions such as !r and = are not allowed in an f-string")
        spec = format_spec(part)
        if spec is None or FORMAT_SPEC.fullmatch(spec) is None:
            raise self.refusal(part.value, "this format is not allowed; use a short one such as :>8 or :.3f")
        return part.value


def format_spec(part: ast.FormattedValue) -> str | None:
    """What follows the colon, without it; None if it is not a plain text."""
    match part.format_spec:
        case None:
            return ""
        case ast.JoinedStr(values=[ast.Constant(value=str(spec))]):
            return spec
    return None
