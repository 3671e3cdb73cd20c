"""Each line of the list of gestures, done by hand; one without a deed here fails. What they come to in every case is
tested in `tests/app/canvas`."""

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QNativeGestureEvent, QPointingDevice
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QToolButton

from app.canvas import links, repeats, travel
from app.canvas.guide import GESTURES
from app.picker import Picker
from app.window import Window
from engine.document import files
from engine.document.document import new_graph
from engine.document.edits import Insert, SetContexts, apply
from engine.document.flow import Wire
from engine.document.graph import CANVAS, Graph, Place
from engine.document.scopes import Key
from engine.document.sources import NumberSource
from tests.app.canvas import hands
from tests.app.canvas.hands import LEFT, Hand, middle, order, tree
from tests.app.canvas.test_camera import wheel
from tests.app.canvas.test_dragging import shake
from tests.app.hands import drag
from tests.app.test_every_key import kinds, picker
from tests.app.test_keys import press

ALT, CONTROL, SHIFT = (
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
)
RIGHT = Qt.MouseButton.RightButton
SKIP = Key("root", "unet", "skip")

Deed = Callable[[Window, Hand], object]
DEEDS: dict[str, Deed] = {}


def drawn() -> Graph:
    """root provides unet.skip: [a, b, sum: [x, t: [y, z]], put, use, n1: [r1], n2: [r2]]"""
    graph = new_graph()
    apply(graph, SetContexts("root", {"unet": {"skip": NumberSource(1)}}))
    branch = tree("Chain", "t", tree("Tanh", "y"), tree("SiLU", "z"))
    nodes = (
        tree("Linear", "a"),
        tree("ReLU", "b"),
        tree("Sum", "sum", tree("Identity", "x"), branch),
        tree("SetContext", "put", context="unet", key="skip"),
        tree("UseContext", "use", context="unet", key="skip"),
        *(tree("Chain", f"n{i}", tree("GELU", f"r{i}")) for i in (1, 2)),
    )
    apply(graph, Insert(Place("root", 0), nodes))
    return graph


@pytest.fixture
def window(kept: Window) -> Window:
    """The window with the graph in it as it was drawn, all of it in view, the focus on the canvas."""
    kept.document.replace(drawn())
    kept.docks["palette"].raise_()
    kept.activateWindow()
    kept.canvas.frame_all()
    kept.canvas.setFocus()
    QApplication.processEvents()
    return kept


@pytest.mark.parametrize("what", [what for what, _ in GESTURES])
def test_each_gesture_does_what_the_list_says(window: Window, what: str) -> None:
    DEEDS[what](window, Hand(window.canvas))
    for popup in (*window.findChildren(Picker), *window.findChildren(QMenu)):
        if popup.isVisible():
            popup.close()


def does(what: str) -> Callable[[Deed], Deed]:
    def enter(deed: Deed) -> Deed:
        DEEDS[what] = deed
        return deed

    return enter


def below(window: Window) -> QPointF:
    """Where nothing is."""
    root = window.canvas.rect_of("root")
    return QPointF(root.left() + 60, root.bottom() + 60)


def wire_point(window: Window, start: str, end: str) -> QPointF:
    return hands.wire_point(window.canvas, Wire((start, "out"), (end, "in")))


def undone(window: Window) -> bool:
    """One step of undo leads back to the graph as it was drawn."""
    press("Ctrl+Z")
    return files.dump(window.document.graph) == files.dump(drawn())


@does("Add a node")
def _(window: Window, hand: Hand) -> None:
    panel, canvas = window.palette_panel, window.canvas
    mime = panel.model.mimeData([panel.model.index_of("Sigmoid")])
    drag(canvas, mime, wire_point(window, "a", "b"))
    assert kinds(window)[1] == "Sigmoid"
    assert undone(window)
    drag(canvas, mime, QPointF(canvas.rect_of("y").left() - 4, canvas.rect_of("y").center().y() - 9))
    assert "Sigmoid" in kinds(window, "t")
    assert undone(window)
    drag(canvas, mime, below(window))
    [[parked]] = window.document.graph.segments(CANVAS)
    assert window.document.graph.nodes[parked].kind == "Sigmoid"
    assert undone(window)
    canvas.select(["a"])
    index = panel.model.index_of("Sigmoid")
    panel.tree.scrollTo(index)
    at = panel.tree.visualRect(index).center()
    QTest.mouseClick(panel.tree.viewport(), LEFT, pos=at)
    QTest.mouseDClick(panel.tree.viewport(), LEFT, pos=at)
    assert kinds(window)[1] == "Sigmoid"


