"""Python code of others in graphs: refused, contained, run as Fluxion would, in a session and in a real worker."""

import multiprocessing
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import refiners.fluxion.layers as fl
import torch

from engine.document import edits, files
from engine.document.document import new_graph
from engine.document.edits import Insert, SetContexts, SetInputs
from engine.document.graph import Graph, Input, Node, Place, Tree
from engine.document.sources import ListSource, NoiseSource, NumberSource, Source, TensorSource
from engine.messages import (
    Configure,
    Finished,
    FromWorker,
    Load,
    Log,
    Paused,
    Run,
    SaveWeights,
    Shapes,
    Trust,
    WeightsSaved,
    decode_from_worker,
    encode,
)
from engine.runtime.importing import import_tree
from engine.runtime.placeholders import Origin
from engine.runtime.session import Session
from engine.runtime.worker import serve
from nodes import CATALOGUE

LONG = 60

MINE = """
import os, sys, threading, torch


def double(x): return x * 2
def chosen(x): return x if x.sum().item() > 1e9 else -x
def pair(x): return x, x + 1
def push(held, x): held.append(x)
def last(held): return held.pop()
def keep(held): return held
def add(held, x): held.add_(x)
def overwrite(x): return x.mul_(0)
def odd(held, x):
    if x.sum().item() > 1e9:
        held.append(x)

def fail(x): raise ValueError("no luck today")
def leave(x): sys.exit(3)
def tell(x):
    print("one", "two")
    print("three", end="", file=sys.stderr)
    return x


number = 7


class Own(torch.nn.Module):
    def __init__(self, size, scale=2.0):
        super().__init__()
        self.size, self.scale = size, scale
        self.inner = torch.nn.Sequential(torch.nn.Linear(size, size), torch.nn.ReLU())
        self.table = torch.arange(size).float().mean().item()  # which fake tensors can't tell

    def forward(self, x):
        print("inside")
        return self.inner(x) * self.scale + self.table


made = torch.nn.Linear(4, 4)


class Hiding(torch.nn.Linear):
    def state_dict(self, *args, **kwargs): raise KeyError("secret")


class Leaving(torch.nn.Linear):
    def load_state_dict(self, *args, **kwargs): sys.exit(3)


class Locked(torch.nn.Linear):
    def __init__(self, *args):
        super().__init__(*args)
        self.lock = threading.Lock()


locked = Locked(4, 4)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    sys.modules.pop("trusted_mine", None)  # a worker has one session only
    (tmp_path / "trusted_mine.py").write_text(MINE)
    return tmp_path


def leaf(node: str, kind: str, **params: Any) -> Tree:
    return Tree(Node(node, kind, params=params))


def calls(*functions: str) -> list[Tree]:
    """Lambdas called a, b, c ... of functions in that module."""
    return [leaf("abcdef"[i], "Lambda", func=f if " " in f else f"trusted_mine:{f}") for i, f in enumerate(functions)]


def graph_of(*leaves: Tree, x: Source | None = None, **held: Source) -> Graph:
    graph = new_graph()
    edits.apply(graph, SetInputs((Input("x", x or NoiseSource([2, 4])),)))
    edits.apply(graph, SetContexts("root", {"c": held}))
    edits.apply(graph, Insert(Place("root", 0), leaves))
    return graph


class Ear:
    """A session with what it has said."""

    def __init__(self, graph: Graph, folder: Path, trusted: tuple[str, ...] | None = None) -> None:
        self.heard: list[FromWorker] = []
        self.session = Session(CATALOGUE, self.heard.append)
        self.session.take(Configure("cpu"))
        names = sorted({v for n in graph.nodes.values() for v in n.params.values() if isinstance(v, str) and ":" in v})
        self.session.take(Load(files.dump(graph), str(folder), tuple(names) if trusted is None else trusted))
        self.session.settle()

    @property
    def shapes(self) -> Shapes:
        return next(message for message in reversed(self.heard) if isinstance(message, Shapes))

    def run(self) -> Finished:
        self.session.take(Run(1))
        return next(message for message in reversed(self.heard) if isinstance(message, Finished))

    def printed(self, run: int) -> list[tuple[str, str]]:
        return [(m.node, m.text) for m in self.heard if isinstance(m, Log) and m.run == run]


def test_shapes_come_from_trying_it_and_where_that_fails_from_the_run(folder):
    ear = Ear(graph_of(*calls("pair", "lambda x, y: y", "chosen", "double")), folder)
    assert ear.shapes.returns["a"] == ("float32 (2, 4)", "float32 (2, 4)")
    assert (ear.shapes.returns["c"], ear.shapes.returns["d"]) == (("?",), ("?",))
    assert ear.shapes.faults == ()
    assert ear.run().fault is None
    x = ear.session.values["a"][0]  # pyright: ignore[reportIndexIssue]
    assert torch.equal(ear.session.result, (x + 1) * -2)  # pyright: ignore[reportArgumentType]


def test_what_does_not_need_what_is_refused_runs(folder):
    one, two, three, four = calls("lambda x: x + 1", "double", "lambda x: x - 1", "lambda x: x * 3")
    both = Tree(Node("both", "Parallel"), children=(two, three))
    ear = Ear(graph_of(one, both, leaf("get", "Lambda", func="lambda x, y: y"), four), folder, trusted=())
    assert [(fault.node, fault.code) for fault in ear.shapes.faults] == [("b", "untrusted")]
    assert ear.shapes.returns["d"] == ("float32 (2, 4)",)
    finished = ear.run()
    assert finished.fault is not None
    assert (finished.status, finished.fault.node, finished.fault.code) == ("failed", "b", "untrusted")
    assert set(ear.session.values) == {"a", "c", "get", "d", "root"}, "all but what needs it"
    assert "trusted_mine" not in sys.modules


def test_a_pause_where_a_value_is_withheld_says_so(folder):
    ear = Ear(graph_of(*calls("double"), leaf("stop", "Breakpoint")), folder, trusted=())
    ear.session.take(Run(1, pauses=True))
    [paused] = [message for message in ear.heard if isinstance(message, Paused)]
    assert (paused.node, paused.value) == ("stop", "not known: it needs Python code that you have not trusted")


def test_only_the_names_that_are_trusted_are_imported(folder):
    ear = Ear(graph_of(*calls("double", "pair")), folder, trusted=("trusted_mine:double",))
    assert [fault.node for fault in ear.shapes.faults] == ["b"]
    ear.session.take(Trust(("trusted_mine:double", "trusted_mine:pair")))
    ear.session.settle()
    assert ear.shapes.faults == ()


def test_callbacks_and_composes_change_lists_as_they_do_in_fluxion(folder):
    ear = Ear(
        graph_of(
            leaf("s1", "SetContext", context="c", key="k", callback="trusted_mine:push"),
            *calls("double"),
            leaf("s2", "SetContext", context="c", key="k", callback="trusted_mine:push"),
            leaf("u1", "UseContext", context="c", key="k", compose="trusted_mine:last"),
            leaf("u2", "UseContext", context="c", key="k", compose="trusted_mine:keep"),
            k=ListSource([]),
        ),
        folder,
    )
    assert ear.shapes.returns["u2"] == ("list of 1",)
    for _ in range(2):
        assert ear.run().fault is None
        values: Any = ear.session.values
        assert torch.equal(values["u1"], values["a"])
        assert len(values["u2"]) == 1
        assert torch.equal(values["u2"][0], values["s1"])


def test_what_it_does_to_a_list_must_be_known_before_the_run(folder):
    graph = graph_of(
        leaf("s", "SetContext", context="c", key="k", callback="trusted_mine:odd"),
        leaf("u", "UseContext", context="c", key="k"),
        k=ListSource([]),
    )
    (fault,) = Ear(graph, folder).shapes.faults
    assert (fault.node, fault.code) == ("s", "undecided-choice")
    assert "trusted_mine:odd can't be tried without values" in fault.message


def test_a_tensor_held_is_changed_for_this_run_only(folder, tmp_path):
    import numpy as np

    np.save(tmp_path / "held.npy", np.ones((2, 4), "float32"))
    np.save(tmp_path / "x.npy", np.full((2, 4), 5, "float32"))
    graph = graph_of(
        leaf("s", "SetContext", context="c", key="k", callback="trusted_mine:add"),
        *calls("overwrite"),
        leaf("u", "UseContext", context="c", key="k"),
        x=TensorSource("x.npy"),
        k=TensorSource("held.npy"),
    )
    ear = Ear(graph, folder)
    for _ in range(2):
        assert ear.run().fault is None
        assert torch.equal(ear.session.result, torch.full((2, 4), 6.0))  # pyright: ignore[reportArgumentType]


def test_what_it_prints_is_logged_at_its_node_in_a_run_and_not_before(folder):
    ear = Ear(graph_of(*calls("tell")), folder)
    assert ear.printed(1) == []
    assert ear.run().fault is None
    assert ear.printed(1) == [("a", "one two\n"), ("a", "three")]


@pytest.mark.parametrize(
    ("function", "why"),
    [
        ("fail", "trusted_mine:fail: ValueError: no luck today ("),
        ("leave", "trusted_mine:leave: it calls sys.exit(3)"),
        ("number", "trusted_mine:number is of type int, but must be a function"),
        ("nothing", "trusted_mine has no nothing"),
    ],
)
def test_what_goes_wrong_is_told_at_its_node(folder, function, why):
    finished = Ear(graph_of(*calls("double", function)), folder).run()
    assert finished.fault is not None
    assert (finished.fault.node, finished.fault.code) == ("b", "failed")
    assert finished.fault.message.startswith(why)


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("Hiding", "trusted_mine:Hiding made a module that can't be used: KeyError: 'secret' ("),
        ("Leaving", "trusted_mine:Leaving made a module that can't be used: it calls sys.exit(3)"),
        ("locked", "trusted_mine:locked can't be copied: TypeError: cannot pickle"),
    ],
)
def test_what_goes_wrong_with_a_module_is_told_at_its_node(folder, module, why):
    arguments = "{}" if module == "locked" else '{"in_features": 4, "out_features": 4}'
    ear = Ear(graph_of(leaf("a", "Foreign", constructor=f"trusted_mine:{module}", arguments=arguments)), folder)
    finished = ear.run()
    assert finished.fault is not None
    assert (finished.fault.node, finished.fault.code) == ("a", "not-built")
    assert finished.fault.message.startswith(why)
    ear.session.take(SaveWeights("root", str(folder / "w.safetensors")))
    assert isinstance(saved := ear.heard[-1], WeightsSaved)
    assert bool(saved.error) == (module != "Leaving")  # what it has at first can be written


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("raise RuntimeError('not today')", "trusted_bad can't be imported: RuntimeError: not today ("),
        ("import sys; sys.exit('bye')", "trusted_bad can't be imported: it calls sys.exit('bye')"),
        ("def f(:", "trusted_bad can't be imported: SyntaxError"),
        ("import no_such_module_anywhere", "trusted_bad can't be imported: ModuleNotFoundError"),
        ("print('loading')\ndef g(x): return x", "trusted_bad has no f"),
    ],
)
def test_a_bad_module_is_told_at_the_nodes_that_need_it(tmp_path, source, why):
    sys.modules.pop("trusted_bad", None)
    (tmp_path / "trusted_bad.py").write_text(source)
    ear = Ear(graph_of(leaf("a", "Lambda", func="trusted_bad:f")), tmp_path)
    (fault,) = ear.shapes.faults
    assert fault.node == "a"
    assert fault.message.startswith(why)
    assert ear.printed(0) == ([("", "loading\n")] if "loading" in source else [])


def test_a_changed_module_is_imported_again_when_it_is_trusted_again(folder):
    ear = Ear(graph_of(*calls("double"), x=NumberSource(4)), folder)
    assert ear.run().text == "8"
    assert str(folder) not in sys.path, "only while something is imported"
    (folder / "trusted_mine.py").write_text(MINE.replace("x * 2", "x * 200"))
    assert ear.run().text == "8"
    ear.session.take(Trust(("trusted_mine:double",)))
    assert ear.run().text == "800"


def test_modules_of_the_same_name_in_two_folders_are_not_confused(folder):
    other = folder / "other"
    other.mkdir()
    (other / "trusted_mine.py").write_text(MINE.replace("x * 2", "x * 3"))
    graph = graph_of(*calls("double"), x=NumberSource(4))
    ear = Ear(graph, folder)
    assert ear.run().text == "8"
    ear.session.take(Load(files.dump(graph), str(other), ("trusted_mine:double",)))
    assert ear.run().text == "12"


def test_a_foreign_module_has_its_own_weights_and_keys(folder):
    made = {"constructor": "trusted_mine:Own", "arguments": '{"size": 4}'}
    graph = graph_of(
        leaf("one", "Foreign", **made, path=""),
        leaf("two", "Foreign", **made, path="inner.0"),
        leaf("three", "Foreign", constructor="trusted_mine:made", arguments="{}", path=""),
    )
    ear = Ear(graph, folder)
    assert ear.shapes.returns["three"] == ("float32 (2, 4)",)
    assert ear.run().fault is None
    assert ("one", "inside\n") in ear.printed(1)
    modules = ear.session.replica.modules.by_node
    assert set(modules["one"].state_dict()) == {"inner.0.weight", "inner.0.bias"}
    assert not torch.equal(modules["one"].state_dict()["inner.0.weight"], modules["two"].state_dict()["weight"])


@pytest.mark.parametrize(
    ("params", "why"),
    [
        ({"arguments": "{}"}, "missing 1 required positional argument"),
        ({"arguments": "size"}, "are no JSON"),
        ({"arguments": '{"size": 4}', "path": "outer"}, "has no part outer; it has inner"),
        ({"constructor": "trusted_mine:double"}, "must make a torch module"),
    ],
)
def test_a_foreign_module_that_can_t_be_made_says_why(folder, params, why):
    given = {"constructor": "trusted_mine:Own", "arguments": '{"x": 1}', "path": ""} | params
    (fault,) = Ear(graph_of(leaf("a", "Foreign", **given)), folder).shapes.faults
    assert (fault.node, fault.code) == ("a", "not-built")
    assert why in fault.message


class Blend(fl.Module):
    """A layer that no kind describes."""

    def __init__(self, size: int, mode: str = "sum") -> None:
        super().__init__()
        self.size, self.mode = size, mode
        self.gain = torch.nn.Parameter(torch.ones(size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.gain if self.mode == "sum" else x * self.gain


class Secret(torch.nn.Module):
    """One whose arguments can't be read from it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = torch.nn.Linear(width, width * 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x).cos()


