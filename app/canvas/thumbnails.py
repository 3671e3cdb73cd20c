"""Thumbnails: small pictures of what nodes made, on the nodes themselves, where one is close enough to see them."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QImage, QPixmap

from app.canvas.render import PICTURES_FROM
from app.canvas.view import Canvas
from engine.messages import Picture

MOST = 64
"""So many are asked for at a time."""
KEPT = 512
"""So many are kept, and all in view, for when one comes back to where one was."""
SETTLED = 150
"""Milliseconds without a move of the camera, or a run, after which those are asked for that are in view."""

Ask = Callable[[tuple[str, ...]], bool]
"""Asks for the pictures of nodes, if that can be done now."""


class Thumbnails(QObject):
    """Asks for the pictures of nodes that have come into view, and has the canvas show them."""

    def __init__(self, canvas: Canvas, ask: Ask) -> None:
        super().__init__(canvas)
        self.canvas = canvas
        self.wanted = True
        self._ask = ask
        self._asked: set[str] = set()
        self._settling = QTimer(self)
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLED)
        self._settling.timeout.connect(self._look)
        canvas.camera_moved.connect(self._settling.start)

    def set_wanted(self, wanted: bool) -> None:
        """Show pictures on nodes, or none."""
        self.wanted = wanted
        if wanted:
            self.renew()
        else:
            self.forget()

    def renew(self) -> None:
        """There are new values. The pictures there are stay until those of the new ones come."""
        self._asked.clear()
        self._settling.start()

    def forget(self) -> None:
        """What the nodes made is not known any more, or they are others."""
        self._asked.clear()
        if self.canvas.marks.pictures:
            self.canvas.set_pictures({})

    def take(self, pictures: Mapping[str, Picture | None]) -> None:
        """These are pictures that were asked for; some nodes have none."""
        before = self.canvas.marks.pictures
        kept = {node: pixmap for node, pixmap in before.items() if node not in pictures}
        found = kept | {node: _pixmap(picture) for node, picture in pictures.items() if picture}
        if self.wanted and (found or before):
            away = [node for node in found if node not in self.canvas.scene.by_node]
            dropped = set(away[: max(0, len(found) - KEPT)])
            self._asked -= dropped
            self.canvas.set_pictures({node: pixmap for node, pixmap in found.items() if node not in dropped})
        self._settling.start()  # there may be more in view than can be asked for at a time

    def _look(self) -> None:
        """Ask for what is in view and has room for a picture."""
        canvas = self.canvas
        if not self.wanted or not canvas.isVisible() or canvas.zoom < PICTURES_FROM:
            return
        nodes = (item.node for item in canvas.scene.items if item.state != "open")
        unknown = tuple(node for node in nodes if node not in self._asked)[:MOST]
        if unknown and self._ask(unknown):
            self._asked.update(unknown)


def _pixmap(picture: Picture) -> QPixmap:
    image = QImage(picture.rgb, picture.width, picture.height, 3 * picture.width, QImage.Format.Format_RGB888)
    return QPixmap.fromImage(image)
