"""The menu that opens where a gesture was refused: why, and what could be done instead."""

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QLabel, QMenu, QWidget, QWidgetAction

from engine.document.answers import Refusal
from engine.document.offers import Offer

WIDEST = 420
"""Reasons are broken into lines of at most this many pixels."""


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
