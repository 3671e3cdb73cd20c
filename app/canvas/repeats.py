"""Repeats on the canvas: one of them stands for its run as a stack with a count, which unfolds it."""

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF

from app.canvas import brushes
from app.canvas.brushes import Brushes
from app.canvas.scene import Item, Scene
from app.theme import Tint
from engine.document.arrange import Arrangement
from engine.document.repeats import differences, equalise

if TYPE_CHECKING:
    from app.canvas.view import Canvas

DIFFERENCES = 8
"""So many are told."""


def paint_stack(b: Brushes, item: Item, tint: Tint) -> None:
    """The plates behind a node that stands for several, and the wire from the last of them."""
    step = _step(item, b.zoom)
    if step < 1.5:
        return
    radius = min(12.0, 7 * b.zoom)
    b.painter.setPen(b.pen(tint.edge))
    b.painter.setBrush(tint.header)
    for lift in (2 * step, step) if len(item.run) > 2 else (step,):
        b.painter.drawRoundedRect(brushes.snap(item.rect.translated(lift, lift)), radius, radius)


def paint_count(b: Brushes, item: Item, tint: Tint) -> None:
    """How many a node stands for."""
    rect = count_rect(item, b.zoom)
    if rect:
        b.painter.setPen(b.pen(tint.edge, 1.2))
        b.painter.setBrush(tint.fill)
        b.painter.drawRoundedRect(brushes.snap(rect), rect.height() / 2, rect.height() / 2)
        words = f"× {len(item.run)}"
        b.texts.draw(
            b.painter, words, rect.x(), rect.center().y(), rect.width(), rect.height() * 0.7, tint.ink, True, True
        )


def count_rect(item: Item, zoom: float) -> QRectF | None:
    """Where the count stands, on the lower right corner; None where it would be too small to read."""
    high = max(13.0, min(30.0, item.height_of_header * 0.6 or 18 * zoom))
    wide = high * (1.5 + 0.45 * len(str(len(item.run))))
    if item.height < high or item.width < 1.3 * wide:
        return None
    right, bottom = item.x + item.width + 2 * _step(item, zoom), item.y + item.height + _step(item, zoom)
    return QRectF(right - wide, bottom - high / 2, wide, high)


def _step(item: Item, zoom: float) -> float:
    """How far each plate stands out from the one before it."""
    return min(6.0, max(4.5 * zoom, 0.12 * item.height_of_header))


def count_at(scene: Scene, point: QPointF) -> Item | None:
    """The node whose count is under a point."""
    for item in scene.stacks:
        rect = count_rect(item, scene.zoom)
        if rect and rect.adjusted(-2, -2, 2, 2).contains(point):
            return item
    return None


def meant(arrangement: Arrangement, node: str) -> list[str]:
    """What a click on a node means: the node, or the whole run that it stands for."""
    return arrangement.stacks.get(node, [node])


def told(arrangement: Arrangement, node: str) -> list[str]:
    """What there is to say of a node that stands for several: how many they are, then in what they differ."""
    run = arrangement.stacks.get(node, [])
    if not run:
        return []
    found = [str(each) for each in differences(arrangement.graph, arrangement.catalogue, run)]
    more = [f"and {len(found) - DIFFERENCES} differences more"] if len(found) > DIFFERENCES else []
    head = f"× {len(run)}, built alike" + (", but for:" if found else " to the last param")
    return [head, *found[:DIFFERENCES], *more]


def tip(arrangement: Arrangement, node: str) -> str:
    """The same, for the tooltip of the node."""
    lines = [escape(line) for line in told(arrangement, node)]
    return f"<p style='margin:4px 0 0 0'><b>{lines[0]}</b><br>{'<br>'.join(lines[1:])}</p>" if lines else ""


def fold(canvas: "Canvas") -> None:
    """Fold the repeats in what is selected, or everywhere; unfold them where all are folded."""
    graph, repeats = canvas.document.graph, canvas.arrangement.repeats
    chosen = canvas.selection or [graph.root]
    inside = [frame for top in chosen for frame in graph.walk(top, loose=True)]
    around = [graph.parents[node] for node in chosen if repeats.run_of(node)]
    frames = [frame for frame in dict.fromkeys((*inside, *around)) if repeats.runs(frame)]
    if not frames:
        canvas.refused.emit("Nothing repeats itself here: no two frames in a row are built alike")
        return
    _set(canvas, frames, folded=not all(graph.view(frame).repeats for frame in frames), anchor=chosen[0])


def unfold(canvas: "Canvas", nodes: Iterable[str]) -> None:
    """Have these nodes shown, whatever stands for them or for a frame around them."""
    graph, hidden = canvas.document.graph, canvas.arrangement.hidden
    for node in nodes:
        around = [graph.parents[each] for each in (node, *graph.ancestors(node)) if each in hidden]
        if around:
            canvas.document.fold_repeats(around, repeats=False)


def unfold_run(canvas: "Canvas", node: str) -> None:
    """Show each of the repeats in the frame around a node that stands for several."""
    _set(canvas, [canvas.document.graph.parents[node]], folded=False, anchor=node)


def _set(canvas: "Canvas", frames: list[str], folded: bool, anchor: str) -> None:
    before = canvas.rect_of(anchor).topLeft()
    canvas.document.fold_repeats(frames, folded)
    after = canvas.rect_of(anchor).topLeft()
    canvas.pan_by(before.x() - after.x(), before.y() - after.y())


def even_out(canvas: "Canvas") -> None:
    """Make the repeats of the selected frame equal to it; of several selected ones, to the first."""
    node = canvas.selection[0]
    answer = equalise(canvas.arrangement.repeats, node)
    if canvas.perform(answer, f"Make the repeats of {canvas.document.graph.nodes[node].title} equal"):
        canvas.select(meant(canvas.arrangement, node))


def select_counterparts(canvas: "Canvas") -> None:
    """Select what stands in each repeat where the selected nodes stand in theirs."""
    repeats = canvas.arrangement.repeats
    found = [each for node in canvas.selection for each in repeats.counterparts(node)]
    if set(found) == set(canvas.selection):
        canvas.refused.emit("Nothing around the selection repeats itself")
        return
    canvas.select(found)
    canvas.hint.emit(f"{len(canvas.selection)} nodes: what is changed now is changed in all repeats")
