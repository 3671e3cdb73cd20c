"""Keys: what a weights file calls the tensors of a node.

A frame that names a file is the owner of all below it that names none itself. A node's key in that file is its own
`key` where it has one, else that of its frame and its Fluxion name; the owner's own key is the prefix where it starts.
"""

from msgspec import Struct

from engine.document.graph import Graph, paths, unique_names


class Origin(Struct, frozen=True):
    """Where a leaf's weights come from: the node that names the file, and the leaf's key in it."""

    owner: str
    key: str


def sources_of(graph: Graph) -> dict[str, Origin]:
    """The origin of every leaf that runs and stands under a weights file, in the order of running.

    The tensors of a leaf with the key "Down.Linear" are called "Down.Linear.weight"; with an empty key, "weight". Of
    leaves that share their weights each has an origin: the first whose tensors the file has counts.
    """
    return {node: origin for node, origin in origins_of(graph).items() if not graph.is_frame(node)}


def renamed(graph: Graph) -> list[tuple[str, str]]:
    """Path and key of the nodes that their file calls by another name, in the order of running.

    What is below such a node is called after it.
    """
    path_of, named = paths(graph), graph.nodes
    return [
        (path_of[node], found.key)
        for node, found in origins_of(graph).items()
        if found.owner != node and named[node].key
    ]


def below_key(prefix: str, name: str) -> str:
    """The key of what is called `name` below a prefix."""
    return f"{prefix}.{name}" if prefix and name else prefix or name


def names_below(graph: Graph, frame: str) -> dict[str, str]:
    """The Fluxion names of the children of a frame; a leaf has none."""
    run = graph.children.get(frame, [])
    return dict(zip(run, unique_names([graph.nodes[child].title for child in run]), strict=True))


def origins_of(graph: Graph) -> dict[str, Origin]:
    """The origin of every node that runs and stands under a weights file, frames included."""
    found: dict[str, Origin] = {}
    names: dict[str, str] = {}
    for node in graph.walk():
        held = graph.nodes[node]
        above = found.get(graph.parents.get(node, ""))
        if held.weights:
            found[node] = Origin(node, held.key)
        elif above:
            found[node] = Origin(above.owner, held.key or below_key(above.key, names[node]))
        names.update(names_below(graph, node))
    return found
