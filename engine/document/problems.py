"""What a check finds: problems with stable codes, places, plain words and quick fixes."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Literal

from msgspec import Struct

from engine.document.edits import Edit
from engine.document.graph import Graph, path_of

Severity = Literal["error", "warning", "info"]

CODES: dict[str, str] = {
    "input-missing": "An input of the graph, or an entry of a provider, has no value to run with.",
    "no-input": "The graph has no input, but the node that runs first needs a value.",
    "unknown-kind": "The catalogue has no kind of this name; the node is kept as it is, but can't run.",
    "kind-shape": "A node of a frame's kind was saved as a leaf, or the other way round.",
    "missing-param": "A param that the kind needs has no value.",
    "bad-param": "A param has a value that its kind does not take.",
    "unknown-param": "A node has a param that its kind does not know; it is kept, but means nothing.",
    "bad-expression": "A Lambda, compose or callback is no expression of the checked subset, or takes other arguments.",
    "wrong-child-count": "A frame has too few or too many children, or a Distribute not one for each of its arguments.",
    "argument-count": "A node receives more or fewer values than it takes.",
    "empty-frame": "A frame without children passes its input on.",
    "template-differs": "A frame's children are not those that its kind makes of its params; they are what runs.",
    "context-undeclared": "A UseContext or SetContext names a context that no frame around it declares.",
    "context-key-undeclared": "A UseContext reads a key that its provider does not declare and nobody writes.",
    "context-never-set": "A key is read, but its provider gives it no value and nobody writes it.",
    "context-read-before-set": "A key is read before the first node that writes it has run.",
    "context-shadowed": "A provider declares a context that a provider around it declares as well.",
    "context-never-read": "A key is declared or written, but nobody reads it.",
    "shared-differs": "Leaves that share their weights are not of the same kind with the same params.",
    "cycle": "A wire would feed a node from what comes after it; drawing it is refused.",
    "second-input": "A wire would give a branch a second input; drawing it is refused.",
    "crosses-frames": "A wire would cross a frame's edge; drawing it is refused.",
    "into-itself": "A frame would be put inside itself; moving it is refused.",
    "untrusted": "A node needs Python code that the user has not agreed to import; all that does without it runs.",
    "unreachable": "A Return ends the frame before these nodes run.",
    "loose-node": "Parked nodes are wired to nothing and do not run.",
    "adapter-flawed": "An adapter can't be applied to any graph, or not where it goes.",
    "adapter-selector": "The selector of an adapter can't be read.",
    "adapter-formula": "A formula of an adapter can't be worked out for a node that it goes to.",
    "adapter-unmatched": "An enabled adapter goes to no node.",
    "adapter-idle": "A part of an enabled adapter goes to no node, while others of it do.",
}
"""What every code means, in a sentence: of problems, and of refused gestures (`answers.Refusal`)."""


class Fix(Struct, frozen=True):
    """A way to make a problem go away: what it says on the button, and the edit.

    Where no edit helps, but the user's `trust` in Python code does, the window asks for that instead.
    """

    label: str
    edit: Edit
    trust: bool = False


class Problem(Struct, frozen=True):
    """Something that is wrong with a graph, or worth knowing.

    `code` is a key of `CODES`; `node` is where it is (empty for the graph itself), `param` the param, input or entry
    concerned, `adapter` the adapter that it is about.
    """

    code: str
    severity: Severity
    node: str
    message: str
    param: str = ""
    fixes: tuple[Fix, ...] = ()
    adapter: str = ""


Found = Iterator[Problem]


def named(graph: Graph, node: str, path: str | None = None) -> str:
    """How messages call a node: its path (worked out unless given), with its kind where the path does not tell it."""
    found = graph.nodes[node]
    if node == graph.root:
        return f"{found.title} (root)"
    path = path or path_of(graph, node)
    return path if found.title == found.kind else f"{path} ({found.kind})"


def near(word: str, known: list[str]) -> list[str]:
    """The known words that `word` may be a slip of, the closest first."""
    by_lower = {each.lower(): each for each in known}
    return [by_lower[each] for each in get_close_matches(word.lower(), by_lower, 3)]


def either(words: list[str]) -> str:
    """Words as a choice: "A, B or C"."""
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
