"""Random trees of the structure and context kinds give what Refiners 0.4.0 gives, to the last bit.

Left out is only what Refiners leaves undefined: empty frames, empty contexts and entries that are None. Refiners also
lets an outer provider overwrite the first values of an inner one of the same name, until the inner one is reset; the
trees here are reset before they run, as Refiners itself does after every run. And nothing in Refiners catches what its
Return raises, so that every run with one fails; here its Chain does, since Return "stops the execution of a Chain".
"""

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import refiners.fluxion.layers as fl
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from refiners.fluxion.layers.chain import ChainError, ReturnException

from engine.document import edits
from engine.document.document import new_graph
from engine.document.graph import Contexts, Graph, Input, Node, Place, Tree
from engine.document.scopes import Key
from engine.document.sources import ListSource, NumberSource, UnsetSource
from engine.runtime.lower import lower
from engine.runtime.outcome import RunError
from engine.runtime.program import Given
from nodes import CATALOGUE

Entries = dict[str, dict[str, Any]]


@dataclass
class Plan:
    """One node of a random tree; `outs` is how many arguments its result is for the next."""

    kind: str
    outs: int
    params: dict[str, Any] = field(default_factory=dict)
    contexts: Entries = field(default_factory=dict)
    children: list["Plan"] = field(default_factory=list)


ONE = [
    ("lambda x: x + 1", 1),
    ("lambda x: x * 2.5", 1),
    ("lambda x: -x", 1),
    ("lambda x: (x, x * 0.5)", 2),
    ("lambda x: (x,)", 1),
    ("lambda x, y=0.25: x - y", 1),
]
CHOOSING = [
    ("lambda x: x if x > 0 else -x", 1),
    ("lambda x: 0 < x < 2", 1),
    ("lambda x: x > 1 and x or 7", 1),
    ("lambda x: not x", 1),
]
TWO = [("lambda x, y: x * y", 1), ("lambda x, y: (y, x)", 2), ("lambda x, y: (x, y, 3)", 3), ("lambda x, y: y", 1)]
READS = ["", "lambda n: n * 2", "lambda n: (n, n)"]
LIST_READS = [
    ("lambda l: l.pop()", 1),
    ("lambda l: l[-1]", 1),
    ("lambda l: len(l)", 1),
    ("lambda l: sum(l)", 1),
    ("lambda l: (l.pop(), l.pop(0))", 2),
    ("lambda l: l.append(4.0) or len(l)", 1),
]
WRITES = [
    "lambda l, x: l.append(x)",
    "lambda l, x: l.insert(0, x)",
    "lambda l, x: l.append(l.pop() + x)",
    "lambda l, x: l.extend([x, x])",
    "lambda l, x: l.reverse()",
]


@st.composite
def leaves(draw: st.DrawFn, ins: int, visible: list[str], tensors: bool) -> Plan:
    """A leaf that takes `ins` arguments. Now and then it names a context nobody declares."""
    kinds = (
        ["use", "use-list", "gather"] + ["lambda", "identity", "set", "push"] * (ins == 1) + ["two"] * (ins == 2) * 2
    )
    if draw(st.integers(0, 20)) == 13:
        return Plan(draw(st.sampled_from(["Return", "Breakpoint"])), ins)
    names = visible + ["nowhere"] * (draw(st.integers(0, 40)) == 37) or ["nowhere"]
    context = {"context": draw(st.sampled_from(names))}
    match draw(st.sampled_from(kinds)):
        case "use":
            compose = draw(st.sampled_from(READS))
            key = draw(st.sampled_from(["n", "m"]))
            return Plan("UseContext", 2 if "(n, n)" in compose else 1, {**context, "key": key, "compose": compose})
        case "use-list":
            compose, outs = draw(st.sampled_from(LIST_READS))
            return Plan("UseContext", outs, {**context, "key": "l", "compose": compose})
        case "gather":
            sources = [("lambda *xs: xs", ins), ("lambda *xs: sum(xs)", 1), ("lambda *xs: len(xs)", 1)]
            func, outs = draw(st.sampled_from([*sources, *([("lambda: 2", 1)] * (ins == 0))]))
            return Plan("Lambda", outs, {"func": func})
        case "lambda":
            func, outs = draw(st.sampled_from(ONE if tensors else ONE + CHOOSING))
            return Plan("Lambda", outs, {"func": func})
        case "two":
            func, outs = draw(st.sampled_from(TWO))
            return Plan("Lambda", outs, {"func": func})
        case "identity":
            return Plan("Identity", 1)
        case "set":
            return Plan("SetContext", 1, {**context, "key": draw(st.sampled_from(["n", "m", "new"])), "callback": ""})
        case _:
            return Plan("SetContext", 1, {**context, "key": "l", "callback": draw(st.sampled_from(WRITES))})


