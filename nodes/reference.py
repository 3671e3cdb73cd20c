"""The reference page: every kind of a catalogue in Markdown, from its declaration alone."""

from collections.abc import Iterator

from engine.document.kinds import Catalogue, NodeKind, Param, ParamValue

INTRODUCTION = """\
# Node kinds

Every kind of node in Catenary, as declared in `nodes/`. In shapes, N is the batch, C channels, D depth, H height and W
width of pictures or volumes in pixels, L and S lengths of sequences; "..." is any number of dimensions. Several
arguments, and several values returned, travel one wire as a tuple.

This page is generated; after changing a declaration, run `python -m nodes > docs/kinds.md`.
"""


def page(catalogue: Catalogue) -> str:
    """The whole page, by category in the order of the catalogue."""
    categories: dict[str, list[NodeKind]] = {}
    for kind in catalogue.values():
        categories.setdefault(kind.category, []).append(kind)
    contents = [
        f"- [{category}](#{category.lower().replace(' ', '-')}): {', '.join(kind.name for kind in kinds)}"
        for category, kinds in categories.items()
    ]
    sections = [line for category, kinds in categories.items() for line in _section(category, kinds)]
    return "\n".join([INTRODUCTION, *contents, *sections]) + "\n"


def _section(category: str, kinds: list[NodeKind]) -> Iterator[str]:
    yield f"\n## {category}"
    for kind in kinds:
        yield f"\n### {kind.name}\n\n{_plain(kind.doc)}\n"
        yield f"{f'Children: {_children(kind)}. ' if kind.is_frame else ''}From: {kind.source}."
        if kind.params:
            yield "\n| param | type | default | meaning |\n|---|---|---|---|"
            yield from map(_row, kind.params)


def _row(param: Param) -> str:
    live = " Live: read at every run." if param.live else ""
    return f"| `{param.name}` | {_type(param)} | {_value(param.default)} | {_plain(param.doc)}{live} |"


def _type(param: Param) -> str:
    if param.choices:
        return ", ".join(f"`{choice}`" for choice in param.choices)
    match param.low, param.high:
        case None, None:
            bounds = ""
        case low, None:
            bounds = f" ≥ {_bound(low)}"
        case None, high:
            bounds = f" ≤ {_bound(high)}"
        case low, high:
            bounds = f" from {_bound(low)} to {_bound(high)}"
    name = f"int or {param.length} ints" if param.length else param.type
    return f"{name}{bounds}{' or empty' if param.optional else ''}"


def _bound(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _value(value: ParamValue) -> str:
    match value:
        case None | "":
            return "empty"
        case bool():
            return str(value).lower()
        case list():
            return ", ".join(map(str, value))
        case int() | float():
            return str(value)
        case str():
            return f"`{value}`"


def _children(kind: NodeKind) -> str:
    least, most = kind.children
    if most is None:
        return f"{least} or more" if least else "any number"
    return str(least) if least == most else f"{least} to {most}"


def _plain(text: str) -> str:
    """Text in which Markdown finds nothing to do, but for code in backquotes."""
    parts = text.split("`")
    for i in range(0, len(parts), 2):
        for sign in "\\*_|<>[]":
            parts[i] = parts[i].replace(sign, f"\\{sign}")
    return "`".join(part.replace("|", "\\|") if i % 2 else part for i, part in enumerate(parts))