def model() -> fl.Chain:
    return fl.Chain(fl.Linear(4, 4), Blend(4, mode="product"), Secret(4), fl.Linear(8, 4))  # pyright: ignore


def test_imported_placeholders_run_to_the_same_bits(tmp_path):
    from engine.runtime.imports import save

    live = model().requires_grad_(False)
    torch.nn.init.normal_(live.layer("Blend", Blend).gain)
    found = import_tree(live, CATALOGUE, Origin(f"{__name__}:model"))
    assert found.placeholders == {"Blend": "Blend", "Secret": "Secret"}
    nodes = {node.title: node.params for node in found.graph.nodes.values()}
    assert nodes["Blend"] == {
        "constructor": f"{__name__}:Blend", "arguments": '{"size": 4, "mode": "product"}', "path": "",
    }  # fmt: skip
    assert nodes["Secret"] == {"constructor": f"{__name__}:model", "arguments": "{}", "path": "Secret"}
    assert set(found.weights) == set(live.state_dict())
    edits.apply(found.graph, SetInputs((Input("x", NoiseSource([2, 4])),)))
    save(found, tmp_path / "model.catenary", with_weights=True)
    ear = Ear(files.load(tmp_path / "model.catenary")[0], tmp_path)
    assert ear.run().fault is None
    x = ear.session.replica.given({}, {})[0].inputs["x"]
    with torch.no_grad():
        assert torch.equal(ear.session.result, live(x))  # pyright: ignore[reportArgumentType]


