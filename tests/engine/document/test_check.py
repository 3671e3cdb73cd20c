"""Every code: what triggers it, what it says, and that each fix makes it go away and can be undone exactly."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.check import check
from engine.document.document import Document, new_graph
from engine.document.edits import Insert, SetContexts, SetInputs, apply
from engine.document.files import dump
from engine.document.graph import CANVAS, Contexts, Graph, Input, Node, Place, Tree
from engine.document.kinds import NodeKind, ParamValue, catalogue_of, defaults
from engine.document.problems import CODES, Problem
from engine.document.sources import ImageSource, ListSource, NumberSource, TensorSource, UnsetSource
from nodes import CATALOGUE
from tests.strategies import graphs

UNSET = UnsetSource()


def leaf(kind: str, id: str = "", /, **params: ParamValue) -> Tree:
    known = defaults(CATALOGUE[kind]) if kind in CATALOGUE else {}
    return Tree(Node(id or kind, kind, params=known | params))


def frame(
    kind: str, *children: Tree, id: str = "", contexts: Contexts | None = None, loose: tuple[Tree, ...] = ()
) -> Tree:
    return Tree(Node(id or kind, kind, contexts=contexts or {}), None, children, (loose,) if loose else ())


def use(key: str = "key", id: str = "use", compose: str = "", context: str = "my context") -> Tree:
    return leaf("UseContext", id, context=context, key=key, compose=compose)


def put(key: str = "key", id: str = "put", callback: str = "", context: str = "my context") -> Tree:
    return leaf("SetContext", id, context=context, key=key, callback=callback)


def graph_of(*children: Tree, contexts: Contexts | None = None, inputs: int = 1) -> Graph:
    graph = new_graph()
    apply(graph, SetInputs(tuple(Input(f"x{n}", NumberSource(1)) for n in range(inputs))))
    apply(graph, SetContexts("root", contexts or {}))
    if children:
        apply(graph, Insert(Place("root", 0), children))
    return graph


def problems(graph: Graph, code: str) -> list[Problem]:
    return [problem for problem in check(graph, CATALOGUE) if problem.code == code]


def only(graph: Graph, code: str) -> Problem:
    """The single problem of a graph that has no other."""
    (problem,) = check(graph, CATALOGUE)
    assert problem.code == code
    return problem


def fixed(graph: Graph, problem: Problem) -> Iterator[tuple[str, list[Problem]]]:
    """Each fix's label, with the problems left once it is applied through a document and it is found undoable."""
    for fix in problem.fixes:
        document = Document(graph.copy(), CATALOGUE)
        before = dump(document.graph)
        document.apply(fix.edit, fix.label)
        left = check(document.graph, CATALOGUE)
        same = (problem.code, problem.node, problem.param, problem.adapter)
        assert not [p for p in left if (p.code, p.node, p.param, p.adapter) == same]
        assert dump(document.graph) != before
        document.undo()
        assert dump(document.graph) == before
        yield fix.label, left


def labels(graph: Graph, problem: Problem) -> list[str]:
    return [label for label, _ in fixed(graph, problem)]


def test_a_sound_graph_has_no_problems():
    graph = graph_of(
        frame("Sum", use(), leaf("Lambda", func="lambda x: x + 2")),
        put(),
        frame("Chain", use(id="again"), leaf("Lambda", "print", func="print")),
        contexts={"my context": {"key": NumberSource(4)}},
    )
    assert check(graph, CATALOGUE) == []
    assert check(new_graph(), CATALOGUE) == []


def test_an_input_without_a_value():
    graph = graph_of(leaf("ReLU"))
    apply(graph, SetInputs((Input("photo", ImageSource("")), Input("x", UNSET), Input("mask", TensorSource("m.npy")))))
    photo, x = check(graph, CATALOGUE)
    assert (photo.code, photo.severity, photo.node, photo.param) == ("input-missing", "error", "", "photo")
    assert "input photo has no value" in photo.message
    assert x.param == "x"
    assert labels(graph, x) == ["Use the number 0", "Use seeded noise as a picture"]


