"""Lowering and running small graphs: contexts, containers, effects, choices and faults."""

from typing import Any

import pytest
import torch

from engine.document import edits
from engine.document.document import new_graph
from engine.document.graph import Graph, Input, Node, Place, Tree
from engine.document.scopes import Key
from engine.document.sources import UnsetSource
from engine.runtime.lower import Lowered, lower
from engine.runtime.outcome import Cancelled, Outcome, RunError
from engine.runtime.program import Given
from nodes import CATALOGUE

Values = dict[str, dict[str, Any]]


def leaf(kind: str, name: str = "", **params: Any) -> Tree:
    return Tree(Node(name or f"{kind}{id(params)}", kind, params=params))


def function(source: str, name: str = "") -> Tree:
    return leaf("Lambda", name, func=source)


def use(key: str, compose: str = "", context: str = "c", name: str = "") -> Tree:
    return leaf("UseContext", name, context=context, key=key, compose=compose)


def put(key: str, callback: str = "", context: str = "c", name: str = "") -> Tree:
    return leaf("SetContext", name, context=context, key=key, callback=callback)


def frame(kind: str, *children: Tree, name: str = "", contexts: Values | None = None, **params: Any) -> Tree:
    declared: Any = {c: dict.fromkeys(keys, UnsetSource()) for c, keys in (contexts or {}).items()}
    return Tree(Node(name or f"{kind}{id(children)}", kind, params=params, contexts=declared), children=children)


class Model:
    """A graph with its values: what a test builds, lowers and runs."""

    def __init__(self, *children: Tree, contexts: Values | None = None, inner: dict[Key, Any] | None = None) -> None:
        self.graph: Graph = new_graph()
        self.contexts = {Key("root", c, k): v for c, keys in (contexts or {}).items() for k, v in keys.items()}
        self.contexts |= inner or {}
        if contexts is not None:
            declared: Any = {c: dict.fromkeys(keys, UnsetSource()) for c, keys in contexts.items()}
            edits.apply(self.graph, edits.SetContexts("root", declared))
        edits.apply(self.graph, edits.Insert(Place("root", 0), children))
        self.printed: list[str] = []
        self.steps: list[str] = []

    def given(self, *inputs: Any) -> Given:
        names = "xyz"[: len(inputs)]
        edits.apply(self.graph, edits.SetInputs(tuple(Input(n, UnsetSource()) for n in names)))
        return Given(dict(zip(names, inputs, strict=True)), self.contexts)

    def lower(self, *inputs: Any) -> Lowered:
        modules = {n: torch.nn.Identity() for n, node in self.graph.nodes.items() if node.kind == "Identity"}
        modules |= {n: torch.nn.Linear(3, 2) for n, node in self.graph.nodes.items() if node.kind == "Linear"}
        return lower(self.graph, CATALOGUE, modules, self.given(*inputs))

    def outcome(self, *inputs: Any) -> Outcome:
        program = self.lower(*inputs).program
        return program.run(
            self.given(*inputs), lambda node, *_: self.steps.append(node), lambda _, text: self.printed.append(text)
        )

    def run(self, *inputs: Any) -> Any:
        return self.outcome(*inputs).result


def test_a_context_travels_and_print_prints_once_per_run() -> None:
    model = Model(
        frame("Chain", frame("Sum", use("n"), function("lambda: 2")), put("n")),
        frame("Chain", use("n"), function("print")),
        contexts={"c": {"n": 4}},
    )
    program = model.lower().program
    assert model.printed == []
    for _ in range(2):
        program.run(model.given(), lambda *_: None, lambda _, text: model.printed.append(text))
    assert model.printed == ["6\n", "6\n"]


def test_python_floats_stay_python_floats() -> None:
    model = Model(frame("Residual", function("lambda x: x ** 2")), function("math.sqrt"))
    assert model.run(2.0) == 6.0**0.5
    assert type(model.run(2.0)) is float


def test_what_lists_held_when_a_node_returned_is_what_its_value_shows() -> None:
    model = Model(
        use("l", name="early"),
        put("l", "lambda held, x: x.append(1.0)"),
        use("l", name="late"),
        contexts={"c": {"l": []}},
    )
    outcome = model.outcome()
    assert outcome.values["early"] == []
    assert outcome.values["late"] == outcome.result == [1.0]


