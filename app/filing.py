"""Files of the window: new, models, open, save, recent ones, examples, and the questions before anything is lost.

Every dialog is opened without blocking and has an object name; what follows is a function to call.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from PySide6.QtCore import QMimeData, QObject, QSettings, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app import dialogs, typing_keys
from app.dialogs import DELETE_ON_CLOSE
from app.examples import title_of
from app.garbage import Leaving
from app.reading import Opened, Reader
from app.writing import Outcome, Writer
from engine.document.disk import ChangedOnDisk, Stamp
from engine.document.document import new_graph
from engine.document.graph import Graph
from engine.document.relocate import relocate
from nodes.models import Model, build

if TYPE_CHECKING:
    from app.window import Window

PATTERN = "Catenary graphs (*.catenary)"
MOST_RECENT = 10

Then = Callable[[], object]


class Filing(QObject):
    """Which file the window's document is, and what happens to it on disk.

    An example has no path: saving it asks for one, so that what comes with the program is never overwritten.
    """

    moved = Signal()
    """The document is another file than before."""

    def __init__(self, window: "Window", settings: QSettings) -> None:
        super().__init__(window)
        self.window = window
        self.settings = settings
        self.path: Path | None = None
        self.example: Path | None = None
        self.stamp: Stamp | None = None
        """What the file was like when it was read or saved last."""
        self._start: Path | None = None
        """Where the paths of an imported graph start, which has no file yet."""
        self._moves: list[tuple[int, Path]] = []
        """After which states of the document it was saved to another folder, and where its paths started before."""
        self._told = self.folder
        self.reader = Reader(self)
        self.writer = Writer(self)
        self._leaving = Leaving(self)

    @property
    def folder(self) -> Path:
        """Where relative paths of the document start. Of what it was before it moved, that is where it came from."""
        past = next((old for revision, old in self._moves if not self._reached(revision)), None)
        if past is not None:
            return past
        home = self.path or self.example
        return home.parent if home else self._start or Path.cwd()

    def follow(self) -> None:
        """The document has changed: tell the worker where its paths start if that is elsewhere now."""
        if self.folder != self._told:
            self._told = self.folder
            self.window.link.reload()

    def _reached(self, revision: int) -> bool:
        return self.window.document.history.reached(revision)

    @property
    def drawings(self) -> Path:
        """Where pictures go that are drawn for the document: beside its file, or with the user's data."""
        if self.path:
            return self.path.parent / f"{self.path.stem}-drawings"
        return Path(platformdirs.user_data_dir("catenary", appauthor=False)) / "drawings"

    @property
    def title(self) -> str:
        if self.path:
            return self.path.name
        return f"{title_of(self.example)} (example)" if self.example else "Untitled"

    @property
    def recent(self) -> list[Path]:
        """Files opened or saved lately that are still there, the latest first."""
        stored = self.settings.value("recent", [])
        names = [stored] if isinstance(stored, str) else stored if isinstance(stored, list) else []
        return [path for name in names if (path := Path(str(name))).is_file()]

    def new(self) -> None:
        """Start with an empty graph, once what is open is safe."""
        self.when_safe(lambda: self._hold(Opened(new_graph()), None, None))

    def new_from(self, model: Model) -> None:
        """Start with the graph of a model, once what is open is safe."""

        def hold(opened: Opened) -> None:
            self.when_safe(lambda: self._hold(opened, None, None))

        self.reader.make(model.title, lambda: build(model), hold)

    def open(self, path: Path) -> None:
        """Open a file, once it can be read and what is open is safe."""
        path = Path(os.path.abspath(path))  # noqa: PTH100 - a link in the path stays as the user wrote it

        def replace(opened: Opened) -> None:
            typing_keys.commit()
            if self.window.document.modified:
                self.when_safe(lambda: self._load(path))  # read again: saving what is open may have changed it
            else:
                self._take(path, opened)

        self._read(path, replace)

    def open_example(self, path: Path, then: Then | None = None) -> None:
        """Open an example as a document without a path, once it has been read and what is open is safe."""

        def hold(opened: Opened) -> None:
            self._hold(opened, None, path)
            if then:
                then()

        self._read(path, lambda opened: self.when_safe(lambda: hold(opened)))

    def stop_opening(self) -> None:
        """Forget what is being opened: the document stays what it is."""
        self.window.say(f"Stopped opening {self.reader.title}")
        self.reader.forget()

    def close(self) -> None:
        """What is being read comes too late."""
        self.reader.forget()

    def ask_open(self) -> None:
        """Let the user choose a file to open."""
        dialog = self.chooser("open", "Open a graph", [PATTERN])
        dialog.fileSelected.connect(lambda name: self.open(Path(name)))
        dialog.open()

    def save(self, then: Then | None = None) -> None:
        """Save where the document is, or ask when it is nowhere yet; `then` follows only when it is saved."""
        if self.path:
            self._save(self.path, self.stamp, then)
        else:
            self.save_as(then)

    def save_as(self, then: Then | None = None) -> None:
        """Let the user choose where to save."""
        graph = self.window.document.graph
        called = graph.nodes[graph.root].name or "untitled"
        name = (self.path or self.example or Path(f"{called}.catenary")).name
        dialog = self.saver("save-as", "Save the graph", [PATTERN], name)
        dialog.fileSelected.connect(lambda name: self.save_to(Path(name), then))
        dialog.open()

    def save_to(self, path: Path, then: Then | None = None) -> None:
        """Save under a name that was just chosen; replacing what is there was agreed to with the choice."""
        path = Path(os.path.abspath(path))  # noqa: PTH100 - a link in the path stays as the user wrote it
        self._save(path, self.stamp if path == self.path else None, then)

    def when_safe(self, then: Then) -> None:
        """Go on at once, or when the user has saved or given up the unsaved changes."""
        if self.writer.busy:
            self.writer.after(lambda: self.when_safe(then))
            return
        typing_keys.commit()
        if not self.window.document.modified:
            then()
            return
        box = dialogs.question(
            self.window,
            "unsaved",
            f"Save the changes to {self.title}?",
            "They are lost otherwise.",
            [
                ("Save", QMessageBox.ButtonRole.AcceptRole, lambda: self.save(then)),
                ("Discard", QMessageBox.ButtonRole.DestructiveRole, then),
                ("Cancel", QMessageBox.ButtonRole.RejectRole, None),
            ],
        )
        box.open()

    def ask_value(self) -> None:
        """Let the user choose where to put what the preview shows."""
        node = self.window.preview.node
        patterns = ["Pictures (*.png)", "Tensors (*.npy)", "Tensors (*.safetensors)"]
        name = self.window.document.graph.nodes[node].title
        dialog = self.saver("value", f"Export what {name} made", patterns, f"{name}.png")
        dialog.fileSelected.connect(lambda chosen: self.window.link.export(node, Path(chosen)))
        dialog.open()

    @staticmethod
    def dropped(data: QMimeData) -> Path | None:
        """The graph file that is being dropped, if it is one."""
        paths = [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()]
        return next((path for path in paths if path.suffix == ".catenary"), None)

    def _save(self, path: Path, expected: Stamp | None, then: Then | None) -> None:
        if self.writer.busy:
            self.writer.after(lambda: self._save(path, self.stamp if path == self.path else expected, then))
            return
        document, old = self.window.document, self.folder
        edit = relocate(document.graph, old, path.parent)
        if edit:
            document.apply(edit, "Follow the files to the new folder")
        document.end_gesture()
        revision = document.history.revision

        def written(outcome: Outcome) -> None:
            if isinstance(outcome, Stamp):
                self._written(path, outcome, revision, old, then)
                return
            self.window.say("")
            if edit:
                document.undo()
            if isinstance(outcome, ChangedOnDisk):
                self._ask_about_change(path, outcome, then)
            else:
                dialogs.complain(self.window, "This file can't be saved.", outcome)

        self.window.say(f"Saving {path.name} …")
        self.writer.write(document.graph, path, expected, written, wait=edit is not None)

    def _written(self, path: Path, stamp: Stamp, revision: int, old: Path, then: Then | None) -> None:
        """The document as it was at a revision is in a file now; before that its paths started at `old`."""
        document = self.window.document
        self.stamp = stamp
        if path == self.reader.path:
            self.reader.forget()  # what is being read there is replaced
        self.path, self.example = path, None
        document.mark_saved(revision)
        if old != path.parent:
            self._moves = [move for move in self._moves if self._reached(move[0])]
            self._moves.append((revision, old))
            self.window.link.reload()
        self._told = self.folder
        self.window.trust.keep(self.stamp.digest, path.parent)
        self._remember(path)
        self.moved.emit()
        self.window.say(f"Saved {path.name}")
        if then:
            self.when_safe(then)  # there may have been changes while it was written

    def _ask_about_change(self, path: Path, error: ChangedOnDisk, then: Then | None) -> None:
        box = dialogs.question(
            self.window,
            "changed-on-disk",
            f"{path.name} is not the file that was opened.",
            f"{error}\n\nReload gives up the changes made in the window, overwrite those made to the file.",
            [
                ("Save as…", QMessageBox.ButtonRole.AcceptRole, lambda: self.save_as(then)),
                ("Reload", QMessageBox.ButtonRole.ActionRole, lambda: self._load(path)),
                ("Overwrite", QMessageBox.ButtonRole.DestructiveRole, lambda: self._save(path, None, then)),
                ("Cancel", QMessageBox.ButtonRole.RejectRole, None),
            ],
        )
        box.open()

    def _load(self, path: Path) -> None:
        """Take what is on the disk, whatever is in the window: that is safe, or was given up."""
        self._read(path, lambda opened: self._take(path, opened))

    def _take(self, path: Path, opened: Opened) -> None:
        self._hold(opened, path, None)
        self._remember(path)

    def _read(self, path: Path, then: Callable[[Opened], object]) -> None:
        """Go on with what a file holds; one that can't be read ends in a complaint."""
        self.reader.read(path, then, lambda error: dialogs.complain(self.window, "This file can't be opened.", error))

    def take(self, graph: Graph, folder: Path, trusted: tuple[str, ...]) -> None:
        """Start with a graph that was imported, whose paths start at `folder`, and whose code was agreed to."""
        self._hold(Opened(graph), None, None, folder, trusted)

    def hold_unsaved(self, opened: Opened, path: Path | None, stamp: Stamp | None, start: Path) -> None:
        """Go on with changes to a file, or to none, that were not saved."""
        if self.writer.busy:
            self.writer.after(lambda: self.hold_unsaved(opened, path, stamp, start))
            return
        self._hold(Opened(opened.graph, None, opened.prepared), None, None, start)
        self.path, self.stamp = path, stamp
        self.window.document.mark_unsaved()
        self.moved.emit()

    def _hold(
        self,
        opened: Opened,
        path: Path | None,
        example: Path | None,
        start: Path | None = None,
        trusted: tuple[str, ...] = (),
    ) -> None:
        self.reader.forget()
        if self.writer.busy:
            self.writer.after(lambda: self._hold(opened, path, example, start, trusted))
            return
        old = self.window.document.graph
        self._leaving.hold(old.nodes.values(), old.children.values(), self.window.canvas.arrangement.boxes.values())
        stamp = opened.stamp if path else None
        self.path, self.example, self.stamp, self._start = path, example, stamp, start
        self._moves = []
        self._told = self.folder
        self.window.trust.begin(opened.graph, stamp.digest if stamp else "", path.parent if path else None, trusted)
        self.window.document.replace(opened.graph, opened.prepared)
        self.moved.emit()

    def _remember(self, path: Path) -> None:
        names = [str(path), *(str(p) for p in self.recent if p != path)]
        self.settings.setValue("recent", names[:MOST_RECENT])

    def chooser(
        self,
        name: str,
        title: str,
        patterns: list[str],
        mode: QFileDialog.FileMode = QFileDialog.FileMode.ExistingFile,
    ) -> QFileDialog:
        """A dialog for choosing a file, which starts where the document is; not yet open."""
        known = self.path.parent if self.path else self._start
        start = known or Path(str(self.settings.value("folder", str(Path.cwd()))))
        dialog = QFileDialog(self.window, title, str(start))
        dialog.setObjectName(name)
        dialog.setNameFilters(patterns)
        dialog.setFileMode(mode)
        dialog.setAttribute(DELETE_ON_CLOSE)
        dialog.fileSelected.connect(lambda chosen: self.settings.setValue("folder", str(Path(chosen).parent)))
        return dialog

    def saver(self, name: str, title: str, patterns: list[str], suggestion: str) -> QFileDialog:
        """A dialog for choosing where to save something; not yet open."""
        dialog = self.chooser(name, title, patterns, QFileDialog.FileMode.AnyFile)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(suggestion).suffix.removeprefix("."))
        dialog.selectFile(suggestion)
        return dialog