NUMBERS = st.sampled_from([0.5, -1.25, 3, 2.0, 0.1])
LISTS = st.lists(NUMBERS, min_size=2, max_size=8)
FIRST = Plan("Lambda", 1, {"func": "lambda *xs: xs[0]"})
SQUARE = Plan("Lambda", 1, {"func": "lambda *xs: xs[0] * torch.ones(2, 2)"})
CORNER = Plan("Lambda", 1, {"func": "lambda x: x[:2, :2]"})


def followed(plan: Plan, by: Plan) -> Plan:
    return Plan("Chain", by.outs, {}, {}, [plan, by])


def single(draw: st.DrawFn, plan: Plan) -> Plan:
    """Mostly one value where the tree would otherwise give several, so that most trees run to their end."""
    if draw(st.integers(0, 15)) == 13:
        return plan
    if plan.kind == "Return":
        return plan
    return followed(plan, FIRST) if plan.outs > 1 or plan.kind in ("Passthrough", "Parallel", "Distribute") else plan


@st.composite
def trees(draw: st.DrawFn, ins: int, visible: list[str], depth: int, tensors: bool) -> Plan:
    """A leaf or a frame that takes `ins` arguments."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(leaves(ins, visible, tensors))
    contexts: Entries = {}
    if draw(st.integers(0, 2)) == 0:
        for name in draw(st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=2, unique=True)):
            contexts[name] = {"n": draw(NUMBERS), "m": draw(NUMBERS), "l": draw(LISTS)}
    inside = sorted({*visible, *contexts})
    kinds = ["Chain", "Sum", "Parallel", "Passthrough", "Distribute"] + ["Residual"] * 2 * (ins == 1)
    kind = draw(st.sampled_from([*kinds, *["Concatenate", "Matmul"] * tensors]))
    count = 2 if kind == "Matmul" else ins if kind == "Distribute" else draw(st.integers(1, 4))
    below: Callable[[int], st.SearchStrategy[Plan]] = lambda n: trees(n, inside, depth - 1, tensors)  # noqa: E731
    if kind in ("Chain", "Residual", "Passthrough"):
        children: list[Plan] = []
        outs = ins
        for _ in range(count):
            children.append(draw(below(outs)))
            outs = children[-1].outs
        if kind == "Residual":
            children[-1] = single(draw, children[-1])
        return Plan(kind, {"Chain": outs, "Residual": 1, "Passthrough": ins}[kind], {}, contexts, children)
    children = [draw(below(1 if kind == "Distribute" else ins)) for _ in range(count)]
    if kind in ("Concatenate", "Matmul"):
        params = {"dim": draw(st.integers(0, 1))} if kind == "Concatenate" else {}
        return followed(Plan(kind, 1, params, contexts, [followed(child, SQUARE) for child in children]), CORNER)
    children = [single(draw, child) for child in children]
    return Plan(kind, count if kind in ("Parallel", "Distribute") else 1, {}, contexts, children)


@st.composite
def roots(draw: st.DrawFn, tensors: bool) -> Plan:
    contexts: Entries = {"a": {"n": 1.5, "m": 2, "l": draw(LISTS)}}
    outs, children = 1, []
    for _ in range(draw(st.integers(1, 4))):
        children.append(draw(trees(outs, ["a"], 3, tensors)))
        outs = children[-1].outs
    return Plan("Chain", outs, {}, contexts, children)


def python(source: str) -> Any:
    """Python's own function, so that nothing of ours is on Refiners' side."""
    return eval(source, {"torch": torch})  # the sources above, nothing else


def theirs(plan: Plan, evaluate: Callable[[str], Any] = python) -> Any:
    """The tree in Refiners, with the functions that `evaluate` makes of sources."""
    match plan.kind:
        case "Lambda":
            return fl.Lambda(evaluate(plan.params["func"]))
        case "UseContext":
            use = fl.UseContext(plan.params["context"], plan.params["key"])
            return use.compose(evaluate(plan.params["compose"])) if plan.params["compose"] else use
        case "SetContext":
            callback = plan.params["callback"]
            return fl.SetContext(plan.params["context"], plan.params["key"], evaluate(callback) if callback else None)
        case "Identity":
            return fl.Identity()
        case "Return":
            return fl.Return()
        case "Breakpoint":
            return Passing()
        case kind:
            made = {"init_context": lambda _: copy.deepcopy(plan.contexts)} if plan.contexts else {}
            frame = type(kind, (getattr(fl, kind),), made)
            return frame(*(theirs(child, evaluate) for child in plan.children), **plan.params)


class Passing(fl.Breakpoint):
    """Refiners' own, with nobody at the debugger."""

    def __init__(self) -> None:
        super().__init__(vscode=False)


