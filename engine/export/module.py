"""Whole Python modules as text: docstring, imports that are used, definitions."""

import ast
import sys
from collections.abc import Iterable, Sequence


def source_of(title: str, statements: Iterable[str], definitions: Sequence[str]) -> str:
    """A module of these definitions, with those of the import statements that they need."""
    text = "\n\n\n".join(definition for definition in definitions if definition)
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    needed = {each for each in statements if _brings(each) in used}
    safe = title.replace("\\", "\\\\").replace('"""', "'''")
    room = "\n" if text.startswith(("class ", "def ", "@", "#")) else ""
    parts = [f'"""{safe}"""', import_block(needed), f"{room}{text}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def import_block(statements: Iterable[str]) -> str:
    """Import statements in the order in which `ruff` sorts them, those from one module as one."""
    names: dict[str, set[str]] = {}
    for each in statements:
        module, _, name = each.removeprefix("from ").removeprefix("import ").partition(" import ")
        names.setdefault(module, set()).add(name)
    plain = [f"import {module}" for module in sorted(names) if "" in names[module]]
    rest = {module: sorted(found - {""}, key=_rank) for module, found in names.items() if found - {""}}
    whole = [*plain, *(f"from {module} import {', '.join(rest[module])}" for module in sorted(rest))]
    standard = [each for each in whole if each.split()[1].split(".")[0] in sys.stdlib_module_names]
    others = [each for each in whole if each not in standard]
    return "\n\n".join("\n".join(group) for group in (standard, others) if group)


def join(definitions: Iterable[str]) -> str:
    """Definitions as they stand one below the other: constants together, with room around classes and functions."""
    text, last = "", ""
    for each in definitions:
        room = (
            "\n\n\n" if each.startswith(("class ", "def ", "@")) or last.startswith(("class ", "def ", "@")) else "\n"
        )
        text, last = f"{text}{room if text else ''}{each}", each
    return text


def _brings(statement: str) -> str:
    """The name that an import statement brings."""
    return statement.split()[-1].partition(".")[0]


def _rank(name: str) -> tuple[int, str]:
    bare = name.split()[0]
    return (0 if bare.isupper() and len(bare) > 1 else 1 if bare[:1].isupper() else 2), bare
