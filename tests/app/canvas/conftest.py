"""A canvas on a graph, shown and ready for the hand."""

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.canvas.view import Canvas
from app.theme import LIGHT
from engine.document.document import Document
from engine.document.graph import Graph
from nodes import CATALOGUE
from tests.app.canvas.hands import Hand

Open = Callable[[Graph], tuple[Canvas, Hand]]


@pytest.fixture
def open_canvas(qtbot: QtBot) -> Open:
    """Opens a canvas of 1200 x 800 pixels on a graph, at 100 % or less."""

    def open_it(graph: Graph) -> tuple[Canvas, Hand]:
        canvas = Canvas(Document(graph, CATALOGUE), LIGHT)
        qtbot.addWidget(canvas)
        canvas.resize(1200, 800)
        with qtbot.waitExposed(canvas):
            canvas.show()
        QTest.mouseMove(canvas, QPoint(5, 5))
        return canvas, Hand(canvas)

    return open_it
