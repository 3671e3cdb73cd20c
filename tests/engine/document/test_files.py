"""Graph files: canonical bytes, faithful values, faults with their places, and saving that loses nothing."""

import json
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document import parsing
from engine.document.disk import ChangedOnDisk, FileError
from engine.document.document import Document, new_graph
from engine.document.edits import Insert, Move, SetParam, SetView, apply
from engine.document.files import dump, load, save
from engine.document.graph import CANVAS, Graph, Node, Place, Tree, View, Weights, same
from engine.document.parsing import parse
from engine.document.trees import MAX_DEPTH
from nodes import CATALOGUE
from tests.strategies import graphs

HELLO = """\
{
  "catenary": 2,
  "root": "root",
  "inputs": [
    {"name": "x", "source": {"type": "number", "value": 2.0}},
    {"name": "y", "source": {"type": "unset"}}
  ],
  "loose": [
    ["far", "away"]
  ],
  "nodes": [
    {"id": "away", "kind": "SiLU"},
    {"id": "far", "kind": "Linear", "params": {"bias": true, "in_features": 3, "out_features": 4}, "shared": "far", \
"key": "Linear_2"},
    {"id": "mystery", "kind": "Nouveau", "name": "Block", "params": {"a b": [1, [2.5, null]], "q": "«ü»"}},
    {"id": "rest", "kind": "ReLU"},
    {"id": "root", "kind": "Chain", "contexts": {"my context": {"my key": {"type": "list", "value": []}}}, \
"weights": {"path": "poids é.safetensors", "sha256": "00ff"}, "children": ["sum"]},
    {"id": "sum", "kind": "Sum", "children": ["mystery"], "loose": [["rest"]]}
  ],
  "view": [
    {"id": "far", "position": [10.0, -20.5]},
    {"id": "sum", "collapsed": true, "note": "two\\nlines", "colour": "#ffaa00"}
  ]
}
"""


def broken(old: str, new: str) -> str:
    """What is said about the file above with a part of it replaced."""
    assert HELLO.count(old) == 1
    with pytest.raises(FileError) as caught:
        parse(HELLO.replace(old, new).encode(), "hello.catenary")
    return str(caught.value)


def refused(data: bytes | str) -> str:
    with pytest.raises(FileError) as caught:
        parse(data if isinstance(data, bytes) else data.encode(), "hello.catenary")
    return str(caught.value)


def test_the_text_of_a_graph():
    graph = parse(HELLO.encode())
    assert dump(graph).decode() == HELLO
    assert graph.children["root"] == ["sum"]
    assert graph.segments(CANVAS) == [["far", "away"]]
    assert graph.parents == {"sum": "root", "mystery": "sum", "rest": "sum", "far": CANVAS, "away": CANVAS}


def test_the_smallest_file():
    graph = new_graph()
    assert (
        dump(graph)
        == b"""\
{
  "catenary": 2,
  "root": "root",
  "nodes": [
    {"id": "root", "kind": "Chain", "children": []}
  ],
  "view": [
  ]
}
"""
    )


def test_any_layout_of_the_same_json_is_accepted():
    shuffled = dict(reversed(json.loads(HELLO).items()))
    shuffled["nodes"] = [dict(reversed(node.items())) for node in reversed(shuffled["nodes"])]
    for text in (json.dumps(shuffled), json.dumps(shuffled, indent=7), json.dumps(shuffled, ensure_ascii=False)):
        assert dump(parse(text.encode())).decode() == HELLO


@pytest.mark.parametrize(
    "value",
    [2, 2.0, -0.0, 1e300, 1e16, 5e-324, 0.1, -(2**63), 2**63 - 1, True, None, 'é\u2028\x7f\\"\n', [[], [1, [2.0]]]],
)
def test_values_keep_their_type_and_their_last_bit(value):
    graph = new_graph()
    apply(graph, SetParam("root", "p", value))
    again = parse(dump(graph)).nodes["root"].params["p"]
    assert repr(again) == repr(value)


