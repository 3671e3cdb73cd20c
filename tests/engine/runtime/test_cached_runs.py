"""A run that finds values of earlier ones gives what a run from nothing gives: its result, its text, its faults."""

from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from engine.document import edits, files
from engine.document.document import Document, new_graph
from engine.document.edits import (
    Edit,
    Insert,
    Remove,
    SetAdapterParam,
    SetContexts,
    SetInputs,
    SetName,
    SetParam,
    SetWeights,
)
from engine.document.graph import Contexts, Graph, Input, Node, Place, Tree, Weights
from engine.document.sources import ListSource, NoiseSource, NumberSource, Source
from engine.messages import Apply, Configure, Finished, FromWorker, InUse, Load, Log, Preview, Progress, Run, Stale
from engine.runtime.session import Session
from nodes import CATALOGUE
from nodes.tree import node
from tests.engine.document.drawn import adapter, with_adapters
from tests.engine.runtime.test_oracle import CHOOSING, ONE, Plan, exactly, ours, roots

PRINTING = [
    "lambda *xs: print(len(xs)) or xs",
    "lambda x: print(x) or x",
    "lambda x: (print('over') or x) if x > 0 else -x",
]
FUNCTIONS = st.sampled_from([func for func, _ in (*ONE, *CHOOSING)] + PRINTING)
INPUTS: st.SearchStrategy[Source] = st.one_of(
    st.builds(NoiseSource, st.just([2, 2]), st.integers(0, 2)),
    st.builds(NoiseSource, st.just([2, 3]), st.integers(0, 1)),
    st.builds(NumberSource, st.sampled_from([2.0, 2, True, -0.0, 0.0, 0.5])),
)
LEAVES: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(st.just("Lambda"), st.fixed_dictionaries({"func": FUNCTIONS})),
    st.tuples(
        st.just("Linear"), st.fixed_dictionaries({"in_features": st.just(2), "out_features": st.sampled_from([2, 3])})
    ),
    st.tuples(st.just("Multiply"), st.fixed_dictionaries({"scale": st.sampled_from([0.0, 1.0, 2.5])})),
    st.tuples(st.just("Parameter"), st.fixed_dictionaries({"dims": st.just([2, 2])})),
)


HEAD = (
    Tree(Node("lin", "Linear", params={"in_features": 2, "out_features": 2})),
    Tree(Node("mul", "Multiply", params={"scale": 2.0})),
    Tree(Node("say", "Lambda", params={"func": PRINTING[1]})),
)
"""What a random tree comes after: most of them have no layers with weights, and not all run to their end."""


@st.composite
def edits_of(draw: st.DrawFn, document: Document, fresh: str) -> Edit | None:
    """An edit that mostly changes what a run gives; None where there is nothing of the sort to edit."""
    graph = document.graph
    nodes = list(graph.walk())
    match draw(
        st.sampled_from(["func", "func", "scale", "scale", "size", "input", "input", "context", "insert", "remove"])
    ):
        case "func":
            found = [n for n in nodes if graph.nodes[n].kind == "Lambda"]
            return SetParam(draw(st.sampled_from(found)), "func", draw(FUNCTIONS)) if found else None
        case "scale":
            found = [n for n in nodes if graph.nodes[n].kind == "Multiply"]
            scale = draw(st.sampled_from([0.0, 1.0, 2.5, -1.0]))
            return SetParam(draw(st.sampled_from(found)), "scale", scale) if found else None
        case "size":
            found = [n for n in nodes if graph.nodes[n].kind == "Linear"]
            return SetParam(draw(st.sampled_from(found)), "bias", draw(st.booleans())) if found else None
        case "input":
            return SetInputs((Input("x", draw(INPUTS)),))
        case "context":
            node = draw(st.sampled_from([n for n in nodes if graph.nodes[n].contexts]))
            values = st.builds(NumberSource, st.sampled_from([0.5, 3, -2.0]))
            lists = st.builds(ListSource, st.lists(st.sampled_from([0.5, 3]), min_size=1, max_size=3))
            contexts: Contexts = {
                context: {key: draw(lists if key == "l" else values) for key in entries}
                for context, entries in graph.nodes[node].contexts.items()
            }
            return SetContexts(node, contexts)
        case "insert":
            kind, params = draw(LEAVES)
            frame = draw(st.sampled_from([n for n in nodes if graph.is_frame(n)]))
            place = Place(frame, draw(st.integers(0, len(graph.children[frame]))))
            return Insert(place, (Tree(Node(fresh, kind, params=params)),))
        case _:
            found = [n for n in nodes if n != graph.root]
            return Remove((draw(st.sampled_from(found)),)) if found else None


