"""Selectors: what they take, how they are refused, why they take nothing."""

import time

import pytest

from engine.document.selection import Scope, select, selected, why_nothing
from engine.document.selectors import SelectorError, compared, parse
from nodes.models import MODELS, build
from nodes.tree import conv, linear, node
from tests.engine.document.drawn import graph_of

GRAPH = graph_of(
    node(
        "Chain",
        conv(3, 8),
        node("Residual", linear(8, 8), node("Chain", linear(8, 16), node("ReLU"), name="Inner")),
        name="Down",
    ),
    node("Chain", conv(8, 640, kernel_size=1), linear(8, 8, bias=False), node("ReLU", name="Last"), name="Up"),
)
PATHS = {
    "n1": "Down",
    "n2": "Down.Conv2d",
    "n3": "Down.Residual",
    "n4": "Down.Residual.Linear",
    "n5": "Down.Residual.Inner",
    "n6": "Down.Residual.Inner.Linear",
    "n7": "Down.Residual.Inner.ReLU",
    "n8": "Up",
    "n9": "Up.Conv2d",
    "n10": "Up.Linear",
    "n11": "Up.Last",
}


def taken(selector):
    return [PATHS.get(found, found) for found in select(GRAPH, selector)]


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("Linear", ["Down.Residual.Linear", "Down.Residual.Inner.Linear", "Up.Linear"]),
        ("Linear, Conv2d in Up", ["Down.Residual.Linear", "Down.Residual.Inner.Linear", "Up.Conv2d", "Up.Linear"]),
        ("(Linear, Conv2d) in Up", ["Up.Conv2d", "Up.Linear"]),
        ("Linear in Residual", ["Down.Residual.Linear", "Down.Residual.Inner.Linear"]),
        ("Linear in In*", ["Down.Residual.Inner.Linear"]),
        ("Linear in Inner in Down", ["Down.Residual.Inner.Linear"]),
        ("Linear in Down in Inner", []),
        ("Linear & in Down & in Inner", ["Down.Residual.Inner.Linear"]),
        ("Linear & not in Inner", ["Down.Residual.Linear", "Up.Linear"]),
        ("Linear & not (in Inner, in Up)", ["Down.Residual.Linear"]),
        ("not Linear & in Up", ["Up.Conv2d", "Up.Last"]),
        ("kind=Conv2d & out_channels>=640", ["Up.Conv2d"]),
        ("out_channels < 640", ["Down.Conv2d"]),
        ("kernel_size=1", ["Up.Conv2d"]),
        ("kernel_size != 1", ["Down.Conv2d"]),
        ("bias=false", ["Up.Linear"]),
        ("ReLU", ["Down.Residual.Inner.ReLU", "Up.Last"]),
        ("name=ReLU", ["Down.Residual.Inner.ReLU"]),
        ("kind=R*U", ["Down.Residual.Inner.ReLU", "Up.Last"]),
        ("Up.*", ["Up.Conv2d", "Up.Linear", "Up.Last"]),
        ("Residual.Linear", ["Down.Residual.Linear"]),
        ("Down.*.Linear", ["Down.Residual.Linear"]),
        ("Down.**.Linear", ["Down.Residual.Linear", "Down.Residual.Inner.Linear"]),
        ("Inner.**", ["Down.Residual.Inner.Linear", "Down.Residual.Inner.ReLU"]),
        ("path=Up.Linear", ["Up.Linear"]),
        ("path!=Up.* & Linear", ["Down.Residual.Linear", "Down.Residual.Inner.Linear"]),
        ("#n10", ["Up.Linear"]),
        ('#"n10"', ["Up.Linear"]),
        ("#n10, #n4", ["Down.Residual.Linear", "Up.Linear"]),
        ("in #n5", ["Down.Residual.Inner.Linear", "Down.Residual.Inner.ReLU"]),
        ("root", []),
        ("Chain & not in *", ["root"]),
        ('"Conv2d"', ["Down.Conv2d", "Up.Conv2d"]),
    ],
)
def test_what_selectors_take_in_the_order_of_running(selector, expected):
    assert taken(selector) == expected


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ("", "at the end (character 1) there should be a kind, a name"),
        ("Linear in", "at the end (character 10) there should be a kind"),
        ("Linear Conv2d", "at 'Conv2d' (character 8) there should be `&`, `,`, `in` or `by`"),
        ("(Linear", "at the end (character 8) there should be `)`"),
        ("Linear,,Conv2d", "at ',Conv2d' (character 8) there should be a kind"),
        ("out_channels > many", "at 'many' (character 16) there should be a number"),
        ("out_channels >", "at the end (character 15) there should be a number"),
        ("kind > Linear", "at '>' (character 6) there should be = or !=, since kind is text"),
        ("Linear by", "at the end (character 10) there should be the name of an adapter"),
        ("a!b", "at '!b' (character 2) there should be `&`"),
        ("#", "at '#' (character 1) there should be a kind"),
    ],
)
def test_what_is_no_selector_says_what_stands_where_and_what_should(selector, message):
    with pytest.raises(SelectorError) as refused:
        parse(selector)
    assert message in str(refused.value)
    assert repr(selector) in str(refused.value)


@pytest.mark.parametrize(
    ("selector", "reason"),
    [
        ("Lineer in Down", "no node is a Lineer; did you mean Linear?"),
        ("Linear in Douwn", "no node is a Douwn; did you mean Down?"),
        ("out_chanels>3", "no node has a param out_chanels; did you mean out_channels?"),
        ("out_channels>5000", "no node has out_channels > 5000"),
        ("Down.Lineer", "no path ends in Down.Lineer"),
        ("#gone", "no node that runs has the id gone"),
        ("Linear by Control", "no adapter called Control has put a node there before"),
        (
            "Linear in ReLU",
            "there is something for every part of 'Linear in ReLU', but no node that is all of it at once",
        ),
    ],
)
def test_why_a_selector_takes_nothing(selector, reason):
    assert select(GRAPH, selector) == []
    assert reason in why_nothing(Scope(GRAPH), selector)


def test_inserted_nodes_are_taken_by_their_adapter_and_their_ids_alone():
    scope = Scope(GRAPH, inserted={"n6": "Control", "n7": "Control"})
    assert selected(scope, "Linear") == ["n4", "n10"]
    assert selected(scope, "Linear by Contr*") == ["n6"]
    assert selected(scope, "in Inner by Control") == ["n6", "n7"]
    assert selected(scope, "#n6") == ["n6"]
    assert selected(scope, "Linear, #n7") == ["n4", "n7", "n10"]
    assert selected(scope, "Linear by Control", "in Down") == ["n6"]


def test_the_params_that_selectors_look_at():
    assert compared("kind=Conv2d & out_channels>=640, Linear in (bias=false)") == {"out_channels", "bias"}


@pytest.mark.parametrize("selector", ["Linear in CrossAttention*", "Conv2d & out_channels >= 640", "UpBlocks.**"])
def test_a_large_model_is_looked_through_in_no_time(selector):
    graph = build(MODELS["sdxl-unet"])
    started = time.process_time()
    assert len(select(graph, selector)) > 30
    assert time.process_time() - started < 1