def test_without_a_name_that_leads_to_it_a_placeholder_says_so():
    class Here(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    found = import_tree(fl.Chain(Here(), fl.Identity()), CATALOGUE)  # pyright: ignore
    assert found.graph.nodes["n0001"].params["constructor"] == ""
    assert "no name leads to such a module" in found.notes[0]


def test_the_worker_imports_nothing_before_trust_and_lives_through_bad_code(tmp_path):
    (tmp_path / "trusted_marks.py").write_text(
        textwrap.dedent("""
        import pathlib
        pathlib.Path(__file__).with_name("marker").touch()

        def stop(x): raise BaseException("stop")
        def double(x): return x * 2
        """)
    )
    spawn = multiprocessing.get_context("spawn")
    pipe, theirs = spawn.Pipe()
    process = spawn.Process(target=serve, args=(theirs, "nodes:CATALOGUE"), daemon=True)
    process.start()
    theirs.close()

    def finished(*messages: Any) -> Finished:
        for message in messages:
            pipe.send_bytes(encode(message))
        while True:
            assert pipe.poll(LONG)
            if isinstance(heard := decode_from_worker(pipe.recv_bytes()), Finished):
                return heard

    for function, text in (("stop", ""), ("double", "8")):
        (tmp_path / "marker").unlink(missing_ok=True)
        name = f"trusted_marks:{function}"
        graph = graph_of(leaf("a", "Lambda", func=name), x=NumberSource(4))
        refused = finished(Load(files.dump(graph), str(tmp_path)), Run(1)).fault
        assert refused is not None
        assert refused.code == "untrusted"
        assert not (tmp_path / "marker").exists()
        answered = finished(Trust((name,)), Run(2))
        assert (tmp_path / "marker").exists()
        assert answered.text == text
    pipe.close()
    process.join(LONG)
    assert process.exitcode == 0
