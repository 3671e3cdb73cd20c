"""The reference page of keys and gestures, in Markdown, from the table of commands and the guide of the canvas."""

from collections.abc import Iterable, Iterator, Sequence

from app.action import Action, name_of
from app.keymap import FIXED, defaults

INTRODUCTION = """\
# Keys and gestures

What mouse and keys do, and every command that has a key from the start. All other commands are in the menus and in
`Ctrl+Shift+P`. Help > Keys… (`F1`) lists all of them, and gives any of them other keys.

Keys belong to whoever has the focus: while a text field has it, they are typed. "Canvas" says that a key works while
the canvas has the focus, "canvas, preview" that the preview may have it as well; all others work in the whole window.

This page is generated; after changing a command or a gesture, run `python -m app keys > docs/keys.md`.
"""
WHERE = {"canvas": "canvas", "view": "canvas, preview", "window": ""}


def page(actions: Iterable[Action], gestures: Iterable[tuple[str, str]]) -> str:
    """The whole page: gestures first, then commands by menu."""
    parts = [INTRODUCTION, _table("On the canvas", ("To", "Do"), gestures)]
    menus: dict[str, list[Action]] = {}
    for action in actions:
        if action.keys:
            menus.setdefault(action.menu.partition("/")[0], []).append(action)
    for menu, having in menus.items():
        parts.append(_table(menu, ("Command", "Keys", "Where", "What it does"), map(_row, having)))
    fixed = ((f"`{key}`", meaning) for key, meaning in FIXED.items())
    parts.append(_table("Keys that no command can have", ("Key", "What it does"), fixed))
    return "\n".join(parts)


def _row(action: Action) -> Sequence[str]:
    inner = action.menu.partition("/")[2]
    name = " > ".join(filter(None, (inner.replace("/", " > "), name_of(action))))
    return name, ", ".join(f"`{key}`" for key in defaults(action)), WHERE[action.scope], action.tip


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(_lines(title, head, rows)) + "\n"


def _lines(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"## {title}\n"
    for cells in (head, ["---"] * len(head), *rows):
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