@does("Add a node here")
def _(window: Window, hand: Hand) -> None:
    hand.double_click(below(window))
    QTest.keyClicks(picker(window).line, "dropout")
    press("Return")
    [[parked]] = window.document.graph.segments(CANVAS)
    assert window.document.graph.nodes[parked].kind == "Dropout"


@does("Wire")
def _(window: Window, hand: Hand) -> None:
    canvas = window.canvas
    hand.drag(canvas.port_of("a", "out"), canvas.port_of("sum", "in"))
    assert order(canvas)[:2] == ["a", "sum"]
    assert undone(window)


@does("Wire by key")
def _(window: Window, hand: Hand) -> None:
    canvas = window.canvas
    hand.click(middle(canvas, "a"))
    for key in ("W", "Right", "Right", "Return"):
        press(key)
    assert order(canvas)[:2] == ["a", "sum"]
    assert undone(window)
    canvas.select(["a"])
    press("W")
    press("Ctrl+F")
    QTest.keyClicks(picker(window).line, "usecontext")
    press("Return")
    assert canvas.wire_walk.under_way
    press("Return")
    assert order(canvas)[:2] == ["a", "use"]


@does("Add a node at the end of a wire")
def _(window: Window, hand: Hand) -> None:
    hand.drag(window.canvas.port_of("a", "out"), below(window))
    QTest.keyClicks(picker(window).line, "sigmoid")
    press("Return")
    assert kinds(window)[1] == "Sigmoid"
    assert undone(window)


@does("Cut a wire")
def _(window: Window, hand: Hand) -> None:
    port = window.canvas.port_of("b", "in")
    hand.drag(port, QPointF(port.x(), below(window).y()))
    assert order(window.canvas) == ["a"]
    assert not [each for each in window.findChildren(Picker) if each.isVisible()], "from an inlet no list opens"
    assert undone(window)


@does("Cut several wires")
def _(window: Window, hand: Hand) -> None:
    canvas = window.canvas
    x = (canvas.rect_of("sum").left() + canvas.rect_of("x").left()) / 2 + 3
    start, end = QPointF(x, canvas.rect_of("x").top() - 4), QPointF(x, canvas.rect_of("t").bottom() - 4)
    hand.drag(start, end, RIGHT, CONTROL)
    assert order(canvas, "sum") == []
    assert undone(window)
    QTest.keyPress(canvas, Qt.Key.Key_Y)
    hand.drag(start, end)
    QTest.keyRelease(canvas, Qt.Key.Key_Y)
    assert order(canvas, "sum") == []


@does("Put an Identity on a wire")
def _(window: Window, hand: Hand) -> None:
    hand.click(wire_point(window, "a", "b"), ALT)
    assert kinds(window)[1] == "Identity"
    assert undone(window)


@does("Move, reorder, splice")
def _(window: Window, hand: Hand) -> None:
    canvas = window.canvas
    hand.drag(middle(canvas, "a"), wire_point(window, "b", "sum"))
    assert order(canvas)[:2] == ["b", "a"]
    assert undone(window)
    hand.drag(middle(canvas, "x"), QPointF(canvas.rect_of("t").center().x(), canvas.rect_of("t").bottom() + 3))
    assert order(canvas, "sum") == ["t", "x"]
    assert undone(window)
    wire = wire_point(window, "y", "z")
    hand.drag(middle(canvas, "a"), wire)
    assert order(canvas, "t") == ["y", "a", "z"]
    assert undone(window)
    caught: list[str] = []
    canvas.hint.connect(caught.append)
    hand.drag(middle(canvas, "a"), wire, release=False)
    hand.move(wire, keys=ALT)
    assert caught[-1] == "Drop to make Linear part of Chain"
    canvas.hint.disconnect(caught.append)
    hand.release(wire, keys=ALT)
    assert "a" in order(canvas, "t")


@does("Pull a node out of its wires")
def _(window: Window, hand: Hand) -> None:
    canvas, graph = window.canvas, window.document.graph
    hand.drag(middle(canvas, "b"), middle(canvas, "b") + QPointF(9, 30), keys=ALT)
    assert graph.segments("root") == [["b"]]
    assert undone(window)
    start = middle(canvas, "b")
    QTest.mousePress(canvas, LEFT, pos=start.toPoint())
    shake(hand, start)
    hand.release(start)
    assert graph.segments("root") == [["b"]]
    assert undone(window)
    hand.drag(middle(canvas, "b"), below(window))
    assert graph.segments(CANVAS) == [["b"]]
    assert undone(window)


