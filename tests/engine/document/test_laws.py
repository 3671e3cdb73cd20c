"""The laws of the document, on random graphs and random sequences of edits, legal and illegal."""

from hypothesis import given
from hypothesis import strategies as st

from engine.document import edits
from engine.document.document import Change, Document
from engine.document.edits import EditError
from engine.document.files import dump
from engine.document.graph import CANVAS, same
from engine.document.parsing import parse
from engine.document.touched import touched_by
from nodes import CATALOGUE
from tests.legal import assert_legal
from tests.strategies import edits_of, graphs, ids


@given(graphs())
def test_a_file_holds_the_whole_graph_and_is_canonical(graph):
    assert_legal(graph)
    data = dump(graph)
    again = parse(data)
    assert_legal(again)
    assert same(again, graph)
    assert dump(again) == data


@given(graphs(), st.data())
def test_an_edit_and_its_inverse_cancel_out(graph, data):
    before, twin = dump(graph), graph.copy()
    edit = data.draw(edits_of(graph, ids("m")))
    try:
        inverse = edits.apply(graph, edit)
    except EditError:
        assert same(graph, twin)
        assert dump(graph) == before
        return
    assert_legal(graph)
    after = dump(graph)
    assert parse(after).parents == graph.parents
    again = edits.apply(graph, inverse)
    assert same(graph, twin)
    assert graph.parents == twin.parents
    assert dump(graph) == before
    edits.apply(graph, again)
    assert dump(graph) == after


@given(graphs(), st.data())
def test_undoing_all_restores_the_bytes_and_redoing_all_reaches_the_end(graph, data):
    document, fresh = Document(graph, CATALOGUE), ids("m")
    replica = graph.copy()
    heard: list[Change] = []
    document.listeners.append(heard.append)
    start = dump(graph)
    reached = {document.history.revision: start}
    for _ in range(data.draw(st.integers(1, 12))):
        before, told = dump(document.graph), len(heard)
        match data.draw(st.sampled_from(["apply", "apply", "apply", "apply", "undo", "redo", "end"])):
            case "apply":
                edit = data.draw(edits_of(document.graph, fresh))
                try:
                    document.apply(edit, "Edit", data.draw(st.sampled_from(["", "drag"])))
                except EditError:
                    assert dump(document.graph) == before
                    assert len(heard) == told
                else:
                    reached[document.history.revision] = dump(document.graph)
            case "undo":
                assert (document.undo() is None) == (len(heard) == told)
            case "redo":
                assert (document.redo() is None) == (len(heard) == told)
            case _:
                document.end_gesture()
        assert_legal(document.graph)
        assert reached[document.history.revision] == dump(document.graph)
        for change in heard[told:]:
            assert change.edit is not None
            edits.apply(replica, change.edit)
        assert same(replica, document.graph)
    while document.redo():
        pass
    end = dump(document.graph)
    while document.undo():
        assert_legal(document.graph)
    assert dump(document.graph) == start
    assert document.history.revision == 0
    while document.redo():
        assert_legal(document.graph)
    assert dump(document.graph) == end


@given(graphs(), st.data())
def test_listeners_are_told_what_an_edit_touched(graph, data):
    twin = graph.copy()
    edit = data.draw(edits_of(graph, ids("m")))
    try:
        inverse = edits.apply(graph, edit)
    except EditError:
        return
    touched = touched_by(edit, inverse)
    stays = graph.nodes.keys() & twin.nodes.keys()
    assert graph.nodes.keys() - twin.nodes.keys() <= touched.added
    assert twin.nodes.keys() - graph.nodes.keys() <= touched.removed
    changed = {n for n in stays if graph.nodes[n] != twin.nodes[n] or graph.view(n) != twin.view(n)}
    assert changed <= touched.nodes | touched.added | touched.removed
    for frame in (graph.children.keys() & twin.children.keys()) | {CANVAS}:
        if graph.children.get(frame) != twin.children.get(frame) or graph.segments(frame) != twin.segments(frame):
            assert frame in touched.frames
    if graph.inputs != twin.inputs:
        assert touched.inputs
    if graph.adapters != twin.adapters:
        assert touched.adapters
