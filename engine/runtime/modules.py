"""The torch modules of leaves, built from their kinds and params and kept while an edit leaves them as they were.
Frames that sample have one as well: their solver.

Each is made twice: at once as a sketch, whose weights are fake tensors that take no memory, enough to infer shapes; and
with real weights when a run first asks for them. So a model of any size opens in a moment.
"""

import contextlib
import hashlib
from collections.abc import Mapping
from copy import copy
from itertools import chain

import torch
from msgspec import Struct
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from engine.document.graph import Graph, Node
from engine.document.kinds import Catalogue, NodeKind, Param, ParamValue, Role, complaint, resolve
from engine.runtime.foreign import ForeignError
from engine.runtime.trusted import Trusted, Untrusted
from engine.runtime.weights import Take


class BuildError(ValueError):
    """A leaf whose module can't be made from its params; the message says why."""


class MakeError(ValueError):
    """A leaf whose code, which is that of others, makes a sketch but no module with real weights."""

    def __init__(self, node: str, why: str) -> None:
        super().__init__(why)
        self.node = node


_BUILT: frozenset[Role] = frozenset({"module", "foreign", "sample"})
"""What has a module."""


class Built(Struct):
    """A module as a sketch, with the sketch's tensors, and, once it was asked for, with real weights; what it was made
    from, and what of its tensors are those of a file. Leaves that share their weights have one; `name` decides what
    they are at first."""

    name: str
    sketch: nn.Module
    tensors: Mapping[str, torch.Tensor]
    kind: NodeKind
    params: dict[str, ParamValue]
    shared: str = ""
    module: nn.Module | None = None
    takes: Mapping[str, Take] = {}
    stamp: bytes = b""
    stamped: Mapping[str, Take] = {}
    """What the stamp was made of, beside the params; it is made anew once these have changed."""

    @property
    def structure(self) -> dict[str, ParamValue]:
        return _structure(self.kind, self.params)


