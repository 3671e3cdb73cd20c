"""The menu that opens where a gesture was refused: why, and what could be done instead."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QMenu, QWidget, QWidgetAction

from engine.document.answers import Refusal
from engine.document.offers import Offer

WIDEST = 420
"""Reasons are broken into lines of at most this many pixels."""

GAP = 10
"""Pixels between the menu and the nodes that it speaks of."""
NEAR = 120
"""A menu farther away than so many pixels is not where one looks."""


def menu(refusal: Refusal, take: Callable[[Offer], object], parent: QWidget) -> QMenu:
    """A menu headed by the reason, with an entry for each offer; `take` gets the one chosen."""
    made = QMenu(parent)
    made.setObjectName("offers")
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    heading = QWidgetAction(made)  # styles leave out the text of a section, and an action's text is one line
    heading.setText(refusal.reason)
    heading.setEnabled(False)
    heading.setDefaultWidget(_reason(refusal.reason, made))
    made.addAction(heading)
    made.addSeparator()
    for offer in refusal.offers:
        made.addAction(offer.label).triggered.connect(lambda _=False, o=offer: take(o))
    return made


def corner(size: QSize, at: QPoint, shown: Sequence[QRect], screen: QRect) -> QPoint:
    """Where the menu's left upper corner goes: as near to `at` as all of `shown`, and of the menu, stays in sight."""
    wide, high = size.width(), size.height()
    x, y = at.x() - wide // 2, at.y() - high // 2
    below = [QPoint(x, edge) for rect in shown for edge in (rect.bottom() + GAP, rect.top() - GAP - high)]
    beside = [QPoint(edge, y) for rect in shown for edge in (rect.right() + GAP, rect.left() - GAP - wide)]
    for corners, far in (([at, *below], NEAR), (beside, NEAR), (below, None)):  # beside nodes are their neighbours
        places = [_within(QRect(corner, size), screen) for corner in corners]
        free = [place for place in places if not any(place.intersects(rect) for rect in shown)]
        nearest = min(free, key=lambda place: _distance(place, at), default=None)
        if nearest and (far is None or _distance(nearest, at) <= far):
            return nearest.topLeft()
    return at


def _within(rect: QRect, screen: QRect) -> QRect:
    left = max(screen.left(), min(rect.left(), screen.right() - rect.width()))
    top = max(screen.top(), min(rect.top(), screen.bottom() - rect.height()))
    return QRect(QPoint(left, top), rect.size())


def _distance(rect: QRect, at: QPoint) -> int:
    across = max(rect.left() - at.x(), 0, at.x() - rect.right())
    return across + max(rect.top() - at.y(), 0, at.y() - rect.bottom())


def _reason(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text[:1].upper() + text[1:], parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setContentsMargins(12, 6, 12, 6)
    palette = label.palette()  # its action can't be chosen, but it is to be read
    ink = palette.color(QPalette.ColorGroup.Active, QPalette.ColorRole.WindowText)
    palette.setColor(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText, ink)
    label.setPalette(palette)
    wrapped = label.fontMetrics().boundingRect(QRect(0, 0, WIDEST - 24, 10_000), Qt.TextFlag.TextWordWrap, label.text())
    label.setFixedWidth(wrapped.width() + 28)
    label.setMinimumHeight(label.heightForWidth(label.width()))
    return label
