"""Places in a JSON text: the line on which the value at a path stands, for people who edit files by hand."""

import json
import re
from collections.abc import Sequence

Step = str | int
"""The key of an object's member, or the index of an array's."""

_SPACE = re.compile(r"[ \t\r\n]*")
_STEP = re.compile(r"\[(\d+|\.\.\.)\]|\.([^.\[]+)")
_TOKEN = re.compile(r'[{}\[\],]|"(?:[^"\\]|\\.)*+"(?P<colon>[ \t\r\n]*:)?')
"""What the structure of a JSON text shows in; strings that name members take in their colon."""

_DECODER = json.JSONDecoder(parse_int=str)  # whatever their length


def steps_of(path: str) -> list[Step | None]:
    """The steps of a path as msgspec writes it, without its `$`; None for `[...]`, a key it does not name."""
    found: list[Step | None] = []
    for index, key in _STEP.findall(path):
        found.append(key or (None if index == "..." else int(index)))
    return found


def written(path: Sequence[Step]) -> str:
    """The path as people write it: `nodes[3].params.scale`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).lstrip(".")


def value_at(tree: object, path: Sequence[Step]) -> object:
    """What stands at `path` in decoded JSON; None where there is no such place."""
    for step in path:
        if isinstance(tree, dict):
            tree = tree.get(step)
        elif isinstance(tree, list) and isinstance(step, int) and step < len(tree):
            tree = tree[step]
        else:
            return None
    return tree


def line_of(text: str, path: Sequence[Step]) -> int:
    """The line, from 1, on which the value at `path` starts, or what holds it where there is no such value.

    The text is well-formed JSON.
    """
    position = _skip(text, 0)
    for step in path:
        inner = _member(text, position, step)
        if inner is None:
            break
        position = inner
    return line_at(text, position)


def repeated(text: str) -> tuple[list[Step], int]:
    """The path and the position of the first member of an object whose name another one before it has.

    The text is well-formed JSON and has such a member.
    """
    path: list[Step] = []
    names: list[set[str]] = []
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{" | "[":
                path.append(0)
                names.append(set())
            case "}" | "]":
                path.pop()
                names.pop()
            case ",":
                here = path[-1]
                path[-1] = here + 1 if isinstance(here, int) else here
            case name if token["colon"]:
                path[-1] = json.loads(name[: token.start("colon") - token.start()])
                if path[-1] in names[-1]:
                    return path, token.start()
                names[-1].add(path[-1])
            case _:
                pass
    raise ValueError("no object has two members of one name")


def line_at(text: str, position: int) -> int:
    """The line, from 1, of a position in the text."""
    return text.count("\n", 0, position) + 1


def _skip(text: str, position: int) -> int:
    space = _SPACE.match(text, position)
    return space.end() if space else position


def _member(text: str, start: int, step: Step) -> int | None:
    """Where the member `step` of the object or array at `start` begins."""
    end = {"{": "}", "[": "]"}.get(text[start])
    position, index = _skip(text, start + 1), 0
    while end and text[position] != end:
        key: Step = index
        value = position
        if end == "}":
            key, after = _DECODER.raw_decode(text, position)
            value = _skip(text, _skip(text, after) + 1)
        if key == step:
            return value
        _, after = _DECODER.raw_decode(text, value)
        position = _skip(text, after)
        if text[position] == ",":
            position = _skip(text, position + 1)
        index += 1
    return None
