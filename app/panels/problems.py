"""The problems panel: what is wrong, where, and what can be done about it with one click."""

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from app.icons import icon
from app.panels.form import rich
from app.theme import Theme
from engine.document.graph import Graph
from engine.document.problems import Problem, named

MOST_SHOWN = 500
SEVERITIES = ("error", "warning", "info")
PROBLEM_ROLE = Qt.ItemDataRole.UserRole


def severity_icon(severity: str, theme: Theme) -> QIcon:
    """The sign of a severity, in its colour."""
    colour = {"error": theme.error, "warning": theme.warning}.get(severity, theme.info)
    return icon(severity, colour.name())


def counted(problems: Sequence[Problem]) -> str:
    """ "2 errors, 1 warning", or "" when there is nothing to say."""
    parts: list[str] = []
    for severity, noun in (("error", "error"), ("warning", "warning"), ("info", "note")):
        count = sum(p.severity == severity for p in problems)
        if count:
            parts.append(f"{count} {noun}{'' if count == 1 else 's'}")
    return ", ".join(parts)


def brief(problem: Problem, graph: Graph) -> str:
    """The message without the name of its node and of its param, for where both can be seen."""
    text = problem.message
    for prefix in (named(graph, problem.node) if problem.node in graph else "", problem.param):
        text = text.removeprefix(f"{prefix}: ") if prefix else text
    return text


def full(problem: Problem, graph: Graph) -> str:
    """The message with the name of its node in front."""
    name = named(graph, problem.node) if problem.node in graph else ""
    return problem.message if problem.message.startswith(name) else f"{name}: {problem.message}"


class ProblemsPanel(QWidget):
    """A row for each problem, errors first. `activated` names a node to show; `fixed` carries a Fix to apply."""

    activated = Signal(str)
    fixed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.problems: list[Problem] = []
        self._graph: Graph | None = None
        self.tree = QTreeWidget()
        self.tree.setObjectName("problems")
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setUniformRowHeights(True)
        self.tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.setAccessibleName("Problems")
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        empty = QLabel("No problems.")
        empty.setProperty("tone", "muted")
        empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(empty)
        self._stack.addWidget(self.tree)
        self.tree.itemClicked.connect(self._open)
        self.tree.itemActivated.connect(self._open)
        self.tree.customContextMenuRequested.connect(self._menu)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._fill()

    def show_problems(self, problems: Sequence[Problem], graph: Graph) -> None:
        """Show these problems of this graph; the same ones again keep the selection."""
        ordered = sorted(problems, key=lambda p: SEVERITIES.index(p.severity))
        self._graph = graph
        if ordered != self.problems or self.tree.topLevelItemCount() != min(len(ordered), MOST_SHOWN):
            self.problems = ordered
            self._fill()

    def item(self, index: int) -> QTreeWidgetItem:
        found = self.tree.topLevelItem(index)
        assert found is not None
        return found

    def _fill(self) -> None:
        self.tree.clear()
        self._stack.setCurrentIndex(1 if self.problems else 0)
        for problem in self.problems[:MOST_SHOWN]:
            text = full(problem, self._graph) if self._graph else problem.message
            row = QTreeWidgetItem(self.tree, [text.replace("\n", " "), ""])
            row.setIcon(0, severity_icon(problem.severity, self.theme))
            row.setToolTip(0, rich(text))
            row.setData(0, PROBLEM_ROLE, problem)
            row.setSizeHint(0, QSize(0, 28))
            if problem.fixes:
                self.tree.setItemWidget(row, 1, self._buttons(problem))
        if len(self.problems) > MOST_SHOWN:
            QTreeWidgetItem(self.tree, [f"and {len(self.problems) - MOST_SHOWN} more", ""])

    def _buttons(self, problem: Problem) -> QWidget:
        holder = QWidget(self.tree)
        row = QHBoxLayout(holder)
        row.setContentsMargins(4, 2, 4, 2)
        row.setSpacing(4)
        row.addStretch(1)
        for fix in problem.fixes:
            button = QPushButton(fix.label)
            button.setProperty("tone", "small")
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _, fix=fix: self.fixed.emit(fix))
            row.addWidget(button)
            button.ensurePolished()  # the column is as wide as the buttons are once they are dressed
        return holder

    def _open(self, row: QTreeWidgetItem) -> None:
        problem = row.data(0, PROBLEM_ROLE)
        if problem is not None:
            self.activated.emit(problem.node)

    def _menu(self, at: QPoint) -> None:
        row = self.tree.itemAt(at)
        problem: Problem | None = row.data(0, PROBLEM_ROLE) if row else None
        if problem is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if problem.node:
            menu.addAction("Show node", lambda: self.activated.emit(problem.node))
        for fix in problem.fixes:
            menu.addAction(fix.label, lambda fix=fix: self.fixed.emit(fix))
        menu.popup(self.tree.viewport().mapToGlobal(at))
