"""Drawing wires: which ports light up, and what is said of shapes that would not fit. And Identities on wires."""

from PySide6.QtCore import QPointF, Qt

from app.canvas.view import Canvas
from app.theme import LIGHT
from engine.document.flow import Port, Wire
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, order, tree, wire_point

ALT = Qt.KeyboardModifier.AltModifier


def ring(canvas: Canvas, port: Port) -> bool:
    """Whether a port wears the ring of those that could take the wire."""
    image, at = canvas.grab().toImage(), canvas.port_of(*port)
    near = [image.pixelColor(round(at.x()) + dx, round(at.y()) + dy) for dx in (-1, 0, 1) for dy in (4, 5, 6, 7)]
    return LIGHT.target in near


def test_ports_that_could_take_the_wire_wear_a_ring(open_canvas: Open) -> None:
    canvas, hand = open_canvas(graph_of(tree("Linear", "a"), tree("ReLU", "b"), tree("SiLU", "c")))
    free = canvas.rect_of("b").center() + QPointF(0, 60)
    dot = canvas.grab().toImage().pixelColor(canvas.port_of("b", "out").toPoint())
    hand.drag(canvas.port_of("a", "out"), free, release=False)
    assert ring(canvas, ("c", "in"))
    assert ring(canvas, ("root", "out"))
    taken: tuple[Port, ...] = (("b", "in"), ("b", "out"), ("a", "in"), ("root", "in"))
    assert not any(ring(canvas, port) for port in taken)
    assert canvas.grab().toImage().pixelColor(canvas.port_of("b", "out").toPoint()).lightness() > dot.lightness()
    hand.release(free)


def test_a_wire_that_would_not_fit_says_so_and_can_be_drawn(open_canvas: Open) -> None:
    inner = tree("Chain", "t", tree("Linear", "d", in_features=1280))
    canvas, hand = open_canvas(graph_of(tree("Linear", "a"), tree("ReLU", "b"), inner))
    canvas.set_shapes({"a": ("float32 (1, 320, 64, 64)",), "b": ("float32 (1, 320, 64, 1280)",)}, {})
    hints: list[str] = []
    canvas.hint.connect(hints.append)
    end = canvas.port_of("t", "in")
    hand.drag(canvas.port_of("a", "out"), end, release=False)
    said = "Linear takes (..., in_features) with in_features = 1280, but receives 64 there"
    assert hints[-1] == f"Drop to connect. It would not run: {said}"
    line = canvas.grab().toImage().pixelColor(((canvas.port_of("a", "out") + end) / 2).toPoint())
    assert line == LIGHT.warning
    hand.release(end)
    assert order(canvas) == ["a", "t"]
    canvas.document.undo()
    hand.drag(canvas.port_of("b", "out"), canvas.port_of("root", "out"), release=False)
    assert hints[-1] == "Drop to connect"
    hand.release(canvas.port_of("root", "out"))


def test_alt_and_a_click_put_an_identity_on_a_wire(open_canvas: Open) -> None:
    canvas, hand = open_canvas(graph_of(tree("Linear", "a"), tree("ReLU", "b")))
    hand.click(wire_point(canvas, Wire(("a", "out"), ("b", "in"))), ALT)
    [new] = canvas.selection
    assert canvas.document.graph.nodes[new].kind == "Identity"
    assert order(canvas) == ["a", new, "b"]
    hand.click(QPointF(8, 8), ALT)
    assert len(canvas.document.history.undos) == 1
