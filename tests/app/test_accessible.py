"""Without a mouse, without colours, without eyes: names, focus and ways through the whole window."""

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QWidget

from app.panes import panes
from app.theme import contrast
from app.window import Window
from engine.document.edits import SetName
from tests.app.canvas.hands import graph_of, tree


@pytest.fixture
def furnished(window: Window) -> Window:
    """A window with a node selected and with every panel in sight that can be."""
    window.resize(1400, 1000)
    window.document.replace(graph_of(tree("Conv2d", "c"), tree("ReLU", "r")))
    window.refresh()
    window.canvas.select(["c"])
    window.selector.open()
    for name in ("outline", "inspector", "strip"):
        window.docks[name].show()
        window.docks[name].raise_()
    window.activateWindow()
    QApplication.processEvents()
    return window


def focusable(window: Window) -> list[QWidget]:
    """What the focus can be on now; the editor inside a field counts as the field."""
    return [
        widget
        for widget in window.findChildren(QWidget)
        if widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and widget.isEnabled()
        and not widget.visibleRegion().isEmpty()
        and not isinstance(widget.parentWidget(), QAbstractSpinBox | QComboBox)
    ]


def test_all_that_takes_the_focus_has_a_name_and_shows_it(furnished: Window) -> None:
    found = focusable(furnished)
    assert len(found) > 40
    assert not [w for w in found if not QAccessible.queryAccessibleInterface(w).text(QAccessible.Text.Name)]
    for mode in ("light", "dark"):
        furnished.set_theme_mode(mode)
        QApplication.processEvents()
        for widget in one_of_each(focusable(furnished)):
            furnished.setFocus()
            before = widget.grab().toImage()
            widget.setFocus(Qt.FocusReason.TabFocusReason)
            assert widget.hasFocus()
            assert changed(before, widget.grab().toImage()) >= 15, f"{widget} in the {mode} theme"


def one_of_each(widgets: list[QWidget]) -> list[QWidget]:
    """One of all that look alike."""
    kinds: dict[tuple[object, ...], QWidget] = {}
    for widget in widgets:
        look = (type(widget), widget.objectName(), widget.property("tone"), widget.property("checked"))
        kinds.setdefault(look, widget)
    return list(kinds.values())


def changed(before: QImage, after: QImage) -> int:
    """How many pixels are another colour that is told from the first; no more are counted than needed."""
    count = 0
    for y in range(after.height()):
        for x in range(after.width()):
            one, other = before.pixel(x, y), after.pixel(x, y)
            count += one != other and contrast(QColor(one), QColor(other)) >= 3
            if count >= 15:
                return count
    return count


def test_f6_goes_through_the_parts_of_the_window_and_back(furnished: Window) -> None:
    parts = panes(furnished)
    assert {furnished.canvas, furnished.toolbar, furnished.inspector, furnished.preview} <= set(parts)
    furnished.canvas.setFocus()
    been: list[QWidget] = []
    for _ in parts:
        QTest.keyClick(focus_of(furnished), Qt.Key.Key_F6)
        been.append(next(p for p in parts if p is focus_of(furnished) or p.isAncestorOf(focus_of(furnished))))
    assert been == [*parts[1:], furnished.canvas]
    assert furnished.canvas.focus_shown
    QTest.keyClick(focus_of(furnished), Qt.Key.Key_F6, Qt.KeyboardModifier.ShiftModifier)
    assert parts[-1].isAncestorOf(focus_of(furnished))


def test_tab_goes_through_all_that_is_in_sight_and_nothing_else(furnished: Window) -> None:
    furnished.canvas.setFocus()
    QTest.keyClick(furnished.canvas, Qt.Key.Key_F6)
    been: list[QWidget] = []
    while (widget := focus_of(furnished)) is not furnished.canvas:
        assert widget not in been, "it comes to the canvas in the end"
        assert not widget.visibleRegion().isEmpty(), f"{widget} is out of sight"
        been.append(widget)
        QTest.keyClick(widget, Qt.Key.Key_Tab)
    assert set(focusable(furnished)) - {furnished.canvas} <= set(been)
    for widget in reversed(been[-20:]):
        QTest.keyClick(focus_of(furnished), Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
        assert focus_of(furnished) is widget


def test_the_focus_stays_in_a_part_where_what_has_it_is_disabled(furnished: Window) -> None:
    furnished.document.apply(SetName("r", "Act"), "Rename")
    furnished.refresh()
    button = furnished.toolbar.buttons["undo"]
    button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(button, Qt.Key.Key_Space)
    furnished.refresh()
    assert not button.isEnabled()
    assert furnished.toolbar.isAncestorOf(focus_of(furnished))


def test_going_through_the_window_leaves_its_menus_alive(furnished: Window) -> None:
    """Asking widgets for the next in Qt's chain made Python take menus for children of the page that was shown."""
    furnished.canvas.setFocus()
    for key in (Qt.Key.Key_F6, Qt.Key.Key_Tab) * 6:
        QTest.keyClick(focus_of(furnished), key)
    furnished.document.replace(graph_of(tree("ReLU", "r")))
    assert all(shiboken6.isValid(menu) for menu in furnished.menus.values())


def focus_of(window: Window) -> QWidget:
    found = QApplication.focusWidget()
    assert found
    assert window.isAncestorOf(found)
    return found
