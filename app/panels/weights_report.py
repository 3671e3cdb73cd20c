"""What became of the weights files: a line for each tensor that there is something to say about, and what helps."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app import tones
from engine.document.edits import Batch
from engine.document.graph import Graph
from engine.document.problems import Fix, named
from engine.fitting import Finding, findings, lines, summary
from engine.messages import WeightsReport

Index = QModelIndex | QPersistentModelIndex
FINDING = Qt.ItemDataRole.UserRole


class _Lines(QAbstractTableModel):
    """Findings as rows, the sort and the text, as far as they hold a word."""

    def __init__(self) -> None:
        super().__init__()
        self.findings: list[Finding] = []
        self.shown: list[Finding] = []
        self._word = ""

    def show(self, found: list[Finding]) -> None:
        """Show these."""
        self.findings = found
        self.filter(self._word)

    def filter(self, word: str) -> None:
        """Show only what holds `word`, in any case."""
        self.beginResetModel()
        self._word = word.lower()
        self.shown = [found for found in self.findings if self._word in f"{found.sort} {found.text}".lower()]
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.shown)

    def columnCount(self, parent: Index | None = None) -> int:
        del parent
        return 2

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        finding = self.shown[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return finding.text if index.column() else finding.sort
            case Qt.ItemDataRole.ToolTipRole:
                return finding.text
            case _:
                return finding if role == FINDING else None


class WeightsReportView(QWidget):
    """One report: filtered by typing, copied as text, mended by the buttons below.

    `activated` names a node to show; `fixed` carries a Fix to apply.
    """

    activated = Signal(str)
    fixed = Signal(object)

    def __init__(self, fixable: bool = True) -> None:
        super().__init__()
        self.fixable = fixable
        """Whether there are buttons that mend."""
        self.report: WeightsReport | None = None
        self._graph: Graph | None = None
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter by any part")
        self.filter.setMinimumWidth(120)
        self.filter.setClearButtonEnabled(True)
        self.filter.setAccessibleName("Filter the report")
        self.lines = _Lines()
        self.view = QTreeView()
        self.view.setObjectName("weights-report")
        self.view.setModel(self.lines)
        self.view.setRootIsDecorated(False)
        self.view.setUniformRowHeights(True)
        self.view.setHeaderHidden(True)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setFrameShape(QTreeView.Shape.NoFrame)
        self.view.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.view.setAccessibleName("Report on the weights")
        header = self.view.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(1, header.ResizeMode.Stretch)
        header.resizeSection(0, 96)
        self.copy_button = QPushButton("Copy")
        self.copy_button.setToolTip("Copy what is selected, or else all of the report")
        self.fix_button = QPushButton("Take it")
        self.fix_all_button = QPushButton()
        for button in (self.fix_button, self.fix_all_button):
            button.setToolTip("Have nodes take the tensors that the file has for them under other names")
        top = QHBoxLayout()
        top.addWidget(self.filter, 1)
        for button in (self.fix_button, self.fix_all_button, self.copy_button):
            button.setProperty("tone", "small")
            top.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 6)
        column.setSpacing(6)
        column.addWidget(self.summary)
        column.addLayout(top)
        column.addWidget(self.view, 1)
        self.filter.textChanged.connect(self.lines.filter)
        self.copy_button.clicked.connect(self.copy)
        self.fix_button.clicked.connect(lambda: self._fix(self.selected()))
        self.fix_all_button.clicked.connect(lambda: self._fix(self.lines.findings))
        self.view.activated.connect(self._open)
        self.view.selectionModel().selectionChanged.connect(self._show_buttons)
        copying = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.view)
        copying.setContext(Qt.ShortcutContext.WidgetShortcut)
        copying.activated.connect(self.copy)
        self.show_report(None, None)

    def show_report(self, report: WeightsReport | None, graph: Graph | None) -> None:
        """Show a report on this graph, or nothing."""
        self.report, self._graph = report, graph
        found = findings(report, graph) if report and graph else []
        if self.lines.findings != found:
            self.lines.show(found)
        text = summary(report) if report else "No weights file."
        self.summary.setText(text[:1].upper() + text[1:])
        tone = "error" if report and report.error else "muted" if report is None else ""
        tones.wear(self.summary, tone)
        for widget in (self.filter, self.copy_button, self.view):
            widget.setVisible(bool(found))
        self.copy_button.setEnabled(report is not None)
        self._show_buttons()

    def selected(self) -> list[Finding]:
        """The findings that are selected, from top to bottom."""
        rows = sorted(self.view.selectionModel().selectedRows(), key=lambda index: index.row())
        return [index.data(FINDING) for index in rows]

    def copy(self) -> None:
        """Put the selected lines, or else the whole report, on the clipboard."""
        if self.report is None or self._graph is None:
            return
        chosen = [f"{found.sort}: {found.text}" for found in self.selected()]
        QGuiApplication.clipboard().setText("\n".join(chosen or lines(self.report, self._graph)))

    def _show_buttons(self) -> None:
        fixes = sum(found.fix is not None for found in self.lines.findings)
        chosen = sum(found.fix is not None for found in self.selected())
        self.fix_button.setVisible(self.fixable and chosen > 0)
        self.fix_button.setText("Take it" if chosen == 1 else f"Take these {chosen}")
        self.fix_all_button.setVisible(self.fixable and fixes > 0)
        self.fix_all_button.setText(f"Take all {fixes} near misses" if fixes != 1 else "Take the near miss")

    def _fix(self, found: Sequence[Finding]) -> None:
        fixes = [each.fix for each in found if each.fix]
        if len(fixes) == 1:
            self.fixed.emit(fixes[0])
        elif fixes:
            self.fixed.emit(Fix("Take near misses", Batch(tuple(fix.edit for fix in fixes))))

    def _open(self, index: QModelIndex) -> None:
        finding: Finding = index.data(FINDING)
        if finding.node:
            self.activated.emit(finding.node)


class WeightsPanel(QWidget):
    """The reports on all the files that the graph names; one is shown at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.reports: tuple[WeightsReport, ...] = ()
        self._graph: Graph | None = None
        self.files = QComboBox()
        self.files.setAccessibleName("Weights file")
        self.report = WeightsReportView()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        self._bar = QWidget()
        bar = QHBoxLayout(self._bar)
        bar.setContentsMargins(10, 6, 10, 0)
        bar.addWidget(self.files, 1)
        column.addWidget(self._bar)
        column.addWidget(self.report, 1)
        self.files.currentIndexChanged.connect(self._show)
        self.show_reports((), None)

    def show_reports(self, reports: tuple[WeightsReport, ...], graph: Graph | None) -> None:
        """Show these reports on this graph; that on the node that was shown stays, where there is one."""
        index = self.files.currentIndex()
        frame = self.reports[index].frame if 0 <= index < len(self.reports) else ""
        self.reports, self._graph = reports, graph
        self.files.blockSignals(True)
        self.files.clear()
        for report in reports:
            title = named(graph, report.frame) if graph and report.frame in graph else report.adapter
            self.files.addItem(f"{title}: {report.path}")
        self.files.setCurrentIndex(next((i for i, report in enumerate(reports) if report.frame == frame), 0))
        self.files.blockSignals(False)
        self._bar.setVisible(len(reports) > 1)
        self._show()

    def show_frame(self, frame: str, adapter: str = "") -> None:
        """Show the report on the file that this frame, or this adapter, names."""
        for index, report in enumerate(self.reports):
            if (report.frame, report.adapter) == (frame, adapter):
                self.files.setCurrentIndex(index)

    def _show(self) -> None:
        index = self.files.currentIndex()
        self.report.show_report(self.reports[index] if 0 <= index < len(self.reports) else None, self._graph)
