"""Which pictures are asked for; `tests/app/test_overlays.py` has them from a worker."""

import pytest
from pytestqt.qtbot import QtBot

from app.canvas import thumbnails
from app.canvas.thumbnails import MOST, Thumbnails
from engine.messages import Picture
from tests.app.canvas.conftest import Open
from tests.app.canvas.hands import graph_of, tree

DOT = Picture(1, 1, b"abc")


def test_all_in_view_are_asked_for_and_again_where_they_were_forgotten(
    open_canvas: Open, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas, _ = open_canvas(graph_of(*(tree("Identity", f"n{index}") for index in range(MOST + 20))))
    monkeypatch.setattr(thumbnails, "KEPT", MOST)
    asked: list[str] = []

    def ask(nodes: tuple[str, ...]) -> bool:
        asked.extend(nodes)
        assert len(nodes) <= MOST
        return True

    found = Thumbnails(canvas, ask)
    canvas.set_zoom(0.75)
    qtbot.waitUntil(lambda: len(asked) == MOST)
    found.take(dict.fromkeys(asked, DOT))
    qtbot.waitUntil(lambda: len(asked) == MOST + 20)
    assert len(set(asked)) == MOST + 20
    found.take(dict.fromkeys(asked[MOST:], DOT))
    assert len(canvas.marks.pictures) == MOST + 20
    canvas.pan_by(5000, 0)
    found.take({"elsewhere": DOT})
    assert len(canvas.marks.pictures) == MOST
    canvas.pan_by(-5000, 0)
    qtbot.waitUntil(lambda: len(asked) == MOST + 41)
    assert set(asked[MOST + 20 :]) == set(asked[:21])
