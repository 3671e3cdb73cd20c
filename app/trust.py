"""Which Python code of the document the user has agreed to import, and what remains to be asked.

A file is trusted as it is, by its content (see `engine.document.references.fingerprint`): opened again with the same
bytes it asks nothing. While it is open, what was agreed to are names: another one, typed or pasted, is asked about, and
so are those whose modules beside the file become others. What was imported of these runs on meanwhile.
"""

from collections.abc import Iterable
from pathlib import Path

from msgspec import structs
from PySide6.QtCore import QFileSystemWatcher, QObject, QSettings, QTimer, Signal

from engine.document.document import Change, Document
from engine.document.graph import Graph
from engine.document.references import Reference, fingerprint, is_beside, modules, naming, references

MOST_REMEMBERED = 1000
WRITTEN = 200
"""Milliseconds after which a module that is being written is looked at."""


class Trust(QObject):
    """`names` may be imported. `wanted` carries what else the document names, whenever that is something else."""

    wanted = Signal(object)

    def __init__(self, document: Document, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.settings = settings
        self.names: tuple[str, ...] = ()
        self._found: tuple[Reference, ...] = ()
        self._asked: tuple[Reference, ...] | None = ()
        self._outdated = True
        """Whether something has changed that may name code."""
        self._folder: Path | None = None
        self._altered: frozenset[str] = frozenset()
        """The names that were agreed to, of modules beside the file that are others now."""
        self._agreed = self._seen = ""
        """The content of those modules: as it was agreed to, and as it was last looked at."""
        self._watcher = QFileSystemWatcher(self)
        written = QTimer(self, singleShot=True, interval=WRITTEN)
        written.timeout.connect(self._compare)
        self._watcher.fileChanged.connect(lambda _: written.start())
        self._watcher.directoryChanged.connect(lambda _: written.start())
        document.listeners.append(self._changed)

    @property
    def missing(self) -> tuple[Reference, ...]:
        """What the document names beside what is trusted."""
        missing = (each for each in self._found if each.name not in self.names)
        return tuple(structs.replace(each, altered=each.name in self._altered) for each in missing)

    def begin(self, graph: Graph, digest: str, folder: Path | None, names: tuple[str, ...] = ()) -> None:
        """A graph is about to be opened: from a file whose bytes have this digest, or with `names` agreed to before."""
        self._asked = ()
        self.wanted.emit(())
        self._found = references(graph, self.document.catalogue)
        known = bool(self._found and digest) and fingerprint(digest, self._found, folder) in self._remembered()
        self.names = tuple(each.name for each in self._found) if known else names
        self._folder = folder
        self._agree()

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
        self._agree()
        self.look()

    def withdraw(self) -> None:
        """Nothing is trusted any more."""
        self.names = ()
        self._agree()
        self.look()

    def keep(self, digest: str, folder: Path) -> None:
        """The document was saved: its file is trusted if all that it names is."""
        self._folder = folder
        self._compare()
        self.look()
        if self._found and not self.missing:
            mark = fingerprint(digest, self._found, folder)
            marks = [mark, *(each for each in self._remembered() if each != mark)]
            self.settings.setValue("trusted", marks[:MOST_REMEMBERED])

    def _agree(self) -> None:
        """The modules beside the file are agreed to as they are, as far as they are trusted."""
        self._altered = frozenset()
        self._agreed = self._seen = self._content(self.names)
        self._watch()

    def _compare(self) -> None:
        """Ask about modules beside the file if they are others than those agreed to."""
        names = frozenset({*self.names, *self._altered})
        content = self._content(names)
        if content != self._seen and self._folder is not None:
            self._seen = content
            beside = (name for name in names if is_beside(name, self._folder))
            self._altered = frozenset(() if content == self._agreed else beside)
            self.names = tuple(sorted(names - self._altered))
            self._asked = None  # whatever was answered was about something else
            self.look()
        self._watch()

    def _content(self, names: Iterable[str]) -> str:
        return fingerprint("", tuple(Reference(name, ()) for name in names), self._folder)

    def _watch(self) -> None:
        """Hear of changes to the modules beside the file; one that is replaced is a new file in its folder."""
        files = modules({*self.names, *self._altered}, self._folder) if self._folder else []
        wanted = {str(path) for path in (*files, *(file.parent for file in files)) if path.exists()}
        if self._agreed:
            wanted.add(str(self._folder))
        watched = {*self._watcher.files(), *self._watcher.directories()}
        if watched - wanted:
            self._watcher.removePaths(list(watched - wanted))
        if wanted - watched:
            self._watcher.addPaths(list(wanted - watched))

    def _remembered(self) -> list[str]:
        stored = self.settings.value("trusted", [])
        return [stored] if isinstance(stored, str) else [str(each) for each in stored or []]  # pyright: ignore[reportGeneralTypeIssues]
