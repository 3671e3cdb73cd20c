"""The legend of heat: which colour is how much, and the nodes there is most at."""

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.canvas.heat import STEPS, Heat, shade
from app.canvas.view import Canvas
from app.icons import icon
from app.theme import Theme
from engine.document.graph import path_of

WIDTH, MARGIN = 260, 12
BAR = 12
NODE = Qt.ItemDataRole.UserRole


class Legend(QFrame):
    """A child of the canvas, in its lower left corner, there while one looks at heat."""

    closed = Signal()
    chosen = Signal(str)
    """A node of the list was."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.heat: Heat | None = None
        self.setObjectName("legend")
        self.title = QLabel()
        self.title.setProperty("tone", "strong")
        self.more = QToolButton()
        self.more.setText("Top ten")
        self.more.setToolTip("The nodes that there is most at")
        self.more.setAutoRaise(True)
        self.more.setCheckable(True)
        self.close_button = QToolButton()
        self.close_button.setAutoRaise(True)
        self.close_button.setIconSize(QSize(10, 10))
        self.close_button.setToolTip("Show nodes in their own colours again")
        self.close_button.setAccessibleName("Close the legend")
        self.bar = ScaleBar(self)
        self.note = QLabel()
        self.note.setProperty("tone", "muted")
        self.note.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName("Top ten")
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.more)
        head.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 4, 6, 8)
        column.setSpacing(4)
        column.addLayout(head)
        for widget in (self.bar, self.note, self.list):
            column.addWidget(widget)
        self.list.hide()
        self.hide()
        self.more.toggled.connect(self._show)
        self.close_button.clicked.connect(self.closed)
        self.list.itemActivated.connect(self._choose)
        self.list.itemClicked.connect(self._choose)
        canvas.installEventFilter(self)
        self.set_theme(canvas.theme)

    def show_heat(self, heat: Heat | None, note: str = "") -> None:
        """Tell what this heat is, and `note` where something is amiss; hide without one."""
        self.heat = heat
        self.note.setText(note)
        self.setVisible(heat is not None)
        self._show()

    def set_theme(self, theme: Theme) -> None:
        """Wear the colours of a theme."""
        self.close_button.setIcon(icon("remove", theme.text_dim.name()))
        edge = f"1px solid {theme.border.name()}"
        self.setStyleSheet(f"#legend {{ background: {theme.panel.name()}; border: {edge}; border-radius: 4px; }}")
        self.bar.update()

    def _show(self) -> None:
        heat = self.heat
        if heat is None:
            return
        self.title.setText(heat.quantity.title)
        self.title.setToolTip(heat.quantity.about)
        self.note.setVisible(bool(self.note.text()))
        self.more.setEnabled(bool(heat.values))
        self.bar.setVisible(bool(heat.values))
        self.list.clear()
        if self.more.isChecked():
            self._fill(heat)
        self.list.setVisible(self.list.count() > 0)
        self.bar.update()
        self._place()

    def _fill(self, heat: Heat) -> None:
        graph = self.canvas.document.graph
        for node in heat.heaviest(lambda node: node in graph and not graph.is_frame(node)):
            path = path_of(graph, node)
            item = QListWidgetItem(f"{heat.words(node)}   {path}")
            item.setToolTip(path)
            item.setData(NODE, node)
            self.list.addItem(item)
        high = sum(self.list.sizeHintForRow(row) for row in range(self.list.count()))
        self.list.setFixedHeight(high + 2 * self.list.frameWidth())

    def _choose(self, item: QListWidgetItem) -> None:
        self.chosen.emit(item.data(NODE))

    def _place(self) -> None:
        self.setFixedWidth(min(WIDTH, self.canvas.width() - 2 * MARGIN))
        self.adjustSize()
        self.move(MARGIN, self.canvas.height() - self.height() - MARGIN)
        self.raise_()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()  # what lies under it is not meant

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return super().eventFilter(watched, event)


class ScaleBar(QWidget):
    """The colours of a scale from end to end, with the values that stand at the ends and in the middle."""

    def __init__(self, legend: Legend) -> None:
        super().__init__(legend)
        self.legend = legend
        self.setAccessibleName("Scale")

    def sizeHint(self) -> QSize:
        return QSize(WIDTH - 20, BAR + 3 + QFontMetrics(self.font()).height())

    def paintEvent(self, event: QPaintEvent) -> None:
        del event
        heat, theme = self.legend.heat, self.legend.canvas.theme
        if heat is None:
            return
        with QPainter(self) as p:
            wide = self.width()
            for step in range(STEPS + 1):
                left, right = round(step * wide / (STEPS + 1)), round((step + 1) * wide / (STEPS + 1))
                tint = shade(step / STEPS, heat.quantity.signed, theme.dark)
                p.fillRect(left, 0, right - left, BAR, tint.fill)
            p.setPen(theme.border)
            p.drawRect(0, 0, wide - 1, BAR - 1)
            p.setPen(theme.text)
            places = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
            for position, place in zip((0.0, 0.5, 1.0), places, strict=True):
                text = heat.quantity.write(heat.scale.value(position))
                p.drawText(0, BAR + 3, wide, self.height() - BAR - 3, place, text)
