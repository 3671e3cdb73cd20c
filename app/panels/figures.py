"""A tensor in numbers: a line of facts, four statistics and their histogram."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.theme import Theme
from engine.messages import Figures

STATISTICS = ("min", "max", "mean", "std")


class Histogram(QWidget):
    """Bars from the least value to the greatest."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.theme = theme
        self.counts: tuple[int, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_counts(self, counts: tuple[int, ...]) -> None:
        self.counts = counts
        self.setVisible(bool(counts))
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(200, 44)

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.counts:
            return
        most = max(self.counts) or 1
        width = self.width() / len(self.counts)
        with QPainter(self) as painter:
            painter.fillRect(QRectF(0, self.height() - 1, self.width(), 1), self.theme.line)
            for index, count in enumerate(self.counts):
                # The square root keeps rare values visible beside a peak.
                height = (count / most) ** 0.5 * (self.height() - 2)
                gap = 1.0 if width > 3 else 0.0
                bar = QRectF(index * width, self.height() - 1 - height, width - gap, height)
                painter.fillRect(bar, self.theme.selection)


class FiguresView(QWidget):
    """Shape, dtype, device, statistics, histogram."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.facts = QLabel()
        self.facts.setWordWrap(True)
        self.facts.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.warning = QLabel()
        self.warning.setProperty("tone", "warning")
        self.histogram = Histogram(theme)
        self.values: dict[str, QLabel] = {}
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(1)
        for column, name in enumerate(STATISTICS):
            label = QLabel(name)
            label.setProperty("tone", "muted")
            value = self.values[name] = QLabel()
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            grid.addWidget(label, 0, column)
            grid.addWidget(value, 1, column)
            grid.setColumnStretch(column, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.facts)
        column.addWidget(self.histogram)
        column.addLayout(grid)
        column.addWidget(self.warning)

    def set_theme(self, theme: Theme) -> None:
        self.histogram.theme = theme
        self.histogram.update()

    def show_figures(self, figures: Figures) -> None:
        shape = " × ".join(map(str, figures.shape)) or "a single number"
        self.facts.setText(f"{shape}  ·  {figures.dtype}  ·  {figures.device}")
        for name, value in zip(STATISTICS, (figures.low, figures.high, figures.mean, figures.std), strict=True):
            self.values[name].setText(f"{value:.4g}")
        self.histogram.show_counts(figures.histogram)
        self.warning.setText(f"{figures.not_finite} values are not finite (nan or inf)")
        self.warning.setVisible(bool(figures.not_finite))
