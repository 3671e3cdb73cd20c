"""Which provider a context resolves to, and who writes and reads each key."""

import pytest

from engine.document.edits import Insert, apply
from engine.document.graph import CANVAS, Contexts, Graph, Node, Place, Tree
from engine.document.scopes import Access, Key, Links, access, accesses, keys, links, provider_of, role_of
from engine.document.sources import NumberSource, UnsetSource
from nodes import CATALOGUE


def frame(id: str, *children: Tree, contexts: Contexts | None = None) -> Tree:
    return Tree(Node(id, "Chain", contexts=contexts or {}), None, children)


def leaf(id: str, kind: str, context: object = "c", key: object = "k") -> Tree:
    return Tree(Node(id, kind, params={"context": context, "key": key}))  # pyright: ignore[reportArgumentType]


@pytest.fixture
def graph() -> Graph:
    """Two providers of `c`, the inner one hiding the outer; `d` is declared outside only."""
    found = Graph(Node("root", "Chain", contexts={"c": {"k": NumberSource(1)}, "d": {}}))
    inner = frame(
        "inner",
        leaf("read", "UseContext"),
        frame("deep", leaf("write", "SetContext"), leaf("outer write", "SetContext", "d", "made")),
        contexts={"c": {"k": UnsetSource(), "unused": UnsetSource()}},
    )
    children = (leaf("first", "SetContext"), inner, leaf("last", "UseContext"), leaf("lost", "UseContext", "e"))
    apply(found, Insert(Place("root", 0), children))
    apply(found, Insert(Place("inner", 0, 0, new=True), (leaf("parked", "UseContext"),)))
    return found


def test_the_nearest_provider_counts(graph):
    assert provider_of(graph, "write", "c") == "inner"
    assert provider_of(graph, "write", "d") == "root"
    assert provider_of(graph, "last", "c") == "root"
    assert provider_of(graph, "lost", "e") is None
    assert provider_of(graph, "inner", "c") == "root", "a provider is not inside itself"


def test_what_a_leaf_reaches(graph):
    assert access(graph, CATALOGUE, "write") == Access("write", "set", Key("inner", "c", "k"), "c", "k")
    assert access(graph, CATALOGUE, "lost") == Access("lost", "use", None, "e", "k")
    assert access(graph, CATALOGUE, "parked") == Access("parked", "use", Key("inner", "c", "k"), "c", "k")
    assert access(graph, CATALOGUE, "inner") is None


@pytest.mark.parametrize(("context", "key"), [("", "k"), ("c", ""), (3, "k"), ("c", None), (["c"], "k")])
def test_a_leaf_that_names_nothing_reaches_nothing(graph, context, key):
    apply(graph, Insert(Place("root", 0), (leaf("odd", "UseContext", context, key),)))
    assert access(graph, CATALOGUE, "odd") is None


def test_links_of_each_key_in_order_of_running(graph):
    assert links(graph, CATALOGUE) == {
        Key("root", "c", "k"): Links(["first"], ["last"]),
        Key("inner", "c", "k"): Links(["write"], ["read"]),
        Key("inner", "c", "unused"): Links([], []),
        Key("root", "d", "made"): Links(["outer write"], []),
    }


def test_only_what_runs_counts(graph):
    assert [found.node for found in accesses(graph, CATALOGUE)] == [
        "first",
        "read",
        "write",
        "outer write",
        "last",
        "lost",
    ]
    parked = frame("far", contexts={"c": {"k": UnsetSource()}})
    apply(graph, Insert(Place(CANVAS, 0, 0, new=True), (parked,)))
    assert [key.label for key in keys(graph)] == ["c.k", "c.k", "c.unused"]


def test_unknown_kinds_have_no_role(graph):
    apply(graph, Insert(Place("root", 0), (leaf("odd", "Mystery"),)))
    assert role_of(graph, CATALOGUE, "odd") is None
    assert role_of(graph, CATALOGUE, "first") == "set"
    assert access(graph, CATALOGUE, "odd") is None
