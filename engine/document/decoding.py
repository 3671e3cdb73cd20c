"""What goes wrong while JSON is decoded, in words for people: the line, the path, the value, what was expected."""

import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import get_args

import msgspec

from engine.document.disk import BACKUP, FileError
from engine.document.kinds import unfit
from engine.document.places import Step, line_at, line_of, repeated, steps_of, value_at, written
from engine.document.sources import Source

TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}
"""The names msgspec gives the types of JSON, as the messages call them."""

SOURCES = sorted(str(source.__struct_config__.tag) for source in get_args(Source))
"""The `type` of each sort of source."""

BACKUP_TOO = f" or, if there is one, its previous version (its name ends in {BACKUP})"

BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Fault(ValueError):
    """Something wrong at a path of a file: `problem` says what, with what was expected.

    `position` in the text is given where the path does not tell it.
    """

    def __init__(self, path: Sequence[Step], problem: str, position: int | None = None) -> None:
        super().__init__(problem)
        self.path = path
        self.problem = problem
        self.position = position


@contextmanager
def reading(data: bytes, name: str) -> Iterator[None]:
    """Turns all that can go wrong while `data`, the content of the file `name`, is decoded into a FileError."""
    name = name or "the file"
    try:
        _check_text(data)
        _skim(data)
        with _explained(data):
            _check_keys(data)
            yield
    except Fault as fault:
        text = data.decode() if fault.path else ""
        line = line_of(text, fault.path) if fault.position is None else line_at(text, fault.position)
        place = f", line {line}, {written(fault.path)}" if fault.path else ""
        raise FileError(f"{name}{place}: {fault.problem}") from None
    except (msgspec.DecodeError, json.JSONDecodeError) as error:
        raise FileError(f"{name}, {_malformed(str(error), data)}") from None
    except RecursionError:
        raise FileError(f"{name}: its lists or objects nest too deep, so it is no graph file") from None


@contextmanager
def _explained(data: bytes) -> Iterator[None]:
    try:
        yield
    except msgspec.ValidationError as error:
        raise _fault(str(error), json.loads(data, parse_int=_number)) from None


def shown(value: object) -> str:
    """A value as it stands in the file, cut short."""
    text = "".join(islice(json.JSONEncoder(ensure_ascii=False).iterencode(value), 61))
    return text if len(text) <= 60 else text[:57] + "..."


def _check_text(data: bytes) -> None:
    if not data.strip():
        raise Fault((), f"is empty: open another file{BACKUP_TOO}")
    if data.startswith(BYTE_ORDER_MARKS) or b"\0" in data[:4]:
        raise Fault((), "is not plain UTF-8 (it starts as UTF-16 does, or with a byte-order mark): save it as UTF-8")
    try:
        data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Fault((), f"is not text (line {line} is not UTF-8), so it is no graph file") from None


class _Anything(msgspec.Struct):
    """Any object, of which nothing is kept."""


def _skim(data: bytes) -> None:
    """Refuse what is no JSON object, however large, before anything is made of it."""
    try:
        msgspec.json.decode(data, type=_Anything)
    except msgspec.ValidationError:
        text = data.strip().decode()
        raise Fault((), f"is {text if len(text) <= 60 else text[:57] + '...'}, but must be an object") from None


def _check_keys(data: bytes) -> None:
    """JSON decoders take the last of two members of the same name, and lose the first."""

    def check(pairs: list[tuple[str, object]]) -> dict[str, object]:
        members = dict(pairs)
        if len(members) < len(pairs):
            nonlocal twice
            twice = True
        return members

    twice = False
    try:
        json.loads(data, object_pairs_hook=check, parse_int=_number)
    except json.JSONDecodeError:
        msgspec.json.decode(data)  # says more about it
        raise
    if twice:
        path, position = repeated(data.decode())
        raise Fault(path, f"{shown(path[-1])} stands here for a second time: keep one of the two", position)


def _malformed(error: str, data: bytes) -> str:
    text = data.decode()
    at = re.search(r"^JSON is malformed: (.*) \(byte (\d+)\)$", error)
    if at is None:
        return f"line {line_at(text, len(text.rstrip()))}: the file ends in the middle: open another file{BACKUP_TOO}"
    position = len(data[: int(at[2])].decode(errors="ignore"))
    start = text.rfind("\n", 0, position) + 1
    line = line_at(text, position)
    if text.startswith(("<<<<<<<", "=======", ">>>>>>>"), start):
        return f"line {line}: two versions were merged, and a conflict is left: settle it first"
    if text.startswith(("NaN", "Infinity"), position):
        return f"line {line}: numbers must be finite: write one instead of NaN or Infinity"
    where = f"line {line}, column {position - start + 1}"
    return f"{where}: this is not JSON ({at[1]}): correct it, or open another file{BACKUP_TOO}"


def _fault(error: str, tree: object) -> Fault:
    """What msgspec found wrong with the decoded file, in our words."""
    what, _, path = error.partition(" - at `$")
    steps = _named(steps_of(path.rstrip("`")), tree)
    if field := re.fullmatch(r"Object contains unknown field `(.*)`", what):
        return Fault((*steps, field[1]), "no such field is known: remove it, or correct its spelling")
    if field := re.fullmatch(r"Object missing required field `(.*)`", what):
        return Fault(steps, f'"{field[1]}" is missing: add it')
    value = value_at(tree, steps)
    if expected := re.match(r"Expected `([^`]*)`(.*?)(, got .*)?$", what):
        types = expected[1].removeprefix("bool | int | ").split(" | ")
        names = " or ".join(TYPES.get(each, each) for each in types)
        return Fault(steps, f"is {shown(value)}, but must be {names}{expected[2]}")
    if what.startswith("Invalid value"):
        return Fault(steps, f"is {shown(value)}, but must be one of {', '.join(SOURCES)}")
    return Fault(steps, unfit(value) or f"is {shown(value)}: {what}")


def _named(steps: list[Step | None], tree: object) -> list[Step]:
    """The path with the keys that msgspec leaves out (`[...]`): the first at which something is amiss."""
    found: list[Step] = []
    for step in steps:
        if step is None:
            # By the place, since contexts and keys may be called anything: nodes, index, params or contexts, name, key.
            block = str(found[2]) if len(found) == 3 else ""
            wanted = {"params": object, "contexts": dict[str, Source]}.get(block, Source)
            entries = tree.items() if isinstance(tree, dict) else ()
            step = next((key for key, value in entries if _amiss(value, wanted)), None)
            if step is None:
                break
        found.append(step)
        tree = value_at(tree, [step])
    return found


def _amiss(value: object, wanted: object) -> bool:
    """Whether an entry of `params` or `contexts` is one that was refused."""
    try:
        json.dumps(value, allow_nan=False)  # refuses numbers out of range
        msgspec.convert(value, wanted)
    except ValueError:
        return True
    return False


def _number(digits: str) -> float:
    """Python itself refuses to read very long numbers."""
    return int(digits) if len(digits) < 400 else math.inf
