"""A program as plain PyTorch: one Python file that imports torch alone, with the calls of the program one by one."""

import keyword
from typing import Any

import torch
from torch import fx, nn

from engine.document.expressions import Expression
from engine.document.graph import Graph, View
from engine.document.kinds import Catalogue
from engine.document.scopes import Key
from engine.export import ExportError
from engine.export.inlined import Definitions
from engine.export.layers import in_torch
from engine.export.layout import WIDTH, Item, Named, call, flat, lines
from engine.export.module import join, source_of
from engine.export.names import TAKEN, argument_names
from engine.export.text import MODULES, Imports, docstring, literal, parts
from engine.runtime.describe import describe
from engine.runtime.lower_leaves import Decision
from engine.runtime.piece import Piece
from engine.runtime.symbols import nodes_in
from engine.runtime.torch_values import Values, is_tensor

INFIX = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "matmul": "@",
    "lshift": "<<",
    "rshift": ">>",
    "and_": "&",
    "or_": "|",
    "xor": "^",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
}
PREFIX = {"neg": "-", "pos": "+", "invert": "~"}
RESERVED = frozenset(dir(nn.Module())) | {"self"}
"""Names that a module has for itself."""
FRAME = '''
class Frame(nn.Module):
    """Layers by name."""

    def __init__(self, **layers: nn.Module) -> None:
        super().__init__()
        for name, layer in layers.items():
            self.add_module(name, layer)
'''.strip()


def torch_code(piece: Piece, catalogue: Catalogue, weights: str = "", dtype: torch.dtype = torch.float32) -> str:
    """The source of a Python module that computes what a piece of a program does, with torch as its only import.

    `build` makes the model; with `weights`, `load` gives it the tensors of that .pt file unless told of another. Raises
    ExportError for what torch alone can't do.
    """
    return _Writing(piece, catalogue).source(weights, dtype)


