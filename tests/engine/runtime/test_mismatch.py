"""What does not fit is said in the words of the node's declaration, with the value that would fit; and in a run too."""

from typing import Any

import pytest
import torch

from engine.document import edits
from engine.document.document import new_graph, new_tree
from engine.document.graph import Graph, Input, Place
from engine.document.kinds import ParamValue
from engine.document.sources import UnsetSource
from engine.messages import Fault
from engine.runtime.lower import Lowered, lower
from engine.runtime.modules import Modules
from engine.runtime.outcome import RunError
from engine.runtime.program import Given
from nodes import CATALOGUE


def graph_of(kind: str, **params: ParamValue) -> Graph:
    graph = new_graph()
    edits.apply(graph, edits.SetInputs((Input("x", UnsetSource()),)))
    tree = new_tree(graph, CATALOGUE, kind)
    edits.apply(graph, edits.Insert(Place("root", 0), (tree,)))
    for name, value in params.items():
        edits.apply(graph, edits.SetParam(tree.node.id, name, value))
    return graph


def lowered(graph: Graph, x: Any) -> Lowered:
    modules = Modules(CATALOGUE, torch.device("cpu"), torch.float32, 0)
    assert modules.update(graph)[1] == {}
    return lower(graph, CATALOGUE, modules.by_node, Given({"x": x}, {}))


def fault_of(graph: Graph, x: Any) -> Fault:
    """The only fault, foreseen and then met in the run as well."""
    found = lowered(graph, x)
    (fault,) = found.faults
    with pytest.raises(RunError) as caught:
        found.program.run(Given({"x": x}, {}), lambda *_: None, lambda *_: None)
    met = caught.value.fault
    assert met.message.splitlines()[0] == fault.message.splitlines()[0]
    assert (met.node, met.param, met.value) == (fault.node, fault.param, fault.value)
    return fault


@pytest.mark.parametrize(
    ("kind", "params", "shape", "param", "value"),
    [
        ("Linear", {"in_features": 50}, (1, 3, 192, 64), "in_features", 64),
        ("Conv2d", {"in_channels": 5}, (1, 8, 16, 16), "in_channels", 8),
        ("Conv2d", {"in_channels": 5}, (8, 16, 16), "in_channels", 8),
        ("Conv1d", {}, (1, 7, 16), "in_channels", 7),
        ("ConvTranspose2d", {}, (1, 7, 16, 16), "in_channels", 7),
        ("Conv3d", {}, (1, 7, 8, 8, 8), "in_channels", 7),
        ("LayerNorm", {}, (1, 8, 32), "normalized_shape", 32),
        ("LayerNorm", {"normalized_shape": [4, 32]}, (1, 8, 32), "normalized_shape", [8, 32]),
        ("LayerNorm2d", {}, (1, 3, 8, 8), "channels", 3),
        ("GroupNorm", {}, (1, 32, 8, 8), "channels", 32),
        ("BatchNorm1d", {}, (2, 32), "num_features", 32),
        ("BatchNorm2d", {}, (2, 32, 4, 4), "num_features", 32),
        ("LSTM", {}, (1, 5, 32), "input_size", 32),
    ],
)
def test_a_size_that_does_not_fit_and_the_param_that_would(
    kind: str, params: dict[str, ParamValue], shape: tuple[int, ...], param: str, value: ParamValue
) -> None:
    graph = graph_of(kind, **params)
    noise = torch.randn(shape)
    fault = fault_of(graph, noise)
    assert (fault.param, fault.value) == (param, value)
    said, original = fault.message.splitlines()
    assert said.startswith(f"takes {CATALOGUE[kind].takes} with ")
    assert said.endswith(f"but receives {value} there")
    assert original.startswith("(")
    edits.apply(graph, edits.SetParam(fault.node, param, value))
    assert lowered(graph, noise).faults == ()


@pytest.mark.parametrize("kind", ["Linear", "Conv2d", "LayerNorm", "GroupNorm"])
def test_a_number_where_a_tensor_is_needed(kind: str) -> None:
    fault = fault_of(graph_of(kind), 2.0)
    assert fault.message.splitlines()[0] == f"takes a tensor {CATALOGUE[kind].takes}, but receives float"
    assert len(fault.message.splitlines()) == 2
    assert not fault.param


@pytest.mark.parametrize(("kind", "shape"), [("Conv2d", (3, 3)), ("BatchNorm2d", (64, 64)), ("GroupNorm", (64,))])
def test_too_few_dimensions(kind: str, shape: tuple[int, ...]) -> None:
    fault = fault_of(graph_of(kind), torch.randn(shape))
    assert f"but receives {len(shape)}" in fault.message
    assert CATALOGUE[kind].takes in fault.message
    assert not fault.param


def test_what_has_another_cause_keeps_its_own_words() -> None:
    fault = fault_of(graph_of("Conv2d", kernel_size=[9, 9]), torch.randn(1, 3, 4, 4))
    assert "Kernel size" in fault.message
    assert not fault.param


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("Residual", "can't add float32 (3, 5) to float32 (3, 4)"),
        ("Sum", "can't add float32 (3, 5) to float32 (3, 4)"),
        ("Concatenate", "can't concatenate float32 (3, 4) and float32 (3, 5) along dimension 0"),
        ("Matmul", "can't multiply float32 (3, 4) by float32 (3, 5)"),
    ],
)
def test_frames_name_what_they_join(kind: str, said: str) -> None:
    graph = graph_of(kind)
    (frame,) = graph.children["root"]
    sources = ["x[:, :4]"] if kind == "Residual" else ["x[:, :4]", "x"]
    for index, source in enumerate(sources):
        tree = new_tree(graph, CATALOGUE, "Lambda")
        tree.node.params["func"] = source
        edits.apply(graph, edits.Insert(Place(frame, index), (tree,)))
    fault = fault_of(graph, torch.randn(3, 5))
    assert fault.node == frame
    assert fault.message.startswith(said)
