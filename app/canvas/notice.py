"""A few words beside the pointer, while a gesture is under way."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF
from PySide6.QtWidgets import QWidget

from app.canvas.brushes import Brushes, snap

WIDEST = 300
SIZE = 12


def notice(b: Brushes, widget: QWidget, at: QPointF, text: str, colour: QColor) -> None:
    """Words in a box with an edge of this colour, below and right of the pointer or where there is room."""
    font = b.texts.font(SIZE, False)
    text = text[:1].upper() + text[1:]
    flags = Qt.TextFlag.TextWordWrap
    words = QFontMetricsF(font).boundingRect(QRectF(0, 0, WIDEST, 1000), flags, text)
    box = QRectF(at.x() + 16, at.y() + 18, words.width() + 21, words.height() + 12)
    if box.right() > widget.width() - 6:
        box.moveRight(max(widget.width() - 6.0, box.width() + 6))
    if box.bottom() > widget.height() - 6:
        box.moveBottom(at.y() - 12)
    box = snap(box)
    b.painter.setPen(b.pen(b.theme.line))
    b.painter.setBrush(b.theme.panel)
    b.painter.drawRoundedRect(box, 5, 5)
    b.painter.fillRect(QRectF(box.x() + 1, box.y() + 4, 3, box.height() - 8), colour)
    b.painter.setFont(font)
    b.painter.setPen(b.theme.text)
    b.painter.drawText(QRectF(box.x() + 12, box.y() + 6, words.width() + 2, words.height() + 2), flags, text)