class _Writing:
    def __init__(self, piece: Piece, catalogue: Catalogue) -> None:
        self.piece = piece
        self.graph: Graph = piece.graph
        self.catalogue = catalogue
        self.imports: Imports = set()
        self.definitions = Definitions()
        self.functions: dict[Expression, str] = {}
        self.values = Values(argument_names(piece.inputs))

    def source(self, weights: str, dtype: torch.dtype) -> str:
        tree = self._layers()
        body = self._body()
        taken = TAKEN | set(self.definitions.sources)
        title = self.graph.nodes[self.piece.frame].title
        name = title if title not in taken else f"{title}Module"
        functions = [self._function(expression, named) for expression, named in self.functions.items()]
        rows = [f"class {name}(nn.Module):"]
        if note := self.graph.views.get(self.piece.frame, View()).note:
            rows += [*docstring(note, 4), ""]
        rows += ["    def __init__(self) -> None:", "        super().__init__()"]
        for child, layers in tree.items():
            rows += lines(self._made(layers), 8, before=f"self.{child} = ")
        rows += ["", *self._signature(), *self._meaning(), *body]
        if max(map(len, rows)) > WIDTH:
            rows = ["# fmt: off", *rows, "# fmt: on"]
        cast = "" if dtype == torch.float32 else f".to({self.values.text(dtype)})"
        made = (
            f'def build() -> {name}:\n    """The model, with initial weights, in evaluation mode."""\n'
            f"    return {name}(){cast}.eval()"
        )
        loaded = (
            f"def load(path: str = {literal(weights)}) -> {name}:\n"
            f'    """The model, with the weights of a file."""\n    model = build()\n'
            f"    model.load_state_dict(torch.load(path, weights_only=True))\n    return model"
        )
        statements = (
            self.imports
            | self.definitions.imports
            | {
                "import torch",
                "from torch import nn",
                "from torch import Tensor",
                "from typing import Any",
            }
        )
        frame = FRAME if any(isinstance(layers, dict) for layers in tree.values()) else ""
        definitions = [
            join(self.definitions.sources.values()),
            frame,
            *functions,
            "\n".join(rows),
            made,
            loaded if weights else "",
        ]
        return source_of(f"{title}, for PyTorch.", statements, definitions)

    # The layers.

    def _layers(self) -> dict[str, Any]:
        """The layers that are called, by name, in the frames that they stand in."""
        tree: dict[str, Any] = {}
        for path, node in self.piece.modules.items():
            *frames, last = self.piece.inside(path).split(".")
            for name in (*frames, last):
                if not name.isascii() or keyword.iskeyword(name) or name in RESERVED:
                    raise ExportError(f"{path}: torch can't call a layer {name!r}: give it another name")
            inner = tree
            for name in frames:
                inner = inner.setdefault(name, {})
            inner[last] = node
        return tree

    def _made(self, layers: dict[str, Any] | str) -> Item:
        if isinstance(layers, dict):
            return call("Frame", [Named(f"{name}=", self._made(inner)) for name, inner in layers.items()], tall=True)
        node = self.graph.nodes[layers]
        kind = self.catalogue[node.kind]
        if kind.role != "module":
            raise ExportError(f"{self.piece.place(layers)} is Python code of others, which torch alone does not have")
        module, _, name = kind.impl.partition(":")
        constructor = f"nn.{name}" if module == "torch.nn" else self.definitions.add(kind.impl)
        written = in_torch(node, kind, constructor).arguments
        return call(constructor, [Named(f"{keyword}=", text) for _, keyword, text in written])

    # The arguments.

    def _signature(self) -> list[str]:
        plain: list[str] = []
        named: list[str] = []
        for node, name in self.values.arguments.items():
            example = node.meta["example"]
            type_ = "Tensor" if isinstance(example, torch.Tensor) else type(example).__name__
            if type_ not in ("Tensor", "bool", "int", "float"):
                type_ = "Any"
            if not isinstance(self.piece.origins.get(node), Key):
                plain.append(f"{name}: {type_}")
            elif type_ == "Tensor":
                named.append(f"{name}: Tensor")
            else:
                named.append(f"{name}: {type_} = {literal(example)}")
        returned = "Tensor" if is_tensor(self.piece.result) else "Any"
        parameters = ["self", *plain, *(["*", *named] if named else [])]
        return lines(call("def forward", parameters), 4, after=f" -> {returned}:")

    def _meaning(self) -> list[str]:
        """What the arguments have to be."""
        shapes = {name: describe(node.meta["example"]) for node, name in self.values.arguments.items()}
        held = "numbers, types and shapes" if self.piece.exact else "types and shapes"
        given = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        return docstring(f"Made for these {held}: {given}.", 8) if given else []

    # The calls.

    def _body(self) -> list[str]:
        """The calls, one a line, each to a name that nothing else needs any more."""
        last = self.piece.last_uses()
        used = {*nodes_in(self.piece.result), *(each for node in self.piece.nodes for each in node.all_input_nodes)}
        rows: list[str] = []
        section = ""
        for node in self.piece.nodes:
            if (part := self._section(node.meta["owner"])) != section:
                section = part
                rows.append(f"        # {section or self.graph.nodes[self.piece.frame].title}")
            item = self._call(node)
            for spent in last.get(node, ()):
                del self.values.names[spent]
            if node in used:
                self.values.names[node] = self._name(node)
                rows += lines(item, 8, before=f"{self.values.names[node]} = ")
            else:
                rows += lines(item, 8)
        rows += lines(self.values.item(self.piece.result), 8, before="return ")
        return [f"        device = {self.values.device}.device", *rows] if self.values.device else rows

    def _section(self, owner: str) -> str:
        """The named frame around a node, or the frame at the top that it is in."""
        frame = self.piece.frame
        around = [owner, *self.graph.ancestors(owner)] if owner else []
        if frame in around:
            around = around[: around.index(frame)]
        frames = [node for node in around if self.graph.is_frame(node)]
        named = [node for node in frames if self.graph.nodes[node].name] or frames[-1:]
        return self.piece.inside(self.piece.paths[named[0]]) if named else ""

    def _name(self, node: fx.Node) -> str:
        """A free name: that of the context it is kept in, else x, x_1 and so on."""
        taken = {*self.values.names.values(), *self.functions.values()} | TAKEN
        stem = self.piece.hints.get(node, "x")
        stem = stem if stem.isidentifier() and stem.isascii() and stem not in TAKEN else "x"
        name, number = stem, 0
        while name in taken:
            number += 1
            name = f"{stem}_{number}"
        return name

    def _call(self, node: fx.Node) -> Item:
        target: Any = node.target
        arguments = [self.values.item(value) for value in node.args]
        keywords = [Named(f"{name}=", self.values.item(value)) for name, value in node.kwargs.items()]
        if node.op == "call_module":
            return call(f"self.{self.piece.inside(self.piece.called[target])}", [*arguments, *keywords])
        if node.op == "call_method":
            return call(f"{self.values.operand(node.args[0])}.{target}", [*arguments[1:], *keywords])
        name = node.meta["function"]
        space, _, last = name.rpartition(".")
        match space:
            case "operator" if last == "pow":
                base, exponent = self.values.operand(node.args[0]), self.values.operand(node.args[1])
                return f"{base} ** {exponent}" if "(" in base + exponent else f"{base}**{exponent}"
            case "operator" if last in INFIX:
                return f"{self.values.operand(node.args[0])} {INFIX[last]} {self.values.operand(node.args[1])}"
            case "operator" if last in PREFIX:
                return f"{PREFIX[last]}{self.values.operand(node.args[0])}"
            case "operator" if last == "getitem":
                return f"{self.values.operand(node.args[0])}[{self.values.index(node.args[1])}]"
            case "operator" if last == "contains":
                return f"{self.values.operand(node.args[1])} in {self.values.operand(node.args[0])}"
            case "str":
                return call(f"{flat(arguments[0])}.format", arguments[1:])
            case _:
                return call(self._callee(node, name), [*arguments, *keywords])

    def _callee(self, node: fx.Node, name: str) -> str:
        target: Any = node.target
        if isinstance(target, Decision):
            return self._named(node, target.expression)
        if target is getattr:
            return "getattr"
        if ":" in name or name in ("", "foreign", "withheld"):
            raise ExportError(
                f"{self.piece.place(node.meta['owner'])} calls Python code of others, which torch alone does not have"
            )
        if name == "torch.tensor" and nodes_in(node.args[0]) == [node.args[0]]:
            return "torch.as_tensor"  # ids may come as a list or as a tensor
        short = name.replace("torch.nn.functional.", "F.")
        space = short.partition(".")[0]
        if space in MODULES:
            self.imports.add(MODULES[space])
        return short

    def _named(self, node: fx.Node, expression: Expression) -> str:
        """The name of a function of its own for an expression that chooses by values."""
        if expression not in self.functions:
            title = self.graph.nodes[node.meta["owner"]].title
            stem = "".join(f"_{c.lower()}" if c.isupper() else c for c in title).strip("_") or "choose"
            stem = stem if stem.isascii() and stem not in TAKEN else "choose"
            name, number = f"_{stem}", 1
            while name in self.functions.values():
                number += 1
                name = f"_{stem}_{number}"
            self.functions[expression] = name
        return self.functions[expression]

    def _function(self, expression: Expression, name: str) -> str:
        """An expression as a function with that name."""
        parameters, body = parts(expression, self.imports)
        rows = [f"def {name}({parameters}):", f"    return {body}"]
        return "\n".join(["# fmt: off", *rows, "# fmt: on"] if max(map(len, rows)) > WIDTH else rows)
