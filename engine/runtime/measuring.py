"""What nodes come to: the time and the memory of their calls, measured in runs that ask for it, the numbers of their
values, and how much of them can be learned."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import fx, nn

from engine.document.expand import Expanded, home
from engine.document.graph import Graph
from engine.messages import Measure, Spread
from engine.runtime.cache import pieces
from engine.runtime.loop import flat
from engine.runtime.preview import first_tensor
from engine.runtime.symbols import nodes_in


@dataclass
class Cost:
    """What one call took, and what it gave: `seconds` and `bytes` without those of calls that it made itself."""

    seconds: float = 0.0
    bytes: int = 0
    calls: int = 0
    spread: Spread | None = None


@dataclass
class Meter:
    """Measures the calls of one run. `known` are those measured before, by the keys of their values: what is not among
    them is made again, wherever its value is at hand."""

    known: Mapping[bytes, Cost]
    device: torch.device
    found: dict[bytes, Cost] = field(default_factory=dict)
    looks: bool = True
    """Whether values are looked at even if those of earlier calls were: of a loop, those of the last step count."""
    _inner: float = 0.0
    """Seconds that calls within the present one took, and that measuring them took."""

    def call(self, key: bytes, arguments: list[Any], make: Callable[[], Any]) -> Any:
        """Make a call and measure it; what is made several times in a run adds up. Raises what the call raises."""
        before, self._inner = self._inner, 0.0
        started = self._now()
        try:
            value = make()
            seconds = self._now() - started - self._inner
            cost = self.found.setdefault(key, Cost())
            cost.seconds += max(0.0, seconds)
            cost.calls += 1
            taken = {start for argument in arguments for start, _ in pieces(argument)}
            cost.bytes = max(cost.bytes, sum(size for start, size in pieces(value) if start not in taken))
            if self.looks or cost.calls == 1:
                cost.spread = spread(first_tensor(value))
        finally:
            self._inner = before + time.perf_counter() - started
        return value

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What is done in here is no part of the call that it is done in."""
        started, before = time.perf_counter(), self._inner
        try:
            yield
        finally:
            self._inner = before + time.perf_counter() - started

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)  # calls return before the device has done what they ask for
        return time.perf_counter()


def spread(tensor: torch.Tensor | None) -> Spread | None:
    """The numbers of a tensor (complex ones by their magnitude); None for none, an empty or a sparse one."""
    if tensor is None or tensor.layout != torch.strided or tensor.numel() == 0:
        return None
    real = tensor.detach()
    real = real.abs() if real.is_complex() else real
    real = real if real.dtype in (torch.float32, torch.float64) else real.to(torch.float32)
    zeros = 1 - torch.count_nonzero(real).item() / real.numel()
    finite = real if (all_finite := bool(real.isfinite().all())) else real[real.isfinite()]
    missing = 0.0 if all_finite else 1 - finite.numel() / real.numel()
    if finite.numel() == 0:
        return Spread(0.0, 0.0, zeros, missing)
    std, mean = torch.std_mean(finite, correction=0)
    return Spread(mean.item(), std.item(), zeros, missing)


def measures(
    graph: Graph,
    whole: Expanded,
    code: fx.Graph,
    values: Mapping[str, Any],
    keys: Mapping[fx.Node, bytes],
    costs: Mapping[bytes, Cost],
) -> dict[str, Measure]:
    """What the nodes of a graph come to, from what the calls of its program cost. `values` says how what nodes return
    is made of calls. What an adapter puts at a node is part of that node."""
    sums: dict[str, Cost] = {}
    for call in flat(code.nodes):
        cost = costs.get(keys[call]) if call in keys else None
        if cost is None or call.op == "placeholder":
            continue
        node = home(whole, call.meta["owner"])
        for place in (node, *graph.ancestors(node)):
            total = sums.setdefault(place, Cost())
            total.seconds += cost.seconds
            total.bytes += cost.bytes
            total.calls = max(total.calls, cost.calls)
    for node, made_of in values.items():
        found = (costs.get(keys.get(call, b"")) for call in nodes_in(made_of))
        seen = next((cost.spread for cost in found if cost and cost.spread), None)
        if seen and node in graph:
            sums.setdefault(node, Cost()).spread = seen
    return {node: Measure(cost.seconds, cost.bytes, cost.calls, cost.spread) for node, cost in sums.items()}


def parameters(graph: Graph, whole: Expanded, tensors: Mapping[str, Mapping[str, torch.Tensor]]) -> dict[str, int]:
    """How many numbers can be learned in each node of a graph, by the tensors of the leaves that run. Those of an
    adapter count at the node that it is put at, and those that leaves share once in each frame."""
    places: dict[int, set[str]] = {}
    counts: dict[int, int] = {}
    for leaf, held in tensors.items():
        node = home(whole, leaf)
        if node not in graph:
            continue
        if id(held) not in counts:
            counts[id(held)] = sum(math.prod(t.shape) for t in held.values() if isinstance(t, nn.Parameter))
        if counts[id(held)]:
            places.setdefault(id(held), set()).update((node, *graph.ancestors(node)))
    found: dict[str, int] = {}
    for held, nodes in places.items():
        for node in nodes:
            found[node] = found.get(node, 0) + counts[held]
    return found
