"""Bypassing and muting: what is switched, checked, linked, selected and exported of it."""

import pytest
from hypothesis import given

from engine.document.answers import Answer, Refusal
from engine.document.check import check
from engine.document.disk import FileError
from engine.document.edits import Batch, Edit, EditError, SetMode, apply
from engine.document.expand import expand
from engine.document.files import dump
from engine.document.flow import downstream, upstream
from engine.document.graph import Graph
from engine.document.modes import idle, switch
from engine.document.parsing import parse
from engine.document.scopes import links
from engine.document.selection import select
from engine.export import ExportError
from engine.export.refiners import refiners_code
from nodes import CATALOGUE
from nodes.adapters import ADAPTERS
from tests.engine.document.test_flow import graph_of, put, tree, use
from tests.strategies import graphs


@pytest.fixture
def graph() -> Graph:
    return graph_of(
        tree("s", "Sum", tree("a", "ReLU"), tree("b", "Chain", tree("c", "SiLU"), put("w"))),
        tree("d", "ReLU"),
        use("r"),
    )


def performed(graph: Graph, answer: Answer) -> None:
    assert isinstance(answer, Edit)
    apply(graph, answer)


def codes(graph: Graph) -> set[tuple[str, str]]:
    return {(problem.code, problem.node) for problem in check(graph, CATALOGUE)}


def test_several_nodes_are_switched_together_and_back_once_all_are(graph):
    before = dump(graph)
    apply(graph, SetMode("a", "bypass"))
    assert switch(graph, CATALOGUE, ["a", "d", "root"], "bypass") == SetMode("d", "bypass")
    performed(graph, switch(graph, CATALOGUE, ["d"], "bypass"))
    assert switch(graph, CATALOGUE, ["a", "d"], "mute") == Batch((SetMode("a", "mute"), SetMode("d", "mute")))
    performed(graph, switch(graph, CATALOGUE, ["a", "d"], "bypass"))
    assert dump(graph) == before


def test_the_root_always_runs(graph):
    assert isinstance(switch(graph, CATALOGUE, ["root"], "mute"), Refusal)
    with pytest.raises(EditError, match="always runs"):
        apply(graph, SetMode("root", "mute"))
    text = dump(graph).replace(b'"id": "root",', b'"id": "root", "mode": "mute",')
    with pytest.raises(FileError, match="always runs"):
        parse(text)


def test_a_file_says_the_mode_of_a_node_and_no_other(graph):
    apply(graph, SetMode("b", "mute"))
    assert parse(dump(graph)).nodes["b"].mode == "mute"
    with pytest.raises(FileError, match="mode"):
        parse(dump(graph).replace(b'"mute"', b'"quiet"'))


def test_what_is_muted_neither_writes_nor_is_checked_nor_selected(graph):
    [key] = links(graph, CATALOGUE)
    assert links(graph, CATALOGUE)[key].writers == ["w"]
    assert ("context-never-set", "root") not in codes(graph)
    apply(graph, SetMode("b", "mute"))
    assert links(graph, CATALOGUE)[key].writers == []
    assert ("context-never-set", "root") in codes(graph)
    assert select(graph, "ReLU, SiLU") == ["a", "d"]
    assert idle(graph) == {"b", "c", "w"}
    assert "d" not in downstream(graph, CATALOGUE, "c")
    apply(graph, SetMode("d", "mute"))
    assert {"a", "s"} <= upstream(graph, CATALOGUE, "r"), "the wire goes past a muted node of a Chain"


def test_a_frame_that_needs_two_children_misses_a_muted_one():
    graph = graph_of(tree("m", "Matmul", tree("a", "ReLU"), tree("b", "ReLU")))
    assert ("wrong-child-count", "m") not in codes(graph)
    apply(graph, SetMode("b", "bypass"))
    assert ("wrong-child-count", "m") not in codes(graph)
    apply(graph, SetMode("b", "mute"))
    assert ("wrong-child-count", "m") in codes(graph)


def test_adapters_go_past_what_does_not_run():
    graph = graph_of(tree("a", "Linear"), tree("b", "Linear"))
    lora = next(each for each in ADAPTERS.values() if each.name == "LoRA")
    graph.adapters = (lora,)
    assert expand(graph, CATALOGUE).targets[lora.id][0] == ("a", "b")
    apply(graph, SetMode("b", "bypass"))
    assert expand(graph, CATALOGUE).targets[lora.id][0] == ("a",)


def test_code_in_python_can_not_say_that_a_layer_is_bypassed(graph):
    apply(graph, SetMode("a", "bypass"))
    with pytest.raises(ExportError, match=r"Sum.ReLU is bypassed"):
        refiners_code(graph, CATALOGUE)


@given(graphs())
def test_running_and_idle_nodes_are_all_that_is_wired(graph):
    running, resting = set(graph.running()), idle(graph)
    assert running.isdisjoint(resting)
    assert running | resting >= set(graph.walk())
