"""File > Import: a model in Python, or the structure of a weights file, becomes a graph. The worker does it."""

import json
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from msgspec import Struct
from PySide6.QtCore import Signal
from PySide6.QtGui import QCloseEvent, QFontDatabase
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.dialogs import DELETE_ON_CLOSE
from engine.document import edits, parsing
from engine.document.disk import FileError
from engine.document.graph import Graph
from engine.document.references import references
from engine.document.relocate import relocate
from engine.document.subset import is_reference
from engine.messages import Import, Imported, Importing, ImportStructure, Log
from nodes import CATALOGUE

if TYPE_CHECKING:
    from app.window import Window

MOST_RECENT = 10


class Entry(Struct, frozen=True):
    """What can be chosen again: a name, its arguments, and the folder to look in as well."""

    name: str
    arguments: str = ""
    folder: str = ""


REFINERS = "refiners.foundationals."
EXAMPLES = (
    Entry(f"{REFINERS}latent_diffusion.stable_diffusion_1.unet:SD1UNet", '{"in_channels": 4}'),
    Entry(f"{REFINERS}latent_diffusion.stable_diffusion_xl.unet:SDXLUNet", '{"in_channels": 4}'),
    Entry(f"{REFINERS}clip.text_encoder:CLIPTextEncoderL"),
)
"""Offered where Refiners is installed."""