def test_a_provider_entry_without_its_file():
    graph = graph_of(use(), contexts={"my context": {"key": TensorSource("")}})
    problem = only(graph, "input-missing")
    assert (problem.node, problem.param) == ("root", "my context.key")
    assert "Chain (root): my context.key has no file" in problem.message
    assert [left for _, left in fixed(graph, problem)] == [[]]


@pytest.mark.parametrize(
    ("kind", "tree", "suggestion"),
    [
        ("Conv2D", leaf("Conv2D"), "Conv2d"),
        ("Residal", frame("Residal", leaf("ReLU"), loose=(leaf("SiLU"),)), "Residual"),
    ],
)
def test_an_unknown_kind_is_told_with_what_it_may_be(kind, tree, suggestion):
    graph = graph_of(tree)
    (problem,) = problems(graph, "unknown-kind")
    assert problem.severity == "error"
    assert f"there is no kind {kind}" in problem.message
    assert f"Did you mean {suggestion}" in problem.message
    assert labels(graph, problem)[0] == f"Make it a {suggestion}"


def test_a_kind_like_no_other_offers_nothing():
    problem = only(graph_of(leaf("Quux")), "unknown-kind")
    assert "kept as it is" in problem.message
    assert problem.fixes == ()


def test_a_root_of_unknown_kind_can_not_be_replaced():
    graph = Graph(Node("root", "Chian"))
    assert only(graph, "unknown-kind").fixes == ()


def test_a_frames_kind_on_a_leaf():
    graph = graph_of(leaf("Chain", "c"))
    problem = only(graph, "kind-shape")
    assert "Chain is a frame, but the file says that it is a leaf" in problem.message
    assert labels(graph, problem) == ["Make it an empty frame"]


def test_a_leafs_kind_on_a_frame():
    graph = graph_of(frame("ReLU"))
    problem = only(graph, "kind-shape")
    assert "ReLU is a leaf, but the file gives it children" in problem.message
    assert [left for _, left in fixed(graph, problem)] == [[]]
    full = only(graph_of(frame("ReLU", leaf("SiLU"))), "kind-shape")
    assert full.fixes == ()
    assert "Take them out" in full.message


def test_a_param_without_the_value_it_needs():
    graph = graph_of(use(key=""), contexts={"my context": {"key": NumberSource(1), "other": NumberSource(1)}})
    (problem,) = problems(graph, "missing-param")
    assert (problem.node, problem.param) == ("use", "key")
    assert "UseContext: key needs a value" in problem.message
    assert labels(graph, problem) == ["Use key", "Use other"]
    nowhere = graph_of(use(context=""), contexts={"my context": {}})
    (problem,) = problems(nowhere, "missing-param")
    assert labels(nowhere, problem) == ["Use my context"]
    null = graph_of(leaf("Linear", in_features=None))
    assert labels(null, only(null, "missing-param")) == ["Set it to 64"]


def test_a_param_left_out_means_its_default():
    graph = graph_of(Tree(Node("l", "Linear")))
    assert check(graph, CATALOGUE) == []


@pytest.mark.parametrize(
    ("value", "words"), [(0, "is 0, but must be at least 1"), (2.5, "is 2.5, but must be a whole number"), ("x", "'x'")]
)
def test_a_param_with_a_value_that_does_not_fit(value, words):
    graph = graph_of(frame("Chain", leaf("Linear", "a", in_features=value), leaf("Linear", "b"), id="c"))
    problem = only(graph, "bad-param")
    assert "Chain.Linear_1: in_features" in problem.message
    assert words in problem.message
    assert labels(graph, problem) == ["Set it to 64"]


def test_a_param_that_the_kind_does_not_know():
    graph = graph_of(leaf("ReLU", inplace=True))
    problem = only(graph, "unknown-param")
    assert problem.severity == "warning"
    assert "inplace is no param of a ReLU" in problem.message
    assert labels(graph, problem) == ["Remove it"]
    slip = graph_of(Tree(Node("l", "Linear", params={"in_feature": 3})))
    assert labels(slip, only(slip, "unknown-param"))[0] == "Call it in_features"