class Ran:
    """A session with what it has said. It calls off a run before the step of this number."""

    def __init__(self, graph: Graph, room: int | None = None) -> None:
        self.heard: list[FromWorker] = []
        self.stop: int | None = None
        self.session = Session(CATALOGUE, self.heard.append, self._interrupted)
        self.session.take(Configure("cpu", room=room))
        self.session.take(Load(files.dump(graph), ""))

    def _interrupted(self) -> bool:
        if self.stop is not None:
            self.stop -= 1
        return self.stop == -1

    def run(self, stop: int | None = None, watch: tuple[str, ...] = ()) -> Any:
        """The result, what was printed and what was told of the end, so that equal means equal to the bit."""
        self.heard.clear()
        self.stop = stop
        self.session.take(Run(1, watch))
        self.stop = None
        finished = self.finished
        printed = [(m.node, m.text) for m in self.heard if isinstance(m, Log)]
        return exactly(self.session.result), printed, finished.status, finished.text, finished.fault

    @property
    def finished(self) -> Finished:
        return next(m for m in reversed(self.heard) if isinstance(m, Finished))


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(st.data(), roots(tensors=True), st.sampled_from([None, None, 0, 3000]))
@pytest.mark.timeout(600)
def test_after_any_edits_a_cached_run_is_a_fresh_one(data: st.DataObject, plan: Plan, room: int | None) -> None:
    graph, _ = ours(plan)
    edits.apply(graph, SetInputs((Input("x", NoiseSource([2, 2], 0)),)))
    edits.apply(graph, Insert(Place("root", 0), HEAD))
    document = Document(graph, CATALOGUE)
    cached = Ran(graph, room)

    def tell(change: Any) -> None:
        cached.session.take(Apply(change.edit))

    document.listeners.append(tell)
    for turn in range(data.draw(st.integers(1, 6))):
        match data.draw(st.sampled_from(["edit", "edit", "edit", "undo", "redo", "cancel"])):
            case "edit":
                edit = data.draw(edits_of(document, f"new{turn}"))
                if edit is not None:
                    document.apply(edit, "Change")
            case "undo":
                document.undo()
            case "redo":
                document.redo()
            case _:
                cached.run(data.draw(st.integers(0, 8)))
        watch = tuple(data.draw(st.lists(st.sampled_from(sorted(document.graph.walk())), max_size=1)))
        fresh = Ran(document.graph)
        assert cached.run(watch=watch) == fresh.run(watch=watch)
        for name in watch:
            if name in fresh.session.values:
                assert exactly(cached.session.values[name]) == exactly(fresh.session.values[name])


# What is run again, and what is told of it.

TWO: dict[str, Any] = {"in_features": 2, "out_features": 2}


def leaf(node: str, kind: str, **params: Any) -> Tree:
    return Tree(Node(node, kind, params=params))


def graph_of(*trees: Tree, contexts: Contexts | None = None, **inputs: Source) -> Graph:
    graph = new_graph()
    edits.apply(graph, Insert(Place("root", 0), trees))
    edits.apply(graph, SetInputs(tuple(Input(name, source) for name, source in inputs.items())))
    edits.apply(graph, SetContexts("root", contexts or {}))
    return graph


def row(*functions: str) -> Graph:
    """Lambdas a, b, c, ... one after the other."""
    trees = [leaf(chr(ord("a") + index), "Lambda", func=func) for index, func in enumerate(functions)]
    return graph_of(*trees, x=NoiseSource([2, 2]))


class Counted(Ran):
    """A session that tells what ran."""

    def edit(self, edit: Edit) -> None:
        self.session.take(Apply(edit))
        self.session.settle()

    def ran(self, watch: tuple[str, ...] = ()) -> list[str]:
        """The nodes that ran."""
        _, _, status, _, fault = self.run(watch=watch)
        assert status == "done", fault
        stepped = [m.node for m in self.heard if isinstance(m, Progress)]
        assert self.finished.ran == len(stepped)
        return stepped

    @property
    def stale(self) -> tuple[str, ...] | None:
        """What was told last, since the run before."""
        return next((m.nodes for m in reversed(self.heard) if isinstance(m, Stale)), None)

    @property
    def kept(self) -> set[str]:
        """The nodes whose values a run would take as they are, as last told."""
        return next((set(m.kept) for m in reversed(self.heard) if isinstance(m, Stale)), set())