@does("Select")
def _(window: Window, hand: Hand) -> None:
    canvas = window.canvas
    hand.click(middle(canvas, "a"))
    hand.click(middle(canvas, "b"), SHIFT)
    hand.click(middle(canvas, "put"), CONTROL)
    assert canvas.selection == ["a", "b", "put"]
    hand.click(middle(canvas, "b"), CONTROL)
    assert canvas.selection == ["a", "put"]
    first, last = canvas.rect_of("a"), canvas.rect_of("b")
    hand.drag(first.topLeft() + QPointF(4, -6), last.bottomRight() + QPointF(-4, 8))
    assert canvas.selection == ["a", "b"]
    other = canvas.rect_of("put")
    hand.drag(other.topLeft() + QPointF(4, -6), other.topRight() + QPointF(-4, 8), keys=SHIFT)
    assert canvas.selection == ["a", "b", "put"]


@does("Select nothing, or give up a drag")
def _(window: Window, hand: Hand) -> None:
    canvas = window.canvas
    hand.drag(middle(canvas, "a"), below(window), release=False)
    press("Esc")
    hand.release(below(window))
    assert (order(canvas)[0], canvas.selection) == ("a", ["a"])
    press("Esc")
    assert canvas.selection == []


@does("Go to the neighbours, the frame around, the first child")
def _(window: Window, hand: Hand) -> None:
    hand.click(middle(window.canvas, "b"))
    walked = []
    for key in ("Right", "Down", "Up", "Left"):
        press(key)
        walked += window.canvas.selection
    assert walked == ["sum", "x", "sum", "b"]


@does("Go to what runs next or before, through frames")
def _(window: Window, hand: Hand) -> None:
    hand.click(middle(window.canvas, "b"))
    walked = []
    for key in ("PgDown", "PgDown", "PgUp", "PgUp"):
        press(key)
        walked += window.canvas.selection
    assert walked == ["x", "y", "x", "b"]


@does("Select more by key")
def _(window: Window, hand: Hand) -> None:
    canvas = window.canvas
    hand.click(middle(canvas, "a"))
    for key, selected in (("Shift+Right", ["a", "b"]), ("Shift+Right", ["a", "b", "sum"]), ("Shift+Left", ["a", "b"])):
        press(key)
        assert canvas.selection == selected
    press("Ctrl+G")
    assert order(canvas, order(canvas)[0]) == ["a", "b"]
    assert undone(window)
    canvas.select(["b"])
    press("Shift+PgDown")
    assert canvas.selection == ["b", "x"]
    press("Shift+PgUp")
    assert canvas.selection == ["b"]


@does("Edit the selected node")
def _(window: Window, hand: Hand) -> None:
    by_mouse = partial(hand.double_click, middle(window.canvas, "a"))
    for edit in (partial(press, "Return"), partial(press, "Enter"), by_mouse):
        window.canvas.setFocus()
        hand.click(middle(window.canvas, "a"))
        edit()
        focus = QApplication.focusWidget()
        assert focus
        assert window.inspector.isAncestorOf(focus)


@does("Fold or unfold a frame")
def _(window: Window, hand: Hand) -> None:
    canvas = window.canvas
    header = canvas.scene.by_node["t"].header
    assert header
    hand.click(header.button.center())
    assert window.document.graph.view("t").collapsed
    hand.double_click(middle(canvas, "t"))
    assert not window.document.graph.view("t").collapsed
    hand.double_click(middle(canvas, "t"))
    assert window.document.graph.view("t").collapsed


@does("Show each of folded repeats")
def _(window: Window, hand: Hand) -> None:
    canvas = window.canvas
    press("Shift+H")
    canvas.frame_all()
    hand.click(middle(canvas, "n1"))
    assert canvas.selection == ["n1", "n2"]
    count = repeats.count_rect(canvas.scene.by_node["n1"], canvas.zoom)
    assert count
    hand.click(count.center())
    assert not window.document.graph.view("root").repeats


