"""Edits leave what one looks at where it is on the screen."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.view import Canvas
from engine.document.edits import Insert, Remove
from engine.document.graph import Graph, Place
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, tree


def long() -> Graph:
    first = tree("Chain", "first", tree("Linear", "a"), tree("Linear", "b"), tree("ReLU", "c"))
    second = tree("Residual", "second", tree("Linear", "d"), tree("Linear", "e"))
    return graph_of(first, second, tree("Linear", "last"))


def insert(canvas: Canvas) -> None:
    trees = tuple(tree("Conv2d", f"new{number}") for number in range(4))
    canvas.document.apply(Insert(Place("first", 0), trees), "Insert")


def remove(canvas: Canvas) -> None:
    canvas.document.apply(Remove(("a", "b")), "Remove")


def fold(canvas: Canvas) -> None:
    canvas.toggle_collapsed(["first"])


@pytest.mark.parametrize("edit", [insert, remove, fold])
@pytest.mark.parametrize("node", ["e", "second", "last"])
def test_what_is_under_the_pointer_stays_there(open_canvas: Open, edit: Callable[[Canvas], None], node: str) -> None:
    canvas, _ = open_canvas(long())
    canvas.set_zoom(0.8)
    at = canvas.rect_of(node).topLeft() + QPointF(12, 8)
    QTest.mouseMove(canvas, at.toPoint())
    before, before_it = canvas.rect_of(node), canvas.rect_of("first")
    for change in (edit, edit if edit is fold else lambda canvas: canvas.document.undo()):
        change(canvas)
        assert (canvas.rect_of(node).topLeft() - before.topLeft()).manhattanLength() < 1e-6
        assert canvas.hit(at.x(), at.y()).node == node
    assert (canvas.rect_of("first").topLeft() - before_it.topLeft()).manhattanLength() < 1e-6


def test_else_what_is_selected_stays_and_nothing_else_moves_the_view(open_canvas: Open) -> None:
    canvas, _ = open_canvas(long())
    canvas.grab()
    QApplication.sendEvent(canvas, QEvent(QEvent.Type.Leave))
    canvas.select(["last"])
    before = canvas.rect_of("last").topLeft()
    insert(canvas)
    canvas.document.undo()
    remove(canvas)  # two edits, and nothing painted between them
    assert (canvas.rect_of("last").topLeft() - before).manhattanLength() < 1e-6
    canvas.document.apply(Remove(("last",)), "Remove")
    corner = canvas.rect_of("root").topLeft()
    insert(canvas)
    assert canvas.rect_of("root").topLeft() == corner


def test_where_the_pointer_is_in_a_frame_that_goes_the_frame_around_stays(open_canvas: Open) -> None:
    canvas, _ = open_canvas(long())
    QTest.mouseMove(canvas, canvas.rect_of("d").center().toPoint())
    before = canvas.rect_of("second").topLeft()
    canvas.document.apply(Remove(("d",)), "Remove")
    insert(canvas)
    assert (canvas.rect_of("second").topLeft() - before).manhattanLength() < 1e-6
    QTest.mouseMove(canvas, QPoint(5, 5))
