"""Graphs to measure with: the real U-Nets, and random trees of any size."""

import random
from itertools import pairwise

from engine.document.document import new_graph
from engine.document.edits import Insert, SetInputs, apply
from engine.document.graph import Graph, Input, Node, Place, Tree
from engine.document.kinds import defaults
from engine.document.sources import NoiseSource, NumberSource
from nodes import CATALOGUE
from nodes.models import MODELS, build

REAL = {"SD1.5": "sd15-unet", "SDXL": "sdxl-unet"}


def graph_of(size: str) -> Graph:
    """The graph called so in the tables: a real model, or about so many nodes."""
    return build(MODELS[REAL[size]]) if size in REAL else nested(int(size.replace(",", "")))


def nested(count: int) -> Graph:
    """About `count` nodes: frames of all sorts in frames, with up to 8 children, layers in them, and some contexts."""
    chance, number = random.Random(7), iter(range(10**9))

    def tree(wanted: int) -> Tree:
        if wanted <= 1:
            kind = chance.choice(("Conv2d", "SiLU", "Linear", "GELU", "GroupNorm", "LayerNorm", "UseContext"))
            params = defaults(CATALOGUE[kind])
            if kind == "UseContext":
                params |= {"context": "diffusion", "key": "timestep"}
            elif kind in ("Conv2d", "Linear"):
                params |= {next(p for p in params if p.startswith("out_")): chance.choice((320, 640, 1280))}
            return Tree(Node(f"n{next(number)}", kind, params=params))
        kind = chance.choice(("Chain", "Chain", "Chain", "Residual", "Sum"))
        ends = sorted(chance.sample(range(1, wanted - 1), min(chance.randint(2, 7), wanted - 2)))
        below = [end - start for start, end in pairwise((0, *ends, wanted - 1))]
        name = chance.choice(("", "Block", "ResidualBlock", "Attention", "FeedForward"))
        return Tree(Node(f"n{next(number)}", kind, name), children=tuple(map(tree, below)))

    graph = new_graph()
    root = Node("top", "Chain", "Model", contexts={"diffusion": {"timestep": NumberSource(0)}})
    parts = tuple(tree(count // 20) for _ in range(20))
    apply(graph, Insert(Place(graph.root, 0), (Tree(root, children=parts),)))
    apply(graph, SetInputs((Input("x", NoiseSource([1, 4, 64, 64])),)))
    return graph
