from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from skimage import data

from engine.document import edits, files
from engine.document.document import new_graph
from engine.document.edits import Insert, SetContexts, SetInputs, SetName, SetParam, SetView, SetWeights
from engine.document.graph import Input, Node, Place, Tree, View, Weights
from engine.document.sources import ImageSource, ListSource, NoiseSource, NumberSource, TextSource, UnsetSource
from engine.messages import (
    Apply,
    Cancel,
    Configure,
    Configured,
    Export,
    Finished,
    Load,
    Loaded,
    Log,
    Preview,
    Progress,
    Run,
    Saved,
    Shapes,
    Stopped,
    Watch,
    WeightsReport,
    encode,
)
from engine.runtime.results import ROOM
from engine.runtime.session import Session
from nodes import CATALOGUE

EXAMPLES = Path("resources/examples")


def leaf(node, kind, **params):
    return Tree(Node(node, kind, params=params))


def frame(node, kind, *children):
    return Tree(Node(node, kind), children=children)


def graph(*trees, contexts=None, **inputs):
    """A graph with these children of the root, and sources for its inputs."""
    found = new_graph()
    if trees:
        edits.apply(found, Insert(Place("root", 0), trees))
    edits.apply(found, SetInputs(tuple(Input(name, source) for name, source in inputs.items())))
    edits.apply(found, SetContexts("root", contexts or {}))
    return found


class Ear:
    """A session whose answers can be asked for by type."""

    def __init__(self, found=None, folder: Path | str = "", interrupted=lambda: False):
        self.heard = []
        self.session = Session(CATALOGUE, self.heard.append, interrupted)
        self.runs = 0
        if found is not None:
            self.take(Load(files.dump(found), str(folder)))

    def take(self, message):
        """What a message is answered with."""
        before = len(self.heard)
        self.session.take(message)
        return self.heard[before:]

    def run(self, **options):
        self.runs += 1
        return self.take(Run(self.runs, **options))[-1]

    def settle(self):
        before = len(self.heard)
        self.session.settle()
        return self.heard[before:]

    @property
    def lowered(self) -> Any:
        return self.session.lowered

    @property
    def result(self) -> Any:
        return self.session.result

    def last(self, kind):
        return next(m for m in reversed(self.heard) if isinstance(m, kind))


@pytest.fixture
def linear():
    """noise (2, 4) -> Linear 4 to 3 -> Multiply"""
    return graph(
        leaf("lin", "Linear", in_features=4, out_features=3), leaf("mul", "Multiply", scale=2.0), x=NoiseSource([2, 4])
    )


@pytest.mark.parametrize(
    ("example", "value", "printed"),
    [
        ("hello-context", "None", ["6\n"]),
        ("nested-residuals", "2.5547711633552384", []),
        ("context-residuals", "2.5547711633552384", []),
    ],
)
def test_the_examples(example, value, printed):
    ear = Ear()
    ear.take(Load((EXAMPLES / f"{example}.catenary").read_bytes(), str(EXAMPLES)))
    for _ in range(2):
        finished = ear.run()
        assert (finished.status, finished.text) == ("done", value)
        assert [m.text for m in ear.heard if isinstance(m, Log)] == printed
        ear.heard.clear()


def test_a_photograph_through_a_graph(tmp_path):
    Image.fromarray(data.astronaut()).save(tmp_path / "photo.png")
    ear = Ear(graph(leaf("grey", "Grayscale", channels="1"), x=ImageSource("photo.png")), tmp_path)
    answers = ear.take(Run(1, watch=("grey",)))
    preview = next(m for m in answers if isinstance(m, Preview))
    assert preview.picture is not None
    pixels = np.frombuffer(preview.picture.rgb, np.uint8).reshape(512, 512, 3)
    assert np.abs(pixels[:, :, 0] - np.asarray(Image.fromarray(data.astronaut()).convert("L"), float)).max() <= 1
    assert [m.node for m in answers if isinstance(m, Progress)] == ["grey"]
    assert answers[-1] == Finished(1, "done", answers[-1].seconds, "float32 (1, 1, 512, 512)", ran=1, total=1)


