"""Where the parts of the preview stand."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from app.panels.preview import PreviewPanel


def arrange(panel: "PreviewPanel") -> None:
    """Put them into one column that scrolls."""
    head, tools, foot = QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
    head.setSpacing(2)
    head.addWidget(panel.path, 1)
    for widget in (panel.state, panel.pin):
        head.addWidget(widget)
    tools.setSpacing(2)
    for widget in (panel.fit, panel.actual, panel.smooth):
        tools.addWidget(widget)
    tools.addStretch(1)
    for widget in (panel.save, panel.brush, panel.bar.button, panel.strip, panel.beside):
        tools.addWidget(widget)
    foot.addWidget(panel.caption, 1)
    foot.addWidget(panel.pixel)

    # What is shown never changes the size of the panel: the picture shrinks, then all of it scrolls.
    body = QWidget()
    panel.setWidget(body)
    panel.setWidgetResizable(True)
    panel.setFrameShape(QFrame.Shape.NoFrame)
    panel.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    column = QVBoxLayout(body)
    column.setContentsMargins(10, 6, 10, 10)
    column.setSpacing(6)
    column.addWidget(panel.tabs)
    column.addLayout(head)
    column.addLayout(tools)
    column.addWidget(panel.pause)
    column.addWidget(panel.fault)
    for widget in (panel.box, panel.board, panel.picture):
        column.addWidget(widget, 1)
    column.addLayout(foot)
    column.addWidget(panel.bar)
    column.addWidget(panel.slices)
    column.addWidget(panel.text, 1)
    column.addWidget(panel.empty, 1)
    column.addWidget(panel.figures)
