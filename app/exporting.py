"""File > Export: a graph, or one frame of it, as code for Refiners or PyTorch, as a torch.export archive or as ONNX."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, QSize, Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
)

from app.dialogs import DELETE_ON_CLOSE
from engine.document.graph import path_of
from engine.messages import EXPORTS, Code, Exported, ExportFormat, ExportModel, WriteCode

if TYPE_CHECKING:
    from app.window import Window

TITLES: dict[ExportFormat, str] = {
    "refiners": "Refiners Python",
    "torch": "PyTorch Python",
    "pt2": "torch.export archive",
    "onnx": "ONNX",
}
ABOUT: dict[ExportFormat, str] = {
    "refiners": "A class for each named frame. Needs refiners and torch. Holds for inputs of any shape.",
    "torch": "The calls one by one, for the types and shapes that the inputs have now. Needs torch alone.",
    "pt2": "The computation and its weights, for the types, shapes and numbers that the inputs have now. "
    "torch.export.load opens it.",
    "onnx": "The computation and its weights, for the types, shapes and numbers that the inputs have now. "
    "Writing it takes the packages onnx and onnxscript.",
}


class ExportDialog(QDialog):
    """Shows what a frame is as code, and asks what to write. `wanted` carries the format whose code is to be shown,
    `accepted` says that a file is to be written."""

    wanted = Signal(str)

    def __init__(self, window: "Window", frame: str, to: ExportFormat) -> None:
        super().__init__(window)
        self.setObjectName("export")
        self.setAttribute(DELETE_ON_CLOSE)
        self.setWindowTitle("Export")
        self.frame = frame
        graph = window.document.graph
        whole = frame == graph.root
        title = QLabel(f"Export {graph.nodes[frame].title if whole else f'the frame {path_of(graph, frame)}'}")
        title.setProperty("tone", "title")
        self.form = QComboBox()
        self.form.setAccessibleName("Format")
        for each, text in TITLES.items():
            self.form.addItem(f"{text} (*{EXPORTS[each]})", each)
        self.about = _text("muted")
        self.weights = QCheckBox("In a file of the same name beside it")
        self.rows = QFormLayout()
        self.rows.addRow("Format", self.form)
        self.rows.addRow("Weights", self.weights)
        self.code = QPlainTextEdit()
        self.code.setReadOnly(True)
        self.code.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.code.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.code.setAccessibleName("Code")
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.error = _text("error")
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.save_button = self.buttons.addButton("Save…", QDialogButtonBox.ButtonRole.AcceptRole)
        self.copy_button = self.buttons.addButton("Copy the code", QDialogButtonBox.ButtonRole.ActionRole)
        column = QVBoxLayout(self)
        column.addWidget(title)
        column.addLayout(self.rows)
        column.addWidget(self.about)
        for part in (self.bar, self.code, self.error):
            column.addWidget(part)
        column.addStretch(0)
        column.addWidget(self.buttons)
        column.setStretchFactor(self.code, 1)
        self.copy_button.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.code.toPlainText()))
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self._large = QSize(860, 720).boundedTo(window.size())
        self.form.setCurrentIndex(self.form.findData(to))
        self.form.currentIndexChanged.connect(self.ask)

    @property
    def to(self) -> ExportFormat:
        """The format chosen."""
        return cast(ExportFormat, self.form.currentData())

    @property
    def is_code(self) -> bool:
        return EXPORTS[self.to] == ".py"

    def ask(self) -> None:
        """Show what there is to choose about the format, and ask for its code."""
        self.about.setText(ABOUT[self.to])
        self.rows.setRowVisible(self.weights, self.is_code)
        self.code.clear()
        self._show(waiting=self.is_code)
        self.resize(self._large if self.is_code else QSize(self._large.width(), 0))
        if self.is_code:
            self.wanted.emit(self.to)

    def take(self, answer: Code) -> None:
        """Show the code, or why there is none."""
        if (answer.to, answer.frame) == (self.to, self.frame):
            self.code.setPlainText(answer.text)
            self._show(error=answer.error)

    def give_up(self, reason: str) -> None:
        """There will be no answer."""
        if self.is_code and self.bar.isVisible():
            self._show(error=reason)

    def _show(self, waiting: bool = False, error: str = "") -> None:
        self.bar.setVisible(waiting)
        self.code.setVisible(self.is_code and not error)
        self.error.setVisible(bool(error))
        self.error.setText(error)
        self.copy_button.setVisible(self.is_code)
        self.copy_button.setEnabled(not waiting and not error)
        self.save_button.setEnabled(not waiting and not error)


class ExportDesk(QObject):
    """What the window does about exports."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window = window
        self.dialog: ExportDialog | None = None
        link = window.link
        link.coded.connect(lambda answer: self.dialog and self.dialog.take(answer))
        link.exported.connect(self._exported)
        link.died.connect(lambda reason, _: self.dialog and self.dialog.give_up(f"The engine stopped: {reason}"))

    def ask(self, to: ExportFormat = "refiners", frame: str = "") -> None:
        """Let the user look at what would be written, and choose where; of the whole graph unless a frame is named."""
        dialog = self.dialog = ExportDialog(self.window, frame or self.window.document.graph.root, to)
        dialog.wanted.connect(lambda form: self.window.link.ask(WriteCode(form, dialog.frame)))
        dialog.accepted.connect(lambda: self._save(dialog.to, dialog.frame, dialog.weights.isChecked()))
        dialog.finished.connect(self._close)
        dialog.open()
        dialog.ask()

    def _close(self) -> None:
        self.dialog = None

    def _save(self, to: ExportFormat, frame: str, weights: bool) -> None:
        graph, files = self.window.document.graph, self.window.files
        name = Path(files.title).stem if frame == graph.root else graph.nodes[frame].title
        suggestion = f"{name.replace('-', '_') if EXPORTS[to] == '.py' else name}{EXPORTS[to]}"
        dialog = files.saver("export-file", f"Export as {TITLES[to]}", [f"{TITLES[to]} (*{EXPORTS[to]})"], suggestion)

        def write(path: str) -> None:
            self.window.link.ask(ExportModel(to, frame, path, weights))
            self.window.status.working(f"Exporting {Path(path).name}…")

        dialog.fileSelected.connect(write)
        dialog.open()

    def _exported(self, answer: Exported) -> None:
        self.window.status.clear()
        tell = self.window.notice.tell
        if answer.error:
            tell(f"{Path(answer.path).name} was not exported: {answer.error}", "error", about="export")
        else:
            names = " and ".join(Path(name).name for name in answer.files)
            folder = QUrl.fromLocalFile(str(Path(answer.path).parent))
            tell(f"Wrote {names}", "info", "Show in folder", lambda: QDesktopServices.openUrl(folder), about="export")


def _text(tone: str) -> QLabel:
    label = QLabel()
    label.setWordWrap(True)
    label.setProperty("tone", tone)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