@contextlib.contextmanager
def returning() -> Iterator[None]:
    """Refiners, with Chains that end at a Return."""
    forward, call = fl.Chain.forward, fl.Chain._call_layer

    def ending(self: fl.Chain, *args: Any) -> Any:
        try:
            return forward(self, *args)
        except ReturnException as returned:
            self._reset_context()
            return returned.value

    def letting_through(self: fl.Chain, layer: Any, name: str, /, *args: Any) -> Any:
        return layer(*args) if holds_return(layer) else call(self, layer, name, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fl.Chain, "forward", ending)
        patch.setattr(fl.Chain, "_call_layer", letting_through)
        patch.setattr("sys.breakpointhook", lambda: None)
        yield


def holds_return(layer: Any) -> bool:
    return any(isinstance(module, fl.Return) for module in layer.modules())


def reset(module: Any) -> None:
    """Reset every provider, outer ones first, as Refiners leaves them after a run."""
    if isinstance(module, fl.Chain):
        module._reset_context()
        for child in module:
            reset(child)


def ours(plan: Plan) -> tuple[Graph, dict[Key, Any]]:
    """The tree as a graph, and the values that its providers declare."""
    graph = new_graph()
    values: dict[Key, Any] = {}
    count = 0

    def contexts(node: str, entries: Entries) -> Contexts:
        for context, keys in entries.items():
            values.update({Key(node, context, key): copy.deepcopy(value) for key, value in keys.items()})
        return {
            context: {k: ListSource(v) if isinstance(v, list) else NumberSource(v) for k, v in keys.items()}
            for context, keys in entries.items()
        }

    def tree(part: Plan) -> Tree:
        nonlocal count
        count += 1
        node = Node(f"n{count}", part.kind, params=part.params, contexts=contexts(f"n{count}", part.contexts))
        is_frame = CATALOGUE[part.kind].is_frame
        return Tree(node, children=tuple(map(tree, part.children)) if is_frame else None)

    edits.apply(graph, edits.SetContexts("root", contexts("root", plan.contexts)))
    edits.apply(graph, edits.Insert(Place("root", 0), tuple(map(tree, plan.children))))
    edits.apply(graph, edits.SetInputs((Input("x", UnsetSource()),)))
    return graph, values


def outcome(run: Callable[[], Any], failure: type[Exception]) -> Any:
    """What a run gives, in a form in which equality is equality to the bit; "failed" when it fails."""
    try:
        return exactly(run())
    except failure:
        return "failed"


