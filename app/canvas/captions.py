"""The words on nodes: titles, tags, the line of main params, chips. No Qt, so that they are the same everywhere."""

from html import escape

from msgspec import Struct

from engine.document.flow import Wire
from engine.document.graph import Graph, Input, Node, path_of
from engine.document.kinds import Catalogue, NodeKind, ParamValue, Role
from engine.document.scopes import Key
from engine.document.sources import UnsetSource, describe

TAGS: dict[Role, str] = {
    "residual": "RES",
    "passthrough": "PASS",
    "sum": "SUM",
    "parallel": "PAR",
    "distribute": "DIST",
    "concatenate": "CAT",
    "matmul": "MATMUL",
    "sample": "STEPS",
}
JOINS: dict[Role, str] = {"sum": "+", "residual": "+", "concatenate": "⧺", "matmul": "×"}
"""The mark where the wires of a frame meet."""

_SHORT = {"kernel_size": "k", "stride": "s", "padding": "p", "dilation": "d", "groups": "g", "start_dim": "from",
          "end_dim": "to"}  # fmt: skip
_LONGEST = 48
_LONGEST_NOTE = 1000


class Chip(Struct, frozen=True):
    """One key of a provider: what it is called in full, and shorter where room is scarce."""

    key: Key
    texts: tuple[str, ...]


def tag(node: Node, role: Role | None) -> str:
    """What a named frame does, in a few letters; a frame without a name already says it."""
    return TAGS.get(role, "") if role and node.name else ""


def details(node: Node, kind: NodeKind | None) -> str:
    """The second line of a leaf: what matters most about its params."""
    if kind is None:
        return "unknown kind"
    params = node.params
    if kind.role in ("use", "set"):
        context, key = params.get("context") or "?", params.get("key") or "?"
        return f"{context}.{key}"
    if kind.role == "lambda":
        return _cut(str(params.get("func", "")))
    parts: list[str] = []
    ins = [p.name for p in kind.params if p.name.startswith("in_")]
    outs = [p.name for p in kind.params if p.name.startswith("out_")]
    if len(ins) == len(outs) == 1:
        parts.append(f"{_text(params.get(ins[0]))} → {_text(params.get(outs[0]))}")
    for param in kind.params:
        value = params.get(param.name, param.default)
        if param.name in (*ins, *outs) or isinstance(value, bool):
            continue
        if value != param.default or len(parts) < 2:
            parts.append(f"{_SHORT.get(param.name, param.name)} {_text(value)}")
    for param in kind.params:
        value = params.get(param.name, param.default)
        if isinstance(value, bool) and value != param.default:
            parts.append(param.name if value else f"no {param.name.removeprefix('use_')}")
    return _cut(", ".join(parts))


def lines(node: Node, kind: NodeKind | None, two: bool) -> tuple[str, ...]:
    """What a leaf says: its title and its main params; of a function or a context leaf, the latter if only one fits."""
    second = details(node, kind)
    if two:
        return (node.title, second) if second else (node.title,)
    return (second if second and not node.name and kind and kind.role in ("lambda", "use", "set") else node.title,)


def contents(graph: Graph, frame: str) -> str:
    """What a frame holds, in a line: its children's titles, neighbours of one title counted."""
    runs: list[tuple[str, int]] = []
    for child in graph.children[frame][:12]:
        title = graph.nodes[child].title
        if runs and runs[-1][0] == title:
            runs[-1] = (title, runs[-1][1] + 1)
        else:
            runs.append((title, 1))
    words = [title if count == 1 else f"{count} {title}" for title, count in runs]
    return ", ".join(words[:3]) + (" …" if len(words) > 3 or len(graph.children[frame]) > 12 else "")


def plate(graph: Graph, catalogue: Catalogue, frame: str) -> str:
    """The title of a closed frame. A nameless Chain says little: the first named frame in it, or what it holds."""
    node = graph.nodes[frame]
    kind = catalogue.get(node.kind)
    if node.name or (kind and kind.role != "chain") or not graph.children[frame]:
        return node.title
    for count, inner in enumerate(graph.walk(frame)):
        if graph.nodes[inner].name and graph.is_frame(inner):
            return graph.nodes[inner].name + " …"
        if count > 40:
            break
    return contents(graph, frame)