def test_only_what_lies_downstream_of_an_edit_runs_again() -> None:
    twice = Tree(
        Node("sum", "Sum"), children=(leaf("b", "Lambda", func="lambda x: x * 2"), leaf("lin", "Linear", **TWO))
    )
    ear = Counted(graph_of(leaf("up", "Multiply"), twice, leaf("end", "Sin"), x=NoiseSource([2, 2])))
    assert ear.ran() == ["up", "b", "lin", "sum", "end"]
    assert ear.finished.total == 5
    assert ear.ran() == []
    assert ear.finished.total == 5
    ear.edit(SetParam("b", "func", "lambda x: x * 3"))
    assert ear.ran() == ["b", "sum", "end"]
    ear.edit(SetParam("lin", "bias", False))
    assert ear.ran() == ["lin", "sum", "end"]
    ear.edit(SetParam("up", "scale", 0.5))
    assert ear.ran() == ["up", "b", "lin", "sum", "end"]
    ear.edit(SetParam("up", "scale", 1.0))
    assert ear.ran() == [], "as before"
    ear.edit(SetName("b", "Other"))
    assert ear.ran() == [], "a name changes paths and no values"
    ear.edit(SetInputs((Input("x", NoiseSource([2, 2], 1)),)))
    assert ear.ran() == ["up", "b", "lin", "sum", "end"]


def test_undo_finds_what_was_there_before_though_layers_were_made_anew() -> None:
    document = Document(graph_of(leaf("lin", "Linear", **TWO), leaf("end", "Sin"), x=NoiseSource([2, 2])), CATALOGUE)
    ear = Counted(document.graph)
    document.listeners.append(lambda change: ear.edit(change.edit) if change.edit else None)
    before = ear.run()
    document.apply(SetParam("lin", "out_features", 3), "Set")
    assert ear.ran() == ["lin", "end"]
    document.apply(Remove(("lin",)), "Remove")
    assert ear.ran() == ["end"]
    document.undo()
    document.undo()
    assert ear.ran() == []
    assert ear.run() == before


def test_weights_of_a_file_that_has_changed_are_used(tmp_path: Any) -> None:
    def save(seed: int) -> None:
        noise = torch.randn(2, 2, generator=torch.Generator().manual_seed(seed))
        save_file({"weight": noise, "bias": noise[0].clone()}, tmp_path / "w.safetensors")

    graph = graph_of(leaf("lin", "Linear", **TWO), leaf("end", "Sin"), x=NoiseSource([2, 2]))
    edits.apply(graph, SetWeights("lin", Weights(str(tmp_path / "w.safetensors"))))
    save(1)
    ear = Counted(graph)
    first = ear.run()
    save(2)
    second = ear.run()
    assert ear.finished.ran == 2
    assert first != second == Counted(graph).run()


def test_what_prints_runs_every_time() -> None:
    ear = Counted(row("lambda x: x * 2", "lambda x: print('seen') or x", "lambda x: x + 1"))
    for _ in range(2):
        _, printed, *_ = ear.run()
        assert printed == [("b", "seen\n")]
    assert ear.finished.ran == 1


def test_a_run_that_was_called_off_or_failed_keeps_what_it_finished() -> None:
    ear = Counted(row("lambda x: x * 2", "lambda x: x + 1", "lambda x: -x", "lambda x: x * 3"))
    assert ear.run(stop=3)[2] == "cancelled"
    assert ear.ran() == ["c", "d"]
    ear.edit(SetParam("d", "func", "lambda x: x.reshape(7)"))
    ear.edit(SetParam("c", "func", "lambda x: x - 1"))
    assert ear.run()[2] == "failed"
    ear.edit(SetParam("d", "func", "lambda x: x"))
    assert ear.ran() == [], "the last gives what it is given"


def test_a_value_that_a_run_changes_in_place_is_made_again() -> None:
    contexts: Contexts = {"c": {"k": ListSource([])}}
    graph = graph_of(
        leaf("list", "Lambda", func="lambda x: x.tolist()"),
        leaf("set", "SetContext", context="c", key="k", callback=""),
        leaf("grow", "SetContext", context="c", key="k", callback="lambda held, x: held.append(x[0])"),
        leaf("get", "UseContext", context="c", key="k", compose="lambda held: str(held)"),
        contexts=contexts,
        x=NoiseSource([2]),
    )
    ear = Counted(graph)
    first = ear.run()
    assert first[2] == "done"
    for _ in range(2):
        assert ear.run() == first


