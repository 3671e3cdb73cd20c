"""Sessions whose graphs have adapters."""

from typing import Any

import pytest
import torch
from msgspec.structs import replace
from safetensors.torch import save_file

from engine.document import edits
from engine.document.document import Change, Document
from engine.document.edits import SetAdapter, SetAdapterParam, SetAdapters, SetContexts, SetInputs, SetParam, SetWeights
from engine.document.expand import expand
from engine.document.graph import Input, Node, Place, Tree, Weights
from engine.document.sources import NoiseSource, NumberSource
from engine.document.standing import Standing
from engine.messages import Apply, Examine, Loaded, Log, Progress, SaveWeights, Shapes, decode_to_worker, encode
from nodes import CATALOGUE
from nodes.tree import function, linear, node, use
from tests.engine.document.drawn import adapter, graph_of, lora, with_adapters
from tests.engine.runtime.test_session import Ear

GRAPH = graph_of(node("Chain", linear(4, 3), node("Multiply", scale=2.0), name="Down"), node("Sin"))
"""Down has the Linear n2 and the Multiply n3; the Sin is n4."""
edits.apply(GRAPH, SetInputs((Input("x", NoiseSource([2, 4])),)))
LORA = adapter("l", ("Linear", lora()), values={"scale": 0.5})
SHIFT = adapter("s", ("Sin", node("Chain", node("Multiply", scale=1.0, bias="=scale"), node("Target"))))


def ear_of(*adapters, folder=""):
    return Ear(with_adapters(GRAPH, *adapters), folder)


def module(ear, id) -> Any:
    return ear.session.replica.modules.by_node[id]


def value(ear, id) -> Any:
    return ear.session.values[id]


def test_an_adapter_runs_and_the_graph_s_own_nodes_keep_their_weights_and_values():
    alone, ear = ear_of(), ear_of(LORA)
    assert alone.run().status == ear.run().status == "done"
    assert torch.equal(value(ear, "n2"), value(alone, "n2"))
    assert not torch.equal(ear.result, alone.result)
    down, up = (module(ear, f"l.{name}.n2").weight for name in ("a4", "a5"))
    assert (down.shape, up.shape) == ((2, 4), (3, 2))
    assert {"l.a1.n2", "l.a6.n2"} <= ear.last(Shapes).returns.keys()


def test_switching_it_off_and_on_restores_both_results_to_the_bit():
    ear = ear_of(LORA)
    ear.run()
    adapted = ear.result
    ear.take(Apply(SetAdapter(replace(LORA, enabled=False))))
    ear.run()
    alone = ear_of()
    alone.run()
    assert torch.equal(ear.result, alone.result)
    ear.take(Apply(SetAdapter(LORA)))
    ear.run()
    assert torch.equal(ear.result, adapted)


def test_its_strength_reaches_every_place_without_lowering():
    ear = ear_of(adapter("l", ("Linear", lora()), ("Multiply", node("Chain", node("Target"), scaled()))))
    ear.run()
    program = ear.lowered
    for scale in (0.25, 2, 0.0):
        ear.take(Apply(SetAdapterParam("l", "scale", scale)))
        ear.run()
        assert ear.lowered is program
        fresh = ear_of(replace(ear.session.graph.adapters[0]))
        fresh.run()
        assert torch.equal(ear.result, fresh.result)
    ear.take(Apply(SetAdapterParam("l", "rank", 3)))
    ear.run()
    assert ear.lowered is not program
    assert module(ear, "l.a4.n2").out_features == 3


def scaled():
    return node("Multiply", scale="=scale + 1")


def test_a_strength_of_nothing_gives_the_base_to_the_bit():
    ear, alone = ear_of(replace(LORA, values={"scale": 0.0})), ear_of()
    ear.run()
    alone.run()
    assert torch.equal(ear.result, alone.result)


def test_a_live_param_of_the_graph_still_needs_no_lowering_unless_an_adapter_looks_at_it():
    ear = ear_of(LORA)
    ear.run()
    program = ear.lowered
    ear.take(Apply(SetParam("n3", "scale", 3.0)))
    ear.run()
    assert ear.lowered is program
    looks = adapter("x", ("Multiply & scale > 5", node("Chain", node("Target"), node("Sin"))))
    ear.take(Apply(SetAdapters((LORA, replace(looks, where="scale > 2")))))
    assert "goes to no node" in ear.run().fault.message
    ear.take(Apply(SetParam("n3", "scale", 6.0)))
    assert ear.run().status == "done"
    assert "x.a3.n3" in ear.session.values


