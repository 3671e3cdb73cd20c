"""Lowering of frames, each as the `forward` of its Fluxion class. Containers vanish; a Sample becomes a loop."""

from typing import TYPE_CHECKING, Any

import torch
from torch import fx

from engine.document.kinds import NodeKind, miscounted
from engine.document.scopes import Key
from engine.runtime.describe import describe_all
from engine.runtime.loop import Loop, as_condition
from engine.runtime.program import Mark
from engine.runtime.symbols import UNKNOWN, LoweringError, example_of, snapshot

if TYPE_CHECKING:
    from engine.runtime.lower import Lowering

TIMESTEP = ("diffusion", "timestep")
"""Context and key by which a Sample tells its children the time step."""


class Returned(Exception):
    """A Return was met: `result` is what the sequence around it gives."""

    def __init__(self, result: Any) -> None:
        super().__init__()
        self.result = result


def frame(lowering: "Lowering", node: str, kind: NodeKind, arguments: tuple[Any, ...]) -> Any:
    """What a frame returns. The contexts that it declares hold inside it. Raises LoweringError."""
    declared = lowering.graph.nodes[node].contexts
    for context in declared:
        lowering.stores.setdefault(node, {}).setdefault(context, {})
        lowering.providers.setdefault(context, []).append(node)
    if wrong := miscounted(kind, len(lowering.graph.active(node))):
        raise LoweringError("wrong-child-count", wrong)
    try:
        return _forward(lowering, node, kind, arguments)
    finally:
        for context in declared:
            lowering.providers[context].pop()


def _forward(lowering: "Lowering", node: str, kind: NodeKind, arguments: tuple[Any, ...]) -> Any:
    children = lowering.graph.active(node)
    match kind.role:
        case "chain":
            return _sequence(lowering, children, arguments)
        case "residual":
            if len(arguments) != 1:
                raise LoweringError("argument-count", f"a Residual takes one input, was given {len(arguments)}")
            result = _sequence(lowering, children, arguments)
            return lowering.symbols.call("operator.add", [result, arguments[0]], {})
        case "passthrough":
            _sequence(lowering, children, arguments)
            return arguments
        case "sum":
            return _sum(lowering, children, arguments)
        case "parallel":
            return tuple([lowering.call(child, arguments) for child in children])
        case "distribute":
            if len(arguments) != len(children):
                raise LoweringError(
                    "wrong-child-count",
                    f"a Distribute needs a child for each argument: {len(arguments)} arguments, "
                    f"{len(children)} children",
                )
            return tuple([lowering.call(c, (a,)) for c, a in zip(children, arguments, strict=True)])
        case "concatenate":
            parts = [part for part in [lowering.call(child, arguments) for child in children] if part is not None]
            dim = lowering.graph.nodes[node].params.get("dim", 0)
            return lowering.symbols.call("torch.cat", [parts], {"dim": dim})
        case "sample":
            return _sample(lowering, node, children, arguments)
        case "matmul":
            return lowering.symbols.call("torch.matmul", [lowering.call(child, arguments) for child in children], {})
        case _:
            raise AssertionError(kind.role)


def _sequence(lowering: "Lowering", children: list[str], arguments: tuple[Any, ...]) -> Any:
    """Children in order, up to a Return. An empty frame passes its input on."""
    owner = lowering.symbols.owner
    result = passed_on(arguments)
    try:
        for child in children:
            result = lowering.call(child, arguments)
            arguments = result if isinstance(result, tuple) else (result,)
    except Returned as returned:
        lowering.symbols.owner = owner
        return returned.result
    return result


def _sum(lowering: "Lowering", children: list[str], arguments: tuple[Any, ...]) -> Any:
    total: Any = None
    for child in children:
        output = lowering.call(child, arguments)
        if isinstance(output, tuple):
            output = lowering.symbols.call("sum", [output], {})
        total = output if total is None else lowering.symbols.call("operator.add", [total, output], {})
    return total


