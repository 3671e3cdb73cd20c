"""Dials: the numbers of a graph that can be turned to see what they do, whatever holds them."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from engine.document.adapters import param_of, values_of
from engine.document.edits import Batch, Edit, EditError, SetAdapterParam, SetContexts, SetInputs
from engine.document.graph import Contexts, Graph, path_of
from engine.document.kinds import Catalogue, Param, ParamValue
from engine.document.sharing import together
from engine.document.sources import NoiseSource, NumberSource, Source
from engine.document.stack import adapter_of
from engine.document.templates import rebuild


class Dial(Struct, frozen=True):
    """Where a number stands: a param of an adapter or of a node, a source of a context ("context.key") or an input."""

    sort: str
    """"adapter", "param", "context" or "input"."""
    owner: str
    """The id of the adapter or node; the root for inputs."""
    name: str


class Reading(Struct, frozen=True):
    """What a dial is called and shows. A seed is a whole number without bounds."""

    title: str
    value: float
    whole: bool = False
    low: float | None = None
    high: float | None = None


def dials(graph: Graph, catalogue: Catalogue) -> dict[Dial, Reading]:
    """Every number that a run reads anew: of enabled adapters, of sources, then the live params of nodes that run."""
    nodes = [node for node in graph.nodes.values() if not graph.is_loose(node.id)]
    kinds = [(node, catalogue[node.kind]) for node in nodes if node.kind in catalogue]
    found = (
        *(
            Dial("adapter", each.id, param.name)
            for each in graph.adapters
            if each.enabled
            for param in each.params
            if param.live
        ),
        *(Dial("input", graph.root, each.name) for each in graph.inputs),
        *(
            Dial("context", node.id, f"{c}.{key}")
            for node in nodes
            for c, keys in node.contexts.items()
            for key in keys
        ),
        *(Dial("param", node.id, param.name) for node, kind in kinds for param in kind.params if param.live),
    )
    return {dial: reading for dial in found if (reading := read(graph, catalogue, dial))}


def read(graph: Graph, catalogue: Catalogue, dial: Dial) -> Reading | None:
    """What a dial shows; None where there is no such number (any more)."""
    match dial.sort:
        case "adapter":
            adapter = adapter_of(graph, dial.owner)
            param = param_of(adapter, dial.name) if adapter else None
            return _of_param(param, values_of(adapter)[dial.name], adapter.name) if adapter and param else None
        case "param":
            node = graph.nodes.get(dial.owner)
            kind = catalogue.get(node.kind) if node else None
            param = next((each for each in kind.params if each.name == dial.name), None) if kind else None
            if node is None or param is None:
                return None
            return _of_param(param, node.params.get(dial.name, param.default), path_of(graph, node.id) or node.title)
        case "context":
            context, _, key = dial.name.partition(".")
            entries = graph.nodes[dial.owner].contexts.get(context, {}) if dial.owner in graph.nodes else {}
            return _of_source(entries.get(key), dial.name)
        case _:
            sources = {each.name: each.source for each in graph.inputs}
            return _of_source(sources.get(dial.name), dial.name)


def turned(graph: Graph, catalogue: Catalogue, settings: Mapping[Dial, float]) -> Edit:
    """Turn these dials. Raises EditError for one that is gone."""
    inputs = list(graph.inputs)
    contexts: dict[str, Contexts] = {}
    edits: list[Edit] = []
    for dial, value in settings.items():
        reading = read(graph, catalogue, dial)
        if reading is None:
            raise EditError(f"there is no number {dial.name} any more: choose another one")
        value = round(value) if reading.whole else value
        match dial.sort:
            case "adapter":
                edits.append(SetAdapterParam(dial.owner, dial.name, value))
            case "param":
                edits.append(together(graph, rebuild(graph, catalogue, dial.owner, dial.name, value)))
            case "context":
                held = contexts.setdefault(dial.owner, graph.nodes[dial.owner].contexts)
                context, _, key = dial.name.partition(".")
                source = _set(held[context][key], value)
                contexts[dial.owner] = held | {context: held[context] | {key: source}}
            case _:
                inputs = [replace(i, source=_set(i.source, value)) if i.name == dial.name else i for i in inputs]
    edits += [SetContexts(node, changed) for node, changed in contexts.items()]
    if tuple(inputs) != tuple(graph.inputs):
        edits.append(SetInputs(tuple(inputs)))
    return edits[0] if len(edits) == 1 else Batch(tuple(edits))


def _of_param(param: Param, value: ParamValue, owner: str) -> Reading | None:
    if param.type not in ("int", "float") or isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Reading(f"{owner}: {param.name}", value, param.type == "int", param.low, param.high)


def _of_source(source: Source | None, name: str) -> Reading | None:
    match source:
        case NumberSource(value) if not isinstance(value, bool):
            return Reading(name, value, isinstance(value, int))
        case NoiseSource(_, seed):
            return Reading(f"{name}: seed", seed, True, 0)
        case _:
            return None


def _set(source: Source, value: float) -> Source:
    return replace(source, seed=round(value)) if isinstance(source, NoiseSource) else NumberSource(value)