def test_sources_of_an_adapter_s_contexts_are_its_own_and_change_without_lowering():
    def shifted(value):
        drawn = node("Chain", node("Sum", use("shift", "by"), node("Identity")), node("Target"))
        contexts = {"shift": {"by": NumberSource(value)}}
        held = replace(drawn, node=replace(drawn.node, contexts=contexts))
        return adapter("s", ("Sin", held))

    ear = ear_of(shifted(0.5))
    ear.run()
    before, program = value(ear, "s.a2.n4"), ear.lowered
    ear.take(Apply(SetAdapter(shifted(1.5))))
    ear.run()
    assert torch.allclose(value(ear, "s.a2.n4"), before + 1)
    assert ear.lowered is program


def test_a_fault_of_what_an_adapter_adds_is_told_at_the_target():
    wrong = adapter("w", ("Sin", node("Chain", node("Target"), linear(7, 7))))
    ear = ear_of(replace(wrong, name="Wrong"))
    ear.settle()
    (told,) = ear.last(Shapes).faults
    fault = ear.run().fault
    for each in (told, fault):
        assert each.node == "n4"
        assert each.path == "Sin"
        assert each.message.startswith("in the adapter Wrong, at Linear: ")
        assert each.param == ""


def test_progress_and_print_are_told_at_the_target():
    loud = adapter("p", ("Sin", node("Chain", function("lambda x: (print('hello'), x)[1]"), node("Target"))))
    ear = ear_of(loud)
    ear.run()
    assert ear.last(Log).node == "n4"
    assert {m.node for m in ear.heard if isinstance(m, Progress)} <= set(GRAPH.nodes)


@pytest.mark.parametrize("broken", [replace(LORA, where="Nothing"), replace(LORA, values={"rank": 0})])
def test_a_run_with_an_adapter_that_can_t_be_applied_says_so(broken):
    ear = ear_of(broken)
    fault = ear.run().fault
    assert fault.code in ("adapter-unmatched", "adapter-flawed")
    ear.take(Apply(SetAdapter(replace(broken, enabled=False))))
    assert ear.run().status == "done"


def test_its_weights_come_from_its_own_file_under_the_keys_of_the_targets(tmp_path):
    base = {"Down.Linear.weight": torch.ones(3, 4), "Down.Linear.bias": torch.zeros(3)}
    keys = {"Down.Linear.Lora.Linear_1.weight": (2, 4), "Down.Linear.Lora.Linear_2.weight": (3, 2)}
    save_file(base, tmp_path / "base.safetensors")
    save_file({key: torch.full(shape, 0.5) for key, shape in keys.items()}, tmp_path / "lora.safetensors")
    stack = with_adapters(GRAPH, replace(LORA, weights=Weights("lora.safetensors")))
    edits.apply(stack, SetWeights("root", Weights("base.safetensors")))
    ear = Ear(stack, tmp_path)
    ear.run()
    reports = {report.adapter: report for report in ear.last(Loaded).reports}
    assert all(report.exact for report in reports.values())
    assert {name: report.count for name, report in reports.items()} == {"": 2, "l": 2}
    assert module(ear, "l.a5.n2").weight.eq(0.5).all()
    assert module(ear, "n2").weight.eq(1).all()


def test_keys_start_at_the_frame_that_names_the_weights_and_stay_when_nodes_are_renamed(tmp_path):
    save_file({"Linear.weight": torch.ones(3, 4), "Linear.bias": torch.zeros(3)}, tmp_path / "base.safetensors")
    save_file({"Linear.Lora.Linear_1.weight": torch.ones(2, 4)}, tmp_path / "lora.safetensors")
    stack = with_adapters(GRAPH, replace(LORA, weights=Weights("lora.safetensors")))
    edits.apply(stack, SetWeights("n1", Weights("base.safetensors")))
    edits.apply(stack, edits.Batch((edits.SetName("n2", "Other"), edits.SetKey("n2", "Linear"))))
    ear = Ear(stack, tmp_path)
    ear.run()
    report = next(report for report in ear.last(Loaded).reports if report.adapter == "l")
    assert report.count == 1
    assert [(wanted.node, wanted.key) for wanted in report.missing] == [("n2", "Linear.Lora.Linear_2.weight")]


