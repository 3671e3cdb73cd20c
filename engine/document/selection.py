"""What a selector takes of a graph, and why it takes nothing."""

import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import cached_property, lru_cache

from engine.document.graph import Graph, paths
from engine.document.kinds import ParamValue
from engine.document.selectors import ABOUT, Both, By, Compare, Either, Id, In, Not, Test, Word, parse, parts


class Scope:
    """A graph to select from, with what a selection looks up.

    `path_of` has the path of every node (those in the graph by default); `inserted` has the nodes that adapters put
    there, each with the name of its adapter.
    """

    def __init__(
        self, graph: Graph, path_of: Mapping[str, str] | None = None, inserted: Mapping[str, str] | None = None
    ) -> None:
        self.graph = graph
        self.order = graph.running()
        self.inserted = inserted or {}
        self._paths = path_of

    @cached_property
    def paths(self) -> Mapping[str, str]:
        return paths(self.graph) if self._paths is None else self._paths

    @cached_property
    def words(self) -> dict[str, set[str]]:
        """The nodes of every kind, name and last part of a path."""
        found: dict[str, set[str]] = {}
        for node in self.order:
            data = self.graph.nodes[node]
            for word in {data.kind, data.title, self.paths[node].rpartition(".")[2]}:
                found.setdefault(word, set()).add(node)
        return found


def select(graph: Graph, selector: str) -> list[str]:
    """The nodes that run and that `selector` takes, in the order of running. Raises SelectorError."""
    return selected(Scope(graph), selector)


def selected(scope: Scope, selector: str, where: str = "") -> list[str]:
    """The nodes that `selector` takes and `where`, unless it is empty, takes too. Raises SelectorError."""
    found: set[str] = set()
    for clause in parse(selector).tests:
        nodes = _nodes(clause, scope)
        found |= nodes if _asks_for_inserted(clause) else nodes - scope.inserted.keys()
    if where:
        found &= _nodes(parse(where), scope)
    return [node for node in scope.order if node in found]


def why_nothing(scope: Scope, selector: str) -> str:
    """Why `selector` takes no node, in plain words, with what may have been meant."""
    for part in parts(parse(selector)):
        if isinstance(part, Word | Id | By | Compare) and not _nodes(part, scope):
            return _unmatched(part, scope)
    return f"there is something for every part of {selector!r}, but no node that is all of it at once"


def _unmatched(part: Word | Id | By | Compare, scope: Scope) -> str:
    match part:
        case Word(pattern) if "." in pattern:
            return f"no path ends in {pattern}{_meant(pattern, scope.paths.values())}"
        case Word(pattern):
            return f"no node is a {pattern}{_meant(pattern, scope.words)}"
        case Id(node):
            return f"no node that runs has the id {node}"
        case By(pattern):
            names = set(scope.inserted.values())
            return f"no adapter called {pattern} has put a node there before{_meant(pattern, names)}"
        case Compare(name, operator, value):
            params = {param for node in scope.order for param in scope.graph.nodes[node].params}
            if name in params or name in ABOUT:
                return f"no node has {name} {operator} {value}"
            return f"no node has a param {name}{_meant(name, params)}"


def _meant(word: str, known: Iterable[str]) -> str:
    by_lower = {each.lower(): each for each in known}
    close = get_close_matches(word.lower(), by_lower, 1)
    return f"; did you mean {by_lower[close[0]]}?" if close else ""


def _asks_for_inserted(test: Test) -> bool:
    """Whether a clause itself, apart from the frames it names, speaks of single or of inserted nodes."""
    match test:
        case By() | Id():
            return True
        case Both(tests) | Either(tests):
            return any(map(_asks_for_inserted, tests))
        case _:
            return False


def _nodes(test: Test, scope: Scope) -> set[str]:
    everything = scope.graph.nodes
    match test:
        case Word(pattern) if "." in pattern:
            fits = _pattern(pattern, path=True)
            return {node for node in scope.order if fits.fullmatch(scope.paths[node])}
        case Word(pattern):
            return set[str]().union(*(scope.words[word] for word in _matching(pattern, scope.words)))
        case Id(node):
            return {node}.intersection(scope.order)
        case By(pattern):
            names = set(_matching(pattern, set(scope.inserted.values())))
            return {node for node, name in scope.inserted.items() if name in names}
        case Compare("path", operator, value):
            fits = _pattern(str(value), path=True)
            return {n for n in scope.order if bool(fits.fullmatch(scope.paths[n])) == (operator == "=")}
        case Compare("kind"):
            return {node for node in scope.order if _holds(everything[node].kind, test)}
        case Compare("name"):
            return {node for node in scope.order if _holds(everything[node].title, test)}
        case Compare(name):
            having = [node for node in scope.order if name in everything[node].params]
            return {node for node in having if _holds(everything[node].params[name], test)}
        case In(frame):
            return _below(_nodes(frame, scope), scope)
        case Not(inner):
            return set(scope.order) - _nodes(inner, scope)
        case Both(tests):
            return set.intersection(*(_nodes(each, scope) for each in tests))
        case Either(tests):
            return set[str]().union(*(_nodes(each, scope) for each in tests))


def _below(frames: set[str], scope: Scope) -> set[str]:
    """The nodes inside any of the frames; the order has frames before what they hold."""
    found: set[str] = set()
    for frame in scope.order:
        if frame in frames or frame in found:
            found.update(scope.graph.children.get(frame, ()))
    return found


def _holds(value: ParamValue, test: Compare) -> bool:
    wanted = test.value
    if isinstance(value, list):  # a size for each direction compares as the one number for all
        return bool(value) and all(_holds(each, test) for each in value)
    if isinstance(wanted, str) and isinstance(value, str):
        return (_pattern(wanted).fullmatch(value) is not None) == (test.operator == "=")
    if test.operator in ("=", "!="):
        same = value == wanted and isinstance(value, bool) == isinstance(wanted, bool)
        return same == (test.operator == "=")
    if isinstance(value, bool) or not isinstance(value, int | float) or not isinstance(wanted, int | float):
        return False
    below, above = value < wanted, value > wanted
    return {"<": below, "<=": not above, ">": above, ">=": not below}[test.operator]


def _matching(pattern: str, words: Collection[str]) -> list[str]:
    fits = _pattern(pattern)
    return [pattern] if pattern in words else [word for word in words if fits.fullmatch(word)]


@lru_cache(maxsize=512)
def _pattern(text: str, path: bool = False) -> re.Pattern[str]:
    """Text with wildcards; of a path, any end that starts at a part, with `*` within one part."""
    if not path:
        return re.compile("".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in text), re.DOTALL)
    *before, last = (text + ".*" if text.endswith("**") else text).split(".")
    found = [r"(?:[^.]+\.)*" if part == "**" else _part(part) + r"\." for part in before]
    return re.compile(r"(?:.*\.)?" + "".join(found) + _part(last))


def _part(text: str) -> str:
    return _pattern(text).pattern.replace(".*", "[^.]*")