@given(graphs())
def test_a_document_through_a_file_is_the_same(graph):
    assert same(parse(dump(graph)), graph)


@given(graphs(), st.integers())
def test_a_file_that_lost_some_bytes_is_refused_in_words(graph, seed):
    data = dump(graph)
    cut = data[: seed % len(data.rstrip())]
    assert "hello.catenary" in refused(cut)


@given(graphs(), st.data())
def test_a_file_with_any_byte_changed_is_read_or_refused_in_words(graph, data):
    raw = bytearray(dump(graph))
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(
            st.sampled_from(b'0x"{}[],:\\-\n e\0\xff') | st.integers(0, 255)
        )
    try:
        graph = parse(bytes(raw), "hello.catenary")
    except FileError as error:
        message = str(error)
    else:
        message = "hello.catenary"
        assert same(parse(dump(graph)), graph)
    assert message.startswith("hello.catenary")


def changed_lines(before: bytes, after: bytes) -> list[str]:
    return [line for line in after.decode().splitlines() if line not in before.decode().splitlines()]


def test_moving_parked_nodes_and_folding_touch_only_the_view():
    graph = parse(HELLO.encode())
    before = dump(graph)
    apply(graph, SetView("far", View(position=(11.0, 0.0))))
    assert changed_lines(before, dump(graph)) == ['    {"id": "far", "position": [11.0, 0.0]},']
    document = Document(parse(HELLO.encode()), CATALOGUE)
    document.set_collapsed("root", True)
    model, view = dump(document.graph).decode().split('"view"')
    assert model == HELLO.split('"view"')[0]
    assert '{"id": "root", "collapsed": true}' in view