def _sample(lowering: "Lowering", node: str, children: list[str], arguments: tuple[Any, ...]) -> Any:
    """The children once, as the code of one step. Each step finds the contexts as they are now."""
    noise = arguments[0] if len(arguments) == 1 else None
    example = example_of(noise)
    if not isinstance(noise, fx.Node) or not (example is UNKNOWN or isinstance(example, torch.Tensor)):
        given = ", ".join(lowering.receives[node]) or "nothing"
        raise LoweringError("argument-count", f"a Sample takes one tensor, noise; it was given {given}")
    module = lowering.modules.get(node)
    if module is None:
        raise LoweringError("not-built", "its solver could not be made from these params")
    timestep = Key(node, *TIMESTEP)
    if TIMESTEP[0] not in lowering.graph.nodes[node].contexts:
        raise LoweringError("context-undeclared", f"it must declare {timestep.label}, which it provides")
    loop, outside, trail = Loop(lowering.paths[node]), lowering.stores, lowering.trail
    lowering.used[loop.path] = module
    lowering.stores = _copied(outside)
    device = torch.device("cpu") if example is UNKNOWN else example.device
    _placed(lowering, loop.x, example, "x")
    with lowering.fake:
        _placed(lowering, loop.time, torch.zeros(1, device=device), timestep)
    lowering.stores[node][TIMESTEP[0]][TIMESTEP[1]] = loop.time
    loop.trail.append(Mark(0, "", {timestep: loop.time}))
    given = _condition(lowering, loop, str(lowering.graph.nodes[node].params.get("condition") or ""), device)
    lowering.symbols.graphs += [loop.prelude, loop.body]
    lowering.trail = loop.trail
    try:
        loop.prediction = _sequence(lowering, children, (loop.x,))
    finally:  # a loop that can't be lowered to its end is run up to there
        lowering.stores, lowering.trail = outside, trail
        del lowering.symbols.graphs[-2:]
        lowering.symbols.owner = node
        result = lowering.symbols.loop(loop, noise, given)
    if wrong := _unfit(loop.prediction, noise):
        raise LoweringError("sample-prediction", wrong)
    return result


def _condition(lowering: "Lowering", loop: Loop, label: str, device: torch.device) -> Any:
    """Have what guidance varies be a value of the loop's; gives the value that there is. None without guidance."""
    if not label:
        return None
    context, _, name = label.partition(".")
    providers = lowering.providers.get(context)
    if not providers:
        raise LoweringError(
            "context-undeclared", f"its condition is {label}, but no frame around its children declares it"
        )
    store = lowering.stores[providers[-1]][context]
    given = store.get(name)
    if example_of(given) is not UNKNOWN and not isinstance(example_of(given), torch.Tensor | int | float):
        raise LoweringError("context-unset", f"its condition is {label}, which holds neither number nor tensor there")
    with lowering.fake:
        example = UNKNOWN if example_of(given) is UNKNOWN else as_condition(example_of(given), device)
    key = Key(providers[-1], context, name)
    store[name] = _placed(lowering, loop.conditioned(), example, key)
    loop.trail.append(Mark(0, "", {key: store[name]}))
    return given


def _placed(lowering: "Lowering", node: fx.Node, example: Any, origin: str | Key) -> fx.Node:
    """What a loop changes, as values of the graph are."""
    node.meta.update(owner="", function="", numeric=False, varying=False, example=example)
    lowering.origins[node] = origin
    return node


def passed_on(arguments: tuple[Any, ...]) -> Any:
    """What a node returns that does nothing: its argument, several as a tuple, None for none."""
    return arguments[0] if len(arguments) == 1 else arguments or None


def _copied(stores: dict[str, dict[str, dict[str, Any]]]) -> dict[str, dict[str, dict[str, Any]]]:
    """What contexts hold, so that changes are made to the copy alone."""
    return {
        provider: {context: {key: snapshot(value) for key, value in store.items()} for context, store in held.items()}
        for provider, held in stores.items()
    }


def _unfit(prediction: Any, noise: fx.Node) -> str | None:
    """Why the children of a Sample give no prediction, as far as that is known before a run."""
    found, wanted = example_of(prediction), noise.meta["example"]
    if isinstance(prediction, fx.Node) and (
        found is UNKNOWN or wanted is UNKNOWN or getattr(found, "shape", None) == getattr(wanted, "shape", None)
    ):
        return None
    held = prediction if isinstance(prediction, tuple) else (prediction,)
    what = describe_all(held, example_of)[0] if len(held) == 1 else f"{len(held)} values"
    what = "nothing" if prediction is None else what
    needed = describe_all((noise,), example_of)[0]
    return f"its children return {what}, but must return what the noise is: {needed}"