class Modules:
    """Modules by node id, on one device and in one dtype, with weights drawn from one seed.

    A node's initial weights depend on its id (of those that share them, on the group's), its structural params and the
    seed alone, so they are the same at every run, on every device, and whatever else the graph holds.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        device: torch.device,
        dtype: torch.dtype,
        seed: int,
        trusted: Trusted | None = None,
    ) -> None:
        """Of Foreign leaves, only those that are `trusted` are made."""
        self.catalogue = catalogue
        self.device = device
        self.dtype = dtype
        self.seed = seed
        self.trusted = trusted or Trusted()
        self.fake = FakeTensorMode(allow_non_fake_inputs=True)
        """What the sketches' tensors were made under."""
        self.takes: Mapping[str, Mapping[str, Take]] = {}
        """What the leaves take from files, by the name of the tensor in the module; the rest is drawn."""
        self._built: dict[str, Built] = {}
        self._resting: dict[str, Built] = {}

    @property
    def sketches(self) -> dict[str, nn.Module]:
        """The modules with fake weights, by node."""
        return {node: built.sketch for node, built in self._built.items()}

    @property
    def tensors(self) -> dict[str, Mapping[str, torch.Tensor]]:
        """The tensors of the sketches, by node and by their names in the module."""
        return {node: built.tensors for node, built in self._built.items()}

    @property
    def by_node(self) -> dict[str, nn.Module]:
        """The modules with real weights, by node; those not asked for before are made now."""
        self.materialize()
        return {node: built.module for node, built in self._built.items() if built.module is not None}

    @property
    def stamps(self) -> dict[str, bytes]:
        """By node, what tells its module with real weights from any other, and from itself with other params."""
        for node, built in self._built.items():
            takes = self.takes.get(node, {})
            if not built.stamp or built.stamped != takes:
                built.stamp, built.stamped = self._stamp(built, takes), takes
        return {node: built.stamp for node, built in self._built.items()}

    def _stamp(self, built: Built, takes: Mapping[str, Take]) -> bytes:
        params = sorted((param.name, built.params[param.name]) for param in built.kind.params)
        tensors = sorted((name, str(file.path), file.state, key) for name, (file, key) in takes.items())
        made_of = (built.kind.name, built.kind.impl, params, built.name, self.seed, tensors, self.device, self.dtype)
        return hashlib.sha256(repr(made_of).encode(errors="surrogatepass")).digest()

    def reads(self, node: str) -> dict[str, ParamValue]:
        """The live params of a leaf as its module reads them when it is called; none where there is no module."""
        built = self._built.get(node)
        if built is None:
            return {}
        live = [param for param in built.kind.params if param.live]
        return {param.name: getattr(built.module or built.sketch, param.argument or param.name) for param in live}

    def materialize(self) -> bool:
        """Make the real modules that are missing, or that took other tensors than they should by now, if there are any.

        Raises CheckpointError when a file can't be read any more, and MakeError.
        """
        made = False
        for node, built in self._built.items():
            takes = self.takes.get(node, {})
            if built.module is None or built.takes != takes:
                made = True
                built.module = None  # first, so that there is room for the new one
                try:
                    built.module, built.takes = self._make(built, takes), takes
                except ForeignError as error:
                    raise MakeError(node, str(error)) from error
        return made

    def initial(self, node: str) -> Mapping[str, torch.Tensor]:
        """The tensors that a leaf has without a file, as they are drawn: on the CPU, in full precision.

        Raises ForeignError.
        """
        built = self._built[node]
        with self._contained(built.kind, built.params):
            return self._drawn(built).state_dict()

    def _make(self, built: Built, takes: Mapping[str, Take]) -> nn.Module:
        wanted = built.tensors
        read = {name: take.file.read(take.key, self.device, wanted[name].dtype) for name, take in takes.items()}
        given = {name: tensor.reshape(wanted[name].shape) for name, tensor in read.items()}
        with self._contained(built.kind, built.params):
            module = _construct_empty(built) if given and given.keys() >= _names(built.sketch) else None
            module = module or self._drawn(built)
            module.load_state_dict(given, strict=False, assign=True)
            return module.to(self.device, self.dtype).eval().requires_grad_(False)

    def _drawn(self, built: Built) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(initial_seed(built.name, self.seed))
            return self._construct(built.kind, built.params)

    def update(self, graph: Graph) -> tuple[set[str], dict[str, str]]:
        """Sketch what is new or changed among the leaves that run, and drop what is gone. What adapters have put there
        rests while they are switched off.

        Gives the nodes that were made and, by node, why some could not be.
        """
        kept, self._built = self._resting | self._built, {}
        for node, built in kept.items():
            if node in graph and graph.node(node).shared == node and not built.shared:
                built.shared = node  # it shares from now on, and its group is called after it
            elif built.shared == node and not any(each.shared == node for each in graph.nodes.values()):
                built.shared = ""  # nobody is left to share with
        groups = {built.shared: built for built in kept.values() if built.shared}
        first_of: dict[str, Node] = {}
        fresh: set[str] = set()
        errors: dict[str, str] = {}
        for node in map(graph.node, graph.walk()):
            kind = self.catalogue.get(node.kind)
            if kind is None or kind.role not in _BUILT or graph.is_frame(node.id) != kind.is_frame:
                continue
            try:
                params = _checked(node, kind)
                if node.shared and first_of.setdefault(node.shared, node) is not node:
                    self._built[node.id] = self._joined(kind, params, first_of[node.shared])
                    continue
                built = groups.get(node.shared) if node.shared else kept.get(node.id)
                made_from = (node.shared, kind, _structure(kind, params))
                if built is None or (built.shared, built.kind, built.structure) != made_from:
                    sketch, tensors = self._sketch(kind, params)
                    built = Built(node.shared or node.id, sketch, tensors, kind, params, node.shared)
                    fresh.add(node.id)
                self._built[node.id] = built
                for param in kind.params:
                    if param.live:
                        _set(built, param, params[param.name])
            except Untrusted:
                continue  # told where it is called
            except (BuildError, ForeignError) as error:
                errors[node.id] = str(error)
        off = tuple(f"{each.id}." for each in graph.adapters if not each.enabled)
        self._resting = {n: built for n, built in kept.items() if n not in self._built and n.startswith(off)}
        return fresh, errors

    def beside(self, graph: Graph) -> dict[str, Mapping[str, torch.Tensor]]:
        """The tensors of sketches as another graph would have them, most of whose leaves are those of this one."""
        twin = copy(self)
        twin.update(graph)
        return twin.tensors

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

    def _joined(self, kind: NodeKind, params: dict[str, ParamValue], first: Node) -> Built:
        """What a leaf shares with the first of its group. Raises BuildError where they are not alike."""
        built = self._built.get(first.id)
        if built is None:
            raise BuildError(f"it shares the weights of {first.title}, which could not be built")
        if (built.kind, built.params) != (kind, params):
            raise BuildError(
                f"it shares the weights of {first.title}, but is not of the same kind with the same params"
            )
        return built

    def _sketch(self, kind: NodeKind, params: dict[str, ParamValue]) -> tuple[nn.Module, Mapping[str, torch.Tensor]]:
        """A module with fake weights, and these by name."""
        try:
            with self.fake:
                module = self._construct(kind, params)
        except Untrusted:
            raise
        except ForeignError:  # it may look at values, which fake tensors don't have
            with torch.random.fork_rng(devices=[]):
                module = self._construct(kind, params)
        with self._contained(kind, params), self.fake:
            for part in module.modules():
                for name, parameter in part.named_parameters(recurse=False):
                    part.register_parameter(name, nn.Parameter(self._placed(parameter), requires_grad=False))
                for name, buffer in part.named_buffers(recurse=False):
                    setattr(part, name, self._placed(buffer))
            state = module.eval().state_dict(keep_vars=True)  # detaching fake tensors takes its time
            return module, {name: value for name, value in state.items() if isinstance(value, torch.Tensor)}

    def _construct(self, kind: NodeKind, params: dict[str, ParamValue]) -> nn.Module:
        return self.trusted.module(params) if kind.role == "foreign" else _construct(kind, params)

    def _contained(self, kind: NodeKind, params: dict[str, ParamValue]) -> contextlib.AbstractContextManager[None]:
        """Where methods are called that code of others may have made its own; see `foreign.guarded`."""
        if kind.role != "foreign":
            return contextlib.nullcontext()
        return self.trusted.contained(f"{params['constructor']} made a module that can't be used")

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


