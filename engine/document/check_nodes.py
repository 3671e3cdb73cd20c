"""Checks of one node at a time: its kind, its params, its children, the number of values it is given."""

from msgspec.structs import replace

from engine.document import expressions, scopes, templates
from engine.document.arguments import Count
from engine.document.edits import Batch, Edit, Insert, Move, Remove, SetParam
from engine.document.graph import Graph, Place, Tree
from engine.document.kinds import NodeKind, Param, ParamValue, complaint, miscounted
from engine.document.problems import Fix, Found, Problem, either, near
from engine.document.subject import Subject

CALLED_WITH = {"compose": (1, "the value"), "callback": (2, "the value held and the input")}
"""What the expression of a param is called with, where that is fixed."""


def check(subject: Subject, node: str) -> Found:
    """What is wrong with one node by itself: its kind, its params, its children, the number of values it is given."""
    found = subject.graph.nodes[node]
    kind = subject.catalogue.get(found.kind)
    if kind is None:
        yield _unknown_kind(subject, node)
        return
    if kind.is_frame != subject.graph.is_frame(node):
        yield _wrong_shape(subject, node, kind)
        return
    for param in kind.params:
        yield from _param(subject, node, param, found.params.get(param.name, param.default))
    for name in found.params:
        if kind.param(name) is None:
            yield _unknown_param(subject, node, kind, name)
    if kind.is_frame:
        yield from _children(subject, node, kind)
        if edit := templates.build_again(subject.graph, subject.catalogue, node):
            yield _differs(subject, node, kind, edit)
    yield from _arguments(subject, node, kind)


def _unknown_kind(subject: Subject, node: str) -> Problem:
    graph, wrong = subject.graph, subject.graph.nodes[node].kind
    is_frame = graph.is_frame(node)
    suggested = subject.similar_kinds(wrong, is_frame)
    meant = f" Did you mean {either(suggested)}?" if suggested else " It is kept as it is until you replace it."
    fixes = [] if node == graph.root else [Fix(f"Make it a {kind}", _as_kind(graph, node, kind)) for kind in suggested]
    message = f"{subject.named(node)}: there is no kind {wrong}, so it can't run.{meant}"
    return Problem("unknown-kind", "error", node, message, fixes=tuple(fixes))


def _as_kind(graph: Graph, node: str, kind: str) -> Edit:
    tree = graph.tree(node)
    return _instead(graph, replace(tree, node=replace(tree.node, kind=kind)))


def _instead(graph: Graph, tree: Tree) -> Edit:
    """Put a tree in the place of the node with its id."""
    node = tree.node.id
    place = graph.place_of(node)
    return Batch((Remove((node,)), Insert(place, (tree,))))


def _wrong_shape(subject: Subject, node: str, kind: NodeKind) -> Problem:
    graph = subject.graph
    tree = None if node == graph.root else graph.tree(node)
    fixes: tuple[Fix, ...] = ()
    if kind.is_frame:
        message = f"{subject.named(node)}: a {kind.name} is a frame, but the file says that it is a leaf."
        if tree:
            empty = replace(tree, node=replace(tree.node, shared=""), children=())
            fixes = (Fix("Make it an empty frame", _instead(graph, empty)),)
    else:
        message = f"{subject.named(node)}: a {kind.name} is a leaf, but the file gives it children."
        if tree and not tree.children and not tree.loose and not tree.node.contexts:
            fixes = (Fix("Make it a leaf", _instead(graph, replace(tree, children=None))),)
        else:
            message += " Take them out, or give it a frame's kind."
    return Problem("kind-shape", "error", node, message, fixes=fixes)


def _param(subject: Subject, node: str, param: Param, value: ParamValue) -> Found:
    if reason := complaint(param, value):
        message = f"{subject.named(node)}: {param.name} {reason}."
        if value is None or value == "":
            choices = [Fix(f"Use {name}", SetParam(node, param.name, name)) for name in _names(subject, node, param)]
            yield Problem("missing-param", "error", node, message, param.name, (*choices, *_resets(node, param)))
        else:
            yield Problem("bad-param", "error", node, message, param.name, _resets(node, param))
    elif param.type == "expression" and value:
        yield from _expression(subject, node, param, str(value))


def _expression(subject: Subject, node: str, param: Param, source: str) -> Found:
    try:
        expression = expressions.parse(source)
    except expressions.ExpressionError as error:
        meant = [(name, source) for name, source in error.meant if _parses(source)] or error.meant
        repairs = [Fix(f"Use {name}", SetParam(node, param.name, source)) for name, source in meant]
        message = f"{subject.named(node)}: {param.name}: {error}".rstrip(".")
        message += "" if message.endswith("?") else "."
        yield Problem("bad-expression", "error", node, message, param.name, (*repairs, *_resets(node, param)))
        return
    count, what = CALLED_WITH.get(param.name, (None, ""))
    if not _takes(expression, count):
        takes = f"takes {_wanted(expression)}, but is called with {count}: {what}."
        message = f"{subject.named(node)}: {param.name} {takes}"
        yield Problem("bad-expression", "error", node, message, param.name, _resets(node, param))