def test_every_run_starts_from_the_declared_values() -> None:
    model = Model(put("l", "lambda held, x: held.append(x)"), use("l", "len"), contexts={"c": {"l": [1]}})
    program = model.lower(5.0).program
    for _ in range(3):
        assert program.run(model.given(5.0), lambda *_: None, lambda *_: None).result == 2


def test_the_nearest_provider_shadows_outer_ones() -> None:
    inside = frame("Chain", use("n"), put("n"), name="inner", contexts={"c": {"n": None}})
    model = Model(inside, use("n"), contexts={"c": {"n": 1}}, inner={Key("inner", "c", "n"): 7})
    outcome = model.outcome(0)
    assert (outcome.values["inner"], outcome.result) == (7, 1)


def test_a_provider_need_not_be_a_chain() -> None:
    branches = frame("Sum", put("n"), use("n"), name="branches", contexts={"c": {"n": None}})
    assert Model(branches, inner={Key("branches", "c", "n"): 5}).run(3) == 6


def test_tuples_travel_as_arguments() -> None:
    model = Model(function("lambda x: (x, x + 1)"), function("lambda a, b: a * b"))
    assert model.run(3) == 12
    fault = Model(function("lambda x: (x, x)"), function("lambda a: a", name="one")).lower(3).faults[0]
    assert (fault.node, fault.inputs) == ("one", ("int", "int"))
    assert "takes 1 argument (a), was given 2" in fault.message


def test_tensor_results_with_several_values_become_arguments() -> None:
    model = Model(function("lambda x: x.chunk(2)"), function("lambda a, b: a - b"))
    assert model.run(torch.tensor([5.0, 3.0])).tolist() == [2.0]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("Sum", "needs at least 1 child, but has 0"),
        ("Concatenate", "needs at least 1 child, but has 0"),
        ("Matmul", "needs exactly 2 children, but has 0"),
    ],
)
def test_a_frame_that_needs_children_fails_without_them(kind: str, said: str) -> None:
    model = Model(frame("Chain", frame(kind, name="empty")))
    [fault] = model.lower(3).faults
    assert (fault.node, fault.code, fault.message) == ("empty", "wrong-child-count", said)
    with pytest.raises(RunError, match=said):
        model.run(3)


def test_an_empty_frame_passes_its_input_on() -> None:
    assert Model(frame("Chain"), frame("Passthrough")).run(3) == (3,)


def test_choices_are_made_when_the_program_runs() -> None:
    model = Model(function("lambda x: x if x > 1 else (x, -x)"), function("lambda *xs: len(xs)"))
    assert (model.run(2), model.run(1)) == (1, 2)
    program = model.lower(2).program
    assert program.accepts(model.given(2))
    assert not program.accepts(model.given(1))


def test_a_choice_on_a_tensors_values() -> None:
    model = Model(function("lambda x: x if x.sum() > 1 else -x"))
    assert model.run(torch.tensor([2.0])).item() == 2.0
    assert model.run(torch.tensor([0.5])).item() == -0.5


def test_a_program_holds_for_other_numbers_but_not_for_other_shapes() -> None:
    model = Model(function("lambda x: x * 2"))
    program = model.lower(1.0).program
    assert program.accepts(model.given(3.0))
    assert program.run(model.given(3.0), lambda *_: None, lambda *_: None).result == 6.0
    assert not program.accepts(model.given(3))
    program = model.lower(torch.ones(2)).program
    assert not program.accepts(model.given(torch.ones(3)))


def test_shapes_are_known_without_running() -> None:
    model = Model(leaf("Linear", "dense"), function("lambda x: (x.mean(), [1, 2], None)", "last"))
    lowered = model.lower(torch.ones(5, 3))
    assert lowered.receives["dense"] == ("float32 (5, 3)",)
    assert lowered.returns["dense"] == ("float32 (5, 2)",)
    assert lowered.returns["last"] == ("float32 ()", "list of 2", "nothing")
    assert lowered.faults == ()


