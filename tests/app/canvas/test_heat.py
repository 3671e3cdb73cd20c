"""Heat on the canvas: colours that can be told apart and read on, bars and numbers that say the same, the legend."""

import pytest
from PySide6.QtCore import QEvent, QPointF, QRect
from PySide6.QtGui import QColor, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from app.canvas import remarks
from app.canvas.heat import QUANTITIES, STEPS, Scale, amount, bar, count, heat_of, scale_of, seconds, shade, share
from app.canvas.legend import Legend
from app.canvas.view import Canvas
from app.theme import DARK, LIGHT, contrast
from engine.document.edits import SetView
from engine.document.graph import View
from engine.messages import Measure, Spread
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import LEFT, graph_of, tree

MEASURED = {
    "root": Measure(0.2, 3 << 20, 1, Spread(-0.5, 1.0, 0.25, 0.0)),
    "c": Measure(0.2, 3 << 20, 1, Spread(-0.5, 1.0, 0.25, 0.0)),
    "a": Measure(0.15, 2 << 20, 1, Spread(2.0, 1.0, 0.0, 0.0)),
    "b": Measure(0.05, 1 << 20, 1, Spread(-0.5, 1.0, 0.25, 0.5)),
}


@pytest.fixture
def canvas(open_canvas: Open) -> Canvas:
    canvas, _ = open_canvas(graph_of(tree("Chain", "c", tree("ReLU", "a"), tree("ReLU", "b"), tree("ReLU", "d"))))
    return canvas


def colour_at(canvas: Canvas, at: QPointF) -> str:
    return QColor(canvas.grab().toImage().pixel(at.toPoint())).name()


def test_words() -> None:
    assert [seconds(v) for v in (2.5, 12.0, 0.0123, 0.0000345, 0)] == ["2.5 s", "12 s", "12 ms", "34 µs", "0 s"]
    assert [amount(v) for v in (12, 2048, 1.5 * (1 << 20))] == ["12 B", "2.0 KiB", "1.5 MiB"]
    assert [count(v) for v in (12, 4608, 859_520_964)] == ["12", "4.6 K", "860 M"]
    assert [share(v) for v in (0, 0.0001, 0.034, 0.342, 1)] == ["0 %", "< 0.1 %", "3.4 %", "34 %", "100 %"]


def test_scales() -> None:
    time, mean = QUANTITIES["time"], QUANTITIES["mean"]
    near, far = scale_of(time, [0.1, 0.2, 0.0]), scale_of(time, [0.001, 1.0])
    assert (near.is_log, far.is_log) == (False, True)
    assert [near.size(v) for v in (0.0, 0.1, 0.2)] == [0, 0.5, 1]
    assert far.size(0.0316) == pytest.approx(0.5, abs=0.01)
    assert not scale_of(QUANTITIES["zeros"], [0.001, 1.0]).is_log, "a part of a whole is what it is"
    sides = scale_of(mean, [-2.0, 1.0])
    assert [sides.position(v) for v in (-2.0, 0.0, 1.0)] == [0, 0.5, 0.75]
    for scale in (near, far, sides, scale_of(mean, [-100.0, 0.01])):
        for position in (0.0, 0.2, 0.5, 0.9, 1.0):
            assert scale.position(scale.value(position)) == pytest.approx(position)
    assert scale_of(time, []).size(0.0) == Scale().size(0.0) == 0


@pytest.mark.parametrize("dark", [False, True])
def test_colours_are_told_apart_by_brightness_and_read_on(dark: bool) -> None:
    theme = DARK if dark else LIGHT

    def light(step: int, signed: bool) -> float:
        return contrast(shade(step / STEPS, signed, dark).fill, QColor("black"))

    run = [light(step, False) for step in range(STEPS + 1)]
    assert run == sorted(run, reverse=not dark)
    sides = [light(step, True) for step in range(STEPS + 1)]
    middle = STEPS // 2
    assert sides[:middle] == sorted(sides[:middle], reverse=dark)
    assert sides[middle:] == sorted(sides[middle:], reverse=not dark)
    for signed in (False, True):
        for step in range(STEPS + 1):
            tint = shade(step / STEPS, signed, dark)
            assert contrast(tint.ink, tint.fill) >= 4.5
            assert contrast(tint.faint, tint.header) >= 4.5
            assert contrast(bar(tint), tint.fill) >= 2
            assert min(contrast(tint.edge, ground) for ground in (theme.canvas, *theme.surfaces)) >= 3


