"""The worker process, spoken to over a bare pipe."""

import pytest

from engine.document import edits, files
from engine.document.document import new_graph
from engine.document.edits import Insert, Remove, SetInputs, SetParam
from engine.document.graph import Input, Node, Place, Tree
from engine.document.sources import NoiseSource
from engine.messages import Apply, Finished, Load, Ready, Run, Shapes
from tests.engine.runtime.line import LONG, Line


def leaf(node, kind, **params):
    return Tree(Node(node, kind, params=params))


@pytest.fixture
def line():
    found = Line()
    yield found
    found.close()


@pytest.fixture
def graph():
    found = new_graph()
    edits.apply(found, SetInputs((Input("x", NoiseSource([2, 4])),)))
    edits.apply(found, Insert(Place("root", 0), (leaf("lin", "Linear", in_features=4, out_features=3),)))
    return found


def test_it_is_ready_then_tells_shapes_then_runs(line, graph):
    line.send(Load(files.dump(graph), ""), Run(1))
    assert isinstance(line.hear(), Ready)
    heard = line.until(Finished)
    assert [m.returns["lin"] for m in heard if isinstance(m, Shapes)] == [("float32 (2, 3)",)]
    assert heard[-1].status == "done"


def test_shapes_wait_until_nothing_else_waits(line, graph):
    # Sent while torch is still being imported: all of it waits when the worker starts to answer.
    line.send(Load(files.dump(graph), ""), *(Apply(SetParam("lin", "out_features", n)) for n in range(1, 201)))
    shapes = line.until(Shapes)[-1]
    assert shapes.returns["lin"] == ("float32 (2, 200)",)


def test_what_goes_wrong_inside_costs_nothing_else(line, graph):
    line.send(Load(b"no graph at all", ""))
    (fault,) = line.until(Shapes)[-1].faults
    assert (fault.code, fault.node) == ("internal", "root")
    assert "failed at Load: " in fault.message
    line.pipe.send_bytes(b"no message at all")
    line.send(Load(files.dump(graph), ""), Apply(Remove(("nobody",))))
    while not (faults := line.until(Shapes)[-1].faults):
        pass
    assert "failed at Apply: EditError" in faults[0].message
    line.send(Run(1))
    assert line.until(Finished)[-1].status == "done"


def test_the_end_of_the_pipe_ends_a_run_in_progress(line, graph):
    blurs = tuple(leaf(f"blur{i}", "Blur", radius=64, sigma=20.0) for i in range(100))
    edits.apply(graph, Remove(("lin",)))
    edits.apply(graph, SetInputs((Input("x", NoiseSource([1, 3, 1024, 1024])),)))
    edits.apply(graph, Insert(Place("root", 0), blurs))
    line.send(Load(files.dump(graph), ""), Run(1))
    line.until(Shapes)
    line.pipe.close()
    line.process.join(LONG / 2)
    assert line.process.exitcode == 0
