"""Trees in writing: a short way to say what templates and models are made of. Ids and defaults are filled in later."""

from engine.document.graph import Contexts, Node, Tree
from engine.document.kinds import ParamValue


def node(kind: str, /, *children: Tree, name: str = "", contexts: Contexts | None = None, **params: ParamValue) -> Tree:
    """A node of a kind, around children. Without any, a frame gets those that its kind's template makes."""
    return Tree(Node("", kind, name, params, contexts or {}), children=children or None)


def use(context: str, key: str, compose: str = "") -> Tree:
    """A UseContext."""
    return node("UseContext", context=context, key=key, compose=compose)


def put(context: str, key: str, callback: str = "") -> Tree:
    """A SetContext."""
    return node("SetContext", context=context, key=key, callback=callback)


def function(func: str, name: str = "") -> Tree:
    """A Lambda."""
    return node("Lambda", name=name, func=func)


def linear(in_features: int, out_features: int, bias: bool = True) -> Tree:
    """A Linear."""
    return node("Linear", in_features=in_features, out_features=out_features, bias=bias)


def conv(
    in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1, padding: int | None = None
) -> Tree:
    """A Conv2d, padded so that a stride of 1 keeps the size."""
    return node(
        "Conv2d",
        in_channels=in_channels,
        out_channels=out_channels,
        kernel_size=kernel_size,
        stride=stride,
        padding=kernel_size // 2 if padding is None else padding,
    )
