"""Definitions of our own modules as source, to be written into a file that has to do without us."""

import ast
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


@dataclass
class Definitions:
    """Sources of definitions by name, in an order in which they can stand, and the import statements they need."""

    sources: dict[str, str] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)

    def add(self, impl: str) -> str:
        """Take in what "module:name" names, with all of its module that it needs; gives the name."""
        module, _, name = impl.partition(":")
        found = _module(module)
        needed: set[str] = set()
        waiting = [name]
        while waiting:
            each = waiting.pop()
            if each in found.imports:
                self.imports.add(found.imports[each])
            elif each in found.sources and each not in needed:
                needed.add(each)
                waiting += found.names[each]
        self.sources |= {each: source for each, source in found.sources.items() if each in needed}
        return name


@dataclass(frozen=True)
class _Module:
    """The definitions of a module by name, what names each of them uses, and its imports by the names they bring."""

    sources: dict[str, str]
    names: dict[str, set[str]]
    imports: dict[str, str]


@lru_cache
def _module(name: str) -> _Module:
    """Read a module without importing it."""
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin is not None
    text = Path(spec.origin).read_text(encoding="utf-8")
    lines = text.splitlines()
    sources: dict[str, str] = {}
    names: dict[str, set[str]] = {}
    imports: dict[str, str] = {}
    last = ""
    for part in ast.parse(text).body:
        match part:
            case ast.Import() | ast.ImportFrom():
                start = f"from {part.module} import" if isinstance(part, ast.ImportFrom) else "import"
                for alias in part.names:
                    renamed = f" as {alias.asname}" if alias.asname else ""
                    imports[alias.asname or alias.name] = f"{start} {alias.name}{renamed}"
                continue
            case ast.ClassDef() | ast.FunctionDef():
                last = part.name
                first = min([part.lineno, *(decorator.lineno for decorator in part.decorator_list)])
                sources[last] = "\n".join(lines[first - 1 : part.end_lineno])
            case ast.Assign(targets=[ast.Name(id=last)]):
                sources[last] = "\n".join(lines[part.lineno - 1 : part.end_lineno])
            case ast.Expr(value=ast.Constant(value=str())) if last:
                sources[last] += "\n" + "\n".join(lines[part.lineno - 1 : part.end_lineno])
            case _:
                continue
        names[last] = names.get(last, set()) | {each.id for each in ast.walk(part) if isinstance(each, ast.Name)}
    return _Module(sources, names, imports)
