"""The torch modules of leaves, built from their kinds and params and kept while an edit leaves them as they were.

Each is made twice: at once as a sketch, whose weights are fake tensors that take no memory, enough to infer shapes; and
with real weights when a run first asks for them. So a model of any size opens in a moment.
"""

import hashlib

import torch
from msgspec import Struct
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from engine.document.graph import Graph, Node
from engine.document.keys import Origin, sources_of
from engine.document.kinds import Catalogue, NodeKind, Param, ParamValue, complaint, resolve


class BuildError(ValueError):
    """A leaf whose module can't be made from its params; the message says why."""


class Built(Struct):
    """A module as a sketch and, once it was asked for, with real weights; what it was made from, and where a file has
    its tensors."""

    sketch: nn.Module
    kind: NodeKind
    params: dict[str, ParamValue]
    origin: Origin | None
    module: nn.Module | None = None

    @property
    def structure(self) -> dict[str, ParamValue]:
        return _structure(self.kind, self.params)


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
        self.fake = FakeTensorMode(allow_non_fake_inputs=True)
        """What the sketches' tensors were made under."""
        self._built: dict[str, Built] = {}

    @property
    def sketches(self) -> dict[str, nn.Module]:
        """The modules with fake weights, by node."""
        return {node: built.sketch for node, built in self._built.items()}

    @property
    def by_node(self) -> dict[str, nn.Module]:
        """The modules with real weights, by node; those not asked for before are made now."""
        self.materialize()
        return {node: built.module for node, built in self._built.items() if built.module is not None}

    def materialize(self) -> set[str]:
        """Make the real modules that are missing; gives their nodes."""
        missing = {node: built for node, built in self._built.items() if built.module is None}
        for node, built in missing.items():
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(initial_seed(node, self.seed))
                module = _construct(built.kind, built.params)
            built.module = module.to(self.device, self.dtype).eval().requires_grad_(False)
        return set(missing)

    def update(self, graph: Graph) -> tuple[set[str], dict[str, str]]:
        """Sketch what is new or changed among the leaves that run, and drop what is gone.

        With a weights file, another origin means other tensors, so such a leaf is made again as well. Gives the nodes
        that were made and, by node, why some could not be.
        """
        origins = sources_of(graph)
        kept, self._built = self._built, {}
        fresh: set[str] = set()
        errors: dict[str, str] = {}
        for node in map(graph.node, graph.walk()):
            kind = self.catalogue.get(node.kind)
            if kind is None or kind.role != "module" or graph.is_frame(node.id):
                continue
            try:
                params = _checked(node, kind)
                origin = origins.get(node.id)
                built = kept.get(node.id)
                made_from = (kind, _structure(kind, params), origin)
                if built is None or (built.kind, built.structure, built.origin) != made_from:
                    built = Built(self._sketch(kind, params), kind, params, origin)
                    fresh.add(node.id)
                self._built[node.id] = built
                for param in kind.params:
                    if param.live:
                        _set(built, param, params[param.name])
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
        if type(built.params[name]) is not type(value):
            return False
        _set(built, param, value)
        return True

    def _sketch(self, kind: NodeKind, params: dict[str, ParamValue]) -> nn.Module:
        with self.fake:
            module = _construct(kind, params)
            for part in module.modules():
                for name, parameter in part.named_parameters(recurse=False):
                    part.register_parameter(name, nn.Parameter(self._placed(parameter), requires_grad=False))
                for name, buffer in part.named_buffers(recurse=False):
                    setattr(part, name, self._placed(buffer))
        return module.eval()

    def _placed(self, tensor: torch.Tensor) -> torch.Tensor:
        """As `nn.Module.to` would move it, which fake tensors do not support."""
        return tensor.detach().to(self.device, self.dtype if tensor.is_floating_point() else None)


def _construct(kind: NodeKind, params: dict[str, ParamValue]) -> nn.Module:
    constructor = resolve(kind.impl)
    assert callable(constructor), f"{kind.impl} can't be called"
    arguments = {
        param.argument or param.name: tuple(value) if isinstance(value, list) else value
        for param in kind.params
        for value in [params[param.name]]
    }
    try:
        module = constructor(**arguments)
    except (ValueError, TypeError, RuntimeError, AssertionError) as error:
        raise BuildError(f"{kind.name} can't be built: {error}") from error
    assert isinstance(module, nn.Module), f"{kind.impl} makes no torch module"
    return module


def _structure(kind: NodeKind, params: dict[str, ParamValue]) -> dict[str, ParamValue]:
    return {param.name: params[param.name] for param in kind.params if not param.live}


def _set(built: Built, param: Param, value: ParamValue) -> None:
    """Give a live param a value, in the sketch and in the real module."""
    built.params = built.params | {param.name: value}
    for module in (built.sketch, built.module):
        if module is not None:
            setattr(module, param.argument or param.name, value)


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
