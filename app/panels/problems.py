"""The problems panel: what is wrong, where, and what can be done about it with one click."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QGridLayout,
    QHeaderView,
    QLabel,
    QMenu,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.icons import icon, themed
from app.panels.flow import Flow
from app.panels.form import rich
from app.theme import Theme
from engine.document.graph import Graph
from engine.document.problems import Fix, Problem, named

MOST_SHOWN = 500
SEVERITIES = ("error", "warning", "info")
ROW = QSize(0, 28)
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


class Detail(QWidget):
    """One problem in full: its whole message, and a button for each fix. `fixed` carries the one that was pressed."""

    fixed = Signal(object)

    def __init__(self, problem: Problem, text: str, theme: Theme) -> None:
        super().__init__()
        self.setAutoFillBackground(False)
        sign = QLabel()
        sign.setPixmap(severity_icon(problem.severity, theme).pixmap(16, 16))
        message = QLabel(rich(text).replace("\n", "<br>"))
        message.setWordWrap(True)
        grid = QGridLayout(self)
        grid.setContentsMargins(3, 5, 4, 5)
        grid.setHorizontalSpacing(4)
        grid.setVerticalSpacing(5)
        grid.setColumnStretch(1, 1)
        grid.addWidget(sign, 0, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(message, 0, 1, Qt.AlignmentFlag.AlignTop)
        grid.setRowStretch(2, 1)
        if problem.fixes:
            buttons = Flow()
            for fix in problem.fixes:
                button = QPushButton(fix.label)
                button.setProperty("tone", "small")
                button.clicked.connect(lambda _, fix=fix: self.fixed.emit(fix))
                buttons.addWidget(button)
            grid.addLayout(buttons, 1, 1)


class ProblemsPanel(QWidget):
    """A line for each problem, errors first; the current one in full, with its fixes.

    `activated` names a node to show, `adapter_activated` an adapter; `fixed` carries a Fix to apply.
    """

    activated = Signal(str)
    adapter_activated = Signal(str)
    fixed = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.problems: list[Problem] = []
        self._graph: Graph | None = None
        self._detail: tuple[QTreeWidgetItem, Detail] | None = None
        self.tree = QTreeWidget()
        self.tree.setObjectName("problems")
        self.tree.setColumnCount(2)
        self.tree.setHeaderHidden(True)
        self.tree.setRootIsDecorated(False)
        self.tree.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.tree.setVerticalScrollMode(QTreeWidget.ScrollMode.ScrollPerPixel)
        self.tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.tree.setAccessibleName("Problems")
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(0)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Fixed)
        header.resizeSection(1, 28)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tree)
        # On the tree, in no layout: otherwise the first problem, and the last to go, would lay out the window.
        self._none = QLabel("No problems.", self.tree.viewport())
        self._none.setProperty("tone", "muted")
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.tree.itemClicked.connect(self._clicked)
        self.tree.itemActivated.connect(self._open)
        self.tree.currentItemChanged.connect(self._unfold)
        self.tree.customContextMenuRequested.connect(self._menu)
        self.tree.viewport().installEventFilter(self)

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._fill()

    def show_problems(self, problems: Sequence[Problem], graph: Graph) -> None:
        """Show these problems of this graph; one that was current and is still there stays so."""
        ordered = sorted(problems, key=lambda p: SEVERITIES.index(p.severity))
        self._graph = graph
        if ordered != self.problems or self.tree.topLevelItemCount() != min(len(ordered), MOST_SHOWN):
            self.problems = ordered
            self._fill()

    def item(self, index: int) -> QTreeWidgetItem:
        found = self.tree.topLevelItem(index)
        assert found is not None
        return found

    def detail(self, index: int) -> Detail:
        """Make the problem of this row the current one; gives what is shown of it."""
        self.tree.setCurrentItem(self.item(index))
        found = self.tree.itemWidget(self.item(index), 0)
        assert isinstance(found, Detail)
        return found

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._fit()
            self._none.resize(self.tree.viewport().size())
        return super().eventFilter(watched, event)

    def _fill(self) -> None:
        current = self.tree.currentItem()
        kept: Problem | None = current.data(0, PROBLEM_ROLE) if current else None
        if self.tree.isAncestorOf(self.focusWidget() or self):
            self.tree.setFocus()  # not wherever it would go when the button that has it is gone
        self._detail = None
        self.tree.clear()
        self._none.setVisible(not self.problems)
        for problem in self.problems[:MOST_SHOWN]:
            row = QTreeWidgetItem(self.tree)
            row.setData(0, PROBLEM_ROLE, problem)
            row.setToolTip(0, rich(self._text(problem)))
            self._fold(row)
            if kept and (problem.code, problem.node, problem.param) == (kept.code, kept.node, kept.param):
                self.tree.setCurrentItem(row)
        if len(self.problems) > MOST_SHOWN:
            QTreeWidgetItem(self.tree, [f"and {len(self.problems) - MOST_SHOWN} more", ""])

    def _text(self, problem: Problem) -> str:
        return full(problem, self._graph) if self._graph else problem.message

    def _unfold(self, row: QTreeWidgetItem | None) -> None:
        """Show the current problem in full, and the one before as a line again."""
        if self._detail:
            before, detail = self._detail
            self._detail = None
            detail.hide()
            self.tree.removeItemWidget(before, 0)
            self._fold(before)
        problem = row.data(0, PROBLEM_ROLE) if row else None
        if row is None or problem is None:
            return
        detail = Detail(problem, self._text(problem), self.theme)
        detail.fixed.connect(self._fix)
        row.setText(0, "")
        for column in (0, 1):
            row.setIcon(column, QIcon())
        self.tree.setItemWidget(row, 0, detail)
        self._detail = (row, detail)
        self._fit()
        self.tree.scrollToItem(row)

    def _fold(self, row: QTreeWidgetItem) -> None:
        """Show a problem as one line."""
        problem: Problem | None = row.data(0, PROBLEM_ROLE)
        if problem is None:
            return
        row.setSizeHint(0, ROW)
        row.setText(0, self._text(problem).replace("\n", " "))
        row.setIcon(0, severity_icon(problem.severity, self.theme))
        if problem.fixes:
            row.setIcon(1, themed("fix", self.theme))
            row.setToolTip(1, "Quick fixes")

    def _fit(self) -> None:
        """The current row is as tall as it needs to be."""
        if self._detail:
            row, detail = self._detail
            height = detail.heightForWidth(self.tree.viewport().width() - self.tree.columnWidth(1))
            detail.setFixedHeight(max(ROW.height(), height))
            row.setSizeHint(0, QSize(0, detail.height()))
            self.tree.scheduleDelayedItemsLayout()

    def _fix(self, fix: Fix) -> None:
        self.tree.setFocus()
        self.fixed.emit(fix)

    def _clicked(self, row: QTreeWidgetItem, column: int) -> None:
        problem: Problem | None = row.data(0, PROBLEM_ROLE)
        if column == 1 and problem and problem.fixes:
            at = self.tree.visualItemRect(row).topRight()
            self._popup(problem, at)
        else:
            self._open(row)

    def _open(self, row: QTreeWidgetItem) -> None:
        problem = row.data(0, PROBLEM_ROLE)
        if problem is not None and problem.adapter:
            self.adapter_activated.emit(problem.adapter)
        elif problem is not None:
            self.activated.emit(problem.node)

    def _menu(self, at: QPoint) -> None:
        row = self.tree.itemAt(at)
        problem: Problem | None = row.data(0, PROBLEM_ROLE) if row else None
        if problem:
            self._popup(problem, at)

    def _popup(self, problem: Problem, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if problem.node:
            menu.addAction("Show node", lambda: self.activated.emit(problem.node))
        for fix in problem.fixes:
            menu.addAction(fix.label, lambda fix=fix: self._fix(fix))
        menu.popup(self.tree.viewport().mapToGlobal(at))
