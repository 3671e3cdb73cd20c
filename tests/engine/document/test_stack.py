"""The stack of adapters as edits, the words for where they go, their files, and the problems of those left out."""

from pathlib import Path

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.document import adapter_files, files, stack
from engine.document.adapters import Adapter
from engine.document.check import Checker, check
from engine.document.disk import FileError
from engine.document.document import Document
from engine.document.edits import EditError, SetAdapter, SetAdapterParam, SetName, SetParam, apply
from engine.document.expand import expand
from engine.document.graph import Graph, Weights
from engine.document.relocate import relocate
from engine.document.selection import select
from engine.document.sources import ImageSource
from nodes import CATALOGUE
from nodes.adapters import ADAPTERS
from nodes.models import MODELS, build

LORA = ADAPTERS["lora"]
COLOURS = ("#111111", "#222222")


def digits(*adapters: Adapter) -> Graph:
    graph = build(MODELS["digits"])
    for adapter in adapters:
        apply(graph, stack.added(graph, stack.apart(graph, adapter, COLOURS)))
    return graph


def with_picture(adapter: Adapter, path: str) -> Adapter:
    """The adapter with a picture wherever it wants one."""
    return stack.with_sources(adapter, lambda _, old: ImageSource(path) if isinstance(old, ImageSource) else old)


def test_copies_have_ids_names_and_colours_of_their_own() -> None:
    graph = digits(LORA, LORA, replace(LORA, colour="#abcdef"))
    assert [(a.id, a.name, a.colour) for a in graph.adapters] == [
        ("lora", "LoRA", "#111111"),
        ("lora-2", "LoRA 2", "#222222"),
        ("lora-3", "LoRA 3", "#abcdef"),
    ]


def test_a_selection_as_a_selector() -> None:
    graph = digits()
    up = next(n for n in graph.walk() if graph.nodes[n].name == "UpBlocks")
    leaf = select(graph, "kind=Linear & not in UpBlocks")[0]
    where = stack.narrowed(graph, [up, leaf])
    assert set(select(graph, f"kind=Linear & ({where})")) == {leaf, *select(graph, "kind=Linear & in UpBlocks")}
    assert stack.narrowed(graph, []) == stack.narrowed(graph, [up, graph.root]) == ""


@for_all(st.permutations(range(4)), st.data())
def test_every_move_and_switch_is_taken_back(order: list[int], data: st.DataObject) -> None:
    document = Document(digits(LORA, LORA, LORA, LORA), CATALOGUE)
    graph = document.graph
    before = files.dump(graph)
    ids = [a.id for a in graph.adapters]
    for index, number in enumerate(order):
        document.apply(stack.moved(graph, ids[number], index), "move")
        on = data.draw(st.sets(st.sampled_from(ids)))
        document.apply(stack.switched(graph, on), "switch")
        assert stack.enabled(graph) == on
    assert [a.id for a in graph.adapters] == [ids[number] for number in order]
    document.apply(stack.removed(graph, ids[0]), "remove")
    while document.undo():
        pass
    assert files.dump(graph) == before


@pytest.mark.parametrize(
    ("name", "letters"),
    [("LoRA", "L"), ("LoRA 2", "L2"), ("IP-Adapter", "IP"), ("ControlNet, edges", "CE"), ("LCM", "LC"), (" ", "?")],
)
def test_initials(name: str, letters: str) -> None:
    assert stack.initials(name) == letters


def test_where_an_adapter_goes_in_words() -> None:
    graph = digits(replace(LORA, where="in UpBlocks"))
    expanded = expand(graph, CATALOGUE)
    nodes = [node for targets in expanded.targets["lora"] for node in targets]
    assert stack.counted(expanded, graph, nodes) == "20 Conv2d, 6 Linear"


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"where": "in Nowhere"}, "adapter-unmatched", "no node is a Nowhere"),
        ({"where": "in &"}, "adapter-selector", "there should be"),
        ({"patches": ()}, "adapter-flawed", "it has no patch"),
        ({"values": {"rank": 0}}, "adapter-flawed", "must be at least 1"),
    ],
)
def test_an_adapter_that_is_left_out_is_a_problem(changed: dict[str, object], code: str, words: str) -> None:
    graph = digits(replace(LORA, **changed))
    [problem] = [p for p in check(graph, CATALOGUE) if p.adapter]
    assert (problem.code, problem.severity, problem.adapter) == (code, "error", "lora")
    assert words in problem.message
    for fix in problem.fixes:
        mended = graph.copy()
        apply(mended, fix.edit)
        assert not [p for p in check(mended, CATALOGUE) if p.adapter], fix.label


