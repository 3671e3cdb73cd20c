"""A piece of a program as a torch module with named arguments, for whatever traces modules."""

import inspect
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, fx, nn

from engine.document.direct import Direct
from engine.export.names import argument_names
from engine.runtime.lower_leaves import Decision
from engine.runtime.piece import Piece
from engine.runtime.symbols import map_nodes, member
from engine.runtime.trusted import Called


class Replay(nn.Module):
    """Makes the calls of a piece, one after the other, with modules that have their weights.

    Its `forward` takes the piece's inputs by the names in `names`; what prints, prints.
    """

    def __init__(self, piece: Piece, modules: Mapping[str, nn.Module]) -> None:
        super().__init__()
        self.piece = piece
        self.names = argument_names(piece.inputs)
        self.direct = Direct(lambda text: sys.stdout.write(text), member)  # wherever that leads at the time
        for path, node in piece.modules.items():
            *frames, last = piece.inside(path).split(".")
            holder: nn.Module = self
            for name in frames:
                if name not in dict(holder.named_children()):
                    holder.add_module(name, nn.Module())
                holder = holder.get_submodule(name)
            holder.add_module(last, modules[node])
        parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in self.names.values()]

        def forward(**values: Any) -> Any:
            return self._replay(values)

        forward.__signature__ = inspect.Signature(parameters)
        self.forward = forward

    def _replay(self, values: dict[str, Any]) -> Any:
        known: dict[fx.Node, Any] = {node: values[name] for node, name in self.names.items()}
        for node in self.piece.nodes:
            known[node] = self._call(node, known)
        return map_nodes(self.piece.result, known.__getitem__)

    def _call(self, node: fx.Node, known: Mapping[fx.Node, Any]) -> Any:
        target: Any = node.target
        arguments = list(map_nodes(node.args, known.__getitem__))
        keywords = {name: map_nodes(value, known.__getitem__) for name, value in node.kwargs.items()}
        if node.meta["function"] == "foreign":
            return self._foreign(node, arguments)
        if node.op == "call_module":
            return self.get_submodule(self.piece.inside(self.piece.called[target]))(*arguments, **keywords)
        if node.op == "call_method":
            return self.direct.method(arguments[0], target, arguments[1:], keywords)
        if isinstance(target, Decision):
            return target(self.direct.log, *arguments)
        if target is torch.tensor and isinstance(arguments[0], Tensor):
            return torch.as_tensor(*arguments, **keywords)
        function = node.meta["function"]
        if not function:
            return target(*arguments, **keywords)
        return self.direct.call(function, arguments, keywords)

    def _foreign(self, node: fx.Node, arguments: list[Any]) -> Called:
        """Code of others gives what its lists hold since as well, and has copies of what comes from outside."""
        target: Any = node.target
        function = (
            self.get_submodule(self.piece.inside(self.piece.called[target])) if node.op == "call_module" else target
        )
        outside = [isinstance(given, fx.Node) and given in self.names for given in node.args]
        own = [
            value.clone() if copied and isinstance(value, Tensor) else list(value) if isinstance(value, list) else value
            for value, copied in zip(arguments, outside, strict=True)
        ]
        return function(*own), [value for value in own if isinstance(value, list)]