def test_shapes_come_without_a_run_and_once(linear):
    ear = Ear(linear)
    (shapes,) = ear.settle()
    assert shapes.returns["lin"] == ("float32 (2, 3)",)
    assert shapes.receives["lin"] == ("float32 (2, 4)",)
    assert shapes.faults == ()
    assert ear.settle() == []
    ear.take(Apply(SetParam("lin", "out_features", 7)))
    (shapes,) = ear.settle()
    assert shapes.returns["mul"] == ("float32 (2, 7)",)
    ear.take(Apply(SetInputs((Input("x", NoiseSource([5, 4])),))))
    (shapes,) = ear.settle()
    assert shapes.returns["mul"] == ("float32 (5, 7)",)


def test_a_mismatch_is_told_before_a_run_and_is_where_the_run_stops(linear):
    ear = Ear(linear)
    ear.take(Apply(SetParam("lin", "in_features", 5)))
    (shapes,) = ear.settle()
    (fault,) = shapes.faults
    assert (fault.node, fault.path, fault.inputs) == ("lin", "Linear", ("float32 (2, 4)",))
    answers = ear.take(Run(1))
    assert answers[-1].status == "failed"
    assert (answers[-1].fault.node, answers[-1].fault.inputs) == ("lin", ("float32 (2, 4)",))
    assert "mat1 and mat2 shapes cannot be multiplied" in answers[-1].fault.message


def test_values_before_a_failure_can_be_seen():
    ear = Ear(graph(leaf("a", "Multiply", scale=2.0), leaf("b", "Linear"), x=NoiseSource([2, 4])))
    answers = ear.take(Run(1, watch=("a", "b")))
    assert [m.node for m in answers if isinstance(m, Preview)] == ["a"]
    assert answers[-1].fault.node == "b"


def test_a_layer_that_cannot_be_built_says_why(linear):
    ear = Ear(linear)
    ear.take(Apply(SetParam("lin", "in_features", 0)))
    (shapes,) = ear.settle()
    assert [(f.node, f.message) for f in shapes.faults] == [("lin", "in_features is 0, but must be at least 1")]
    assert ear.run().fault == shapes.faults[0]


@pytest.mark.parametrize(
    "edit",
    [
        SetParam("mul", "scale", 3.0),
        edits.Batch((SetParam("mul", "scale", 2.5), SetParam("mul", "bias", 1.0))),
        SetInputs((Input("x", NoiseSource([2, 4], 9)),)),
        SetContexts("root", {"c": {"k": NumberSource(5)}}),
        SetView("mul", View(note="louder")),
    ],
)
def test_other_values_lower_nothing_again(linear, edit):
    edits.apply(linear, SetContexts("root", {"c": {"k": NumberSource(1)}}))
    ear = Ear(linear)
    ear.run()
    lowered = ear.session.lowered
    answers = ear.take(Apply(edit)) + ear.settle()
    assert not any(isinstance(m, Shapes) for m in answers)
    assert ear.run().status == "done"
    assert ear.session.lowered is lowered


@pytest.mark.parametrize(
    "edit",
    [
        SetParam("lin", "out_features", 5),
        SetParam("mul", "scale", absent=True),
        SetName("lin", "Projection"),
        Insert(Place("root", 1), (leaf("relu", "ReLU"),)),
        SetInputs((Input("y", NoiseSource([2, 4])),)),
        SetInputs((Input("x", NoiseSource([3, 4])),)),
        SetContexts("root", {"c": {}}),
    ],
)
def test_another_structure_is_lowered_again(linear, edit):
    ear = Ear(linear)
    ear.run()
    lowered = ear.session.lowered
    ear.take(Apply(edit))
    assert ear.run().status == "done"
    assert ear.session.lowered is not lowered


def test_a_live_param_changes_the_next_run(linear):
    ear = Ear(linear)
    ear.run()
    before = ear.result
    ear.take(Apply(SetParam("mul", "scale", 4.0)))
    ear.run()
    torch.testing.assert_close(ear.result, before * 2)
    ear.take(Apply(SetParam("mul", "scale", absent=True)))
    ear.run()
    torch.testing.assert_close(ear.result, before / 2)


