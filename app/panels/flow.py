"""A layout that sets widgets side by side and goes on in the next line, as text does."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtWidgets import QLayout, QLayoutItem


class Flow(QLayout):
    """Lines of widgets, each as large as it wants to be, but never wider than the whole."""

    def __init__(self, spacing: int = 4) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(spacing)
        self._items: list[QLayoutItem] = []

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem:  # Qt asks one past the end, and wants None there
        return self._items[index] if 0 <= index < len(self._items) else None  # pyright: ignore[reportReturnType]

    def takeAt(self, index: int) -> QLayoutItem:
        return self._items.pop(index) if 0 <= index < len(self._items) else None  # pyright: ignore[reportReturnType]

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        places = self._places(width)
        return max((place.bottom() + 1 for place in places), default=0)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        for item, place in zip(self._items, self._places(rect.width()), strict=True):
            item.setGeometry(place.translated(rect.topLeft()))

    def sizeHint(self) -> QSize:
        return self.minimumSize()

    def minimumSize(self) -> QSize:
        return QSize(0, max((item.sizeHint().height() for item in self._items), default=0))

    def _places(self, width: int) -> list[QRect]:
        places: list[QRect] = []
        at = QPoint(0, 0)
        for item in self._items:
            size = item.sizeHint()
            if at.x() and at.x() + size.width() > width:
                at = QPoint(0, places[-1].bottom() + 1 + self.spacing())
            places.append(QRect(at, QSize(min(size.width(), width), size.height())))
            at += QPoint(size.width() + self.spacing(), 0)
        return places
