"""A run that finds values of earlier ones gives what a run from nothing gives: its result, its text, its faults."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.document import edits, files
from engine.document.document import Document
from engine.document.edits import Edit, Insert, Remove, SetContexts, SetInputs, SetParam
from engine.document.graph import Contexts, Graph, Input, Node, Place, Tree
from engine.document.sources import ListSource, NoiseSource, NumberSource, Source
from engine.messages import Apply, Configure, Finished, FromWorker, Load, Log, Run
from engine.runtime.session import Session
from nodes import CATALOGUE
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
    match draw(st.sampled_from(["func", "func", "scale", "scale", "size", "input", "input", "context", "insert", "remove"])):
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
        for node in watch:
            if node in fresh.session.values:
                assert exactly(cached.session.values[node]) == exactly(fresh.session.values[node])