@pytest.mark.parametrize(
    ("tree", "param", "words"),
    [
        (leaf("Lambda", func="lambda x: x.__class__"), "func", "__class__"),
        (leaf("Lambda", func="import os"), "func", "import"),
        (use(compose="lambda a, b: a"), "compose", "takes 2 arguments (a, b), but is called with 1: the value"),
        (put(callback="lambda x: x"), "callback", "takes 1 argument (x), but is called with 2: the value held"),
    ],
)
def test_an_expression_that_can_not_be_used(tree, param, words):
    graph = graph_of(tree, use(id="reader"), contexts={"my context": {"key": NumberSource(1)}})
    problem = only(graph, "bad-expression")
    assert problem.param == param
    assert words in problem.message
    assert [left for _, left in fixed(graph, problem)] == [[]]


@pytest.mark.parametrize(
    ("source", "fix", "repaired"),
    [
        ("lambda x: torch.relluu(x * 2)", "Use torch.relu", "lambda x: torch.relu(x * 2)"),
        ("lambda x: (\n  'é' + x.shpae)", "Use shape", "lambda x: (\n  'é' + x.shape)"),
        ("reluu(x)", "Use torch.relu", "torch.relu(x)"),
        ("math.sqtr(x)", "Use math.sqrt", "math.sqrt(x)"),
    ],
)
def test_a_mistyped_name_is_put_right_where_it_stands(source, fix, repaired):
    graph = graph_of(leaf("Lambda", "f", func=source))
    problem = only(graph, "bad-expression")
    assert problem.message.endswith("?")
    document = Document(graph.copy(), CATALOGUE)
    chosen = next(each for each in problem.fixes if each.label == fix)
    document.apply(chosen.edit, chosen.label)
    assert document.graph.nodes["f"].params["func"] == repaired
    assert labels(graph, problem)[-1].startswith("Set it to ")


def test_a_matmul_needs_two_children():
    graph = graph_of(frame("Matmul", leaf("ReLU", "a"), leaf("ReLU", "b"), leaf("ReLU", "c")))
    problem = only(graph, "wrong-child-count")
    assert "Matmul needs exactly 2 children, but has 3" in problem.message
    assert labels(graph, problem) == ["Park the surplus"]
    assert only(graph_of(frame("Matmul", leaf("ReLU"))), "wrong-child-count").fixes == ()


def test_a_sum_needs_a_child():
    assert "Sum needs at least 1 child, but has 0" in only(graph_of(frame("Sum")), "wrong-child-count").message


def test_kinds_with_a_bound_of_their_own():
    kinds = catalogue_of([CATALOGUE["Chain"], NodeKind(name="Few", category="", role="sum", doc="", children=(0, 1))])
    graph = graph_of(frame("Few", frame("Chain", id="a"), frame("Chain", id="b")))
    (problem,) = [p for p in check(graph, kinds) if p.code == "wrong-child-count"]
    assert "Few takes at most 1 child, but has 2" in problem.message


@pytest.mark.parametrize(
    ("children", "inputs"),
    [
        ((frame("Parallel", leaf("ReLU", "a"), leaf("ReLU", "b"), leaf("ReLU", "c")),), 1),
        ((leaf("Lambda", func="lambda x: (x, x, x)"),), 1),
        ((), 3),
        ((frame("Passthrough", leaf("ReLU", "a")),), 3),
        ((frame("Chain", frame("Distribute", *(leaf("ReLU", n) for n in "pqr"), id="D")),), 3),
    ],
)
def test_a_distribute_needs_a_child_for_each_argument(children, inputs):
    graph = graph_of(*children, frame("Distribute", *(leaf("SiLU", n) for n in "defg")), inputs=inputs)
    problem = only(graph, "wrong-child-count")
    assert "Distribute gets 3 arguments and needs a child for each, but has 4" in problem.message
    assert labels(graph, problem) == ["Park the surplus"]


