"""Values kept between runs: what is run again after an edit, and what is told of it."""

from typing import Any

import torch
from msgspec import structs
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
from engine.messages import (
    Apply,
    Configure,
    Finished,
    FromWorker,
    InUse,
    Load,
    Log,
    Paused,
    Preview,
    Progress,
    Resume,
    Run,
    Stale,
    Timeline,
    Variant,
    Varied,
    encode,
)
from engine.runtime.session import Session
from nodes import CATALOGUE
from nodes.tree import node
from tests.engine.document.drawn import adapter, with_adapters
from tests.engine.runtime.test_oracle import exactly

PRINTS = "lambda x: print(x) or x"


class Ran:
    """A session with what it has said. It calls off a run before the step of this number."""

    def __init__(self, graph: Graph, room: int | None = None) -> None:
        self.heard: list[FromWorker] = []
        self.stop: int | None = None
        self.steps = False
        self.session = Session(CATALOGUE, self.heard.append, self._interrupted, lambda _: Resume(1, self.steps))
        self.session.take(Configure("cpu", room=room))
        self.session.take(Load(files.dump(graph), ""))

    def _interrupted(self) -> bool:
        if self.stop is not None:
            self.stop -= 1
        return self.stop == -1

    def run(self, stop: int | None = None, watch: tuple[str, ...] = (), how: str = "") -> Any:
        """The result, what was printed, where it paused, its timeline and what was told of the end, so that equal means
        equal to the bit. It `pauses`, `steps` from the first pause on, `measures` or `records`."""
        self.heard.clear()
        self.stop, self.steps = stop, how == "steps"
        pauses, measures, records = how in ("pauses", "steps"), how == "measures", how == "records"
        self.session.take(Run(1, watch, pauses, measures=measures, records=records))
        self.stop = None
        finished = self.finished
        told = [_plain(m) for m in self.heard if isinstance(m, Log | Paused | Timeline)]
        return exactly(self.session.result), told, finished.status, finished.text, finished.fault

    def vary(self, edit: Edit) -> bytes:
        """What is told of what the graph would give."""
        self.session.take(Variant(1, "root", edit))
        answer = self.heard[-1]
        assert isinstance(answer, Varied)
        return encode(answer)

    @property
    def finished(self) -> Finished:
        return next(m for m in reversed(self.heard) if isinstance(m, Finished))


def _plain(message: FromWorker) -> Any:
    """What a message tells: a file has the keys of contexts in another order than a document that was never saved."""
    match message:
        case Log(text=text, node=node):
            return node, text
        case Paused(contexts=held):
            return structs.replace(message, contexts=tuple(sorted(held, key=lambda each: each.label)))
        case Timeline(tracks=tracks, touches=touches):
            told = [(touch.step, tracks[touch.track], touch.how, touch.content) for touch in touches]
            return message.places, message.steps, sorted(told, key=lambda each: (each[0], each[1].path, each[1].label))
        case _:
            return message


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


def test_what_a_failed_run_did_not_get_to_has_no_value_however_much_is_kept() -> None:
    both = Tree(
        Node("both", "Parallel"),
        children=(
            leaf("a", "Lambda", func="lambda x: x * 2"),
            leaf("lin", "Linear", in_features=3, out_features=3),
            leaf("b", "Lambda", func="lambda x: x * 2"),
        ),
    )
    for room in (None, 0):
        ear = Ran(graph_of(both, x=NoiseSource([2, 2])), room)
        assert ear.run(watch=("a", "b"))[2] == "failed"
        assert list(ear.session.values) == ["a"], "b would be the same, but is not reached"


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
