"""The palette: every kind by category, found by typing, dragged onto the canvas or put there by a double click."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import (
    QByteArray,
    QEvent,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QDrag, QKeyEvent, QPainter, QPixmap, QShowEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import QAbstractItemView, QLineEdit, QTreeView, QVBoxLayout, QWidget

from app.canvas.adapting import ADAPTER_MIME
from app.canvas.drops import KIND_MIME
from app.icons import adapter_icon, kind_icon
from app.panels.form import rich
from app.search import best, score
from app.theme import Theme
from engine.document.adapter_files import dump
from engine.document.adapters import Adapter
from engine.document.kinds import Catalogue, NodeKind

KIND_ROLE = Qt.ItemDataRole.UserRole + 1
"""The kind's name at an entry; None at a category and at an adapter."""
ADAPTER_ROLE = Qt.ItemDataRole.UserRole + 2
"""The adapter at an entry."""
ADAPTER_ID_ROLE = Qt.ItemDataRole.UserRole + 3
"""Its id."""
ADAPTERS = "Adapters"

BESIDE = 14
"""How far from the pointer, in pixels, what is dragged is shown."""


def tooltip(kind: NodeKind) -> str:
    """What a kind does and takes, as rich text."""
    params = "".join(f"<br>• <b>{p.name}</b>: {rich(p.doc)}" for p in kind.params)
    return f"<b>{kind.name}</b><br>{rich(kind.doc)}{params}"


def entry_of(index: QModelIndex | QPersistentModelIndex) -> str | Adapter | None:
    """The kind or the adapter at an index; None at a category."""
    return index.data(KIND_ROLE) or index.data(ADAPTER_ROLE)