def test_a_changed_param_is_one_line_and_a_moved_node_two():
    graph = parse(HELLO.encode())
    before = dump(graph)
    apply(graph, SetParam("far", "in_features", 5))
    assert len(changed_lines(before, dump(graph))) == 1
    before = dump(graph)
    apply(graph, Move(("mystery",), Place("root", 1)))
    assert len(changed_lines(before, dump(graph))) == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"catenary": 2', '"catenary": 3', "line 2, catenary: the file is of version 3, from a newer Catenary"),
        ('"catenary": 2', '"catenary": 0', "line 2, catenary: there is no version 0"),
        (
            '"catenary": 2',
            '"catenary": "1"',
            'line 2, catenary: is "1", but must be the file\'s version, a whole number',
        ),
        ('"catenary": 2', '"catenary": true', "line 2, catenary: is true, but must be"),
        ('"catenary": 2', '"format": 1', 'has no version ("catenary": 1)'),
        ('  "root": "root",\n', "", '"root" is missing: add it'),
        ('"root": "root"', '"root": "sun"', "line 3, root: names the node 'sun', but nodes has no such one"),
        ('"root": "root"', '"root": "sum"', "line 16, nodes[4].children[0]: names 'sum', the root"),
        ('"nodes": [', '"knots": [', "line 11, knots: no such field is known"),
        ('"weights": {"path"', '"weights": {"pfad"', "line 16, nodes[4].weights.pfad: no such field is known"),
        ('"poids é.safetensors"', '""', "line 16, nodes[4].weights.path: is empty, but must name a file"),
        ('"poids é.safetensors"', "7", "line 16, nodes[4].weights.path: is 7, but must be text"),
        ('"kind": "Sum"', '"kind": "Sum", "shared": "x"', "nodes[5].shared: 'sum' is a frame"),
        ('"key": "Linear_2"', '"key": 2', "nodes[1].key: is 2, but must be text"),
        ('"kind": "SiLU"', '"kind": 5', "line 12, nodes[0].kind: is 5, but must be text"),
        ('"kind": "SiLU"', '"kind": "Si LU"', "line 12, nodes[0].kind: 'Si LU' is no name: use letters"),
        (', "kind": "SiLU"', "", 'line 12, nodes[0]: "kind" is missing'),
        ('"name": "Block"', '"name": "3d"', "line 14, nodes[2].name: '3d' is no name"),
        ('"name": "Block"', '"label": "Block"', "line 14, nodes[2].label: no such field is known"),
        ('"id": "away"', '"id": "rest"', "line 15, nodes[3].id: is 'rest' for a second time"),
        ('"id": "away"', '"id": ""', "line 12, nodes[0].id: is empty"),
        ("[2.5, null]", '{"c": 1}', "line 14, nodes[2].params.a b: holds dict, but must be a number, text"),
        ("2.5", "18446744073709551616", "line 14, nodes[2].params.a b: is a whole number of more than 64 bits"),
        ("2.5", "9" * 5000, "line 14, nodes[2].params.a b[1][0]: is inf, but must be a finite number"),
        ("2.5", "1e999", "line 14, nodes[2].params.a b[1][0]: is inf, but must be a finite number"),
        ("2.5", "NaN", "line 14: numbers must be finite"),
        ("2.5", "Infinity", "line 14: numbers must be finite"),
        ("2.5", "[" * 40 + "]" * 40, "line 14, nodes[2].params.a b: is a list that nests more than 32 deep"),
        ("«ü»", "\\ud83d", "line 14, column 107: this is not JSON (unexpected end of hex escape)"),
        ('"q":', '"a b":', 'line 14, nodes[2].params.a b: "a b" stands here for a second time: keep one'),
        ('"view": [', '"root":\n"sum",\n"view": [', 'line 19, root: "root" stands here for a second time'),
        ('"loose": [["rest"]]', '"kind" : "}{", "id": "x"', 'line 17, nodes[5].kind: "kind" stands here'),
        (
            '{"my key": {"type": "list", "value": []}}}',
            '{"my key": {"type": "unset"}},\n"contexts": {\n"a": {"type": "unset"},\n"b": {"type": "none"}}}',
            'line 19, nodes[4].contexts.contexts.b.type: is "none", but must be one of image',
        ),
        ('["mystery"]', '["mystery", "ghost"]', "line 17, nodes[5].children[1]: names the node 'ghost'"),
        ('["mystery"]', '["mystery", "rest"]', "nodes[5].loose[0][0]: names 'rest', which already stands in 'sum'"),
        ('["mystery"]', '["mystery", "far"]', "line 9, loose[0][0]: names 'far', which already stands in 'sum'"),
        ('["mystery"]', '["mystery", "root"]', "line 17, nodes[5].children[1]: names 'root', the root"),
        ('["mystery"]', '"mystery"', 'line 17, nodes[5].children: is "mystery", but must be a list'),
        ('["mystery"]', "[1]", "line 17, nodes[5].children[0]: is 1, but must be text"),
        ('["mystery"]', "null", "line 17, nodes[5].children: is null, but must be a list"),
        ('["mystery"]', "[]", "line 14, nodes[2]: 'mystery' stands nowhere"),
        ('"children": ["sum"]', '"children": []', "line 14, nodes[2]: 'mystery' lies in 'sum', which stands nowhere"),
        ('"children": ["mystery"], ', "", "line 17, nodes[5].loose: 'sum' is a leaf"),
        (', "children": ["sum"]', "", "line 16, nodes[4].contexts: 'root' is a leaf"),
        ('[["rest"]]', '[["rest"], []]', "line 17, nodes[5].loose[1]: is an empty loose segment"),
        ('"my key"', '""', "line 16, nodes[4].contexts: every context and key needs a name"),
        ('"value": []', '"value": 3', "line 16, nodes[4].contexts.my context.my key.value: is 3, but must be a list"),
        ('"type": "list", ', "", 'line 16, nodes[4].contexts.my context.my key: "type" is missing'),
        ('"list"', '"lists"', 'my key.type: is "lists", but must be one of image, list, literal, noise, number'),
        (
            '{"my key": {"type": "list", "value": []}}',
            "7",
            "line 16, nodes[4].contexts.my context: is 7, but must be an object",
        ),
        ('"value": 2.0', '"value": "2"', 'line 5, inputs[0].source.value: is "2", but must be a number'),
        ('"value": 2.0', '"value": 2.0, "unit": 1', "line 5, inputs[0].source.unit: no such field is known"),
        ('"value": 2.0', f'"value": {2**64}', "line 5, inputs[0].source.value: is a whole number of more than 64 bits"),
        ('"name": "x"', '"name": "x y"', "line 5, inputs[0].name: 'x y' is no name"),
        ("[10.0, -20.5]", "[10.0]", "line 20, view[0].position: is [10.0], but must be a list of length 2"),
        ('{"id": "far", "pos', '{"id": "fat", "pos', "line 20, view[0].id: is 'fat', but there is no such node"),
        ('{"id": "far", "pos', '{"id": "sum", "pos', "line 21, view[1].id: is 'sum' for a second time"),
        ('"collapsed": true', '"collapsed": 1', "line 21, view[1].collapsed: is 1, but must be true or false"),
        ('"root": "root",', '"root": "root"', "line 4, column 3: this is not JSON"),
        ('  "root": "root",', "<<<<<<< ours", "line 3: two versions were merged, and a conflict is left"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(old, new, words):
    message = broken(old, new)
    assert message.startswith("hello.catenary")
    assert words in message


def test_inputs_of_one_name():
    twice = HELLO.replace("2.0}}", '2.0}}, {"name": "x", "source": {"type": "unset"}}')
    assert "line 5, inputs[1].name: is 'x' for a second time" in refused(twice)


def test_frames_in_a_circle():
    text = HELLO.replace('["sum"]', "[]").replace('["mystery"]', '["mystery", "other"]')
    text = text.replace('{"id": "rest"', '{"id": "other", "kind": "Chain", "children": ["sum"]},\n    {"id": "rest"')
    assert "lies in a circle of frames ('sum' in 'other' in 'sum')" in refused(text)


def test_a_large_circle_of_frames_is_told_in_short():
    nodes = [{"id": f"n{i}", "kind": "Chain", "children": [f"n{(i + 1) % 20_000}"]} for i in range(20_000)]
    root = {"id": "root", "kind": "Chain", "children": []}
    message = refused(json.dumps({"catenary": 2, "root": "root", "nodes": [*nodes, root]}))
    assert "'n0' lies in a circle of frames ('n0' in 'n19999' in" in message
    assert message.endswith(" in … in 'n1' in 'n0'): take one of them out of the other")
    assert len(message) < 300


def nested(depth: int) -> str:
    nodes = [{"id": f"n{i}", "kind": "Chain", "children": [f"n{i + 1}"]} for i in range(depth - 1)]
    nodes.append({"id": f"n{depth - 1}", "kind": "ReLU"})
    return json.dumps({"catenary": 2, "root": "n0", "nodes": nodes})


def test_frames_nest_only_so_deep():
    assert len(parse(nested(MAX_DEPTH).encode())) == MAX_DEPTH
    assert f"'n{MAX_DEPTH}' lies more than {MAX_DEPTH} frames deep" in refused(nested(MAX_DEPTH + 1))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (HELLO.encode("utf-16"), "save it as UTF-8"),
        (HELLO.encode("utf-16-le"), "save it as UTF-8"),
        (HELLO.encode("utf-8-sig"), "save it as UTF-8"),
        (HELLO.encode("latin-1"), "line 14 is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is not text"),
        (bytes(range(256)), "save it as UTF-8"),
        (b"[]", "is [], but must be an object"),
        (b"null", "is null, but must be an object"),
        (b"hello", "this is not JSON"),
        (
            b'{"catenary": 2, "root": "r", "nodes": [{"id": "r", "kind": "X"}]}',
            "'r' is the root, which must be a frame",
        ),
        (HELLO[:-3].encode(), "line 22: the file ends in the middle"),
        (b"[" * 1_000_000, "[[[..., but must be an object"),
        (b"[" + b"1, " * 1_000_000 + b"1]", "is [1, 1, 1"),
        (b'{"catenary": 2, "x": ' + b"[" * 1_000_000, "nest too deep"),
        (b'{"catenary": 2, "x": ' + b'{"a":' * 1_000_000, "nest too deep"),
        (b'{"catenary": 2, "nodes": ' + b"[" * 600 + b"]" * 600 + b"}", "nodes[0]: is [[[["),
    ],
)
def test_files_of_another_sort(data, words):
    message = refused(data)
    assert words in message
    assert len(message) < 300


