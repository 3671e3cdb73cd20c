"""The canvas widget: shows a document's graph, keeps camera and selection, and turns gestures into edits."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.theme import Theme
from engine.document import flow
from engine.document.document import Document

KIND_MIME = "application/x-catenary-kind"
"""What the palette drags: the name of a kind, as UTF-8."""


class Canvas(QWidget):
    """One painted widget that shows the whole graph. Every change it makes goes through `Document.apply`."""

    selection_changed = Signal(object)
    hint = Signal(str)
    refused = Signal(str)
    activated = Signal(str)
    menu_requested = Signal(object, object)

    def __init__(self, document: Document, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.document = document
        self.theme = theme
        self.selection: list[str] = []
        self.zoom = 1.0

    def set_document(self, document: Document) -> None:
        self.document = document

    def select(self, ids: Iterable[str], reveal: bool = False) -> None:
        self.selection = list(ids)
        self.selection_changed.emit(list(self.selection))

    def rect_of(self, node: str) -> QRectF:
        return QRectF()

    def port_of(self, node: str, side: str) -> QPointF:
        return QPointF()

    def wire_point(self, wire: flow.Wire) -> QPointF:
        return QPointF()

    def hit(self, x: float, y: float) -> Any:
        return None

    def reveal(self, node: str) -> None: ...

    def frame_all(self) -> None: ...

    def frame_selection(self) -> None: ...

    def zoom_by(self, factor: float, centre: QPointF | None = None) -> None: ...

    def set_zoom(self, zoom: float) -> None: ...

    def add_kind(self, kind: str) -> str | None: ...

    def delete_selection(self) -> None: ...

    def toggle_collapsed(self, ids: Iterable[str] | None = None) -> None: ...

    def select_all(self) -> None: ...

    def set_shapes(
        self, returns: Mapping[str, tuple[str, ...]], receives: Mapping[str, tuple[str, ...]]
    ) -> None: ...

    def set_problems(self, problems: Sequence[Any]) -> None: ...

    def set_running(self, node: str | None) -> None: ...

    def set_faults(self, faults: Sequence[Any]) -> None: ...

    def set_links_shown(self, mode: str) -> None: ...

    def set_theme(self, theme: Theme) -> None:
        self.theme = theme
        self.update()

    def image(self, scale: float = 1.0, margin: float = 24) -> QImage:
        return QImage()
