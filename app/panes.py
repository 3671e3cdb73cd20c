"""The parts of the window, to go through by key: the canvas keeps Tab for adding nodes."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

from app.action import Action

if TYPE_CHECKING:
    from app.window import Window


def panes(window: "Window") -> list[QWidget]:
    """What the focus goes through: the canvas, the panels in sight, toolbar, status bar, bars over the canvas."""
    bars = (window.consent, window.notice, window.drawing_bar, window.selector, window.breadcrumbs)
    found = (window.canvas, *(dock.widget() for dock in window.docks.values()), window.toolbar, window.status, *bars)
    return [pane for pane in found if not pane.visibleRegion().isEmpty() and _entry(pane) is not None]


def go(window: "Window", step: int) -> None:
    """Give the focus to the next part (1) or the one before (-1), where it was there last."""
    parts, focus = panes(window), QApplication.focusWidget()
    here = next((i for i, part in enumerate(parts) if focus and (part is focus or part.isAncestorOf(focus))), -step)
    entry = _entry(parts[(here + step) % len(parts)])
    if entry:
        entry.setFocus(Qt.FocusReason.TabFocusReason if step > 0 else Qt.FocusReason.BacktabFocusReason)


def _entry(pane: QWidget) -> QWidget | None:
    """What takes the focus in a part: what had it last, or the first that can have it."""
    last = pane.focusWidget()
    if last and _takes(last):
        return last
    widget: QWidget | None = pane
    while widget and not (_takes(widget) and (widget is pane or pane.isAncestorOf(widget))):
        widget = widget.nextInFocusChain()
        if widget is pane:
            return None
    return widget


def _takes(widget: QWidget) -> bool:
    tab = Qt.FocusPolicy.TabFocus
    return widget.focusPolicy() & tab == tab and widget.isEnabled() and not widget.visibleRegion().isEmpty()


PANES: tuple[Action, ...] = (
    Action(
        id="next-pane",
        menu="View",
        title="To the next part of the window",
        keys=("F6",),
        tip="Canvas, panels, toolbar, status bar: where the focus goes",
        run=lambda w: go(w, 1),
        separated=True,
    ),
    Action(
        id="previous-pane",
        menu="View",
        title="To the part before",
        keys=("Shift+F6",),
        run=lambda w: go(w, -1),
    ),
)
