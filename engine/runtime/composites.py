"""Frames of live modules whose kinds have a template: where the two are the same, the template's writing is taken.

A template may write functions in other words than Fluxion's class does, and it has words for some that can't be
recovered from Python.
"""

import ast

from engine.document.expressions import ExpressionError, parse
from engine.document.graph import Tree
from engine.document.kinds import Catalogue
from engine.document.templates import made

FUNCTIONS = ("func", "compose", "callback")


def as_template(tree: Tree, catalogue: Catalogue) -> Tree:
    """`tree` with what its kind's template writes, when that is the same frame; else as it is."""
    template = made(catalogue[tree.node.kind], catalogue, tree.node.params)
    if template is None or tree.children is None or template.children is None:
        return tree
    children, wanted = tree.children, template.children
    if len(children) == len(wanted) and all(map(_alike, children, wanted)):
        return Tree(tree.node, tree.view, wanted)
    # Functions at both ends that only Python can say, for which the template has nodes of its own.
    start, stop = 0, len(children)
    while start < stop and _unsaid(children[start]):
        start += 1
    while stop > start and _unsaid(children[stop - 1]):
        stop -= 1
    core = children[start:stop]
    found = any(all(map(_alike, core, wanted[i:])) for i in range(len(wanted) - len(core) + 1))
    if not core or len(core) == len(children) or not found:
        return tree
    node = type(tree.node)(tree.node.id, tree.node.kind, tree.node.name, tree.node.params, template.node.contexts)
    return Tree(node, tree.view, wanted)


def _alike(tree: Tree, template: Tree) -> bool:
    """Whether two trees are the same but for the words of their functions."""
    one, other = tree.node, template.node
    plain = [{k: v for k, v in node.params.items() if k not in FUNCTIONS} for node in (one, other)]
    if (one.kind, one.name, one.contexts, plain[0]) != (other.kind, other.name, other.contexts, plain[1]):
        return False
    if not all(_says(str(one.params.get(name) or ""), str(other.params.get(name) or "")) for name in FUNCTIONS):
        return False
    children, wanted = tree.children, template.children
    if children is None or wanted is None:
        return children is wanted
    return len(children) == len(wanted) and all(map(_alike, children, wanted))


def _unsaid(tree: Tree) -> bool:
    return tree.node.kind == "Lambda" and _is_fluxions(str(tree.node.params.get("func")))


def _is_fluxions(source: str) -> bool:
    """Whether a source is only the name of a function of Fluxion's own."""
    return source.strip("<>").startswith("refiners.fluxion.layers.") and not _readable(source)


def _readable(source: str) -> bool:
    try:
        return parse(source).reference is None
    except ExpressionError:
        return False


def _says(source: str, wanted: str) -> bool:
    """Whether two sources differ at most in the names of their arguments; a name of Fluxion's own says anything."""
    if source == wanted or _is_fluxions(source):
        return True
    return _readable(source) and _readable(wanted) and _numbered(source) == _numbered(wanted)


def _numbered(source: str) -> str:
    """A source with its arguments called by their places."""
    expression = parse(source)
    places = {name.lstrip("*"): f"_{place}" for place, name in enumerate(expression.parameters)}
    body = ast.parse(ast.unparse(expression.body), mode="eval")
    for part in ast.walk(body):
        if isinstance(part, ast.Name):
            part.id = places.get(part.id, part.id)
    return f"{expression.defaults} {ast.unparse(body)}"
