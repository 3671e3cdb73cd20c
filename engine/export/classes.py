"""Layers with classes of their own: those that are alike but for values become one class with arguments."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.export.layout import Bracket, Item, Named, call


@dataclass(frozen=True)
class Value:
    """An argument in writing, and what to call it where it differs between layers of one class."""

    name: str
    text: str


@dataclass(frozen=True)
class Layer:
    """A layer as a call of a constructor, whose arguments are values, each with its keyword, and the layers inside.

    With `own` it needs a class called `title`: `contexts` are what its `init_context` returns, `forward` the lines of
    a forward of its own. `compose` is what a UseContext is composed with.
    """

    title: str
    constructor: str
    arguments: tuple[tuple[str, Value], ...] = ()
    children: tuple["Layer", ...] = ()
    own: bool = False
    contexts: Bracket | None = None
    forward: tuple[str, ...] = ()
    compose: Value | None = None
    doc: str = field(default="", compare=False)

    @property
    def is_tall(self) -> bool:
        """Whether each child is worth a line."""
        return len(self.children) > 3 or any(child.children and not child.own for child in self.children)


@dataclass
class Class:
    """A class in the making: the layers it stands for, their values in columns, and the arguments that tell them
    apart, each with the first of the columns that it fills."""

    title: str
    name: str
    layer: Layer
    rows: list[tuple[Value, ...]]
    arguments: dict[str, int] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    """By column, the argument or the value that all have in common."""


class Classes:
    """The classes that a tree of layers needs, in an order in which they can stand. `taken` are names that mean
    something else."""

    def __init__(self, root: Layer, taken: set[str]) -> None:
        self._taken = set(taken)
        self._shapes: dict[int, object] = {}
        self._found: dict[object, Class] = {}
        self._collect(root)
        for each in self._found.values():
            _tell_apart(each)

    def __iter__(self) -> Iterator[Class]:
        return iter(self._found.values())

    def of(self, layer: Layer) -> Class:
        """The class of a layer with a class of its own."""
        return self._found[self._shape(layer)]

    def made(self, layer: Layer, texts: Iterator[str], written: str = "") -> Item:
        """The call that makes a layer with these values in writing; `written` instead of the constructor's name."""
        items = self.inside(layer, texts)
        tall = layer.is_tall
        if layer.compose is None:
            return call(written or layer.constructor, items, tall)
        plain = call(layer.constructor, items)
        return Bracket(f"{plain.opening}{', '.join(map(str, plain.items))}).compose(", (next(texts),))

    def inside(self, layer: Layer, texts: Iterator[str]) -> list[Item]:
        """What a layer's constructor is called with."""
        before = [Named(f"{keyword}=", next(texts)) if keyword else next(texts) for keyword, _ in layer.arguments]
        children = [self._child(child, texts) for child in layer.children]
        keywords = [item for item in before if isinstance(item, Named)]
        return [*(item for item in before if isinstance(item, str)), *children, *keywords]

    def _child(self, layer: Layer, texts: Iterator[str]) -> Item:
        if not layer.own:
            return self.made(layer, texts)
        own = self.of(layer)
        inner = [next(texts) for _ in own.texts]
        return call(own.name, [Named(f"{name}=", inner[column]) for name, column in own.arguments.items()])

    def _collect(self, layer: Layer) -> None:
        for child in layer.children:
            self._collect(child)
        if not layer.own:
            return
        shape, row = self._shape(layer), tuple(_values(layer))
        if shape in self._found:
            self._found[shape].rows.append(row)
        else:
            self._found[shape] = Class(layer.title, self._name(layer.title), layer, [row])

    def _name(self, title: str) -> str:
        """A name that nothing else has: the title, or the title with a number."""
        name, number = title, 1
        while name in self._taken:
            number += 1
            name = f"{title}{number}"
        self._taken.add(name)
        return name

    def _shape(self, layer: Layer) -> object:
        """What layers of one class have in common: all but the values."""
        if id(layer) not in self._shapes:
            self._shapes[id(layer)] = (
                layer.title,
                layer.constructor,
                tuple(keyword for keyword, _ in layer.arguments),
                tuple(self._shape(child) for child in layer.children),
                layer.own,
                layer.contexts,
                layer.forward,
                layer.compose is not None,
            )
        return self._shapes[id(layer)]


def _values(layer: Layer) -> Iterator[Value]:
    yield from (value for _, value in layer.arguments)
    for child in layer.children:
        yield from _values(child)
    if layer.compose is not None:
        yield layer.compose


def _tell_apart(found: Class) -> None:
    """Give a class an argument for each value that differs between its layers; what always agrees is one."""
    columns = list(zip(*found.rows, strict=True))
    names: dict[tuple[str, ...], str] = {}
    for place, column in enumerate(columns):
        texts = tuple(value.text for value in column)
        if len(set(texts)) == 1:
            found.texts.append(texts[0])
            continue
        if texts not in names:
            name, number = column[0].name, 1
            while name in found.arguments:
                number += 1
                name = f"{column[0].name}_{number}"
            names[texts] = name
            found.arguments[name] = place
        found.texts.append(names[texts])