def test_behind_a_layer_nothing_is_certain():
    for first in (leaf("Linear"), leaf("Lambda", func="lambda x: x"), leaf("Quux"), frame("Mystery", leaf("ReLU"))):
        graph = graph_of(first, frame("Distribute", leaf("SiLU", "a"), leaf("SiLU", "b")))
        assert not problems(graph, "wrong-child-count")
        assert not problems(graph_of(first, frame("Residual", leaf("SiLU")), put()), "argument-count")


def test_nodes_that_take_one_value():
    pair = frame("Parallel", leaf("ReLU", "a"), leaf("ReLU", "b"))
    residual = only(graph_of(pair, frame("Residual", leaf("SiLU"))), "argument-count")
    assert residual.message == "Residual takes 1 value, but is given 2."
    function = only(graph_of(leaf("Lambda", func="lambda a, b=1, c=2: a"), inputs=4), "argument-count")
    assert function.message == "Lambda takes 1 to 3 arguments (a, b, c), but is given 4."
    setter = graph_of(pair, put(), use(), contexts={"my context": {}})
    assert "SetContext takes 1 value, but is given 2" in only(setter, "argument-count").message


@pytest.mark.parametrize(
    ("tree", "needy"),
    [
        (leaf("Linear"), "Linear"),
        (leaf("Lambda", func="lambda x: x"), "Lambda"),
        (frame("Sum", leaf("Lambda", func="lambda: 1"), leaf("Conv2d")), "Sum.Conv2d"),
        (frame("Residual", leaf("Lambda", func="lambda x: x")), "Residual"),
        (frame("Chain", frame("Parallel", leaf("ReLU", "a"), leaf("ReLU", "b"))), "Chain.Parallel.ReLU_1"),
    ],
)
def test_a_graph_without_input_whose_first_node_needs_one(tree, needy):
    graph = graph_of(tree, leaf("GetArg", "last"), inputs=0)
    problem = only(graph, "no-input")
    assert problem.message == f"The graph has no input, but {needy} needs one."
    assert labels(graph, problem) == [f"Add {what} as its input" for what in ("a picture", "noise", "a number")]
    assert not problems(graph_of(tree), "no-input")


def test_graphs_that_need_no_input():
    assert check(graph_of(leaf("Lambda", func="lambda: 1"), leaf("Linear"), inputs=0), CATALOGUE) == []
    assert check(graph_of(inputs=0), CATALOGUE) == []
    reading = graph_of(use(), leaf("Linear"), contexts={"my context": {"key": NumberSource(1)}}, inputs=0)
    assert check(reading, CATALOGUE) == []
    assert not problems(graph_of(leaf("Quux"), leaf("Linear"), inputs=0), "no-input")


def test_an_empty_frame_passes_its_input_on():
    graph = graph_of(frame("Chain"))
    problem = only(graph, "empty-frame")
    assert problem.severity == "info"
    assert problem.message == "Chain is empty: it passes its input on."
    assert labels(graph, problem) == ["Delete it"]
    assert "added to itself" in only(graph_of(frame("Residual")), "empty-frame").message
    parked = graph_of(frame("Chain", loose=(leaf("ReLU"),)))
    assert problems(parked, "empty-frame")[0].fixes == ()


def test_reading_a_context_that_nobody_declares():
    graph = graph_of(
        frame(
            "Chain",
            frame("Residual", use(context="my contxt"), id="r"),
            id="p",
            contexts={"my context": {"key": NumberSource(1)}},
        )
    )
    (problem,) = problems(graph, "context-undeclared")
    assert (problem.severity, problem.node) == ("error", "use")
    assert "no frame around it declares the context my contxt. Did you mean my context?" in problem.message
    assert labels(graph, problem) == [
        "Use my context",
        "Declare it on Chain",
        "Declare it on Chain.Residual",
        "Declare it on Chain (root)",
    ]


