"""The outline's lines: the graph as a Qt model of its tree, whose items are dropped and renamed as edits."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QIcon

from app.icons import kind_icon
from app.theme import Theme
from engine.document import modes, rewrites, wiring
from engine.document.answers import Answer
from engine.document.document import Change, Document
from engine.document.graph import CANVAS, path_of

NODES_MIME = "application/x-catenary-nodes"
"""What the outline drags: ids of nodes, one a line."""

MANY = 200
"""Lines are brought up to date one by one for at most so many."""

# Views ask for them all the time.
OF_LEAF = (
    Qt.ItemFlag.ItemIsEnabled
    | Qt.ItemFlag.ItemIsSelectable
    | Qt.ItemFlag.ItemIsEditable
    | Qt.ItemFlag.ItemIsDragEnabled
)
OF_FRAME = OF_LEAF | Qt.ItemFlag.ItemIsDropEnabled
OF_ROOT = OF_FRAME & ~Qt.ItemFlag.ItemIsDragEnabled

Index = QModelIndex | QPersistentModelIndex
NOWHERE = QModelIndex()


class OutlineModel(QAbstractItemModel):
    """The nodes of a document: the root and what is parked on the canvas, and in every frame what is in it."""

    performed = Signal(object, str)
    """An answer to what was dropped or typed, and what it would be called."""

    def __init__(self, document: Document, theme: Theme) -> None:
        super().__init__()
        self.document = document
        self.theme = theme
        self._nodes: list[str] = []
        self._numbers: dict[str, int] = {}
        self._rows: dict[str, dict[str, int]] = {}
        """By frame, where each of its lines is, as far as somebody has asked."""
        self._icons: dict[str, QIcon] = {}
        document.listeners.insert(0, self._changed)  # views ask again before anybody else shows them a node

    def set_document(self, document: Document) -> None:
        """Show another document."""
        self.document.listeners.remove(self._changed)
        self.document = document
        document.listeners.insert(0, self._changed)
        self._changed(Change(None, None))

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self._icons.clear()
        self.layoutChanged.emit()

    def node(self, index: Index) -> str:
        """The node at an index; the canvas for none."""
        return self._nodes[index.internalId()] if index.isValid() else CANVAS

    def index_of(self, node: str) -> QModelIndex:
        """Where a node stands; invalid for one that there is not."""
        graph = self.document.graph
        if node not in graph:
            return QModelIndex()
        frame = graph.parents.get(node, CANVAS)
        rows = self._rows.get(frame)
        if rows is None:
            rows = self._rows[frame] = {each: row for row, each in enumerate(self._run(frame))}
        return self._at(rows[node], node)

    def _at(self, row: int, node: str) -> QModelIndex:
        number = self._numbers.get(node)
        if number is None:
            number = self._numbers[node] = len(self._nodes)
            self._nodes.append(node)
        return self.createIndex(row, 0, number)

    def _run(self, frame: str) -> list[str]:
        """What stands below a frame, wired and parked."""
        graph = self.document.graph
        first = [graph.root] if frame == CANVAS else graph.children.get(frame, [])
        parked = graph.segments(frame)
        return [*first, *(node for segment in parked for node in segment)] if parked else first

    def _changed(self, change: Change) -> None:
        touched = change.touched
        if touched is None or touched.frames:
            self._rows.clear()
        if touched is None:
            self.beginResetModel()
            self._nodes, self._numbers = [], {}
            self.endResetModel()
        elif touched.frames or touched.modes or len(touched.nodes) > MANY:
            self.layoutAboutToBeChanged.emit()
            kept = self.persistentIndexList()
            self.changePersistentIndexList(kept, [self.index_of(self.node(index)) for index in kept])
            self.layoutChanged.emit()
        else:
            for node in touched.nodes:
                index = self.index_of(node)
                self.dataChanged.emit(index, index)

    # What views ask.

    def index(self, row: int, column: int, parent: Index = NOWHERE) -> QModelIndex:
        run = self._run(self.node(parent))
        return self._at(row, run[row]) if column == 0 and 0 <= row < len(run) else QModelIndex()

    def parent(self, index: Index = NOWHERE) -> QModelIndex:  # pyright: ignore[reportIncompatibleMethodOverride]
        frame = self.document.graph.parents.get(self.node(index), CANVAS)
        return self.index_of(frame) if frame != CANVAS else QModelIndex()

    def rowCount(self, parent: Index = NOWHERE) -> int:
        return len(self._run(self.node(parent)))

    def columnCount(self, parent: Index = NOWHERE) -> int:
        del parent
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        graph, node = self.document.graph, self.node(index)
        if node not in graph:
            return None
        data = graph.nodes[node]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                loose = " (parked)" if self._is_parked(node) else ""
                return data.title + (f" ({modes.WORDS[data.mode]})" if data.mode else loose)
            case Qt.ItemDataRole.EditRole:
                return data.title
            case Qt.ItemDataRole.ToolTipRole:
                return path_of(graph, node) or data.title
            case Qt.ItemDataRole.DecorationRole:
                return self._icon(data.kind)
            case Qt.ItemDataRole.ForegroundRole:
                idle = any(graph.nodes[each].mode for each in (node, *graph.ancestors(node)))
                return self.theme.text_dim if idle or graph.is_loose(node) else None
            case _:
                return None

    def _is_parked(self, node: str) -> bool:
        graph = self.document.graph
        return node != graph.root and graph.place_of(node).segment is not None

    def _icon(self, kind: str) -> QIcon | None:
        found = self.document.catalogue.get(kind)
        if kind not in self._icons and found:
            self._icons[kind] = kind_icon(found, self.theme)
        return self._icons.get(kind)

    # What hands do.

    def flags(self, index: Index) -> Qt.ItemFlag:
        graph, node = self.document.graph, self.node(index)
        if node not in graph:
            return Qt.ItemFlag.NoItemFlags
        if node == graph.root:
            return OF_ROOT
        return OF_FRAME if graph.is_frame(node) else OF_LEAF

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        graph, node = self.document.graph, self.node(index)
        if role != Qt.ItemDataRole.EditRole or node not in graph or str(value) == graph.nodes[node].title:
            return False
        self.performed.emit(rewrites.rename(graph, self.document.catalogue, node, str(value).strip()), "Rename")
        return True

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [NODES_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        data = QMimeData()
        data.setData(NODES_MIME, QByteArray("\n".join(map(self.node, indexes)).encode()))
        return data

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        del action, column
        nodes = bytes(data.data(NODES_MIME).data()).decode().split()
        frame = self.node(parent)
        if not nodes or frame not in self.document.graph:
            return False
        self.move(nodes, frame, row if row >= 0 else len(self.document.graph.children[frame]))
        return False  # what was dragged is not to be removed: it has been moved

    def move(self, nodes: list[str], frame: str, row: int) -> None:
        """Take nodes to a line of a frame; below those that are wired, they are parked."""
        graph, catalogue = self.document.graph, self.document.catalogue
        if any(node not in graph for node in nodes):
            return
        wired = row <= len(graph.children[frame])
        answer: Answer = (
            wiring.move_to(graph, catalogue, nodes, frame, row)
            if wired
            else wiring.park(graph, catalogue, nodes, frame)
        )
        what = graph.nodes[nodes[0]].title if len(nodes) == 1 else f"{len(nodes)} nodes"
        self.performed.emit(answer, f"Move {what}")
