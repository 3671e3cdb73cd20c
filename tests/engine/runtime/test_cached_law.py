"""The law of values kept: after any edits a run that finds values of earlier ones gives what a run from nothing gives.

That is its result, its text, its fault, what it prints, the values of watched nodes, where it pauses, its timeline.
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.document import edits
from engine.document.document import Document
from engine.document.edits import Edit, Insert, Remove, SetContexts, SetInputs, SetMode, SetParam
from engine.document.graph import Contexts, Input, Node, Place, Tree
from engine.document.sources import ListSource, NoiseSource, NumberSource, Source
from engine.messages import Apply
from nodes import CATALOGUE
from tests.engine.runtime.test_cached_runs import PRINTS, Ran, leaf
from tests.engine.runtime.test_oracle import CHOOSING, ONE, Plan, exactly, ours, roots

PRINTING = [
    "lambda *xs: print(len(xs)) or xs",
    PRINTS,
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
    st.tuples(st.just("Breakpoint"), st.just({})),
)


HEAD = (
    leaf("lin", "Linear", in_features=2, out_features=2),
    leaf("mul", "Multiply", scale=2.0),
    leaf("say", "Lambda", func=PRINTS),
)
"""What a random tree comes after: most of them have no layers with weights, and not all run to their end."""

LOOPS = (
    (leaf("sin", "Lambda", func="lambda x: x * 0.5"),),
    (leaf("lin2", "Linear", in_features=2, out_features=2), leaf("mul2", "Multiply", scale=0.5)),
    (
        leaf("tell", "Lambda", func=PRINTS),
        Tree(
            Node("both", "Sum"),
            children=(leaf("same", "Identity"), leaf("time", "UseContext", context="diffusion", key="timestep")),
        ),
    ),
)
"""What a Sample may have at first."""


def sample(children: tuple[Tree, ...]) -> Tree:
    params = {"steps": 2, "guidance": 1.0, "schedule": "cosine", "prediction": "v", "clip": 1.0}
    contexts: Contexts = {"diffusion": {"timestep": NumberSource(0.0)}}
    return Tree(Node("sample", "Sample", params=params, contexts=contexts), children=children)


@st.composite
def edits_of(draw: st.DrawFn, document: Document, fresh: str) -> Edit | None:
    """An edit that mostly changes what a run gives; None where there is nothing of the sort to edit."""
    graph = document.graph
    nodes = list(graph.walk())
    sorts = "func func scale scale size input input context insert remove mode mode steps".split()
    match draw(st.sampled_from(sorts)):
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
        case "steps":
            return SetParam("sample", "steps", draw(st.integers(1, 3))) if "sample" in graph else None
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
        case "mode":
            found = [n for n in nodes if n != graph.root]
            return SetMode(draw(st.sampled_from(found)), draw(st.sampled_from(["", "mute", "bypass"])))
        case _:
            found = [n for n in nodes if n != graph.root]
            return Remove((draw(st.sampled_from(found)),)) if found else None


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large], deadline=None)
@given(st.data(), roots(tensors=True), st.sampled_from([None, None, 0, 3000]), st.sampled_from([None, *LOOPS]))
@pytest.mark.timeout(600)
def test_after_any_edits_a_cached_run_is_a_fresh_one(
    data: st.DataObject, plan: Plan, room: int | None, loop: tuple[Tree, ...] | None
) -> None:
    graph, _ = ours(plan)
    edits.apply(graph, SetInputs((Input("x", NoiseSource([2, 2], 0)),)))
    edits.apply(graph, Insert(Place("root", 0), (*HEAD, *([sample(loop)] if loop else []))))
    document = Document(graph, CATALOGUE)
    cached = Ran(graph, room)

    def tell(change: Any) -> None:
        cached.session.take(Apply(change.edit))

    document.listeners.append(tell)
    for turn in range(data.draw(st.integers(1, 6))):
        edit = None
        match data.draw(st.sampled_from(["edit", "edit", "edit", "undo", "redo", "cancel", "vary"])):
            case "edit":
                edit = data.draw(edits_of(document, f"new{turn}"))
                if edit is not None:
                    document.apply(edit, "Change")
            case "undo":
                document.undo()
            case "redo":
                document.redo()
            case "cancel":
                cached.run(data.draw(st.integers(0, 8)))
            case _:
                edit = data.draw(edits_of(document, "varied"))
                if edit is not None:
                    assert cached.vary(edit) == Ran(document.graph).vary(edit)
        watch = tuple(data.draw(st.lists(st.sampled_from(sorted(document.graph.walk())), max_size=1)))
        how = data.draw(st.sampled_from(["", "", "pauses", "steps", "measures", "records"]))
        fresh = Ran(document.graph)
        assert cached.run(watch=watch, how=how) == fresh.run(watch=watch, how=how)
        for name in fresh.session.values:
            if name in watch or name in cached.session.values:  # what nobody watches stays while there is room
                assert exactly(cached.session.values[name]) == exactly(fresh.session.values[name])
