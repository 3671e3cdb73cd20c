from pathlib import Path

import pytest

from engine.document import edits
from engine.document.document import new_graph
from engine.document.edits import Insert, SetContexts, SetInputs
from engine.document.graph import Input, Node, Place, Tree
from engine.document.sources import (
    ImageSource,
    ListSource,
    LiteralSource,
    NoiseSource,
    NumberSource,
    TensorSource,
    TextSource,
    UnsetSource,
)
from engine.values import ValueSyntaxError, provide, source_of

HERE = Path("/here")


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("2.0", NumberSource(2.0)),
        ("-3", NumberSource(-3)),
        ("true", NumberSource(True)),
        ("null", UnsetSource()),
        ('[1, [2.5], "a"]', ListSource([1, [2.5], "a"])),
        ("[]", ListSource([])),
        ("hello world", TextSource("hello world")),
        ('"2.0"', TextSource("2.0")),
        ("", TextSource("")),
        ("noise:1x3x64x64:7", NoiseSource([1, 3, 64, 64], 7)),
        ("noise:5", NoiseSource([5], 0)),
        ("int64:[[1, 2]]", LiteralSource([[1, 2]], "int64")),
        ("bool:true", LiteralSource(True, "bool")),
        ("float32:[]", LiteralSource([], "float32")),
        ("photo.JPG", ImageSource("/here/photo.JPG")),
        ("/there/a b.png", ImageSource("/there/a b.png")),
        ("x.npy", TensorSource("/here/x.npy")),
        ("x.safetensors", TensorSource("/here/x.safetensors")),
        ("x.safetensors:a.b", TensorSource("/here/x.safetensors", "a.b")),
    ],
)
def test_texts_stand_for_sources(text, source):
    found = source_of(text, HERE)
    assert found == source
    if isinstance(found, NumberSource):
        assert type(found.value) is type(source.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("noise:", "write its shape and its seed"),
        ("noise:1x3x:2", "write its shape and its seed"),
        ("noise:1x3:2:4", "write its shape and its seed"),
        ("int64:[[1], 2]", "of one length"),
        ("int64:[1.5]", "holds 1.5: a tensor of int64 is made of whole numbers"),
        ("bool:[1", "write numbers in lists"),
        ("float32:[NaN]", "must be a finite number"),
        ("NaN", "must be a finite number"),
        ("99999999999999999999", "64 bits"),
        ('{"a": 1}', "JSON object"),
    ],
)
def test_other_texts_are_refused(text, message):
    with pytest.raises(ValueSyntaxError, match=message):
        source_of(text, HERE)


@pytest.fixture
def graph():
    found = new_graph()
    inner = Tree(Node("inner", "Chain", contexts={"my context": {"my key": NumberSource(1)}}), children=())
    edits.apply(found, Insert(Place("root", 0), (inner,)))
    edits.apply(found, SetInputs((Input("x", UnsetSource()), Input("y", NumberSource(1)))))
    edits.apply(
        found,
        SetContexts(
            "root", {"my context": {"my key": NumberSource(1), "other": NumberSource(2)}, "a=b": {"c": UnsetSource()}}
        ),
    )
    return found


def test_values_go_where_they_are_named(graph):
    provide(graph, ["x=a=b"], ["my context.my key=4", "a=b.c=[1]"], HERE)
    assert graph.inputs == (Input("x", TextSource("a=b")), Input("y", NumberSource(1)))
    assert graph.nodes["root"].contexts == {
        "my context": {"my key": NumberSource(4), "other": NumberSource(2)},
        "a=b": {"c": ListSource([1])},
    }
    assert graph.nodes["inner"].contexts == {"my context": {"my key": NumberSource(4)}}


@pytest.mark.parametrize(
    ("inputs", "contexts", "message"),
    [
        (["z=1"], [], "there is no input 'z'; the graph has x, y"),
        (["x"], [], "--input x gives no value: write NAME=VALUE"),
        ([], ["my key=4"], "no context 'my key'; the graph has my context.my key, my context.other, a=b.c"),
        ([], ["my context=4"], "no context 'my context'"),
    ],
)
def test_names_that_are_not_there_list_those_that_are(graph, inputs, contexts, message):
    with pytest.raises(ValueSyntaxError) as caught:
        provide(graph, inputs, contexts, HERE)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("inputs", "contexts", "message"),
    [
        (["y=abc"], [], "--input y=abc: y must be a number, such as y=2.0"),
        ([], ["my context.my key=abc"], "my context.my key must be a number"),
        (["y=/gone.png"], [], "y: there is no file /gone.png"),
        ([], ["a=b.c=/gone.npy"], "a=b.c: there is no file /gone.npy"),
    ],
)
def test_values_that_can_not_be_meant(graph, inputs, contexts, message):
    with pytest.raises(ValueSyntaxError, match=r"must be a number|there is no file") as caught:
        provide(graph, inputs, contexts, HERE)
    assert message in str(caught.value)