class ImportDialog(QDialog):
    """Asks what to import, says what that runs, and shows how it goes; the graph becomes the window's document."""

    _parsed = Signal(object)

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window_ = window
        self.setObjectName("import-model")
        self.setWindowTitle("Import a model")
        self.setAttribute(DELETE_ON_CLOSE)
        self._build()
        self._running: Import | ImportStructure | None = None
        link = window.link
        link.importing.connect(self._stage)
        link.imported.connect(self._imported)
        link.logged.connect(self._logged)
        link.died.connect(self._died)
        self._parsed.connect(self._take)
        self.resize(640, 0)
        self._follow()

    # What is on it

    def _build(self) -> None:
        settings = self.window_.settings
        offered = EXAMPLES if find_spec("refiners") else ()
        self.entries = list(dict.fromkeys((*recent(settings.value("imports", [])), *offered)))
        self.name = QComboBox()
        self.name.setEditable(True)
        self.name.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.name.addItems([entry.name for entry in self.entries])
        self.name.setCurrentText("")
        self.name.setMinimumContentsLength(52)
        line = self.name.lineEdit()
        assert line is not None
        line.setPlaceholderText("my_package.model:Model")
        self.arguments = QPlainTextEdit()
        self.arguments.setObjectName("field")
        self.arguments.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.arguments.setPlaceholderText('{"in_channels": 4}')
        self.arguments.setTabChangesFocus(True)
        self.arguments.setFixedHeight(3 * self.arguments.fontMetrics().lineSpacing() + 10)
        self.folder, folder = _path_line(self._ask_folder)
        self.folder.setPlaceholderText("only where Python looks")
        if self.window_.files.path is not None:  # as for the functions that the graph names
            self.folder.setText(str(self.window_.files.folder))
        self.weights = QCheckBox("With its weights, in")
        self.file, file = _path_line(self._ask_file)
        weights = QHBoxLayout()
        weights.addWidget(self.weights)
        weights.addLayout(file, 1)
        form = QFormLayout()
        form.addRow("Model", self.name)
        form.addRow("Arguments", self.arguments)
        form.addRow("Look in", folder)
        form.addRow("", weights)
        self.fields = QWidget()
        self.fields.setLayout(form)
        form.setContentsMargins(0, 0, 0, 0)
        self.warning = _text()
        self.stage = _text("muted")
        self.error = _text("error")
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.output = QPlainTextEdit()
        self.output.setReadOnly(True)
        self.output.setMaximumBlockCount(1000)
        self.output.setMinimumHeight(90)
        self.output.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.output.setAccessibleName("What it prints")
        self.import_button = QPushButton("Trust and import")
        self.import_button.setDefault(True)
        self.cancel_button = QPushButton("Cancel")
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.import_button)
        buttons.addWidget(self.cancel_button)
        column = QVBoxLayout(self)
        for part in (self.fields, self.warning, self.bar, self.stage, self.output, self.error):
            column.addWidget(part)
        column.addLayout(buttons)
        for part in (self.bar, self.stage, self.output, self.error):
            part.hide()
        self.name.editTextChanged.connect(self._follow)
        self.name.activated.connect(self._choose)
        self.arguments.textChanged.connect(self._follow)
        self.weights.toggled.connect(self._follow)
        self.file.textChanged.connect(self._follow)
        self.import_button.clicked.connect(self._start)
        self.cancel_button.clicked.connect(self.reject)

    def _choose(self, index: int) -> None:
        entry = self.entries[index]
        self.arguments.setPlainText(entry.arguments)
        self.folder.setText(entry.folder)

    def _follow(self) -> None:
        """Say what would be run, and let it be started only when it can be."""
        name = self.name.currentText().strip()
        complaint = _complaint(name, self.arguments.toPlainText())
        self.file.setEnabled(self.weights.isChecked())
        if self.weights.isChecked() and not self.file.text():
            self.file.setText(str(self._home() / f"{name.rpartition(':')[2] or 'model'}.safetensors"))
        if name and not complaint:
            module, _, found = name.partition(":")
            self.warning.setText(
                f"This imports the Python module <b>{module}</b> and runs its <b>{found}</b>, which can do whatever "
                "you can: read and change files, use the network. Import only what you trust."
            )
        else:
            self.warning.setText(complaint or "Which module, and what in it: a class, a function or a module made.")
        self.import_button.setEnabled(bool(name) and not complaint and self._running is None)
        self._fit()

    def _fit(self) -> None:
        """As tall as what it says takes."""
        column = self.layout()
        assert column is not None
        column.activate()
        self.resize(self.width(), max(column.totalHeightForWidth(self.width()), column.totalMinimumSize().height()))

    def _home(self) -> Path:
        return Path(self.folder.text()) if self.folder.text() else self.window_.files.folder

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, "Where its module lies", str(self._home()))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self.folder.setText)
        dialog.open()

    def _ask_file(self) -> None:
        dialog = QFileDialog(self, "Where to put its weights", self.file.text() or str(self._home()))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("safetensors")
        dialog.setNameFilter("Weights (*.safetensors)")
        dialog.fileSelected.connect(lambda name: (self.weights.setChecked(True), self.file.setText(name)))
        dialog.open()

    # How it goes

    def _start(self) -> None:
        name, arguments = self.name.currentText().strip(), self.arguments.toPlainText().strip()
        folder = self.folder.text().strip()
        self._remember(Entry(name, arguments, folder))
        weights = self.file.text().strip() if self.weights.isChecked() else ""
        self._begin(Import(name, arguments, folder, weights))

    def open_structure(self, path: Path) -> None:
        """Import the structure of a weights file, which asks nothing and runs nobody's code."""
        self.fields.hide()
        self.warning.setText(f"A graph is made whose layers could hold the tensors of {path.name}.")
        self.open()
        self._begin(ImportStructure(str(path)))

    def _begin(self, message: Import | ImportStructure) -> None:
        self._running = message
        self.fields.setEnabled(False)
        self.import_button.setEnabled(False)
        self.cancel_button.setText("Stop")
        self.error.hide()
        self.output.clear()
        self.output.hide()
        self._stage(Importing("Waiting for the engine"))
        self.bar.show()
        self.stage.show()
        self._fit()
        self.window_.link.bring(message)

    def _stage(self, message: Importing) -> None:
        if self._running:
            self.stage.setText(f"{message.stage} …")

    def _logged(self, line: Log) -> None:
        if self._running and not line.run:
            self.output.show()
            self._fit()
            self.output.appendPlainText(line.text.removesuffix("\n"))

    def _imported(self, message: Imported) -> None:
        if self._running is None:
            return
        if message.error:
            self._fail(message.error)
            return
        self._stage(Importing("Opening the graph"))

        def parse() -> None:
            try:
                found: Graph | FileError = parsing.parse(message.file, "the imported graph")
            except FileError as error:
                found = error
            with suppress(RuntimeError):  # the dialog is gone
                self._parsed.emit((message, found))

        Thread(target=parse, name="parse", daemon=True).start()

    def _take(self, told: tuple[Imported, Graph | FileError]) -> None:
        message, graph = told
        running, self._running = self._running, None
        if running is None:
            return
        if isinstance(graph, FileError):
            self._fail(str(graph))
            return
        trusted = tuple(each.name for each in references(graph, CATALOGUE))  # of the code that has run just now
        self.accept()
        if isinstance(running, ImportStructure):
            self.window_.files.take(graph, Path(running.path).parent, ())
        else:
            if running.weights and (edit := relocate(graph, Path(running.weights).parent, self._home())):
                edits.apply(graph, edit)
            self.window_.files.take(graph, self._home(), trusted)
        self._report(message, graph)

    def _report(self, message: Imported, graph: Graph) -> None:
        text = f"Imported {len(graph)} nodes"
        notes = [*message.notes, *(f"{path}: a placeholder for {kind}" for path, kind in message.placeholders.items())]
        if notes:
            self.window_.log.add(Log(0, "\n".join(notes)))
            word = "note" if len(notes) == 1 else "notes"
            self.window_.notice.tell(f"{text}, with {len(notes)} {word} in the log: {notes[0]}", "info")
        else:
            self.window_.say(text)

    def _died(self, reason: str) -> None:
        if self._running:
            self._fail(f"The code ended the engine, which was started again: {reason}.")

    def _fail(self, why: str) -> None:
        self._rest()
        self.error.setText(why)
        self.error.show()
        self._fit()

    def _rest(self) -> None:
        """Ready for another try."""
        self._running = None
        self.bar.hide()
        self.stage.hide()
        self.fields.setEnabled(True)
        self.cancel_button.setText("Cancel")
        self._follow()

    def reject(self) -> None:
        """Stop an import, for which the worker is ended, or close."""
        if self._running is None:
            super().reject()
            return
        self.window_.link.restart()
        self._fail("Stopped; the engine was started again, and your graph is untouched.")

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._running is not None:
            self.window_.link.restart()
            self._running = None
        super().closeEvent(event)

    def _remember(self, entry: Entry) -> None:
        entries = [entry, *(each for each in recent(self.window_.settings.value("imports", [])) if each != entry)]
        texts = [json.dumps([each.name, each.arguments, each.folder]) for each in entries[:MOST_RECENT]]
        self.window_.settings.setValue("imports", texts)