def test_a_file_of_an_adapter_that_is_missing_is_told_and_stops_runs(tmp_path):
    ear = Ear(with_adapters(GRAPH, replace(LORA, weights=Weights("gone.safetensors"))), tmp_path)
    fault = ear.run().fault
    assert fault.code == "weights"
    assert fault.message.startswith("the weights of the adapter L: there is no file")
    assert "gone.safetensors" in fault.message
    (saved,) = ear.take(SaveWeights("root", str(tmp_path / "own.safetensors")))
    assert (saved.error, saved.count) == ("", 2), "the graph's own weights are there"
    ear.take(Apply(SetAdapter(LORA)))
    assert ear.run().status == "done"


def test_contexts_of_the_graph_that_change_are_read_with_adapters_too():
    graph = graph_of(use("c", "k"), node("Sin"))
    edits.apply(graph, SetContexts("root", {"c": {"k": NumberSource(1.0)}}))
    ear = Ear(with_adapters(graph, SHIFT))
    ear.run()
    ear.take(Apply(SetContexts("root", {"c": {"k": NumberSource(2.0)}})))
    ear.run()
    assert value(ear, "n1") == 2.0


def test_a_document_with_adapters_crosses_the_pipe_whole():
    stack = (replace(LORA, weights=Weights("w.safetensors", "0" * 64), colour="#aa0000"), SHIFT)
    decoded = decode_to_worker(encode(Apply(SetAdapters(stack))))
    assert decoded == Apply(SetAdapters(stack))
    ear = Ear()
    ear.take(decoded)
    assert ear.session.graph.adapters == stack


def test_what_is_switched_off_keeps_its_modules_until_it_is_taken_out():
    ear = ear_of(LORA)
    ear.run()
    before = {id: module(ear, id) for id in ("n2", "l.a4.n2", "l.a5.n2")}
    for _ in range(2):
        ear.take(Apply(SetAdapter(replace(LORA, enabled=False))))
        assert ear.run().status == "done"
        assert "l.a4.n2" not in ear.session.replica.modules.by_node
        ear.take(Apply(SetAdapter(LORA)))
        ear.run()
        assert all(module(ear, id) is held for id, held in before.items())
    ear.take(Apply(SetAdapters(())))
    ear.run()
    ear.take(Apply(SetAdapters((LORA,))))
    ear.run()
    assert module(ear, "n2") is before["n2"]
    assert module(ear, "l.a4.n2") is not before["l.a4.n2"]


def borrower(path):
    """An adapter inside Down with a layer that has the weights of the one at this path."""
    drawn = linear(4, 3)
    drawn = replace(drawn, node=replace(drawn.node, shared=f"=target.{path}"))
    twice = node("Passthrough", drawn)
    return adapter("b", ("Down", node("Chain", twice, node("Target")), "inside"))


def test_an_adapter_uses_the_weights_of_a_layer_below_its_target(tmp_path):
    base = {"Down.Linear.weight": torch.ones(3, 4), "Down.Linear.bias": torch.zeros(3)}
    save_file(base, tmp_path / "base.safetensors")
    stack = with_adapters(GRAPH, borrower("Linear"))
    edits.apply(stack, SetWeights("root", Weights("base.safetensors")))
    ear = Ear(stack, tmp_path)
    assert ear.run().status == "done"
    inserted = "b.a3.n1"
    assert module(ear, inserted) is module(ear, "n2")
    assert torch.equal(value(ear, inserted), value(ear, "n2"))
    held = module(ear, "n2")
    assert held.weight.eq(1).all()
    for enabled in (False, True):
        ear.take(Apply(SetAdapter(replace(borrower("Linear"), enabled=enabled))))
        ear.run()
        assert module(ear, "n2") is held
    (report,) = ear.last(Loaded).reports
    assert report.exact