def test_a_live_param_of_a_wrong_type_is_a_fault_until_it_is_right(linear):
    ear = Ear(linear)
    ear.run()
    ear.take(Apply(SetParam("mul", "scale", "loud")))
    assert ear.run().fault.message == "scale is 'loud', but must be a number"
    ear.take(Apply(SetParam("mul", "scale", 1.0)))
    assert ear.run().status == "done"


@pytest.mark.parametrize(
    ("trees", "scale", "text"),
    [
        ((leaf("b", "Lambda", func="lambda n: list(range(n))"), leaf("c", "Lambda", func="len")), 3, "6"),
        ((leaf("b", "Lambda", func="lambda n: (n, n) if n > 0 else n"),), -3, "-6"),
        ((leaf("b", "Lambda", func="math.sqrt"),), 8, "4.0"),
    ],
)
def test_a_live_param_that_decides_a_structure_is_followed(trees, scale, text):
    first = -2 if text == "4.0" else 2
    ear = Ear(graph(leaf("m", "Multiply", scale=first, bias=0), *trees, x=NumberSource(2)))
    ear.run()
    ear.take(Apply(SetParam("m", "scale", scale)))
    finished = ear.run()
    assert (finished.status, finished.text) == ("done", text)
    assert ear.last(Shapes).faults == ()


def test_a_live_param_of_another_type_tells_other_shapes():
    ear = Ear(graph(leaf("m", "Multiply", scale=2, bias=0), x=NumberSource(2)))
    (shapes,) = ear.settle()
    assert shapes.returns["m"] == ("int",)
    ear.take(Apply(SetParam("m", "scale", 2.5)))
    (shapes,) = ear.settle()
    assert shapes.returns["m"] == ("float",)


def test_nothing_leaks_from_one_run_to_the_next():
    push = leaf("push", "SetContext", context="c", key="k", callback="lambda l, x: l.append(x)")
    count = leaf("count", "UseContext", context="c", key="k", compose="lambda l: l.append(7)")
    read = leaf("read", "UseContext", context="c", key="k", compose="len")
    fail = leaf("fail", "Lambda", func="math.sqrt")
    found = graph(push, count, fail, contexts={"c": {"k": ListSource([1])}}, x=NumberSource(3.0))
    ear = Ear(found)
    assert ear.run().status == "failed"
    ear.take(Apply(edits.Remove(("fail",))))
    ear.take(Apply(Insert(Place("root", 2), (read,))))
    for _ in range(3):
        assert ear.run().text == "3"


def test_values_can_stand_in_for_sources():
    read = leaf("read", "UseContext", context="my context", key="my key")
    found = graph(
        frame("sum", "Sum", leaf("same", "Identity"), read),
        contexts={"my context": {"my key": NumberSource(4)}},
        x=UnsetSource(),
    )
    ear = Ear(found)
    assert ear.run(inputs={"x": NumberSource(1.5)}).text == "5.5"
    assert ear.run(inputs={"x": NumberSource(1.5)}, contexts={"my context.my key": NumberSource(0.5)}).text == "2.0"
    assert ear.run(inputs={"x": TextSource("a")}).status == "failed"
    assert ear.run(inputs={"x": NumberSource(1)}).text == "5"


def test_a_source_without_a_value_is_a_fault_with_its_place(tmp_path):
    found = graph(
        leaf("read", "UseContext", context="c", key="k"),
        contexts={"c": {"k": ImageSource("gone.png")}},
        x=ImageSource("lost.png"),
    )
    ear = Ear(found, tmp_path)
    (shapes,) = ear.settle()
    messages = [f.message for f in shapes.faults if f.code == "source"]
    assert messages == [
        f"the input x has no value: there is no file {tmp_path / 'lost.png'}",
        f"c.k has no value: there is no file {tmp_path / 'gone.png'}",
    ]
    assert ear.run().fault == shapes.faults[0]


