"""Pictures of the graph, as pixels (PNG) or as lines and text (SVG, PDF), painted in small steps."""

import math
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Literal

from msgspec import Struct
from PySide6.QtCore import QMarginsF, QPointF, QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QImage, QPageSize, QPainter, QPainterPath, QPdfWriter
from PySide6.QtSvg import QSvgGenerator
from shiboken6 import delete

from app.canvas import badges, render
from app.canvas import scene as scenes
from app.canvas.brushes import Brushes
from app.canvas.camera import Camera
from app.canvas.surface import Surface
from app.canvas.texts import Texts
from app.theme import Theme
from engine.document.disk import FileError

Form = Literal["png", "svg", "pdf"]
FORMS: dict[Form, str] = {"png": "PNG: pixels", "svg": "SVG: lines, letters as outlines", "pdf": "PDF: lines and text"}

MARGIN = 24.0
LONGEST = 12_000
"""A PNG has at most this many pixels on a side, and at most `PIXELS` of them."""
PIXELS = 48_000_000
POINTS = 14_400
"""A page of a PDF is at most this long; there are 96 canvas units to its 72 points where it is shorter."""
BAND = 256
"""So many rows of pixels are filled at a time."""
MOST_NODES = 6000
"""A picture shows at most so many nodes: frames beyond are closed."""


class Picture(Struct, frozen=True):
    """What is painted and how: an area in canvas units, at a scale. Without background one sees what is behind it."""

    area: QRectF
    form: Form
    theme: Theme
    scale: float = 1.0
    background: bool = True

    @property
    def size(self) -> QSize:
        """In pixels; in points for a PDF."""
        unit = 0.75 * self.scale if self.form == "pdf" else self.scale
        return QSize(max(1, math.ceil(self.area.width() * unit)), max(1, math.ceil(self.area.height() * unit)))


def area_of(surface: Surface, nodes: Sequence[str] = ()) -> QRectF:
    """The part of the canvas that these nodes take; without any, all there is. With a margin."""
    if not nodes:
        left, top, right, bottom = scenes.bounds(surface.arrangement, surface.texts)
        return QRectF(QPointF(left, top), QPointF(right, bottom)).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)
    boxes = surface.arrangement.boxes
    shown = {scenes.shown(surface.arrangement, node) for node in nodes}
    rects = (QRectF(*surface.arrangement.corner(node), boxes[node].width, boxes[node].height) for node in shown)
    return scenes.union(rects).adjusted(-MARGIN, -MARGIN, MARGIN, MARGIN)


def form_of(path: Path) -> Form | None:
    """The format that a file's name asks for."""
    return next((form for form in FORMS if path.suffix.lower() == f".{form}"), None)


def fitting(area: QRectF, form: Form, wanted: float = 1.0) -> float:
    """The scale that is wanted, or the largest that the form holds; lines and text have no use for more than 1."""
    longest = max(area.width(), area.height())
    if form == "png":
        return min(wanted, LONGEST / longest, math.sqrt(PIXELS / (area.width() * area.height())))
    return min(1.0, POINTS / (0.75 * longest)) if form == "pdf" else 1.0


def told(picture: Picture, wanted: float, nodes: int) -> str:
    """How large a picture will be, in words, and why it will not be as large as wanted, or not show all its nodes."""
    wide, high = picture.size.width(), picture.size.height()
    if picture.form == "pdf":
        words = f"A page of {wide * 0.03528:,.0f} × {high * 0.03528:,.0f} cm; its text can be searched"
    else:
        words = f"{wide:,} × {high:,} pixels"
    if picture.scale < wanted:
        what = "PNG" if picture.form == "png" else "page"
        least = "; SVG and PDF have every letter at any size" if picture.form == "png" else ""
        words += f", at {max(0.01, picture.scale):.0%}: that is the largest {what}{least}"
    if nodes > MOST_NODES:
        words += (
            f". These are {nodes:,} nodes, and a picture shows at most {MOST_NODES:,}: the innermost frames stay "
            "closed. To see into them, select a part of the graph and export that"
        )
    return words


def image(surface: Surface, scale: float = 1.0, longest: int = LONGEST) -> QImage:
    """The whole graph in pixels, none of its sides longer than this."""
    area = area_of(surface)
    scale = min(scale, longest / max(area.width(), area.height()))
    picture = Picture(area, "png", surface.theme, fitting(area, "png", scale))
    made = _pixels(picture, Path())
    with QPainter(made) as p:
        for _ in _steps(p, surface, picture):
            pass
    return made