def test_weights_of_a_layer_that_is_not_there_are_no_weights():
    fault = ear_of(borrower("Linaer")).run().fault
    assert fault.code == "adapter-flawed"
    assert "it uses the weights of Down.Linaer, a Linear, but there is no such node" in fault.message


def follow(document: Document, ear: Ear) -> None:
    """Have the session hear of every edit of the document."""

    def tell(change: Change) -> None:
        if change.edit:
            ear.take(Apply(change.edit))

    document.listeners.append(tell)


def scaling(*more: str):
    """Adapters that go by the strength that LORA puts at its targets."""
    tree = node("Chain", node("Target"), node("Multiply", scale="=target.scale + 1"))
    return adapter("m", *((f"by L & Multiply{each}", tree) for each in more), ("Sin", node("Chain", node("Target"))))


@pytest.mark.parametrize(
    ("stack", "edit"),
    [
        ((), edits.Batch((SetAdapters((LORA,)), SetAdapterParam("l", "scale", 1.5)))),
        ((LORA,), edits.Batch((SetAdapterParam("l", "scale", 1.5), SetAdapters(())))),
        ((LORA,), edits.Batch((SetAdapterParam("l", "scale", 1.5), SetAdapter(replace(LORA, enabled=False))))),
        ((LORA,), edits.Batch((SetParam("n3", "scale", 1.5), edits.Remove(("n3",))))),
        ((LORA, scaling("")), SetAdapterParam("l", "scale", 1.5)),
        ((LORA, scaling(" & scale > 1")), SetAdapterParam("l", "scale", 1.5)),
        ((LORA,), edits.Batch((edits.SetName("n1", "Other"), SetAdapterParam("l", "rank", 3)))),
    ],
)
def test_edits_in_one_step_and_adapters_that_go_by_others_give_what_a_fresh_session_gives(stack, edit):
    document = Document(with_adapters(GRAPH, *stack), CATALOGUE)
    ear, checker = Ear(document.graph), Standing(document.graph, CATALOGUE)
    follow(document, ear)
    document.listeners.append(lambda change: checker.touch(change.touched) if change.touched else None)
    for act in (lambda: document.apply(edit, ""), document.undo, document.redo, document.undo):
        assert ear.run().status == "done"
        assert checker.expanded.targets == expand(document.graph, CATALOGUE).targets
        act()
        fresh = Ear(document.graph)
        fresh.run()
        ear.run()
        assert torch.equal(ear.result, fresh.result)
        assert checker.expanded.targets == expand(document.graph, CATALOGUE).targets


@pytest.mark.parametrize("weights", [None, "base.safetensors"])
def test_a_wrapped_target_and_saved_weights_of_the_graph_leave_an_adapter_what_it_has(weights, tmp_path):
    save_file(
        {"Down.Linear.weight": torch.ones(3, 4), "Down.Linear.bias": torch.zeros(3)}, tmp_path / "base.safetensors"
    )
    keys = {"Down.Linear.Lora.Linear_1.weight": (2, 4), "Down.Linear.Lora.Linear_2.weight": (3, 2)}
    save_file({key: torch.full(shape, 0.5) for key, shape in keys.items()}, tmp_path / "lora.safetensors")
    document = Document(with_adapters(GRAPH, replace(LORA, weights=Weights("lora.safetensors"))), CATALOGUE)
    document.apply(SetWeights("root", Weights(weights) if weights else None), "")
    ear = Ear(document.graph, tmp_path)
    follow(document, ear)
    ear.run()
    new = edits.Insert(Place("n1", 0), (Tree(Node("new", "Chain"), children=()),))
    document.apply(edits.Batch((new, edits.Move(("n2",), Place("new", 0)))), "Wrap")
    before = ear.result
    ear.run()
    assert torch.equal(ear.result, before)
    (saved,) = ear.take(SaveWeights("root", str(tmp_path / "new.safetensors")))
    assert saved.edit, saved.error
    document.apply(saved.edit, "Save")
    ear.run()
    assert torch.equal(ear.result, before)
    assert module(ear, "l.a5.n2").weight.eq(0.5).all()
    (examined,) = ear.take(Examine("", str(tmp_path / "lora.safetensors"), adapter="l"))
    assert examined.report.count == 2