def test_unknown_kinds_keep_everything():
    graph = parse(HELLO.encode())
    assert graph.nodes["mystery"] == Node("mystery", "Nouveau", "Block", {"a b": [1, [2.5, None]], "q": "«ü»"})


def test_files_of_earlier_versions_are_upgraded(monkeypatch):
    def upgrade(old):
        return old | {"nodes": [{**node, "kind": node["kind"].title()} for node in old["nodes"]]}

    monkeypatch.setitem(parsing.UPGRADES, 0, upgrade)
    text = '{"catenary": 0, "root": "r", "nodes": [{"id": "r", "kind": "chain", "children": []}]}'
    assert parse(text.encode()).nodes["r"].kind == "Chain"
    with pytest.raises(FileError, match=r"nodes\[0\].kind: 'Ch Ain' is no name"):
        parse(text.replace("chain", "ch ain").encode(), "old.catenary")


VERSION_1 = """\
{
  "catenary": 1,
  "root": "root",
  "weights": "poids é.safetensors",
  "nodes": [
    {"id": "relu", "kind": "ReLU"},
    {"id": "root", "kind": "Chain", "children": ["relu"]}
  ],
  "view": [
  ]
}
"""


def test_version_1_named_its_weights_beside_the_nodes():
    graph = parse(VERSION_1.encode())
    assert graph.nodes["root"].weights == Weights("poids é.safetensors")
    once = dump(graph)
    assert b'"catenary": 2' in once
    assert dump(parse(once)) == once
    none = parse(VERSION_1.replace('  "weights": "poids é.safetensors",\n', "").encode())
    assert none.nodes["root"].weights is None
    assert "line 4, weights: is 3, but must be text" in refused(VERSION_1.replace('"poids é.safetensors"', "3"))