def test_writing_a_context_that_nobody_declares_fails_too():
    graph = graph_of(put())
    problem = only(graph, "context-undeclared")
    assert problem.severity == "error"
    assert "Declare it on one of the frames around it" in problem.message


def test_an_undeclared_context_is_told_before_its_key_is_chosen():
    graph = graph_of(use(key=""))
    (problem,) = problems(graph, "context-undeclared")
    assert problem.node == "use"
    [label] = labels(graph, problem)
    assert label == "Declare it on Chain (root)"
    apply(graph, problem.fixes[0].edit)
    assert not problems(graph, "context-undeclared")


def test_a_key_that_is_neither_declared_nor_written():
    graph = graph_of(use("kee"), use("key", "fine"), contexts={"my context": {"key": NumberSource(1)}})
    problem = only(graph, "context-key-undeclared")
    assert problem.node == "use"
    assert "my context.kee, which Chain (root) does not declare and nobody writes. Did you mean key?" in problem.message
    assert [left for _, left in fixed(graph, problem)] == [[], [], []]


def test_a_key_that_is_read_but_never_set():
    graph = graph_of(use(), contexts={"my context": {"key": UNSET}})
    problem = only(graph, "context-never-set")
    assert (problem.severity, problem.node, problem.param) == ("error", "root", "my context.key")
    assert "my context.key is unset and nobody writes it, but UseContext reads it" in problem.message
    assert [left for _, left in fixed(graph, problem)] == [[], []]


def test_a_callback_does_not_set_what_it_changes():
    graph = graph_of(put(callback="lambda held, x: held.append(x)"), contexts={"my context": {"key": UNSET}})
    problem = only(graph, "context-never-set")
    assert labels(graph, problem) == ["Start it as an empty list", "Start it as the number 0"]


def test_a_key_that_is_read_before_it_is_set():
    graph = graph_of(use(), put(), use(id="later"), contexts={"my context": {"key": UNSET}})
    problem = only(graph, "context-read-before-set")
    assert (problem.severity, problem.node) == ("error", "use")
    assert "UseContext_1 reads my context.key before SetContext writes it" in problem.message
    assert [left for _, left in fixed(graph, problem)] == [[], []]
    undeclared = graph_of(use(), put(), contexts={"my context": {}})
    assert only(undeclared, "context-read-before-set").node == "use"
    changed = graph_of(put(id="first", callback="lambda held, x: held.append(x)"), put(), contexts={"my context": {}})
    assert only(changed, "context-read-before-set").node == "first"


def test_branches_run_in_their_order():
    graph = graph_of(frame("Sum", put(), use()), contexts={"my context": {"key": UNSET}})
    assert check(graph, CATALOGUE) == []


def test_a_context_that_hides_another():
    inner = frame("Chain", use(), id="inner", contexts={"my context": {"key": NumberSource(2)}})
    graph = graph_of(inner, use(id="outer"), contexts={"my context": {"key": NumberSource(1)}})
    problem = only(graph, "context-shadowed")
    assert (problem.severity, problem.node) == ("info", "inner")
    assert "Chain declares the context my context, as Chain (root) around it does" in problem.message
    assert [left for _, left in fixed(graph, problem)] == [[]]


def test_a_key_that_nobody_reads():
    declared = graph_of(leaf("ReLU"), contexts={"my context": {"key": ListSource([])}})
    problem = only(declared, "context-never-read")
    assert (problem.severity, problem.node) == ("info", "root")
    assert "my context.key is declared, but nobody reads it" in problem.message
    assert [left for _, left in fixed(declared, problem)] == [[]]
    written = graph_of(put(), contexts={"my context": {}})
    problem = only(written, "context-never-read")
    assert problem.node == "put"
    assert [left for _, left in fixed(written, problem)] == [[]]
    both = graph_of(put(), put(id="again"), contexts={"my context": {"key": UNSET}})
    assert labels(both, only(both, "context-never-read")) == ["Remove it and what writes it"]


