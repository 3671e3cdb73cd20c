"""What is done with the stack of a graph's adapters, as edits; and what is said of where they go."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import count
from pathlib import PurePath

from msgspec.structs import replace

from engine.document.adapters import Adapter
from engine.document.edits import Batch, Edit, SetAdapter, SetAdapters
from engine.document.expand import Expanded, home
from engine.document.graph import Graph, Tree, path_of, tree_nodes
from engine.document.selectors import ids_in
from engine.document.sources import ListSource, Source, UnsetSource


def adapter_of(graph: Graph, adapter: str) -> Adapter | None:
    """The adapter of the stack with this id."""
    return next((each for each in graph.adapters if each.id == adapter), None)


def apart(graph: Graph, adapter: Adapter, colours: Sequence[str] = ()) -> Adapter:
    """A copy for the stack of this graph: with an id and a name of its own, and a colour that is not taken yet."""
    ids, names = ({each.id for each in graph.adapters}, {each.name for each in graph.adapters})
    taken = Counter(each.colour for each in graph.adapters)
    colour = adapter.colour or min(colours, key=lambda each: taken[each], default="")
    return replace(
        adapter, id=_unused(adapter.id, "-", ids), name=_unused(adapter.name, " ", names), colour=colour, enabled=True
    )


def narrowed(graph: Graph, nodes: Iterable[str]) -> str:
    """The selector of these nodes and of all that is in them; of the root it is empty, for everywhere."""
    chosen = list(nodes)
    if graph.root in chosen:
        return ""
    return ", ".join(f"{'in ' if graph.is_frame(node) else ''}#{_quoted(node)}" for node in chosen)


def added(graph: Graph, adapter: Adapter, index: int | None = None) -> Edit:
    """Put an adapter into the stack, at its end by default."""
    at = len(graph.adapters) if index is None else index
    return SetAdapters((*graph.adapters[:at], adapter, *graph.adapters[at:]))


def removed(graph: Graph, adapter: str) -> Edit:
    """Take an adapter out of the stack."""
    return SetAdapters(tuple(each for each in graph.adapters if each.id != adapter))


def moved(graph: Graph, adapter: str, index: int) -> Edit:
    """Put an adapter elsewhere in the stack; the index counts without it."""
    found = [each for each in graph.adapters if each.id == adapter]
    rest = [each for each in graph.adapters if each.id != adapter]
    return SetAdapters((*rest[:index], *found, *rest[index:]))


def switched(graph: Graph, on: Collection[str]) -> Edit:
    """Enable these adapters, and no others."""
    return Batch(
        tuple(
            SetAdapter(replace(each, enabled=each.id in on))
            for each in graph.adapters
            if each.enabled != (each.id in on)
        )
    )


def enabled(graph: Graph) -> frozenset[str]:
    """The adapters that are in force."""
    return frozenset(each.id for each in graph.adapters if each.enabled)


def counted(expanded: Expanded, graph: Graph, nodes: Iterable[str]) -> str:
    """Targets in words: "12 Linear, 4 Conv2d"."""
    kinds: Counter[str] = Counter()
    for node in nodes:
        found = expanded.graph.nodes.get(node) or graph.nodes.get(home(expanded, node))
        kinds[found.title if found else "node"] += 1
    return ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())


def named_in(graph: Graph, selector: str) -> str:
    """The nodes that a selector names by their ids, as they are called: "#n106 is MiddleBlock"."""
    found = [node for node in dict.fromkeys(ids_in(selector)) if node in graph]
    return ", ".join(f"#{node} is {path_of(graph, node).rpartition('.')[2] or 'the graph'}" for node in found)


def initials(name: str) -> str:
    """A name in one or two letters, for where there is little room: "IP" for IP-Adapter, "L2" for LoRA 2."""
    words = [word for word in name.replace("-", " ").replace(",", " ").split() if word]
    if not words:
        return "?"
    if len(words[0]) > 1 and words[0].isupper():
        return words[0][:2] if len(words) == 1 or not words[-1].isdigit() else words[0][0] + words[-1]
    return (words[0][0] + (words[1][0] if len(words) > 1 else "")).upper()


def given(adapter: Adapter) -> dict[str, Source]:
    """The sources that an adapter brings along for others to set, by "context.key"."""
    return {
        f"{context}.{key}": source
        for patch in adapter.patches
        for tree in tree_nodes(patch.tree)
        for context, entries in tree.node.contexts.items()
        for key, source in entries.items()
        if not isinstance(source, UnsetSource | ListSource)
    }


def with_sources(adapter: Adapter, change: Callable[[str, Source], Source]) -> Adapter:
    """The adapter with other sources for what it declares; `change` is told "context.key" and the present source."""

    def changed(tree: Tree) -> Tree:
        contexts = {
            context: {key: change(f"{context}.{key}", source) for key, source in entries.items()}
            for context, entries in tree.node.contexts.items()
        }
        children = None if tree.children is None else tuple(map(changed, tree.children))
        node = tree.node if contexts == tree.node.contexts else replace(tree.node, contexts=contexts)
        return replace(tree, node=node, children=children)

    return replace(adapter, patches=tuple(replace(each, tree=changed(each.tree)) for each in adapter.patches))


def file_name(adapter: Adapter) -> str:
    """A good name for a file that holds the adapter alone."""
    kept = "".join(c if c.isalnum() or c in " -_" else "-" for c in adapter.name)
    return PurePath(kept.strip() or "adapter").name


def _unused(wanted: str, joint: str, taken: Collection[str]) -> str:
    return (
        wanted
        if wanted not in taken
        else next(name for number in count(2) if (name := f"{wanted}{joint}{number}") not in taken)
    )


def _quoted(node: str) -> str:
    return node if node.replace("_", "").replace("-", "").isalnum() else f'"{node}"'
