"""A loop in a program: the code of one step of a Sample, and what running it means.

The children of a Sample are lowered once. Of the calls that this gives, those that nothing of the step has a part in
stay in the code around the loop and are made once; those that only the condition has a part in are made once per
condition (`prelude`); the rest, and whatever prints or is code of others, at every step (`body`). Calls of a loop take
values from the code around it as they are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, fx


class Solver(Protocol):
    """What the `impl` of a kind of role "sample" makes (`nodes.ops.sampling.Sampler`)."""

    unconditional: float

    @property
    def is_guided(self) -> bool: ...
    def times(self) -> list[float]: ...
    def guided(self, without: Tensor, given: Tensor) -> Tensor: ...
    def picture(self, x: Tensor, predicted: Tensor, time: float) -> Tensor: ...
    def next(self, x: Tensor, found: Tensor, index: int) -> Tensor: ...


class Run(Protocol):
    """What a loop asks of the run that it is part of; `known` holds the values of calls."""

    known: dict[fx.Node, Any]

    def solver(self, path: str) -> Solver: ...

    def spent(self, code: list[fx.Node], needed: Any, trail: Sequence[Any]) -> dict[fx.Node, list[fx.Node]]:
        """After which of these calls which of their values may go, with `needed` kept to the end and what is told of
        after which (`trail`) until then."""
        ...

    def make(
        self,
        code: Sequence[fx.Node],
        spent: Mapping[fx.Node, Iterable[fx.Node]],
        told: tuple[int, int],
        trail: Sequence[Any] = (),
        keep: Iterable[fx.Node] | None = None,
    ) -> None:
        """Make these calls, where so many of so many have been made before, and tell of what is done after which
        (`trail`). With `keep`, the values of the calls and of these stay at hand after the run."""
        ...

    def foresee(self, here: fx.Node, value: Tensor) -> None:
        """Tell what the call `here`, which goes on, would give if it ended now."""
        ...

    def is_withheld(self, value: Any) -> bool: ...


class UnfitPrediction(ValueError):
    """The children of a Sample give no prediction."""


@dataclass(eq=False)
class Loop:
    """One Sample. `path` names its solver among the program's modules; `x`, `time` and `condition` are what changes.

    As the target of a call it takes the noise, the given condition (None without), and all that its code takes from the
    code around it. `trail` says where nodes are done in the body, as `Program.trail` does.
    """

    path: str
    prelude: fx.Graph = field(default_factory=fx.Graph)
    body: fx.Graph = field(default_factory=fx.Graph)
    x: fx.Node = field(init=False)
    time: fx.Node = field(init=False)
    condition: fx.Node | None = None
    prediction: Any = None
    trail: list[Any] = field(default_factory=list)

    __name__ = "sample"

    def __post_init__(self) -> None:
        self.x, self.time = self.body.placeholder("x"), self.body.placeholder("time")

    def conditioned(self) -> fx.Node:
        """Have the condition vary."""
        self.condition = self.prelude.placeholder("condition")
        return self.condition

    @property
    def calls(self) -> list[fx.Node]:
        """All calls, in the order of a step."""
        return [*_calls(self.prelude), *_calls(self.body)]

    @property
    def captured(self) -> list[fx.Node]:
        """The calls around the loop that its own take values from."""
        used = (each for node in self.calls for each in node.all_input_nodes)
        return list(dict.fromkeys(each for each in used if each.graph not in (self.prelude, self.body)))

    def __call__(self, run: Run, here: fx.Node, noise: Tensor, given: Any, *_: Any) -> Any:
        """Sample; `here` is the call in the program. Raises what the calls raise."""
        solver = run.solver(self.path)
        prelude, body = _calls(self.prelude), _calls(self.body)
        conditions, times = self._conditions(solver, given, noise), solver.times()
        total = len(conditions) * (len(prelude) + len(times) * len(body))
        done = 0
        prepared: list[dict[fx.Node, Any]] = []
        for condition in conditions:
            values = {self.condition: condition} if self.condition else {}
            run.known.update(values)
            run.make(prelude, {}, (done, total))
            done += len(prelude)
            prepared.append(values | {node: run.known[node] for node in prelude})
        spent = run.spent(body, self.prediction, self.trail)
        x = noise.to(torch.promote_types(noise.dtype, torch.float32))
        for index, time in enumerate(times):
            predictions: list[Tensor] = []
            run.known[self.x] = x.to(noise.dtype)
            run.known[self.time] = torch.tensor([time], dtype=torch.float32, device=noise.device)
            for values in prepared:
                run.known.update(values)
                shown, last = values is prepared[-1], index + 1 == len(times)
                keep = [self.x, self.time, *values] if shown and last else None
                run.make(body, spent, (done, total), self.trail if shown else (), keep)
                done += len(body)
                prediction = run.known[self.prediction] if isinstance(self.prediction, fx.Node) else self.prediction
                if run.is_withheld(prediction):
                    return prediction
                predictions.append(_fitting(prediction, noise).to(x.dtype))
            predicted = solver.guided(*predictions) if len(predictions) == 2 else predictions[0]
            found = solver.picture(x, predicted, time)
            x = solver.next(x, found, index)
            if index + 1 < len(times):
                run.foresee(here, found.to(noise.dtype))
        return x.to(noise.dtype)

    def _conditions(self, solver: Solver, given: Any, noise: Tensor) -> list[Any]:
        """The condition in each pass of a step: none and the one given, or that alone."""
        if self.condition is None:
            return [None]
        wanted = as_condition(given, noise.device)
        return [torch.full_like(wanted, solver.unconditional), wanted] if solver.is_guided else [wanted]


def as_condition(given: Any, device: torch.device) -> Tensor:
    """A condition as the children see it: a number as a tensor (1)."""
    return given if isinstance(given, Tensor) else torch.tensor([given], device=device)


def within(loop: Loop) -> list[fx.Node]:
    """All that has a value in a loop and in the loops in it."""
    nodes = [*loop.prelude.nodes, *loop.body.nodes]
    return [each for node in nodes for each in (*(within(node.target) if isinstance(node.target, Loop) else ()), node)]


def flat(code: Iterable[fx.Node]) -> list[fx.Node]:
    """Calls with those of loops before the loops themselves."""
    found: list[fx.Node] = []
    for node in code:
        if isinstance(node.target, Loop):
            found += flat(node.target.calls)
        found.append(node)
    return found


def _calls(graph: fx.Graph) -> list[fx.Node]:
    return [node for node in graph.nodes if node.op != "placeholder"]


def _fitting(predicted: Any, noise: Tensor) -> Tensor:
    if not isinstance(predicted, Tensor) or predicted.shape != noise.shape:
        what = f"a tensor {tuple(predicted.shape)}" if isinstance(predicted, Tensor) else type(predicted).__name__
        raise UnfitPrediction(f"its children return {what}, but must return what the noise is: {tuple(noise.shape)}")
    return predicted
