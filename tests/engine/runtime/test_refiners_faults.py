"""Three known faults of Refiners 0.4.0's contexts: each shown there, and then that ours is right."""

from typing import Any

import pytest
import refiners.fluxion.layers as fl

from engine.document import edits
from engine.document.document import new_graph, new_tree
from engine.document.graph import Graph, Input, Place, Tree
from engine.document.scopes import Key
from engine.document.sources import UnsetSource
from engine.runtime.lower import lower
from engine.runtime.outcome import RunError
from engine.runtime.program import Given, Program
from nodes import CATALOGUE


def graph_of(context: dict[str, Any], *kinds: tuple[str, dict[str, Any]] | Tree) -> Graph:
    """A root that provides context "c" with these keys, and its children."""
    graph = new_graph()
    edits.apply(graph, edits.SetContexts("root", {"c": dict.fromkeys(context, UnsetSource())}))
    edits.apply(graph, edits.SetInputs((Input("x", UnsetSource()),)))
    for index, kind in enumerate(kinds):
        tree = kind if isinstance(kind, Tree) else new_tree(graph, CATALOGUE, kind[0], **kind[1])
        edits.apply(graph, edits.Insert(Place("root", index), (tree,)))
    return graph


def run(program: Program, given: Given) -> Any:
    return program.run(given, lambda *_: None, lambda *_: None).result


def lowered(graph: Graph, given: Given) -> Program:
    return lower(graph, CATALOGUE, {}, given).program


USE, SET = {"context": "c", "key": "n", "compose": ""}, {"context": "c", "key": "n", "callback": ""}


class Provider(fl.Chain):
    """A Chain that declares `c.n`."""

    def init_context(self) -> dict[str, Any]:
        return {"c": {"n": 4.0}}


def test_an_error_leaves_no_stale_context_for_the_next_run() -> None:
    """Refiners resets at the end of `Chain.forward`, which an exception skips."""
    theirs = Provider(
        fl.Sum(fl.UseContext("c", "n"), fl.Lambda(lambda x: x)),
        fl.SetContext("c", "n"),
        fl.Lambda(lambda x: 1 / (x - 5)),
    )
    with pytest.raises(Exception, match="division by zero"):
        theirs(1.0)
    assert theirs(2.0) == 1 / (5 + 2 - 5)  # reads 5, left by the run that failed

    graph = graph_of(
        {"n": 4.0},
        sum_of(("UseContext", USE), ("Lambda", {"func": "lambda x: x"})),
        ("SetContext", SET),
        ("Lambda", {"func": "lambda x: 1 / (x - 5)"}),
    )
    context = {Key("root", "c", "n"): 4.0}
    program = lowered(graph, Given({"x": 1.0}, context))
    with pytest.raises(RunError, match="division by zero"):
        run(program, Given({"x": 1.0}, context))
    assert run(program, Given({"x": 2.0}, context)) == 1 / (4 + 2 - 5)


def sum_of(*kinds: tuple[str, dict[str, Any]]) -> Tree:
    graph = new_graph()
    total = new_tree(graph, CATALOGUE, "Sum")
    return Tree(total.node, children=tuple(new_tree(graph, CATALOGUE, kind, **params) for kind, params in kinds))


def test_a_nested_write_reaches_a_direct_child_of_the_provider() -> None:
    """Refiners' `set_context` replaces the provider's dict, while nested Chains keep and update the old one."""
    theirs = Provider(fl.Chain(fl.Lambda(lambda _: 99), fl.SetContext("c", "n")), fl.UseContext("c", "n"))
    theirs.set_context("c", {"n": 1})
    assert theirs(0) == 1  # the value given, not the 99 written since

    inner = new_tree(new_graph(), CATALOGUE, "Chain")
    made = [
        new_tree(new_graph(), CATALOGUE, "Lambda", func="lambda x: 99"),
        new_tree(new_graph(), CATALOGUE, "SetContext", **SET),
    ]
    graph = graph_of({"n": 4.0}, Tree(inner.node, children=tuple(made)), ("UseContext", USE))
    given = Given({"x": 0}, {Key("root", "c", "n"): 1})
    assert run(lowered(graph, given), given) == 99


def test_a_context_declared_without_keys_takes_what_is_written() -> None:
    """In Refiners an empty dict counts as false: SetContext does nothing, and UseContext says that it is unset."""

    class Empty(fl.Chain):
        def init_context(self) -> dict[str, Any]:
            return {"c": {}}

    theirs = Empty(fl.SetContext("c", "n"), fl.UseContext("c", "n"))
    with pytest.raises(Exception, match="context c is unset"):
        theirs(7)

    graph = graph_of({}, ("SetContext", SET), ("UseContext", USE))
    given = Given({"x": 7})
    assert run(lowered(graph, given), given) == 7