def exactly(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return str(value.dtype), tuple(value.shape), value.tolist().__repr__()
    if isinstance(value, tuple | list):
        return type(value).__name__, [exactly(v) for v in value]
    return repr(value)


def run(plan: Plan, x: Any) -> Any:
    """What the tree gives here."""
    graph, values = ours(plan)
    modules = {n: torch.nn.Identity() for n in graph.nodes if graph.nodes[n].kind == "Identity"}
    outside = Given({"x": x}, values)
    program = lower(graph, CATALOGUE, modules, outside).program
    return program.run(outside, lambda *_: None, lambda *_: None).result


def agree(plan: Plan, x: Any) -> None:
    got = outcome(lambda: run(plan, x), RunError)
    model = theirs(plan)
    reset(model)
    with torch.no_grad(), returning():
        assert got == outcome(lambda: model(x), Exception)


@settings(max_examples=2200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(roots(tensors=False), st.sampled_from([2.0, 0.5, 3, -1.75]))
@pytest.mark.timeout(600)
def test_trees_on_python_numbers_agree_with_refiners(plan: Plan, x: float) -> None:
    agree(plan, x)


@settings(max_examples=1200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(roots(tensors=True), st.integers(0, 5))
@pytest.mark.timeout(600)
def test_trees_on_tensors_agree_with_refiners(plan: Plan, seed: int) -> None:
    agree(plan, torch.randn(2, 2, generator=torch.Generator().manual_seed(seed)))


def test_in_refiners_itself_a_return_only_fails() -> None:
    with pytest.raises(ChainError, match="ReturnException"):
        fl.Chain(fl.Return(), fl.Identity())(torch.ones(2))
    with pytest.raises(ReturnException):
        fl.Sum(fl.Return(), fl.Identity())(torch.ones(2))


RETURN, TWICE, THRICE = (
    Plan("Return", 1),
    Plan("Lambda", 1, {"func": "lambda x: x * 2"}),
    Plan("Lambda", 1, {"func": "lambda x: x * 3"}),
)


@pytest.mark.parametrize(
    ("frame", "inside", "result"),
    [
        ("Chain", [TWICE, RETURN, THRICE], 4.0),
        ("Residual", [TWICE, RETURN, THRICE], 6.0),
        ("Passthrough", [TWICE, RETURN, THRICE], 2.0),
        ("Sum", [TWICE, Plan("Chain", 1, children=[THRICE, RETURN, TWICE])], 10.0),
    ],
)
def test_a_return_ends_the_sequence_around_it_alone(frame: str, inside: list[Plan], result: float) -> None:
    inner = Plan(frame, 1, children=inside)
    plan = Plan("Chain", 1, children=[inner, THRICE])
    agree(plan, torch.tensor(2.0))
    assert run(plan, 2.0) == 3 * result


@pytest.mark.parametrize("frame", ["Sum", "Parallel", "Distribute", "Concatenate"])
def test_a_return_in_a_branch_leaves_its_frame_as_well(frame: str) -> None:
    branches = [RETURN] if frame == "Distribute" else [TWICE, RETURN, THRICE]
    plan = Plan("Chain", 1, children=[TWICE, Plan(frame, 1, children=branches), THRICE])
    agree(plan, torch.tensor([2.0]))
    assert run(plan, 2.0) == 4.0


def test_contexts_are_those_of_the_frame_a_return_has_left() -> None:
    inner = Plan("Chain", 1, {}, {"a": {"n": 100.0}}, [Plan("Sum", 1, {}, {"a": {"n": 200.0}}, [RETURN])])
    plan = Plan("Chain", 1, {}, {"a": {"n": 7.0}}, [inner, Plan("UseContext", 1, {"context": "a", "key": "n"})])
    plan.children[1].params["compose"] = ""
    agree(plan, 2.0)
    assert run(plan, 2.0) == 7.0