def test_a_shape_mismatch_is_a_fault_before_the_run_and_names_the_leaf() -> None:
    model = Model(frame("Chain", leaf("Linear", "dense"), name="block"), function("lambda x: x + 1"))
    [fault] = model.lower(torch.ones(5, 4)).faults
    assert (fault.node, fault.path, fault.inputs) == ("dense", "Chain.Linear", ("float32 (5, 4)",))
    with pytest.raises(RunError) as failed:
        model.run(torch.ones(5, 4))
    assert failed.value.fault.node == "dense"
    assert "mat1 and mat2 shapes cannot be multiplied (5x4 and 3x2)" in failed.value.fault.message


def test_what_was_printed_before_a_fault_is_printed() -> None:
    model = Model(frame("Passthrough", function("print")), use("gone", name="reader"), contexts={"c": {"n": 1}})
    with pytest.raises(RunError, match=r"c\.gone is unset"):
        model.run(5)
    assert model.printed == ["5\n"]


@pytest.mark.parametrize(
    ("tree", "code", "words"),
    [
        (use("n", context="nobody"), "context-undeclared", "no frame around it declares the context 'nobody'"),
        (put("n", context="nobody"), "context-undeclared", "no frame around it declares the context 'nobody'"),
        (put("none", "lambda a, b: a"), "context-unset", "holds nothing that the callback could change"),
        (frame("Distribute", function("print"), function("print")), "wrong-child-count", "1 arguments, 2 children"),
        (frame("Matmul", function("print")), "wrong-child-count", "needs exactly 2 children, but has 1"),
        (frame("Chain", Tree(Node("odd", "Warp"))), "unknown-kind", "how to run a Warp"),
        (function("lambda x: x.foo"), "bad-expression", "foo"),
        (function("lambda x: [1].pop(5)"), "failed", "pop index out of range"),
        (leaf("Sigmoid"), "not-built", "could not be built"),
    ],
)
def test_what_cannot_run_says_why(tree: Tree, code: str, words: str) -> None:
    [fault] = Model(tree, contexts={"c": {"n": 1}}).lower(3).faults
    assert fault.code == code
    assert words in fault.message


def test_steps_name_nodes_and_may_cancel() -> None:
    model = Model(function("lambda x: x + 1", "a"), function("lambda x: x * 2", "b"))
    model.run(1)
    assert model.steps == ["a", "b"]

    def step(node: str, *_: int) -> None:
        if node == "b":
            raise Cancelled

    with pytest.raises(Cancelled):
        model.lower(1).program.run(model.given(1), step, lambda *_: None)


def test_only_the_values_asked_for_are_kept() -> None:
    model = Model(function("lambda x: x + 1", "a"), function("lambda x: x * 2", "b"))
    program = model.lower(1).program
    kept = program.run(model.given(1), lambda *_: None, lambda *_: None, keep=frozenset({"a"}))
    assert (kept.values, kept.result) == ({"a": 2}, 4)


def test_loose_nodes_do_not_run() -> None:
    model = Model(function("lambda x: x + 1"))
    parked = Place("root", 0, 0, new=True)
    edits.apply(model.graph, edits.Insert(parked, (function("print", "parked"),)))
    lowered = model.lower(1)
    assert model.run(1) == 2
    assert "parked" not in lowered.returns
    assert model.printed == []


@pytest.mark.parametrize(
    ("source", "first", "second"),
    [
        ("lambda x: torch.arange(0.0, x).shape[0]", 5.0, 3.0),
        ("lambda x: torch.ones(2).repeat(x).shape", 2, 3),
        ("lambda x: F.interpolate(torch.ones(1, 1, 4), scale_factor=x).shape[2]", 2.0, 3.0),
        ("lambda x: (torch.ones(2, dtype=torch.int64) * (x ** 0.5)).dtype == torch.complex64", 4.0, -4.0),
        ("lambda x: len(list(range(x)))", 2, 3),
        ("lambda x: [0] * x", 200_000, 3),
        ("lambda x: [(1, 2), (3, 4)][x]", 5, 0),
        ("lambda x: math.sqrt(x)", -1, 4),
        ("lambda x: [5, 6, 7].pop(x)", 0, 2),
    ],
)
def test_a_program_is_never_used_for_numbers_it_does_not_hold_for(source: str, first: Any, second: Any) -> None:
    model = Model(function(source))
    program = model.lower(first).program
    fresh = model.run(second)
    if program.accepts(model.given(second)):
        assert program.run(model.given(second), lambda *_: None, lambda *_: None).result == fresh
    assert model.lower(second).faults == ()


