"""Hypothesis strategies for documents: values, sources, trees, graphs and edits, legal and illegal."""

from collections.abc import Iterator
from itertools import count
from typing import Any, get_args

from hypothesis import strategies as st

from engine.document import edits
from engine.document.adapters import Adapter, Patch
from engine.document.document import new_graph
from engine.document.edits import Edit
from engine.document.graph import CANVAS, Graph, Input, Mode, Node, Place, Tree, View, Weights
from engine.document.kinds import Param
from engine.document.sources import (
    ImageSource,
    ListSource,
    LiteralSource,
    NoiseSource,
    NumberSource,
    TensorSource,
    TextSource,
    UnsetSource,
)
from nodes import CATALOGUE

NAMES = st.sampled_from(["", "Block", "Tête", "Chain", "Linear"])
KINDS = st.sampled_from([*sorted(CATALOGUE), "Mystery", "Конволюция"])
CONTEXTS = st.sampled_from(["unet", "my context", "clé"])
KEYS = st.sampled_from(["residuals", "my key", "k"])
TEXTS = st.text(max_size=8)
INTEGERS = st.integers(-(2**63), 2**63 - 1)
FLOATS = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from([2.0, -0.0, 1e300, 5e-324, 1e16])
SCALARS = st.none() | st.booleans() | INTEGERS | FLOATS | TEXTS
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=4)
UNSAVABLE: st.SearchStrategy[Any] = st.sampled_from(
    [float("nan"), float("inf"), 2**63, "\ud800", {"a": 1}, (1, 2), [[float("-inf")]]]
)
SOURCES = st.one_of(
    st.just(UnsetSource()),
    st.builds(NumberSource, st.booleans() | INTEGERS | FLOATS),
    st.builds(TextSource, TEXTS),
    st.builds(ListSource, st.lists(VALUES, max_size=3)),
    st.builds(ImageSource, TEXTS),
    st.builds(TensorSource, TEXTS, TEXTS),
    st.builds(LiteralSource, FLOATS | st.lists(INTEGERS, max_size=3), st.sampled_from(["float32", "int64", "bool"])),
    st.builds(NoiseSource, st.lists(st.integers(0, 8), max_size=4), INTEGERS),
)
PROVIDED = st.dictionaries(CONTEXTS, st.dictionaries(KEYS, SOURCES, max_size=2), max_size=2)
PARAMS = st.dictionaries(st.sampled_from(["scale", "context", "key", "func", "a b", "dim"]), VALUES, max_size=3)
LINKING = st.sampled_from(["UseContext", "SetContext"])
LINKED: st.SearchStrategy[dict[str, Any]] = PARAMS | st.fixed_dictionaries(
    {"context": CONTEXTS, "key": KEYS},
    optional={"callback": st.just("lambda held, x: held.append(x)"), "compose": st.just("lambda held: held.pop()")},
)
SELDOM = st.sampled_from([False] * 5 + [True] + [False] * 5)  # hypothesis prefers the ends
POSITIONS = st.none() | st.tuples(FLOATS, FLOATS)
WEIGHTS = st.none() | st.builds(Weights, st.text(min_size=1, max_size=8), st.sampled_from(["", "ab"]))
MODES = st.sampled_from(get_args(Mode))
VIEWS = st.builds(View, st.booleans(), TEXTS, st.sampled_from(["", "#ffaa00", "red"]), POSITIONS, st.booleans())
INPUTS = st.lists(
    st.builds(Input, st.sampled_from(["x", "y", "größe", "t"]), SOURCES), max_size=3, unique_by=lambda i: i.name
).map(tuple)


def ids(prefix: str = "n") -> Iterator[str]:
    """Fresh ids: n0, n1, ..."""
    return (f"{prefix}{number}" for number in count())


@st.composite
def trees(draw: st.DrawFn, fresh: Iterator[str], depth: int = 3) -> Tree:
    """A detached tree of at most this many levels; its ids come from `fresh`."""
    is_frame = depth > 1 and draw(st.booleans())
    kind = draw(KINDS if is_frame else KINDS | LINKING)
    params = draw(LINKED if kind in ("UseContext", "SetContext") else PARAMS)
    contexts, shared = (draw(PROVIDED), "") if is_frame else ({}, draw(st.sampled_from(["", "", "n0", "n1"])))
    weights, key = draw(st.none() | st.none() | WEIGHTS), draw(st.just("") | TEXTS)
    mode: Any = draw(st.just("") | MODES)
    node = Node(next(fresh), kind, draw(NAMES), params, contexts, shared, weights, key, mode)
    view = draw(st.none() | VIEWS)
    if not is_frame:
        return Tree(node, view)
    below = trees(fresh, depth - 1)
    children = tuple(draw(st.lists(below, max_size=3)))
    loose = draw(st.lists(st.lists(below, min_size=1, max_size=2).map(tuple), max_size=1))
    return Tree(node, view, children, tuple(loose))


DECLARED = st.lists(
    st.builds(
        Param,
        name=st.sampled_from(["scale", "rank", "clé"]),
        type=st.sampled_from(["float", "int", "text"]),
        default=SCALARS,
        doc=TEXTS,
        low=st.none() | FLOATS | st.integers(-3, 3),
        choices=st.lists(TEXTS, max_size=2).map(tuple),
        live=st.booleans(),
    ),
    max_size=2,
    unique_by=lambda param: param.name,
).map(tuple)