def test_nodes_have_colour_bar_and_words(canvas: Canvas) -> None:
    own = colour_at(canvas, canvas.rect_of("a").topLeft() + QPointF(8, 8))
    heat = heat_of("time", "root", {}, MEASURED)
    assert [heat.words(n) for n in ("a", "b", "root")] == ["150 ms · 75 %", "50 ms · 25 %", "200 ms · 100 %"]
    canvas.set_heat(heat)
    places = {node: canvas.rect_of(node) for node in "abd"}
    seen = {node: colour_at(canvas, rect.topLeft() + QPointF(8, 8)) for node, rect in places.items()}
    assert seen["a"] == shade(0.75, False, False).fill.name()
    assert seen["b"] == shade(0.25, False, False).fill.name()
    assert len({own, *seen.values()}) == 4, "of d nothing is known"
    for node, part in (("a", 0.75), ("b", 0.25)):
        foot = places[node].bottomLeft() + QPointF(0, -3)
        for x, inside in ((part - 0.1, True), (part + 0.1, False)):
            found = colour_at(canvas, foot + QPointF(x * places[node].width(), 0))
            assert (found == bar(shade(part, False, False)).name()) == inside
    at = places["a"].center().toPoint()
    QApplication.sendEvent(canvas, QHelpEvent(QEvent.Type.ToolTip, at, canvas.mapToGlobal(at)))
    assert "Time: 150 ms · 75 %" in QToolTip.text()
    QToolTip.hideText()
    canvas.set_heat(None)
    assert colour_at(canvas, canvas.rect_of("a").topLeft() + QPointF(8, 8)) == own


def test_the_number_of_an_open_frame_stays_in_view(canvas: Canvas) -> None:
    canvas.set_heat(heat_of("time", "root", {}, MEASURED))
    canvas.set_zoom(2.0)
    canvas.pan_by(canvas.width() - canvas.rect_of("c").right() + 100, 0)
    header = canvas.scene.by_node["c"].header
    assert header is not None
    assert header.right < canvas.width() < canvas.rect_of("c").right()
    wide = canvas.texts.width("200 ms · 100 %", round(header.small))
    rect = canvas.rect_of("c")
    words = QRect(round(header.right - wide), round(rect.top()) + 10, round(wide), 40)
    written = canvas.grab(words).toImage()
    assert shade(1.0, False, False).ink.name() in {QColor(written.pixel(x, 20)).name() for x in range(written.width())}


def test_every_quantity_has_its_values(canvas: Canvas) -> None:
    for name in QUANTITIES:
        heat = heat_of(name, "root", {"root": 10, "a": 4}, MEASURED)
        canvas.set_heat(heat)
        for theme in (LIGHT, DARK):
            canvas.set_theme(theme)
            assert colour_at(canvas, canvas.rect_of("a").topLeft() + QPointF(8, 8)) == heat.tint("a", theme).fill.name()
    assert heat_of("parameters", "root", {"root": 10, "a": 4}, {}).words("a") == "4 · 40 %"
    assert heat_of("mean", "root", {}, MEASURED).words("b") == "-0.5"
    assert heat_of("not-finite", "root", {}, MEASURED).words("b") == "50 %"


def test_the_legend_lists_what_there_is_most_of(qtbot: QtBot, canvas: Canvas) -> None:
    legend = Legend(canvas)
    legend.set_theme(LIGHT)
    legend.show_heat(heat_of("memory", "root", {}, MEASURED))
    assert legend.isVisible()
    assert legend.title.text() == "Memory"
    assert not legend.list.isVisible()
    QTest.mouseClick(legend.more, LEFT)
    texts = [legend.list.item(row).text() for row in range(legend.list.count())]
    assert texts == ["2.0 MiB · 67 %   Chain.ReLU_1", "1.0 MiB · 33 %   Chain.ReLU_2"], "frames only hold them"
    assert canvas.rect().contains(legend.geometry())
    with qtbot.waitSignal(legend.chosen) as chosen:
        at = legend.list.visualItemRect(legend.list.item(1)).center()
        QTest.mouseClick(legend.list.viewport(), LEFT, pos=at)
    assert chosen.args == ["b"]
    with qtbot.waitSignal(legend.closed):
        QTest.mouseClick(legend.close_button, LEFT)
    legend.show_heat(heat_of("time", "root", {}, {}), "Not measured yet: run the graph")
    assert legend.note.isVisible()
    assert not legend.bar.isVisible()
    legend.show_heat(None)
    assert not legend.isVisible()


def test_a_note_leaves_room_for_the_number(canvas: Canvas) -> None:
    note = "what this is for, " * 20
    canvas.document.apply(SetView("c", View(note=note)), "Set note")
    canvas.set_heat(heat_of("time", "root", {}, MEASURED))
    item = canvas.scene.by_node["c"]
    value, written = remarks.places(canvas.texts, item, note, None, canvas.marks.heat, canvas.zoom)
    assert value.isValid()
    assert written.isValid()
    assert written.right() < value.left()