def test_large_graphs_stay_readable(tmp_path):
    graph = new_graph()
    for number in range(300):
        leaves = tuple(Tree(Node(f"n{number}_{n}", "ReLU")) for n in range(9))
        apply(graph, Insert(Place("root", 0), (Tree(Node(f"f{number}", "Chain"), None, leaves),)))
    save(graph, tmp_path / "large.catenary", None)
    assert same(load(tmp_path / "large.catenary")[0], graph)


# On disk.


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "graph.catenary"


def graph_with(value: int) -> Graph:
    graph = new_graph()
    apply(graph, SetParam("root", "p", value))
    return graph


def names(path: Path) -> set[str]:
    return {file.name for file in path.parent.iterdir()}


@contextmanager
def longest_file(size: int) -> Iterator[None]:
    """What a full disk does: writing fails in the middle."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_saving_and_loading(path):
    stamp = save(graph_with(1), path, None)
    graph, found = load(path)
    assert found == stamp
    assert same(graph, graph_with(1))
    assert names(path) == {"graph.catenary"}


def test_the_previous_version_is_kept(path):
    stamp = save(graph_with(1), path, None)
    first = path.read_bytes()
    stamp = save(graph_with(2), path, stamp)
    second = path.read_bytes()
    backup = path.with_name("graph.catenary.bak")
    assert backup.read_bytes() == first
    stamp = save(graph_with(2), path, stamp)
    assert backup.read_bytes() == first, "saving the same again loses no version"
    save(graph_with(3), path, stamp)
    assert backup.read_bytes() == second
    assert names(path) == {"graph.catenary", "graph.catenary.bak"}


def test_a_change_by_others_is_noticed(path):
    stamp = save(graph_with(1), path, None)
    path.write_bytes(dump(graph_with(5)))
    with pytest.raises(ChangedOnDisk, match=r"graph.catenary has been changed by another program"):
        save(graph_with(2), path, stamp)
    assert same(load(path)[0], graph_with(5))
    save(graph_with(2), path, None)
    assert same(load(path)[0], graph_with(2))


def test_a_change_of_the_same_length_is_noticed(path):
    stamp = save(graph_with(1), path, None)
    path.write_bytes(dump(graph_with(7)))
    os.utime(path, ns=(0, stamp.changed + 1))
    with pytest.raises(ChangedOnDisk):
        save(graph_with(2), path, stamp)


def test_a_mere_touch_is_no_change(path):
    stamp = save(graph_with(1), path, None)
    os.utime(path, ns=(0, 1))
    save(graph_with(2), path, stamp)
    assert same(load(path)[0], graph_with(2))


def test_a_deleted_file_is_noticed(path):
    stamp = save(graph_with(1), path, None)
    path.unlink()
    with pytest.raises(ChangedOnDisk, match="has been deleted or moved"):
        save(graph_with(2), path, stamp)
    assert names(path) == set()


def test_permissions_stay(path):
    stamp = save(graph_with(1), path, None)
    path.chmod(0o640)
    stamp = save(graph_with(2), path, stamp)
    assert path.stat().st_mode & 0o777 == 0o640
    path.chmod(0o440)
    with pytest.raises(FileError, match="marked as read-only"):
        save(graph_with(3), path, stamp)
    assert same(load(path)[0], graph_with(2))


def test_links_are_followed(path, tmp_path):
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "kept.catenary"
    stamp = save(graph_with(1), real, None)
    path.symlink_to(real)
    save(graph_with(2), path, stamp)
    assert path.is_symlink()
    assert same(load(real)[0], graph_with(2))
    assert names(real) == {"kept.catenary", "kept.catenary.bak"}


def test_a_link_to_nowhere_makes_the_file(path, tmp_path):
    path.symlink_to(tmp_path / "later.catenary")
    save(graph_with(1), path, None)
    assert same(load(tmp_path / "later.catenary")[0], graph_with(1))


def test_a_full_disk_leaves_the_old_file(path):
    stamp = save(graph_with(1), path, None)
    with longest_file(40), pytest.raises(FileError, match=r"graph.catenary can't be saved: .*free some space"):
        save(graph_with(2), path, stamp)
    assert same(load(path)[0], graph_with(1))
    assert names(path) == {"graph.catenary"}
    save(graph_with(2), path, stamp)


def test_places_that_take_no_file(path, tmp_path):
    with pytest.raises(FileError, match=r"can't be saved: No such file.*check its name, and that the folder exists"):
        save(graph_with(1), tmp_path / "nowhere" / "graph.catenary", None)
    with pytest.raises(FileError, match="is a folder, not a file"):
        save(graph_with(1), tmp_path, None)
    with pytest.raises(FileError, match="use a shorter name"):
        save(graph_with(1), tmp_path / ("x" * 300), None)
    path.symlink_to(path)
    with pytest.raises(FileError, match="links lead in a circle"):
        load(path)
    assert names(path) == {"graph.catenary"}


def test_what_can_not_be_opened(path, tmp_path):
    with pytest.raises(FileError, match=r"graph.catenary can't be opened: No such file"):
        load(path)
    with pytest.raises(FileError, match="is a folder, not a file"):
        load(tmp_path)
    os.mkfifo(path)
    with pytest.raises(FileError, match="is a device or pipe, not a file"):
        load(path)
    path.unlink()
    with path.open("wb") as file:
        file.truncate(100 * 2**20)
    with pytest.raises(FileError, match="has 100 MB, but a graph file has at most 16"):
        load(path)


def test_a_broken_file_is_named_with_its_path(path):
    path.write_text("{")
    with pytest.raises(FileError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))


def test_what_could_not_be_opened_again_is_not_saved(tmp_path):
    graph = new_graph()
    apply(graph, SetView("root", View(note="a" * (17 * 2**20))))
    with pytest.raises(FileError, match=r"the graph takes 17\.0 MB, but a graph file has at most 16"):
        save(graph, tmp_path / "g.catenary", None)
    assert not list(tmp_path.iterdir())
