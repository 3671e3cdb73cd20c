"""Which Python code of the document the user has agreed to import, and what remains to be asked.

A file is trusted as it is, by its content (see `engine.document.references.fingerprint`): opened again with the same
bytes it asks nothing. While it is open, what was agreed to are names: another one, typed or pasted, is asked about.
"""

from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

from engine.document.document import Change, Document
from engine.document.graph import Graph
from engine.document.references import Reference, fingerprint, naming, references

MOST_REMEMBERED = 1000


class Trust(QObject):
    """`names` may be imported. `wanted` carries what else the document names, whenever that is something else."""

    wanted = Signal(object)

    def __init__(self, document: Document, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.settings = settings
        self.names: tuple[str, ...] = ()
        self._found: tuple[Reference, ...] = ()
        self._asked: tuple[Reference, ...] = ()
        self._outdated = True
        """Whether something has changed that may name code."""
        document.listeners.append(self._changed)

    @property
    def missing(self) -> tuple[Reference, ...]:
        """What the document names beside what is trusted."""
        return tuple(each for each in self._found if each.name not in self.names)

    def begin(self, graph: Graph, digest: str, folder: Path | None, names: tuple[str, ...] = ()) -> None:
        """A graph is about to be opened: from a file whose bytes have this digest, or with `names` agreed to before."""
        self._asked = ()
        self.wanted.emit(())
        self._found = references(graph, self.document.catalogue)
        known = bool(self._found and digest) and fingerprint(digest, self._found, folder) in self._remembered()
        self.names = tuple(each.name for each in self._found) if known else names

    def _changed(self, change: Change) -> None:
        touched, nodes = change.touched, self.document.graph.nodes
        if (
            touched is None
            or touched.adapters
            or any(not touched.removed.isdisjoint(each.nodes) for each in self._found)
        ):
            self._outdated = True
        elif not self._outdated:
            kinds = naming(self.document.catalogue)
            self._outdated = any(n in nodes and nodes[n].kind in kinds for n in touched.nodes | touched.added)

    def look(self) -> None:
        """The document may name something else now."""
        if self._outdated:
            self._found = references(self.document.graph, self.document.catalogue)
            self._outdated = False
        if self.missing != self._asked:
            self._asked = self.missing
            self.wanted.emit(self.missing)

    def grant(self) -> None:
        """The user agrees to all that the document names."""
        self.names = tuple(sorted({*self.names, *(each.name for each in self._found)}))
        self.look()

    def withdraw(self) -> None:
        """Nothing is trusted any more."""
        self.names = ()
        self.look()

    def keep(self, digest: str, folder: Path) -> None:
        """The document was saved: its file is trusted if all that it names is."""
        self.look()
        if self._found and not self.missing:
            mark = fingerprint(digest, self._found, folder)
            marks = [mark, *(each for each in self._remembered() if each != mark)]
            self.settings.setValue("trusted", marks[:MOST_REMEMBERED])

    def _remembered(self) -> list[str]:
        stored = self.settings.value("trusted", [])
        return [stored] if isinstance(stored, str) else [str(each) for each in stored or []]  # pyright: ignore[reportGeneralTypeIssues]