def test_watching_shows_values_of_the_last_run_at_once(linear):
    ear = Ear(linear)
    assert ear.take(Watch(("lin", "mul"))) == []
    answers = ear.take(Run(5))
    assert [(m.run, m.node) for m in answers if isinstance(m, Preview)] == [(5, "lin"), (5, "mul")]
    (preview,) = ear.take(Watch(("root",)))
    assert (preview.run, preview.node, preview.text) == (5, "root", "float32 (2, 3)")


def test_exporting_a_value(linear, tmp_path):
    ear = Ear(linear)
    (saved,) = ear.take(Export("lin", str(tmp_path / "x.npy")))
    assert "run the graph first" in saved.error
    ear.run()
    assert ear.take(Export("lin", str(tmp_path / "x.npy"))) == [Saved(str(tmp_path / "x.npy"))]
    assert np.load(tmp_path / "x.npy").shape == (2, 3)
    (saved,) = ear.take(Export("lin", str(tmp_path / "x.jpg")))
    assert saved.error.startswith("can't write .jpg")


def test_weights_of_a_file(linear, tmp_path):
    file = tmp_path / "w.safetensors"
    ear = Ear(linear, tmp_path)
    ear.run()
    initial = ear.result
    ear.take(Apply(SetWeights("root", Weights("w.safetensors"))))
    assert "there is no file" in ear.run().fault.message
    assert "there is no file" in ear.last(Loaded).reports[0].error
    save_file({"Linear.weight": torch.zeros(3, 4), "Linear.bias": torch.ones(3)}, file)
    ear.run()
    assert ear.last(Loaded) == Loaded((WeightsReport("root", "w.safetensors", count=2),))
    assert ear.result.tolist() == [[2.0] * 3] * 2
    ear.take(Apply(Insert(Place("root", 0), (leaf("relu", "ReLU"),))))
    ear.run()
    assert ear.result.tolist() == [[2.0] * 3] * 2, "the weights stay through other edits"
    ear.take(Apply(edits.Remove(("relu",))))
    ear.take(Apply(SetWeights("root", None)))
    ear.run()
    assert torch.equal(ear.result, initial)


def like_a_fresh_session(ear, folder):
    """Whether the session gives what another one gives that opens its graph."""
    fresh = Ear(ear.session.graph, folder)
    assert ear.run().status == fresh.run().status == "done"
    return torch.equal(ear.result, fresh.result) and ear.last(Loaded) == fresh.last(Loaded)


@pytest.mark.parametrize(
    "edit",
    [
        SetName("lin", "Head"),
        Insert(Place("root", 0), (leaf("other", "Linear", in_features=4, out_features=4),)),
        Insert(Place("root", 2), (leaf("other", "Linear", in_features=3, out_features=3),)),
    ],
)
def test_weights_follow_the_paths(linear, tmp_path, edit):
    save_file({"Linear.weight": torch.ones(3, 4), "Linear.bias": torch.ones(3)}, tmp_path / "w.safetensors")
    edits.apply(linear, SetWeights("root", Weights("w.safetensors")))
    ear = Ear(linear, tmp_path)
    ear.run()
    inverse = edits.apply(linear, edit)
    ear.take(Apply(edit))
    assert like_a_fresh_session(ear, tmp_path)
    assert ear.last(Loaded).reports[0].missing
    ear.take(Apply(inverse))
    assert like_a_fresh_session(ear, tmp_path)
    assert ear.last(Loaded).reports[0].count == 2


def test_a_missing_weights_file_is_looked_for_but_builds_nothing_again(linear, tmp_path):
    edits.apply(linear, SetWeights("root", Weights("w.safetensors")))
    ear = Ear(linear, tmp_path)
    told = ear.settle()
    assert [type(m) for m in told] == [Loaded, Shapes]
    module = ear.lowered.program.modules["Linear"]
    ear.take(Apply(SetName("mul", "Double")))
    assert [type(m) for m in ear.settle()] == []
    assert ear.lowered.program.modules["Linear"] is module
    ear.run()
    assert not any(isinstance(m, Loaded | Shapes) for m in ear.heard[2:])
    lowered = ear.session.lowered
    save_file({"Linear.weight": torch.zeros(3, 4), "Linear.bias": torch.ones(3)}, tmp_path / "w.safetensors")
    assert ear.run().status == "done"
    assert ear.result.tolist() == [[2.0] * 3] * 2
    assert ear.session.lowered is lowered


