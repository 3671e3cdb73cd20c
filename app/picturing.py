"""Exporting pictures of the canvas: what is asked, and painting in slices so that the window goes on meanwhile."""

from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QProgressDialog,
    QVBoxLayout,
)

from app import dialogs
from app.canvas import picture
from app.canvas.picture import FORMS, Picture
from app.dialogs import DELETE_ON_CLOSE
from app.theme import DARK, LIGHT
from engine.document.disk import FileError
from engine.document.document import Change

if TYPE_CHECKING:
    from app.window import Window

SLICE = 0.02
"""Seconds of painting before the window has its turn."""
PATIENCE = 700
"""Milliseconds after which one is told how far it is, and may stop it."""
UNWRITTEN = "The picture can't be written."
SCALES = {"At 100 %": 1.0, "At 200 %": 2.0}


class PictureDialog(QDialog):
    """What the picture shows, and how. `chosen` has it, once that is settled."""

    chosen = Signal(object)

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.canvas = window.canvas
        self.setObjectName("picture")
        self.setWindowTitle("Export a picture of the canvas")
        self.setAttribute(DELETE_ON_CLOSE)
        selected = len(self.canvas.selection)
        graph, chosen = self.canvas.document.graph, self.canvas.selection
        self._nodes = len(graph), len({below for node in chosen for below in graph.walk(node)})
        """How many nodes there are in all, and in what is selected."""
        self.part, self.form, self.theme, self.scale = QComboBox(), QComboBox(), QComboBox(), QComboBox()
        self.part.addItem("The whole graph", ())
        if selected and self.canvas.document.graph.root not in self.canvas.selection:
            self.part.addItem("The selected node" if selected == 1 else f"The {selected} selected nodes", "selection")
            self.part.setCurrentIndex(1)
        for form, title in FORMS.items():
            self.form.addItem(title, form)
        for title, theme in {"As it is": self.canvas.theme, "Light": LIGHT, "Dark": DARK}.items():
            self.theme.addItem(title, theme)
        for title, scale in SCALES.items():
            self.scale.addItem(title, scale)
        self.background = QCheckBox("With its background")
        self.background.setChecked(True)
        self.about = QLabel()
        self.about.setProperty("tone", "muted")
        self.about.setWordWrap(True)
        rows = QFormLayout()
        fields = {"Part": self.part, "Format": self.form, "Theme": self.theme, "Size": self.scale}
        for title, field in fields.items():
            field.setObjectName(title.lower())
            field.currentIndexChanged.connect(self._tell)
            rows.addRow(title, field)
        rows.addRow("", self.background)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        save = buttons.addButton("Export…", QDialogButtonBox.ButtonRole.AcceptRole)
        save.setObjectName("export")
        buttons.accepted.connect(self._settle)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addLayout(rows)
        column.addWidget(self.about)
        column.addWidget(buttons)
        self.setMinimumWidth(380)
        self._tell()

    def picture(self) -> Picture:
        """What is chosen at present."""
        nodes = self.canvas.selection if self.part.currentData() else ()
        area, form = picture.area_of(self.canvas, nodes), self.form.currentData()
        scale = picture.fitting(area, form, self.scale.currentData())
        return Picture(area, form, self.theme.currentData(), scale, self.background.isChecked())

    def _tell(self) -> None:
        found = self.picture()
        self.scale.setEnabled(found.form == "png")
        wanted, nodes = self.scale.currentData(), self._nodes[bool(self.part.currentData())]
        self.about.setText(picture.told(found, wanted if found.form == "png" else 1.0, nodes))

    def _settle(self) -> None:
        self.chosen.emit(self.picture())
        self.accept()


def ask(window: "Window") -> None:
    """Let the user choose what is exported, and where to."""
    dialog = PictureDialog(window)

    def paint(made: Picture, path: Path) -> None:
        if picture.form_of(path) == made.form:
            Painting(window, made, path).start()
            return
        reason = f"{path} is no name for a {made.form.upper()}: end it in .{made.form}, or choose another format"
        dialogs.complain(window, UNWRITTEN, FileError(reason))

    def place(made: Picture) -> None:
        name = f"{Path(window.files.title).stem}.{made.form}"
        saver = window.files.saver("picture-file", "Export a picture", [f"{made.form.upper()} (*.{made.form})"], name)
        saver.fileSelected.connect(lambda chosen: paint(made, Path(chosen)))
        saver.open()

    dialog.chosen.connect(place)
    dialog.open()


class Painting(QObject):
    """One picture on its way into its file."""

    _written = Signal(object)

    def __init__(self, window: "Window", made: Picture, path: Path) -> None:
        super().__init__(window)
        self.window = window
        self.path = path
        self._document, self._arrangement = window.canvas.document, window.canvas.arrangement
        self._steps = picture.write(window.canvas, made, path)
        self._progress = QProgressDialog(f"Painting {path.name}", "Cancel", 0, 100, window)
        self._progress.setObjectName("painting")
        self._progress.setWindowModality(Qt.WindowModality.WindowModal)
        self._progress.setMinimumDuration(PATIENCE)
        self._progress.setAutoClose(False)
        self._progress.canceled.connect(self._cancel)
        self._turns = QTimer(self)
        self._turns.timeout.connect(self._paint)
        self._written.connect(self._finish, Qt.ConnectionType.QueuedConnection)

    def start(self) -> None:
        """Paint in slices, write on a thread, and say how it went."""
        self._document.listeners.append(self._changed)
        self._progress.setValue(0)
        self._turns.start(0)

    def _paint(self) -> None:
        until = perf_counter() + SLICE
        if self.window.canvas.arrangement is not self._arrangement:
            self._changed(Change(None, None))
            return
        try:
            for done in self._steps:
                if done == 1:
                    self._turns.stop()
                    self._document.listeners.remove(self._changed)
                    self._progress.setCancelButton(None)
                    self._progress.setLabelText(f"Writing {self.path.name}")
                    Thread(target=self._write, name="picture", daemon=True).start()
                    return
                if perf_counter() > until:
                    self._progress.setValue(int(99 * done))
                    return
        except FileError as error:
            self._finish(error)

    def _write(self) -> None:
        try:
            for _ in self._steps:
                pass
            self._written.emit(None)
        except FileError as error:
            self._written.emit(error)

    def _cancel(self) -> None:
        if self._turns.isActive():  # what is being written is seen through, with or without a dialog
            self._end("No picture was written")

    def _changed(self, change: Change) -> None:
        del change
        self._end("The graph was changed meanwhile: no picture was written")

    def _finish(self, error: FileError | None) -> None:
        self._end(f"Wrote {self.path}" if error is None else "")
        if error:
            dialogs.complain(self.window, UNWRITTEN, error)

    def _end(self, words: str) -> None:
        if self._turns.isActive():
            self._turns.stop()
            Thread(target=self._steps.close, name="picture", daemon=True).start()  # what was painted may be large
        if self._changed in self._document.listeners:
            self._document.listeners.remove(self._changed)
        self._progress.close()
        self._progress.deleteLater()
        if words:
            self.window.say(words)
        self.deleteLater()
