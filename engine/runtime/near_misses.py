"""Near misses: tensors that a weights file does have, but under another key than the graph looks for.

Whole frames first, then leaves: the same tensors below another prefix, of the same shapes, with a name that is like.
"""

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping

from msgspec import Struct

from engine.document.graph import Graph
from engine.messages import NearMiss

Shape = tuple[int, ...]
Tensors = Mapping[str, Shape]
Kind = frozenset[tuple[str, Shape]]
"""The names and shapes of all the tensors below a prefix."""

LIKE = 0.3
"""From here on, the share of words that two keys have in common makes them alike."""


class Lacking(Struct, frozen=True):
    """A node that lacks tensors which it should have from the file: its key, and the shapes of all of its by name."""

    node: str
    key: str
    tensors: Tensors


def near_misses(
    graph: Graph, owner: str, lacking: Mapping[str, Lacking], content: Container[str], unused: Tensors
) -> list[NearMiss]:
    """What the leaves below `owner` that lack tensors may mean among the file's `unused` ones.

    `content` are the leaves that lack none. Frames all of whose leaves lack theirs are matched as one where the file
    has all of that under one prefix. No tensor of the file is offered twice.
    """
    if not lacking or not unused:
        return []
    matching = _Matching(unused)
    found: list[NearMiss] = []
    left: list[Lacking] = []
    stack = [owner]
    while stack:
        node = stack.pop()
        if node in lacking:
            left.append(lacking[node])
            continue
        whole = _as_one(graph, node, lacking, content) if node != owner else None
        match = matching.take([whole]) if whole else []
        if match:
            found += match
        else:
            stack.extend(reversed(graph.children.get(node, [])))
    return found + matching.take(left)


def _as_one(graph: Graph, frame: str, lacking: Mapping[str, Lacking], content: Container[str]) -> Lacking | None:
    """The leaves of a frame as one that holds all their tensors; None where that would say no more than they do."""
    below = list(graph.walk(frame))
    leaves = [lacking[leaf] for leaf in below if leaf in lacking]
    if len(leaves) < 2 or any(leaf in content for leaf in below):
        return None
    depth = len(graph.ancestors(leaves[0].node)) - len(graph.ancestors(frame))
    prefix = ".".join(leaves[0].key.split(".")[:-depth])
    if not prefix or not all(leaf.key.startswith(f"{prefix}.") for leaf in leaves):
        return None
    tensors = {
        f"{leaf.key[len(prefix) + 1 :]}.{name}": shape for leaf in leaves for name, shape in leaf.tensors.items()
    }
    return Lacking(frame, prefix, tensors)


class _Matching:
    """What is still free in the file: prefixes by the tensors that they hold."""

    def __init__(self, unused: Tensors) -> None:
        groups: dict[str, dict[str, Shape]] = defaultdict(dict)
        for key, shape in unused.items():
            for prefix, rest in splits(key):
                groups[prefix][rest] = shape
        self.by_tensors: dict[Kind, list[str]] = defaultdict(list)
        for prefix, tensors in groups.items():
            self.by_tensors[frozenset(tensors.items())].append(prefix)
        self.taken: set[str] = set()
        self._bits: dict[str, int] = {}

    def take(self, wanted: list[Lacking]) -> list[NearMiss]:
        """The best matches for these, in their order; what is taken is no longer free.

        Of keys that are equally alike, those are matched that stand at the same place among their kind.
        """
        kinds: dict[Kind, list[Lacking]] = defaultdict(list)
        for lacking in wanted:
            kinds[frozenset(lacking.tensors.items())].append(lacking)
        chosen: dict[str, str] = {}
        for tensors, alike in kinds.items():
            free = sorted((p for p in self.by_tensors.get(tensors, ()) if not self._is_taken(p, tensors)), key=natural)
            ours, theirs = [self._words(each.key) for each in alike], [self._words(prefix) for prefix in free]
            least = 0.0 if len(alike) == len(free) == 1 else LIKE  # nothing else has these shapes
            pairs = [
                (-like, abs(rank - other), rank, other)
                for rank, a in enumerate(ours)
                for other, b in enumerate(theirs)
                if (like := (a & b).bit_count() / (a | b).bit_count()) >= least
            ]
            done: set[int] = set()
            for _, _, rank, other in sorted(pairs):
                if alike[rank].node not in chosen and other not in done:
                    chosen[alike[rank].node] = free[other]
                    done.add(other)
                    self.taken |= {f"{free[other]}.{name}" for name, _ in tensors}
        return [
            NearMiss(lacking.node, lacking.key, chosen[lacking.node], len(lacking.tensors))
            for lacking in wanted
            if lacking.node in chosen
        ]

    def _is_taken(self, prefix: str, tensors: Kind) -> bool:
        return any(f"{prefix}.{name}" in self.taken for name, _ in tensors)

    def _words(self, key: str) -> int:
        """The words of a key as bits; what two keys have in common makes them alike.

        Numbers do not count, since Fluxion starts at 1 and others at 0: the order decides.
        """
        found = 0
        for word in WORD.findall(key) or [key]:
            found |= 1 << self._bits.setdefault(word.lower().removesuffix("s"), len(self._bits))
        return found


WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def splits(key: str) -> Iterator[tuple[str, str]]:
    """A key as prefix and rest, at each of its dots."""
    at = key.find(".")
    while at >= 0:
        yield key[:at], key[at + 1 :]
        at = key.find(".", at + 1)


def natural(key: str) -> list[tuple[bool, int, str]]:
    """Sorts "a_2" before "a_10"."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", key)]