def _resets(node: str, param: Param) -> tuple[Fix, ...]:
    fix = Fix(f"Set it to {_shown(param.default)}", SetParam(node, param.name, param.default))
    return () if complaint(param, param.default) else (fix,)


def _parses(source: str) -> bool:
    try:
        expressions.parse(source)
    except expressions.ExpressionError:
        return False
    return True


def _names(subject: Subject, node: str, param: Param) -> list[str]:
    """The contexts or keys that a param could name."""
    graph = subject.graph
    if param.type == "context":
        return list({context: None for frame in graph.ancestors(node) for context in graph.nodes[frame].contexts})
    context = graph.nodes[node].params.get("context")
    if param.type != "key" or not isinstance(context, str):
        return []
    provider = scopes.provider_of(graph, node, context)
    return list(graph.nodes[provider].contexts[context]) if provider else []


def _unknown_param(subject: Subject, node: str, kind: NodeKind, name: str) -> Problem:
    params = subject.graph.nodes[node].params
    suggested = near(name, [param.name for param in kind.params if param.name not in params])
    meant = f" Did you mean {either(suggested)}?" if suggested else ""
    message = f"{subject.named(node)}: {name} is no param of a {kind.name}, so it means nothing.{meant}"
    remove = SetParam(node, name, absent=True)
    renames = [Fix(f"Call it {each}", Batch((remove, SetParam(node, each, params[name])))) for each in suggested]
    return Problem("unknown-param", "warning", node, message, name, (*renames, Fix("Remove it", remove)))


def _children(subject: Subject, node: str, kind: NodeKind) -> Found:
    graph, count = subject.graph, subject.count(node)
    children = graph.active(node)
    most = kind.children[1]
    wrong = miscounted(kind, len(children))
    if kind.role == "distribute" and count not in (None, len(children)):
        most = count
        wrong = f"gets {count} argument{'s' * (count != 1)} and needs a child for each, but has {len(children)}"
    if wrong:
        surplus = tuple(children[most:])
        park = Move(surplus, Place(node, 0, len(graph.segments(node)), new=True))
        fixes = (Fix("Park the surplus", park),) if surplus else ()
        message = f"{subject.named(node)} {wrong}."
        yield Problem("wrong-child-count", "error", node, message, fixes=fixes)
    elif not children and node != graph.root:
        result = "returns its input added to itself" if kind.role == "residual" else "passes its input on"
        fixes = () if graph.segments(node) else (Fix("Delete it", Remove((node,))),)
        yield Problem("empty-frame", "info", node, f"{subject.named(node)} is empty: it {result}.", fixes=fixes)


def _differs(subject: Subject, node: str, kind: NodeKind, edit: Edit) -> Problem:
    message = (
        f"{subject.named(node)}: its children are not those that a {kind.name} makes of these params. "
        "They are what runs, whatever the params say."
    )
    return Problem("template-differs", "info", node, message, fixes=(Fix("Build it again", edit),))


def _arguments(subject: Subject, node: str, kind: NodeKind) -> Found:
    """Nodes that take a certain number of values, where it is certain that they get another."""
    count = subject.count(node)
    if kind.role in ("residual", "set", "return", "sample"):
        fits, wanted = count in (None, 1), "1 value"
    elif kind.role == "lambda":
        try:
            expression = expressions.parse(str(subject.graph.nodes[node].params.get("func", "")))
        except expressions.ExpressionError:
            return  # reported with the param
        fits, wanted = _takes(expression, count), _wanted(expression)
    else:
        return
    if not fits:
        message = f"{subject.named(node)} takes {wanted}, but is given {count}."
        yield Problem("argument-count", "error", node, message)


def _takes(expression: expressions.Expression, count: Count) -> bool:
    least, most = expression.arity
    return count is None or (least <= count and (most is None or count <= most))


def _wanted(expression: expressions.Expression) -> str:
    least, most = expression.arity
    number = f"at least {least}" if most is None else f"{least}" if least == most else f"{least} to {most}"
    listed = f" ({', '.join(expression.parameters)})" if expression.parameters else ""
    return f"{number} argument{'s' * (number != '1')}{listed}"


def _shown(value: ParamValue) -> str:
    return "nothing" if value in (None, "") else f"{value}"