def inside(graph: Graph, catalogue: Catalogue, frame: str) -> str:
    """The second line of a closed frame: what it holds, unless its title says that."""
    held = contents(graph, frame) or "empty"
    return held if plate(graph, catalogue, frame) != held else "Chain"


def chips(node: Node) -> list[Chip]:
    """The keys that a provider declares."""
    found: list[Chip] = []
    for context, entries in node.contexts.items():
        for key, source in entries.items():
            name = f"{context}.{key}"
            value = "" if isinstance(source, UnsetSource) else _cut(describe(source), 28)
            texts = (f"{name} = {value}", name, key) if value else (name, key)
            found.append(Chip(Key(node.id, context, key), texts))
    return found


def pill(entry: Input) -> str:
    """A root input and where its value comes from."""
    return f"{entry.name} = {_cut(describe(entry.source), 34)}"


def shape(values: tuple[str, ...]) -> str:
    """Shapes as short as they can be said: "3×64×64" for "float32 (3, 64, 64)"; several values are a tuple."""
    return ", ".join(_short(v) for v in values)


def _short(value: str) -> str:
    kind, bracket, sizes = value.partition(" (")
    if not bracket or not sizes.endswith(")"):
        return value
    return "×".join(s.strip() for s in sizes[:-1].split(",") if s.strip()) or kind


def _text(value: ParamValue) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return "×".join(_text(v) for v in value)
    return "–" if value is None else str(value)


def _cut(text: str, longest: int = _LONGEST) -> str:
    text = " ".join(text.split())
    return text if len(text) <= longest else text[: longest - 1] + "…"


def tip(
    graph: Graph,
    catalogue: Catalogue,
    node: str,
    receives: tuple[str, ...],
    returns: tuple[str, ...],
    troubles: list[str],
    notes: list[str],
) -> str:
    """A node's tooltip: where it is, what it does, what goes in and out, what else is known, what is wrong."""
    found = graph.nodes[node]
    kind = catalogue.get(found.kind)
    lines = [f"<b>{escape(path_of(graph, node) or found.title)}</b>"]
    if kind is None:
        lines.append(f"unknown kind {escape(found.kind)}: kept as it is, but it can't run")
    else:
        lines.append(escape(kind.doc.partition(". ")[0].rstrip(".")))  # the inspector has all of it
    if note := graph.view(node).note:
        lines.append(f"<i>{escape(_cut(note, _LONGEST_NOTE))}</i>")
    if found.mode:
        lines.append("bypassed: it passes its input on" if found.mode == "bypass" else "muted: as if it were not there")
    if receives:
        lines.append(f"receives {escape(', '.join(receives))}")
    if returns:
        lines.append(f"returns {escape(', '.join(returns))}")
    lines += map(escape, notes)
    lines += [f"<b>!</b> {escape(trouble)}" for trouble in troubles]
    return "<p style='margin:0'>" + "<br>".join(lines) + "</p>"


def wire_tip(graph: Graph, wire: Wire, carries: tuple[str, ...]) -> str:
    """The tooltip of a wire: from where to where, and what was on it."""
    names = [path_of(graph, node).rpartition(".")[2] or graph.nodes[node].title for node, _ in (wire.start, wire.end)]
    return "<br>".join([f"<b>{' → '.join(map(escape, names))}</b>", *map(escape, carries)])


def adapter_tip(name: str) -> str:
    """The tooltip of an adapter's sign."""
    return f"<b>{escape(name)}</b> is at this node<br>Click shows it in the Adapters panel"


def chip_tip(graph: Graph, key: Key) -> str:
    """A chip's tooltip: the key and the value it starts with."""
    source = graph.nodes[key.provider].contexts.get(key.context, {}).get(key.key)
    value = describe(source) if source is not None else "unset"
    return f"<b>{escape(key.label)}</b><br>starts as {escape(value)}"