def test_parked_nodes_do_not_run():
    graph = graph_of(
        frame("Chain", leaf("ReLU", "wired"), loose=(leaf("SiLU"), leaf("Linear", in_features=-1)), id="c")
    )
    apply(graph, Insert(Place(CANVAS, 0, 0, new=True), (frame("Sum", loose=(leaf("GELU"),)),)))
    inside, outside = check(graph, CATALOGUE)
    assert (inside.code, inside.severity, inside.node) == ("loose-node", "info", "SiLU")
    assert "Chain.SiLU and 1 more are parked in Chain and can't run" in inside.message
    assert "Sum is parked on the canvas" in outside.message
    assert labels(graph, inside) == ["Put at the end of Chain", "Delete"]
    assert labels(graph, outside) == ["Put at the end of Chain (root)", "Delete"]


def test_problems_come_in_the_order_of_running():
    graph = graph_of(
        use("a", "first"),
        frame("Sum", leaf("Quux", "second"), put("b", "third", context="nowhere")),
        leaf("Linear", "fourth", in_features=0),
        contexts={"my context": {}},
    )
    apply(graph, SetInputs((Input("x", UNSET),)))
    apply(graph, Insert(Place(CANVAS, 0, 0, new=True), (leaf("ReLU", "last"),)))
    assert [p.node for p in check(graph, CATALOGUE)] == ["", "first", "second", "third", "fourth", "last"]


def test_every_code_is_explained():
    assert all(text.endswith(".") for text in CODES.values())


@given(graphs(), st.data())
def test_any_graph_can_be_checked_and_every_fix_works(graph, data):
    before = dump(graph)
    found = check(graph, CATALOGUE)
    assert dump(graph) == before
    for problem in found:
        assert problem.code in CODES
        assert problem.message
        assert not problem.node or problem.node in graph
    fixable = [problem for problem in found if problem.fixes]
    if fixable:
        labels(graph, data.draw(st.sampled_from(fixable)))  # one of them: each fix is a check of the whole graph


def test_what_a_return_keeps_from_running_is_told_at_the_first_of_it():
    inner = frame("Sum", leaf("Sin"), leaf("Return"), leaf("Cos"), id="sum")
    graph = graph_of(frame("Chain", inner, leaf("ReLU"), id="chain"), leaf("Sigmoid"))
    problem = only(graph, "unreachable")
    assert problem.severity == "info"
    assert problem.node == "Cos"
    assert problem.message == ("Chain.Sum.Cos and 1 more can't be reached: Chain.Sum.Return ends Chain before.")
    assert labels(graph, problem) == ["Delete what can't be reached", "Delete the Return"]


def test_a_second_return_that_is_not_reached_is_no_second_problem():
    only(graph_of(leaf("Return", "one"), leaf("Sin"), leaf("Return", "two"), leaf("Cos")), "unreachable")


def test_a_return_at_the_end_is_none():
    assert check(graph_of(leaf("Sin"), leaf("Return")), CATALOGUE) == []


def test_a_return_takes_one_value_and_its_sequence_gives_one():
    pair = leaf("Lambda", "pair", func="lambda x: (x, x)")
    (problem, _) = check(graph_of(pair, leaf("Return"), leaf("Sin")), CATALOGUE)
    assert (problem.code, problem.node) == ("argument-count", "Return")
    chain = frame("Chain", leaf("Return"), leaf("Lambda", "two", func="lambda x: (x, x)"))
    after = leaf("Lambda", "after", func="lambda x: x")
    only(graph_of(chain, after), "unreachable")
    parallel = frame("Parallel", leaf("Return"), leaf("Sin"))
    only(graph_of(frame("Chain", parallel), after), "unreachable")


def test_a_breakpoint_passes_on_as_many_values_as_it_gets():
    graph = graph_of(leaf("Breakpoint"), leaf("Lambda", func="lambda x: x"), inputs=2)
    assert problems(graph, "argument-count")[0].node == "Lambda"
    assert check(graph_of(leaf("Breakpoint"), leaf("Lambda", func="lambda x, y: x"), inputs=2), CATALOGUE) == []