def write(surface: Surface, picture: Picture, path: Path) -> Generator[float]:
    """Paint a picture into a file, a node at a time; tells how much is done, from 0 to 1.

    At 1 all is painted: what is left is writing, which another thread may do. The file is there only once it is whole;
    closing the generator before leaves what was, and takes as long as writing: another thread may do that too. Raises
    FileError.
    """
    failed = FileError(f"{path} can't be written: choose another folder or name")
    part = path.with_name(f".{path.stem}.part.{picture.form}")
    device = _DEVICES[picture.form](picture, part)
    try:
        p = QPainter()
        if not p.begin(device):
            raise failed
        try:
            yield from _steps(p, surface, picture)
            yield 1.0
        finally:
            delete(p)  # writes lines and text, and other than its `end` lets Python go on in the meantime
        if isinstance(device, QImage) and not device.save(str(part)):
            raise failed
        try:
            part.replace(path)
        except OSError as error:
            raise failed from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _steps(p: QPainter, surface: Surface, picture: Picture) -> Iterator[float]:
    pixels = picture.form == "png"
    zoom = picture.scale if pixels else 1.0
    if picture.form == "pdf":
        p.scale(picture.scale, picture.scale)
    p.setRenderHint(QPainter.RenderHint.Antialiasing)
    area, family = picture.area, surface.texts.family
    texts = surface.texts if pixels else Letters(family, outlines=picture.form == "svg")
    camera = Camera(zoom, -area.x() * zoom, -area.y() * zoom)
    wide, high = area.width() * zoom, area.height() * zoom
    scene = scenes.build(surface.arrangement, camera, wide, high, texts, MOST_NODES)
    ground = picture.theme.canvas if picture.background else QColor(0, 0, 0, 0)
    if pixels:  # of many millions, filling them takes longer than a step may
        p.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
        for top in range(0, picture.size.height(), BAND):
            p.fillRect(0, top, picture.size.width(), BAND, ground)
            yield 0.0
        p.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    elif picture.background:
        p.fillRect(QRectF(0, 0, wide, high), ground)
    b, done = Brushes(p, picture.theme, texts, zoom), render.Painted()
    for _ in render.steps(b, scene, surface.arrangement, surface.marks, {}, done):
        yield min(0.99, done.nodes / len(scene.items))
    for node, severity in render.worst(surface.arrangement, scene, surface.marks).items():
        badges.badge(b, scene.by_node[node], severity)


def _pixels(picture: Picture, path: Path) -> QImage:
    del path
    return QImage(picture.size, QImage.Format.Format_ARGB32_Premultiplied)


def _svg(picture: Picture, path: Path) -> QSvgGenerator:
    made = QSvgGenerator()
    made.setFileName(str(path))
    made.setResolution(96)
    made.setSize(picture.size)
    made.setViewBox(QRectF(0, 0, picture.area.width(), picture.area.height()))
    return made


def _pdf(picture: Picture, path: Path) -> QPdfWriter:
    made = QPdfWriter(str(path))
    made.setResolution(96)
    made.setPageSize(QPageSize(QSizeF(picture.size), QPageSize.Unit.Point, "", QPageSize.SizeMatchPolicy.ExactMatch))
    made.setPageMargins(QMarginsF())
    return made


_DEVICES = {"png": _pixels, "svg": _svg, "pdf": _pdf}


class Letters(Texts):
    """Texts for devices that keep them sharp at any size: as text in a font, or as the outlines of its letters."""

    def __init__(self, family: str, outlines: bool) -> None:
        super().__init__(family)
        self.outlines = outlines

    def _put(
        self,
        painter: QPainter,
        text: str,
        x: float,
        middle: float,
        room: float,
        whole: int,
        bold: bool,
        colour: QColor,
        centred: bool,
    ) -> float:
        font, metrics = self._font(whole, bold)
        wide = self.width(text, whole, bold)
        start = QPointF(x + (room - wide) / 2 if centred else x, middle - metrics.height() / 2 + metrics.ascent())
        if self.outlines:
            path = QPainterPath()
            path.addText(start, font, text)
            painter.fillPath(path, colour)
        else:
            painter.setFont(font)
            painter.setPen(colour)
            painter.drawText(start, text)
        return wide