def _construct_empty(built: Built) -> nn.Module | None:
    """A module without memory for its tensors, all of which come from a file: nothing is drawn, then thrown away.

    None for one that keeps tensors of its own elsewhere, or whose code is not ours.
    """
    if built.kind.role == "foreign":
        return None
    with torch.device("meta"):
        module = _construct(built.kind, built.params)
    kept = (value for part in module.modules() for value in vars(part).values())
    return None if any(isinstance(value, torch.Tensor) for value in kept) else module


def _names(module: nn.Module) -> set[str]:
    """The names of all parameters and buffers, those included that no file holds."""
    return {name for name, _ in chain(module.named_parameters(), module.named_buffers())}


def _structure(kind: NodeKind, params: dict[str, ParamValue]) -> dict[str, ParamValue]:
    return {param.name: params[param.name] for param in kind.params if not param.live}


def _set(built: Built, param: Param, value: ParamValue) -> None:
    """Give a live param a value, in the sketch and in the real module."""
    built.params = built.params | {param.name: value}
    built.stamp = b""
    for module in (built.sketch, built.module):
        if module is not None:
            setattr(module, param.argument or param.name, value)


def initial_seed(name: str, seed: int) -> int:
    """The seed of the initial weights of one node, or of one group of nodes that share them."""
    return int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:8])


def _checked(node: Node, kind: NodeKind) -> dict[str, ParamValue]:
    """The values of all the params of a node, by name. Raises BuildError for one that does not fit."""
    values = {param.name: node.params.get(param.name, param.default) for param in kind.params}
    for param in kind.params:
        if wrong := complaint(param, values[param.name]):
            raise BuildError(f"{param.name} {wrong}")
    return values
