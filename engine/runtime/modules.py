"""The torch modules of leaves, built from their kinds and params and kept while an edit leaves them as they were."""

import hashlib

import torch
from msgspec import Struct
from torch import nn

from engine.document.graph import Graph, Node, paths
from engine.document.kinds import Catalogue, NodeKind, ParamValue, complaint, resolve


class BuildError(ValueError):
    """A leaf whose module can't be made from its params; the message says why."""


class Built(Struct):
    """A module, the kind and structural params it was made from, and the path that named its tensors in a file."""

    module: nn.Module
    kind: NodeKind
    structure: dict[str, ParamValue]
    path: str


class Modules:
    """Modules by node id, on one device and in one dtype, with weights drawn from one seed.

    A node's initial weights depend on its id, its structural params and the seed alone, so they are the same at every
    run, on every device, and whatever else the graph holds.
    """

    def __init__(self, catalogue: Catalogue, device: torch.device, dtype: torch.dtype, seed: int) -> None:
        self.catalogue = catalogue
        self.device = device
        self.dtype = dtype
        self.seed = seed
        self._built: dict[str, Built] = {}

    @property
    def by_node(self) -> dict[str, nn.Module]:
        return {node: built.module for node, built in self._built.items()}

    def update(self, graph: Graph) -> tuple[set[str], dict[str, str]]:
        """Build what is new or changed among the leaves that run, and drop what is gone.

        With a weights file, another path means other tensors, so such a leaf is built again as well. Gives the nodes
        that were built and, by node, why some could not be.
        """
        path_of = paths(graph)
        kept, self._built = self._built, {}
        fresh: set[str] = set()
        errors: dict[str, str] = {}
        for node in map(graph.node, graph.walk()):
            kind = self.catalogue.get(node.kind)
            if kind is None or kind.role != "module" or graph.is_frame(node.id):
                continue
            try:
                params = _checked(node, kind)
                structure = {p.name: params[p.name] for p in kind.params if not p.live}
                path = path_of[node.id] if graph.weights else ""
                built = kept.get(node.id)
                if built is None or (built.kind, built.structure, built.path) != (kind, structure, path):
                    built = Built(self._build(node.id, kind, params), kind, structure, path)
                    fresh.add(node.id)
                self._built[node.id] = built
                for param in kind.params:
                    if param.live:
                        setattr(built.module, param.argument or param.name, params[param.name])
            except BuildError as error:
                errors[node.id] = str(error)
        return fresh, errors

    def set_live(self, node: str, name: str, value: ParamValue) -> bool:
        """Give a built module another value of a live param, which its `forward` reads at every call.

        False when it takes an `update` instead: the param is structural, the value wrong or of another type than the
        one before, or the module not built.
        """
        built = self._built.get(node)
        param = built.kind.param(name) if built else None
        if built is None or param is None or not param.live or complaint(param, value):
            return False
        attribute = param.argument or param.name
        if type(getattr(built.module, attribute)) is not type(value):
            return False
        setattr(built.module, attribute, value)
        return True

    def _build(self, node: str, kind: NodeKind, params: dict[str, ParamValue]) -> nn.Module:
        constructor = resolve(kind.impl)
        assert callable(constructor), f"{kind.impl} can't be called"
        arguments = {
            param.argument or param.name: tuple(value) if isinstance(value, list) else value
            for param in kind.params
            for value in [params[param.name]]
        }
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(initial_seed(node, self.seed))
            try:
                module = constructor(**arguments)
            except (ValueError, TypeError, RuntimeError, AssertionError) as error:
                raise BuildError(f"{kind.name} can't be built: {error}") from error
        assert isinstance(module, nn.Module), f"{kind.impl} makes no torch module"
        return module.to(self.device, self.dtype).eval().requires_grad_(False)


def initial_seed(node: str, seed: int) -> int:
    """The seed of one node's initial weights."""
    return int.from_bytes(hashlib.sha256(f"{seed} {node}".encode()).digest()[:8])


def _checked(node: Node, kind: NodeKind) -> dict[str, ParamValue]:
    """The values of all the params of a node, by name. Raises BuildError for one that does not fit."""
    values = {param.name: node.params.get(param.name, param.default) for param in kind.params}
    for param in kind.params:
        if wrong := complaint(param, values[param.name]):
            raise BuildError(f"{param.name} {wrong}")
    return values