def test_a_picture_that_is_wanted_is_a_problem_until_it_is_given() -> None:
    graph = digits(ADAPTERS["digits-controlnet"])
    [problem] = [p for p in check(graph, CATALOGUE) if p.adapter]
    assert (problem.code, problem.param) == ("input-missing", "controlnet.condition")
    given = with_picture(graph.adapters[0], "edges.png")
    apply(graph, SetAdapter(given))
    assert stack.given(given) == {"controlnet.condition": ImageSource("edges.png")}
    assert not [p for p in check(graph, CATALOGUE) if p.adapter]


def test_what_is_known_of_the_expansion_is_kept_only_while_it_is_true() -> None:
    document = Document(digits(LORA), CATALOGUE)
    graph = document.graph
    checker = Checker(graph, CATALOGUE)
    document.listeners.append(lambda change: checker.touch(change.touched) if change.touched else None)
    linear = select(graph, "kind=Linear")[0]
    steps = [
        (SetAdapterParam("lora", "scale", 0.5), True),
        (SetAdapterParam("lora", "rank", 8), False),  # sets out_features, which adapters look at
        (SetAdapterParam("lora", "rank", 0), False),
        (SetAdapterParam("lora", "rank", 8), False),
        (SetParam(linear, "in_features", 3), False),
        (SetName(linear, "Other"), False),
        (SetAdapter(replace(LORA, where="in UpBlocks")), False),
        (SetAdapter(replace(LORA, where="in UpBlocks", colour="#123456")), True),
    ]
    for edit, kept in steps:
        before = checker.expanded
        document.apply(edit, "step")
        assert (checker.expanded is before) == kept, edit
        assert checker.expanded.targets == expand(graph, CATALOGUE).targets
        assert checker.problems() == check(graph, CATALOGUE)


def test_files_of_adapters(tmp_path: Path) -> None:
    path = tmp_path / f"two{adapter_files.ENDING}"
    adapter_files.save(path, LORA, ADAPTERS["lcm"])
    assert adapter_files.load(path) == (LORA, ADAPTERS["lcm"])
    for where, kept in (("in UpBlocks", "in UpBlocks"), ('Linear & in #"two words", #n1', "")):
        adapter_files.save(path, replace(LORA, where=where))
        assert [each.where for each in adapter_files.load(path)] == [kept], "ids are those of one graph"
    (tmp_path / "none").write_bytes(files.dump(build(MODELS["digits"])))
    with pytest.raises(FileError, match="holds no adapter: choose one whose name ends in"):
        adapter_files.load(tmp_path / "none")


def test_the_files_of_adapters_are_found_from_another_folder() -> None:
    control = replace(ADAPTERS["digits-controlnet"], weights=Weights("w.safetensors"))
    graph = digits(with_picture(control, "a.png"))
    edit = relocate(graph, Path("/one/here"), Path("/one/there"))
    assert edit is not None
    apply(graph, edit)
    [adapter] = graph.adapters
    assert adapter.weights == Weights("../here/w.safetensors")
    assert stack.given(adapter) == {"controlnet.condition": ImageSource("../here/a.png")}
    back = relocate(graph, Path("/one/there"), Path("/one/here"))
    assert back is not None
    apply(graph, back)
    assert graph.adapters[0].weights == Weights("w.safetensors")


def test_an_adapter_that_is_not_there_is_told() -> None:
    with pytest.raises(EditError, match="there is no adapter 'gone'"):
        apply(digits(), SetAdapterParam("gone", "scale", 1.0))


def test_a_part_that_goes_to_no_node_is_told_unless_the_adapter_was_narrowed() -> None:
    typo = replace(LORA, patches=(LORA.patches[0], replace(LORA.patches[1], selector="kind=Conv3d")))
    [problem] = [p for p in check(digits(typo), CATALOGUE) if p.adapter]
    assert (problem.code, problem.severity, problem.adapter) == ("adapter-idle", "info", "lora")
    assert problem.message == (
        "A part of the adapter LoRA, which is for kind=Conv3d, goes to no node: no node has kind = Conv3d."
    )
    narrowed = replace(LORA, where="in TimestepEncoder")
    assert len([targets for targets in expand(digits(narrowed), CATALOGUE).targets["lora"] if targets]) == 1
    assert not [p for p in check(digits(narrowed), CATALOGUE) if p.adapter]
