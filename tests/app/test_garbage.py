"""Cycles with widgets in them go between two turns of the event loop, and at no other time."""

import gc
import os
import sys
import weakref
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QSettings
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.garbage import BIT, EVERY, Collector, Leaving
from app.window import Window
from engine.document.document import Document, new_graph
from nodes import CATALOGUE


class Knot(QWidget):
    """A widget that only a cycle holds."""

    def __init__(self) -> None:
        super().__init__()
        self.itself = self


def test_a_cycle_is_collected_by_the_timer_and_not_before(qtbot: QtBot):
    collector = Collector(Document(new_graph(), CATALOGUE))
    held = weakref.ref(Knot())
    several = [[] for _ in range(2 * gc.get_threshold()[0])]
    assert held() is not None
    qtbot.waitUntil(lambda: held() is None, timeout=20 * EVERY)
    assert several
    collector.stop()
    gc.unfreeze()


def test_what_a_document_left_is_collected_when_the_next_one_is_opened(qtbot: QtBot):
    document = Document(new_graph(), CATALOGUE)
    knot = Knot()
    came_along = weakref.ref(knot)
    collector = Collector(document)
    knot = Knot()
    held = weakref.ref(knot)
    gc.collect()  # it is old by now: few new things ask for no collection of all
    del knot
    document.replace(new_graph())
    qtbot.waitUntil(lambda: held() is None, timeout=20 * EVERY)
    assert came_along() is not None, "what came with the program is not walked over"
    collector.stop()
    gc.unfreeze()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the C library sees to it")
def test_what_was_freed_goes_back_to_the_system(qtbot: QtBot):
    def resident() -> float:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    document = Document(new_graph(), CATALOGUE)
    collector = Collector(document)
    blocks = [bytes(20_000) for _ in range(4000)]
    holes = [block for index, block in enumerate(blocks) if index % 10 == 0]  # no end of the heap is free
    del blocks
    before = resident()
    document.replace(new_graph())
    qtbot.waitUntil(lambda: resident() < before - 40, timeout=20 * EVERY)
    assert len(holes) == 400
    collector.stop()
    gc.unfreeze()


def test_of_a_closed_window_nothing_is_left(qtbot: QtBot, settings: QSettings):
    window = Window(settings, "light")
    with qtbot.waitExposed(window):
        window.show()
    held = weakref.ref(window)
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    del window
    gc.collect()
    assert held() is None


def test_what_a_document_leaves_goes_bit_by_bit(qtbot: QtBot):
    class Thing:
        pass

    gone: list[int] = []
    things = [Thing() for _ in range(2 * BIT + 1)]
    for number in range(len(things)):
        weakref.finalize(things[number], gone.append, number)
    parent = QObject()
    leaving = Leaving(parent)
    leaving.hold(things)
    things.clear()
    assert gone == []
    turns: list[int] = []
    leaving.timeout.connect(lambda: turns.append(len(gone)))
    qtbot.waitUntil(lambda: len(gone) == 2 * BIT + 1)
    assert turns == [BIT, 2 * BIT, 2 * BIT + 1]
    assert not leaving.isActive()