def test_dtype_and_seed(linear):
    ear = Ear(linear)
    ear.take(Configure("cpu"))
    ear.run()
    first = ear.result
    assert ear.take(Configure("cpu", "float64", 0)) == [Configured("cpu", "float64", 0, "CPU", ROOM)]
    assert ear.run().text == "float64 (2, 3)"
    torch.testing.assert_close(ear.result.float(), first)
    ear.take(Configure("cpu", "float32", 1))
    ear.run()
    assert not torch.equal(ear.result, first)
    ear.take(Configure("cpu", "float32", 0))
    ear.run()
    assert torch.equal(ear.result, first)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has the device that the test lacks")
def test_a_device_that_is_missing_is_said():
    (answer,) = Ear().take(Configure("cuda"))
    assert answer == Configured("cpu", "float32", 0, "CPU, since this machine offers no CUDA device", ROOM)


def test_a_run_stops_between_two_nodes_when_interrupted(linear):
    ear = Ear(linear, interrupted=lambda: any(isinstance(m, Progress) and m.node == "lin" for m in ear.heard))
    finished = ear.run(watch=("lin",))
    assert (finished.status, finished.text, finished.fault) == ("cancelled", "", None)
    assert not any(isinstance(m, Progress) and m.node == "mul" for m in ear.heard)
    assert ear.take(Cancel()) == [Stopped()]


def test_a_run_that_is_out_of_date_before_it_starts_does_nothing(linear):
    ear = Ear(linear, interrupted=lambda: True)
    assert [type(m) for m in ear.take(Run(1))] == [Finished]


@pytest.mark.parametrize(
    "source",
    [
        r"lambda x: 'a\ud800'",
        r"lambda x: print('a\ud800')",
        r"lambda x: F.interpolate(torch.ones(1, 2, 3), 4, mode='a\ud800')",
    ],
)
def test_half_characters_cross_the_pipe_as_escapes(source):
    ear = Ear(graph(leaf("odd", "Lambda", func=source), x=NumberSource(1)))
    answers = ear.take(Run(1, watch=("odd",)))
    assert isinstance(answers[-1], Finished)
    assert b"a\\ud800" in b"".join(map(encode, answers))


def test_running_out_of_memory_says_what_helps():
    huge = leaf("huge", "Lambda", func="lambda x: torch.zeros(1125899906842624)")
    ear = Ear(graph(leaf("a", "Identity"), huge, x=NumberSource(1)))
    finished = ear.run(watch=("a",))
    assert finished.fault.code == "out-of-memory"
    assert finished.fault.node == "huge"
    assert "the CPU has run out of memory: try smaller inputs" in finished.fault.message
    assert ear.session.values == {}
    ear.take(Apply(edits.Remove(("huge",))))
    assert ear.run().text == "1"


def test_another_document_starts_afresh(linear):
    ear = Ear(linear)
    ear.run()
    ear.take(Load(files.dump(graph(x=NumberSource(2.5))), ""))
    assert ear.session.values == {}
    assert isinstance(ear.settle()[0], Shapes)
    assert ear.run().text == "2.5"


def test_of_a_run_that_would_fill_the_memory_only_watched_values_are_kept():
    steps = [leaf(name, "Lambda", func=f"lambda x: x + {number}") for number, name in enumerate(("a", "b", "c"))]
    ear = Ear(graph(*steps, x=NoiseSource([64])))
    ear.take(Configure("cpu", room=1000))
    assert [m.node for m in ear.take(Run(1, watch=("b",))) if isinstance(m, Preview)] == ["b"]
    assert set(ear.session.values) >= {"b"}
    assert "a" not in ear.session.values
    roomy = Ear(ear.session.graph)
    roomy.run()
    assert set(roomy.session.values) == {"a", "b", "c", "root"}
