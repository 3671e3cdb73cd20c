"""Ids for new nodes."""

import secrets
from collections.abc import Iterator
from random import Random

from engine.document.graph import Graph


def new_ids(graph: Graph, seed: str = "") -> Iterator[str]:
    """Short ids that no node of the graph has, each once. Random, so that two branches of one file seldom pick the
    same; with a seed, the same whenever they are asked for."""
    choice = Random(seed).choice if seed else secrets.choice
    given: set[str] = set()
    while True:
        found = "".join(choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(5))
        if found not in graph and found not in given:
            given.add(found)
            yield found