@does("Pan")
def _(window: Window, hand: Hand) -> None:
    canvas, empty = window.canvas, below(window)
    step = QPointF(40, 24)
    for number, keys, button in ((1, None, Qt.MouseButton.MiddleButton), (2, "Space", LEFT), (3, None, LEFT)):
        start = canvas.rect_of("root").topLeft()
        if keys:
            QTest.keyPress(canvas, Qt.Key.Key_Space)
        hand.drag(empty, empty + step, button, ALT if number == 3 else Qt.KeyboardModifier.NoModifier)
        if keys:
            QTest.keyRelease(canvas, Qt.Key.Key_Space)
        assert (canvas.rect_of("root").topLeft() - start).toPoint() == step.toPoint()


@does("Zoom")
def _(window: Window, hand: Hand) -> None:
    canvas, at = window.canvas, below(window)
    zooms = [canvas.zoom]
    wheel(canvas, at, 120)
    zooms.append(canvas.zoom)
    pinch(window, at, 0.2)
    zooms.append(canvas.zoom)
    wheel(canvas, at, 40, QPoint(0, 40), CONTROL)
    zooms.append(canvas.zoom)
    assert zooms == sorted(set(zooms)), "each is nearer than the one before"
    wheel(canvas, at, 40, QPoint(0, 40))
    assert canvas.zoom == zooms[-1], "two fingers pan"
    for mode, pans in (("pan", True), ("zoom", False), ("auto", False)):
        window.actions_by_id[f"wheel-{mode}"].trigger()
        before = canvas.zoom
        wheel(canvas, at, -120)
        assert (canvas.zoom == before) is pans


def pinch(window: Window, at: QPointF, by: float) -> None:
    """Two fingers drawn apart on a touchpad."""
    kind, device = Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice()
    where = QPointF(window.canvas.mapToGlobal(at.toPoint()))
    event = QNativeGestureEvent(kind, device, 2, at, where, where, by, QPointF())
    QApplication.sendEvent(window.canvas, event)


@does("Go elsewhere")
def _(window: Window, hand: Hand) -> None:
    canvas, minimap = window.canvas, window.overlays.minimap
    canvas.set_zoom(2.0)
    QTest.qWait(1)
    before = canvas.rect_of("root").topLeft()
    QTest.mouseClick(minimap, LEFT, pos=QPoint(8, minimap.height() // 2))
    assert canvas.rect_of("root").topLeft() != before
    canvas.select(["sum"])
    press("Return")
    window.breadcrumbs.refresh()
    [button] = [each for each in window.breadcrumbs.findChildren(QToolButton) if each.text() == "Chain"]
    QTest.mouseClick(button, LEFT)
    assert travel.where(canvas) == "root"


@does("Menu of a node")
def _(window: Window, hand: Hand) -> None:
    canvas, at = window.canvas, middle(window.canvas, "b").toPoint()
    for reason in (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard):
        QApplication.sendEvent(canvas, QContextMenuEvent(reason, at, canvas.mapToGlobal(at)))
        assert canvas.selection == ["b"]
        menu = QApplication.activePopupWidget()
        assert isinstance(menu, QMenu)
        assert "Rename" in [each.text() for each in menu.actions()]
        menu.close()


@does("Who writes and reads a context key")
def _(window: Window, hand: Hand) -> None:
    canvas = window.canvas
    canvas.set_zoom(1.0)
    header = canvas.scene.by_node["root"].header
    assert header
    at = next(rect.center() for key, _, rect in header.chips if key == SKIP)
    hand.move(at, Qt.MouseButton.NoButton)
    assert links.focus(canvas) == SKIP
    hand.click(at)
    assert canvas.pinned == SKIP
    hand.click(at)
    assert canvas.pinned is None
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at.toPoint(), canvas.mapToGlobal(at.toPoint()))
    QApplication.sendEvent(canvas, event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert "Go to the provider" in [each.text() for each in menu.actions()]
    menu.close()


@does("Move a node in the outline")
def _(window: Window, hand: Hand) -> None:
    outline = window.outline
    window.docks["outline"].show()
    window.docks["outline"].raise_()
    outline.expandAll()
    outline.setFocus()
    outline.setCurrentIndex(outline.nodes.index_of("b"))
    press("Alt+Up")
    assert order(window.canvas)[:2] == ["b", "a"]
    press("Alt+Down")
    assert order(window.canvas)[:2] == ["a", "b"]
    onto = QPointF(outline.visualRect(outline.nodes.index_of("t")).center())
    drag(outline.viewport(), outline.nodes.mimeData([outline.nodes.index_of("a")]), onto, Qt.DropAction.MoveAction)
    assert order(window.canvas, "t") == ["y", "z", "a"]