def ask_model(window: "Window") -> None:
    """Ask for a model in Python to import, once what is open is safe."""
    window.files.when_safe(lambda: ImportDialog(window).open())


def ask_structure(window: "Window") -> None:
    """Let the user choose a weights file to make a tree of, once what is open is safe."""

    def ask() -> None:
        dialog = QFileDialog(window, "Import the structure of a weights file", str(window.files.folder))
        dialog.setObjectName("import-structure")
        dialog.setNameFilter("Weights (*.safetensors)")
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setAttribute(DELETE_ON_CLOSE)
        dialog.fileSelected.connect(lambda name: ImportDialog(window).open_structure(Path(name)))
        dialog.open()

    window.files.when_safe(ask)


def recent(stored: object) -> list[Entry]:
    """What was imported lately, as the settings hold it."""
    texts = [stored] if isinstance(stored, str) else stored if isinstance(stored, list) else []
    found: list[Entry] = []
    for text in texts:
        with suppress(ValueError, TypeError):
            found.append(Entry(*map(str, json.loads(str(text)))))
    return found


def _complaint(name: str, arguments: str) -> str:
    """What is wrong with what was typed."""
    if name and not is_reference(name):
        return f"{name} must be a module and what is in it, with a colon between: my_package.model:Model."
    try:
        fits = isinstance(json.loads(arguments.strip() or "{}"), dict)
    except ValueError:
        fits = False
    return "" if fits else 'The arguments must be a JSON object, such as {"in_channels": 4}.'


def _path_line(ask: Callable[[], object]) -> tuple[QLineEdit, QHBoxLayout]:
    """A line for a path, with a button that asks for one."""
    line, button = QLineEdit(), QPushButton("Choose…")
    button.setAutoDefault(False)
    button.clicked.connect(lambda: ask())
    row = QHBoxLayout()
    row.addWidget(line, 1)
    row.addWidget(button)
    return line, row


def _text(tone: str = "") -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setProperty("tone", tone)
    return label