@st.composite
def adapters(draw: st.DrawFn, id: st.SearchStrategy[str]) -> Adapter:
    """An adapter of any sort; few could be applied."""
    fresh = ids("a")
    leaves = VIEWS.map(lambda view: Tree(Node(next(fresh), "Linear"), view))
    patches = st.builds(Patch, TEXTS, trees(fresh, 2) | leaves, st.sampled_from(["around", "inside", "instead"]))
    return draw(
        st.builds(
            Adapter,
            id,
            NAMES,
            st.lists(patches, max_size=2).map(tuple),
            DECLARED,
            st.dictionaries(st.sampled_from(["scale", "rank"]), VALUES, max_size=2),
            TEXTS,
            st.booleans(),
            WEIGHTS,
            TEXTS,
            TEXTS,
            TEXTS,
            st.dictionaries(st.sampled_from(["n0", "n1", "root", "gone"]), TEXTS, max_size=2),
        )
    )


STACK_IDS = st.sampled_from(["one", "two", "three"])
STACKS = st.lists(adapters(STACK_IDS), max_size=2, unique_by=lambda adapter: adapter.id).map(
    lambda stack: tuple(adapter for adapter in stack if adapter.name)
)


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """A graph of up to some thirty nodes, with parked segments, views, inputs, weights and adapters."""
    graph, fresh = new_graph(), ids()
    for run in draw(st.lists(st.lists(trees(fresh), min_size=1, max_size=3), min_size=1, max_size=2)):
        edits.apply(graph, edits.Insert(Place(graph.root, 0), tuple(run)))
    for run in draw(st.lists(st.lists(trees(fresh, 2), min_size=1, max_size=2), max_size=2)):
        edits.apply(graph, edits.Insert(Place(CANVAS, 0, 0, new=True), tuple(run)))
    edits.apply(graph, edits.SetContexts(graph.root, draw(PROVIDED)))
    edits.apply(graph, edits.SetInputs(draw(INPUTS)))
    edits.apply(graph, edits.SetWeights(graph.root, draw(WEIGHTS)))
    edits.apply(graph, edits.SetAdapters(draw(STACKS)))
    return graph


@st.composite
def places(draw: st.DrawFn, graph: Graph) -> Place:
    """A place in the graph, now and then one that does not exist."""
    if draw(SELDOM):
        frame = draw(st.sampled_from([*sorted(graph.nodes), CANVAS, "nobody"]))
        return Place(frame, draw(st.integers(-1, 3)), draw(st.none() | st.integers(-1, 2)), draw(st.booleans()))
    frame = draw(st.sampled_from([*sorted(graph.children), CANVAS]))
    segments = graph.segments(frame)
    if draw(st.integers(0, 3)) == 3:
        return Place(frame, 0, draw(st.integers(0, len(segments))), new=True)
    slots = [*([] if frame == CANVAS else [None]), *range(len(segments))]
    if not slots:
        return Place(frame, 0, 0, new=True)
    segment = draw(st.sampled_from(slots))
    slot = graph.children[frame] if segment is None else segments[segment]
    return Place(frame, draw(st.integers(0, len(slot))), segment)


@st.composite
def runs(draw: st.DrawFn, graph: Graph) -> tuple[str, ...]:
    """Neighbours, or now and then nodes that are none."""
    slots = [*graph.children.values(), *(segment for parked in graph.loose.values() for segment in parked)]
    filled = [slot for slot in slots if slot]
    if not filled or draw(SELDOM):
        return tuple(draw(st.lists(st.sampled_from([*sorted(graph.nodes), "nobody"]), max_size=3)))
    slot = draw(st.sampled_from(filled))
    start = draw(st.integers(0, len(slot) - 1))
    return tuple(slot[start : start + draw(st.integers(1, len(slot)))])


@st.composite
def edits_of(draw: st.DrawFn, graph: Graph, fresh: Iterator[str], depth: int = 2) -> Edit:
    """An edit of any sort; about half of them can be applied to the graph."""
    node = st.sampled_from([*sorted(graph.nodes), *sorted(graph.nodes), "nobody"])
    sort = draw(st.integers(0, 11 if depth else 10))
    if sort == 0:
        return edits.Insert(draw(places(graph)), tuple(draw(st.lists(trees(fresh), min_size=1, max_size=2))))
    if sort == 1:
        return edits.Remove(draw(runs(graph)))
    if sort in (2, 3):
        return edits.Move(draw(runs(graph)), draw(places(graph)))
    if sort == 4:
        value = draw(VALUES | VALUES | UNSAVABLE)
        return edits.SetParam(draw(node), draw(st.sampled_from(["scale", "dim"])), value, draw(st.booleans()))
    if sort == 5:
        return edits.SetName(draw(node), draw(NAMES | st.just("no name")))
    if sort == 6:
        return edits.SetContexts(draw(node), draw(PROVIDED | st.just({"": {}})))
    if sort == 7:
        folds = st.builds(edits.Fold, node, st.booleans()) | st.builds(edits.FoldRepeats, node, st.booleans())
        return draw(st.builds(edits.SetView, node, VIEWS) | folds)
    if sort == 8:
        inputs = INPUTS | INPUTS.map(lambda inputs: inputs * 2) | st.just((Input("", UnsetSource()),))
        return draw(st.builds(edits.SetInputs, inputs) | st.builds(edits.SetWeights, node, WEIGHTS))
    if sort == 9:
        modes = st.builds(edits.SetMode, node, MODES)
        own = st.builds(edits.SetKey, node, TEXTS) | modes
        return draw(own | st.builds(edits.SetShared, node, st.sampled_from(["", "n0", "n1"])))
    if sort == 10:
        values = st.builds(edits.SetAdapterParam, STACK_IDS, st.sampled_from(["scale", "odd"]), VALUES, st.booleans())
        return draw(values | st.builds(edits.SetAdapter, adapters(STACK_IDS)) | st.builds(edits.SetAdapters, STACKS))
    return edits.Batch(tuple(draw(st.lists(edits_of(graph, fresh, depth - 1), max_size=3))))