def test_what_code_of_others_changes_is_never_used_again(tmp_path: Any) -> None:
    (tmp_path / "cached_mine.py").write_text("def grow(x): return x.add_(1)\ndef look(x): return x.sum()\n")
    sum_ = Tree(Node("sum", "Parallel"), children=(leaf("b", "Lambda", func="cached_mine:grow"), leaf("c", "Identity")))
    graph = graph_of(
        leaf("a", "Lambda", func="lambda x: x * 2"),
        sum_,
        leaf("d", "Lambda", func="lambda x, y: x * y"),
        x=NoiseSource([2, 2]),
    )
    names = ("cached_mine:grow", "cached_mine:look")
    ear = Counted(graph)
    ear.run()
    ear.session.take(Load(files.dump(graph), str(tmp_path), names))
    first = ear.run()
    assert first[2] == "done"
    for func in ("cached_mine:look", "lambda x: x", "cached_mine:grow"):
        ear.edit(SetParam("b", "func", func))
        now = ear.run()
        fresh = Counted(ear.session.graph)
        fresh.session.take(Load(files.dump(ear.session.graph), str(tmp_path), names))
        assert now == fresh.run() == ear.run()
    assert now == first


def test_a_watched_node_runs_when_its_value_is_gone() -> None:
    ear = Counted(row("lambda x: x * 2", "lambda x: x + 1", "lambda x: -x"), room=600)
    assert ear.ran() == ["a", "b", "c"]
    assert ear.ran() == [], "the last value is there"
    assert "a" in ear.ran(watch=("a",))
    assert [m.node for m in ear.heard if isinstance(m, Preview)] == ["a"]


def test_what_is_stale_is_told_after_an_edit_and_until_it_has_run() -> None:
    ear = Counted(row("lambda x: x * 2", "lambda x: x + 1", "lambda x: -x"))
    ear.run()
    assert (ear.stale, ear.kept) == ((), {"a", "b", "c", "root"})
    ear.edit(SetParam("b", "func", "lambda x: x + 2"))
    assert (ear.stale, ear.kept) == (("b", "c", "root"), {"a"})
    ear.edit(SetParam("b", "func", "lambda x: x + 1"))
    assert ear.stale == (), "as it was"
    ear.edit(SetInputs((Input("x", NoiseSource([2, 2], 7)),)))
    assert ear.stale == ("a", "b", "c", "root")
    ear.edit(SetParam("b", "func", "lambda x: x.reshape(7)"))
    assert ear.run()[2] == "failed"
    assert ear.stale == ("b", "c", "root")
    ear.edit(SetParam("b", "func", "lambda x: x"))
    ear.ran()
    assert ear.stale == ()


def test_the_values_that_adapters_drive_are_read_from_the_modules_of_the_run() -> None:
    shift = adapter("s", ("Sin", node("Chain", node("Multiply", scale=1.0, bias="=scale * 2"), node("Target"))))
    graph = with_adapters(graph_of(leaf("wave", "Sin"), leaf("other", "Sin"), x=NoiseSource([2, 2])), shift)
    edits.apply(graph, SetContexts("root", {"c": {"k": NumberSource(0.5), "l": ListSource([1])}}))
    ear = Counted(graph)
    ear.run()
    ear.edit(SetAdapterParam("s", "scale", 0.25))
    ear.run()
    (told,) = [m for m in ear.heard if isinstance(m, InUse)]
    assert [(d.adapter, d.param, d.node, d.name, d.value) for d in told.params] == [
        ("s", "scale", "wave", "bias", 0.5),
        ("s", "scale", "other", "bias", 0.5),
    ]
    assert [d.path for d in told.params] == ["Sin_1.Multiply", "Sin_2.Multiply"]
    assert [(held.label, held.text) for held in told.contexts] == [("c.k", "0.5")]
    ear.run()
    assert not [m for m in ear.heard if isinstance(m, InUse)], "told once"


def test_of_a_slider_s_way_only_the_ends_are_kept() -> None:
    ear = Counted(graph_of(leaf("up", "Multiply"), leaf("end", "Sin"), x=NoiseSource([2, 2])))
    ear.run()
    for step in range(10):
        ear.edit(SetParam("up", "scale", 2.0 + step))
        assert ear.ran() == ["up", "end"]
    for scale, ran in ((10.0, []), (1.0, []), (3.0, ["up", "end"])):
        ear.edit(SetParam("up", "scale", scale))
        assert ear.ran() == ran
