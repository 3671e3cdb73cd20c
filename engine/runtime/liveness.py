"""What of a program's code a run has to do, and how long it needs what values."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from torch import fx

from engine.runtime.cache import MISSING, Cache
from engine.runtime.identity import SIZE
from engine.runtime.loop import Loop, within
from engine.runtime.symbols import nodes_in

if TYPE_CHECKING:
    from engine.runtime.interpreter import Interpreter
    from engine.runtime.program import Mark


def calls_due(run: "Interpreter", code: Sequence[fx.Node], cache: Cache) -> tuple[set[fx.Node], dict[fx.Node, Any]]:
    """The calls to make, found from the last backwards, and those values they need that are at hand.

    A call that nobody needs the value of is made nonetheless, the first time: it may fail.
    """
    identity = run.program.identity
    needed = set(run.kept)
    if run.after:
        needed.update(node for value in run.program.values.values() for node in nodes_in(value))
    if run.recorder:
        needed.update(node for mark in run.trail for value in mark.held.values() for node in nodes_in(value))
    due: set[fx.Node] = set()
    known: dict[fx.Node, Any] = {}
    for node in reversed(code):
        unrecorded = run.recorder is not None and isinstance(node.target, Loop)
        if unrecorded:
            needed.update(held_in(node))
        if node.op == "output" or node in identity.effects:
            due.add(node)
            needed.update(node.all_input_nodes)
        elif unrecorded or node in needed or not node.users or not needed.isdisjoint(inside(node)):
            wanted = needed.intersection(inside(node))
            found = {each: cache.get(run.keys[each]) for each in (node, *wanted)}
            unmeasured = run.meter is not None and run.keys[node][:SIZE] not in run.meter.known
            if unmeasured or unrecorded or any(value is MISSING for value in found.values()):
                due.add(node)
                needed.update(node.all_input_nodes)
            else:
                known.update(found)
    return due, known


def last_uses(
    code: list[fx.Node], due: set[fx.Node], kept: set[fx.Node], wanted: Mapping[int, Sequence[fx.Node]]
) -> dict[fx.Node, list[fx.Node]]:
    """After which node each value is needed no more: `kept` ones never, those `wanted` before the call of an index
    not before that."""
    seen: set[fx.Node] = set(kept)
    found: dict[fx.Node, list[fx.Node]] = {}
    for index in range(len(code) - 1, -1, -1):
        node = code[index]
        uses = [*wanted.get(index, ()), *(node.all_input_nodes if node in due else ())]
        for used in uses:
            if used not in seen:
                seen.add(used)
                found.setdefault(node, []).append(used)
    return found


def looked_at(
    run: "Interpreter", code: Sequence[fx.Node], trail: Iterable["Mark"], early: int = 0
) -> dict[int, list[fx.Node]]:
    """The values of this code that are wanted where nodes are done, by the index of the call that comes then, or so
    many `early`; those that a recorder wants of contexts in a loop, by the index of that."""
    found: dict[int, list[fx.Node]] = {}
    for mark in trail:
        value = run.program.values[mark.node] if run.after and mark.node else None
        held = mark.held.values() if run.recorder else ()
        found.setdefault(max(mark.index - early, 0), []).extend(nodes_in([value, *held]))
    if run.recorder:
        for index, node in enumerate(code):
            found.setdefault(index, []).extend(held_in(node))
    own = set(code)
    return {index: [node for node in nodes if node in own] for index, nodes in found.items()}


def owners(node: fx.Node) -> set[str]:
    """The nodes that a call is made for."""
    if node.op in ("placeholder", "output"):
        return set()
    return {node.meta["owner"], *(inner.meta["owner"] for inner in inside(node) if inner.op != "placeholder")}


def inside(node: fx.Node) -> list[fx.Node]:
    """All that has a value in a loop; of any other call nothing."""
    return within(node.target) if isinstance(node.target, Loop) else []


def held_in(node: fx.Node) -> list[fx.Node]:
    """All that contexts hold in the course of a loop; of any other call nothing."""
    if not isinstance(node.target, Loop):
        return []
    held = [value for mark in node.target.trail for value in mark.held.values()]
    return [*nodes_in(held), *(each for inner in node.target.calls for each in held_in(inner))]