@pytest.mark.parametrize(
    "source",
    [
        "lambda x: (torch.ones(2, 3) * x).shape[0] + x",
        "lambda x: torch.unbind(torch.ones(2, 3) + x)[0]",
        "lambda x: torch.zeros((2 - torch.ones(2, 3) / x).shape).dtype == torch.float32",
        "lambda x: torch.sin(x + torch.zeros(2)).reshape(-1, 1).shape[1]",
    ],
)
def test_a_number_in_the_values_of_a_tensor_leaves_its_shape_to_rely_on(source: str) -> None:
    model = Model(function(source))
    program = model.lower(2.0).program
    assert program.accepts(model.given(7.0))
    [held, fresh] = (program.run(model.given(7.0), lambda *_: None, lambda *_: None).result, model.run(7.0))
    assert torch.equal(torch.as_tensor(held), torch.as_tensor(fresh))


@pytest.mark.parametrize(
    "source",
    [
        "lambda x: torch.ones(9)[:x].shape[0]",
        "lambda x: (torch.ones(9)[:x] + 1).shape[0]",
        "lambda x: len(torch.unbind(torch.ones(9)[:x]))",
    ],
)
def test_a_number_that_cuts_a_tensor_is_part_of_its_shape(source: str) -> None:
    model = Model(function(source))
    assert not model.lower(2).program.accepts(model.given(5))
    assert (model.run(2), model.run(5)) == (2, 5)


def test_a_choice_settled_by_a_number_inside_a_tensor_is_made_again() -> None:
    model = Model(function("lambda x: torch.tensor(x)"), function("lambda t: (t, t) if t > 0 else t"))
    program = model.lower(2).program
    assert not program.accepts(model.given(-3))
    assert model.run(-3).item() == -3


def test_lists_change_in_place_at_an_index_from_outside() -> None:
    held = {"c": {"l": [1, 2, 3]}}
    popping = Model(put("l", "lambda held, x: held.pop(x)"), use("l"), contexts=held)
    assert popping.run(0) == [2, 3]
    assert not popping.lower(0).program.accepts(popping.given(1))
    assert Model(put("l", "lambda held, x: held.insert(x, 9)"), use("l"), contexts=held).run(1) == [1, 9, 2, 3]
    extended = Model(put("l", "lambda held, x: held.extend(x)"), use("l"), contexts=held).run(torch.tensor([4.0, 5.0]))
    assert [float(v) for v in extended] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("tree", "words"),
    [
        (put("l", "lambda held, x: held.append(held)"), "a list can't hold itself"),
        (put("l", "lambda held, x: held.append((1, held))"), "a list can't hold itself"),
        (function("lambda x: [x, 1.0].sort()"), "can't be sorted"),
        (function("lambda x: torch.zeros(20000).unbind()"), "would make 20000 values"),
        (function("lambda x: torch.zeros(100000).split(2)"), "would make 50000 values"),
    ],
)
def test_what_would_never_end_or_lie_is_a_fault(tree: Tree, words: str) -> None:
    [fault] = Model(tree, contexts={"c": {"l": []}}).lower(2.0).faults
    assert words in fault.message


def test_nothing_works_in_place_on_what_other_runs_use() -> None:
    noise = torch.randn(8, generator=torch.Generator().manual_seed(0))
    kept = noise.clone()
    [fault] = Model(function("lambda x: F.leaky_relu(x, 0.5, True)")).lower(noise).faults
    assert "works in place" in fault.message
    [starred] = Model(function("F.leaky_relu", "star")).lower(noise).faults or [None]
    assert starred is None
    assert torch.equal(noise, kept)


def test_a_value_that_may_be_nothing_is_asked_at_run_time() -> None:
    model = Model(function("lambda t: None if t.sum() > 0 else t"), function("lambda t: t is None"))
    assert model.run(torch.ones(2)) is True
    assert model.run(-torch.ones(2)) is False


@pytest.mark.parametrize("name", ["class", "None", "graph", "forward", "_modules", "state_dict"])
def test_any_name_may_be_a_nodes(name: str) -> None:
    model = Model(Tree(Node("odd", "Identity", name)))
    assert model.run(3) == 3