class KindModel(QStandardItemModel):
    """Categories with their kinds and the adapters, or the matches of a search without categories."""

    def __init__(self, catalogue: Catalogue, theme: Theme, adapters: Callable[[], Sequence[Adapter]]) -> None:
        super().__init__()
        self.catalogue = catalogue
        self.adapters = adapters
        self.theme = theme
        self.text = ""
        self.refill()

    def search(self, text: str) -> None:
        self.text = text
        self.refill()

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.refill()

    def refill(self) -> None:
        self.clear()
        if self.text.strip():
            found = [(score(self.text, k.name, k.category, k.doc), self._entry(k)) for k in self.catalogue.values()]
            found += [(score(self.text, a.name, ADAPTERS, a.doc), self._adapter(a)) for a in self.adapters()]
            for entry in best(found):
                self.appendRow(entry)
            return
        categories: dict[str, QStandardItem] = {}
        for adapter in self.adapters():
            self._category(categories, ADAPTERS).appendRow(self._adapter(adapter))
        for kind in self.catalogue.values():
            self._category(categories, kind.category).appendRow(self._entry(kind))

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.CopyAction

    def mimeTypes(self) -> list[str]:
        return [KIND_MIME, ADAPTER_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        names = [name for index in indexes if (name := index.data(KIND_ROLE))]
        if names:
            data.setData(KIND_MIME, QByteArray(names[0].encode()))
            data.setText(names[0])
        for adapter in [found for index in indexes if (found := index.data(ADAPTER_ROLE))]:
            data.setData(ADAPTER_MIME, QByteArray(dump(adapter)))
        return data

    def index_of(self, name: str, role: int = KIND_ROLE) -> QModelIndex:
        """Where a kind stands, or with ADAPTER_ID_ROLE an adapter; an invalid index when the search leaves it out."""
        hits = self.match(self.index(0, 0), role, name, 1, Qt.MatchFlag.MatchRecursive | Qt.MatchFlag.MatchExactly)
        return hits[0] if hits else QModelIndex()

    def _category(self, known: dict[str, QStandardItem], name: str) -> QStandardItem:
        if name not in known:
            category = known[name] = QStandardItem(name)
            category.setFlags(Qt.ItemFlag.ItemIsEnabled)
            font = category.font()
            font.setBold(True)
            category.setFont(font)
            self.appendRow(category)
        return known[name]

    def _adapter(self, adapter: Adapter) -> QStandardItem:
        item = QStandardItem(adapter_icon(self.theme), adapter.name)
        item.setData(adapter, ADAPTER_ROLE)
        item.setData(adapter.id, ADAPTER_ID_ROLE)
        params = "".join(f"<br>• <b>{p.name}</b>: {rich(p.doc)}" for p in adapter.params)
        item.setToolTip(f"<b>{adapter.name}</b><br>{rich(adapter.doc)}{params}")
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
        return item

    def _entry(self, kind: NodeKind) -> QStandardItem:
        item = QStandardItem(kind_icon(kind, self.theme), kind.name)
        item.setData(kind.name, KIND_ROLE)
        item.setToolTip(tooltip(kind))
        item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
        return item


class KindTree(QTreeView):
    """The tree of kinds. What is dragged off it is a small sign beside the pointer, which hides no wire to drop on."""

    def startDrag(self, supportedActions: Qt.DropAction) -> None:  # noqa: N803
        index = self.currentIndex()
        if not entry_of(index):
            return
        drag = QDrag(self)
        drag.setMimeData(self.model().mimeData([index]))
        drag.setPixmap(self.dragged(index))
        drag.setHotSpot(QPoint(0, 0))
        drag.exec(supportedActions)

    def dragged(self, index: QModelIndex) -> QPixmap:
        """The kind's icon and name, translucent, below and to the right of the pixmap's corner."""
        icon, name = index.data(Qt.ItemDataRole.DecorationRole), index.data(Qt.ItemDataRole.DisplayRole)
        metrics, palette, ratio = self.fontMetrics(), self.palette(), self.devicePixelRatioF()
        sign = QRect(BESIDE, BESIDE, 16 + metrics.horizontalAdvance(name) + 22, max(16, metrics.height()) + 8)
        pixmap = QPixmap(QSize(sign.right() + 2, sign.bottom() + 2) * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        with QPainter(pixmap) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(self.font())
            painter.setOpacity(0.8)
            painter.setPen(palette.color(palette.ColorRole.Highlight))
            painter.setBrush(palette.color(palette.ColorRole.Base))
            painter.drawRoundedRect(QRectF(sign).adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
            icon.paint(painter, QRect(sign.left() + 6, sign.center().y() - 7, 16, 16))
            painter.setPen(palette.color(palette.ColorRole.Text))
            painter.drawText(sign.adjusted(28, 0, -6, 0), Qt.AlignmentFlag.AlignVCenter, name)
        return pixmap


class Palette(QWidget):
    """Search field and tree. `chosen` names a kind to add where the canvas is looking, `adapter_chosen` carries an
    adapter to apply to what is selected there."""

    chosen = Signal(str)
    adapter_chosen = Signal(object)

    def __init__(
        self,
        catalogue: Catalogue,
        theme: Theme,
        adapters: Callable[[], Sequence[Adapter]] = tuple,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.model = KindModel(catalogue, theme, adapters)
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search nodes")
        self.search.setClearButtonEnabled(True)
        self.search.setAccessibleName("Search nodes")
        self.tree = KindTree()
        self.tree.setModel(self.model)
        self.tree.setHeaderHidden(True)
        self.tree.setUniformRowHeights(True)
        self.tree.setIndentation(12)
        self.tree.setDragEnabled(True)
        self.tree.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.tree.setExpandsOnDoubleClick(False)
        self.tree.setAccessibleName("Node kinds")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 6, 6, 6)
        layout.addWidget(self.search)
        layout.addWidget(self.tree)
        self.tree.expandAll()
        self.search.textChanged.connect(self._search)
        self.search.installEventFilter(self)
        self.tree.installEventFilter(self)
        self.tree.doubleClicked.connect(self._choose)
        self.tree.clicked.connect(self._toggle)

    def set_theme(self, theme: Theme) -> None:
        self.model.set_theme(theme)
        self.tree.expandAll()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.tree.doItemsLayout()  # rows measured before the stylesheet was known are too low

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.KeyPress or not isinstance(event, QKeyEvent):
            return super().eventFilter(watched, event)
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if watched is self.search and event.key() == Qt.Key.Key_Down:
            self.tree.setFocus()
            self._mark_first()
        elif watched is self.search and event.key() == Qt.Key.Key_Escape and self.search.text():
            self.search.clear()
        elif enter and not event.modifiers():
            if watched is self.search and self.search.text().strip():
                self._mark_first()
            self._choose(self.tree.currentIndex())
        else:
            return super().eventFilter(watched, event)
        return True

    def _search(self, text: str) -> None:
        self.model.search(text)
        self.tree.expandAll()
        if text.strip():
            self._mark_first()

    def _mark_first(self) -> None:
        if not self.tree.currentIndex().isValid() or not entry_of(self.tree.currentIndex()):
            first = self.model.index(0, 0)
            self.tree.setCurrentIndex(first if entry_of(first) else self.model.index(0, 0, first))

    def _choose(self, index: QModelIndex | QPersistentModelIndex) -> None:
        if kind := index.data(KIND_ROLE):
            self.chosen.emit(kind)
        elif adapter := index.data(ADAPTER_ROLE):
            self.adapter_chosen.emit(adapter)

    def _toggle(self, index: QModelIndex) -> None:
        if not entry_of(index):
            self.tree.setExpanded(index, not self.tree.isExpanded(index))
