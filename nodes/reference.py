"""The reference pages: every kind of a catalogue, every adapter that comes along, in Markdown, from declarations."""

from collections.abc import Iterable, Iterator

from engine.document.adapters import Adapter
from engine.document.formulas import is_formula
from engine.document.graph import Tree, tree_nodes
from engine.document.kinds import Catalogue, NodeKind, Param, ParamValue
from engine.document.sources import ImageSource, NoiseSource, TensorSource
from engine.document.stack import given

INTRODUCTION = """\
# Node kinds

Every kind of node in Catenary, as declared in `nodes/`. In shapes, N is the batch, C channels, D depth, H height and W
width of pictures or volumes in pixels, L and S lengths of sequences; "..." is any number of dimensions. Several
arguments, and several values returned, travel one wire as a tuple.

This page is generated; after changing a declaration, run `python -m nodes > docs/kinds.md`.
"""

ADAPTERS = """\
# Adapters

The adapters that come along, as declared in `nodes/adapters/`: data, in which a hole (Target) stands for the node that
they go to, `=` starts a formula over their params and those of the target, and a selector says where they go. Weights
are looked for under the path of the target, then the path in the tree.

This page is generated; after changing an adapter, run `python -m nodes adapters > docs/adapters.md`.
"""
MOST_DRAWN = 20
"""Nodes of a tree that is shown as a whole."""


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


def adapters_page(adapters: Iterable[Adapter]) -> str:
    """The page of adapters, in their order."""
    listed = list(adapters)
    contents = [f"- [{each.name}](#{_anchor(each.name)})" for each in listed]
    shown: set[str] = set()
    return "\n".join([ADAPTERS, *contents, *(line for each in listed for line in _adapter(each, shown))]) + "\n"


def _adapter(adapter: Adapter, shown: set[str]) -> Iterator[str]:
    """The section of an adapter; trees that were `shown` before are left out."""
    yield f"\n## {adapter.name}\n\n{_plain(adapter.doc)}\n\nFrom: {adapter.source}."
    yield "\n| goes to | how | adds |\n|---|---|---|"
    for patch in adapter.patches:
        added = sum(tree.node.kind != "Target" for tree in tree_nodes(patch.tree))
        yield f"| `{patch.selector}` | {_HOW[patch.place]} | {added} node{'s' * (added != 1)} |"
    if sources := given(adapter):
        kinds = {ImageSource: "a picture", TensorSource: "a tensor from a file", NoiseSource: "a tensor"}
        wanted = [f"`{name}` ({kinds.get(type(source), 'a value')})" for name, source in sources.items()]
        yield f"\nIt is given {', '.join(wanted)}."
    if adapter.params:
        yield "\n| param | type | default | meaning |\n|---|---|---|---|"
        yield from map(_row, adapter.params)
    for patch in adapter.patches:
        drawing = "\n".join(_lines(patch.tree, 0))
        if len(list(tree_nodes(patch.tree))) <= MOST_DRAWN and drawing not in shown:
            shown.add(drawing)
            yield f"\n```\n{drawing}\n```"


_HOW = {"around": "stands around it", "inside": "goes inside it", "instead": "stands instead of it"}


def _lines(tree: Tree, depth: int) -> Iterator[str]:
    node = tree.node
    title = node.title if node.title == node.kind else f"{node.title} ({node.kind})"
    told = [f"{name} {value}" for name, value in node.params.items() if is_formula(value)]
    if "context" in node.params:
        told.insert(0, f"{node.params['context']}.{node.params['key']}")
    yield "    " * depth + title + (f": {', '.join(told)}" if told else "")
    for child in tree.children or ():
        yield from _lines(child, depth + 1)


def _anchor(name: str) -> str:
    return "".join(c for c in name.lower().replace(" ", "-") if c.isalnum() or c == "-")


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
