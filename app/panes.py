"""The parts of the window, to go through by key: F6 from part to part, Tab through all that is in them.

The canvas keeps Tab for adding nodes.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QScrollArea, QTabBar, QWidget

from app.action import Action

if TYPE_CHECKING:
    from app.window import Window

DIRECT = Qt.FindChildOption.FindDirectChildrenOnly


def panes(window: "Window") -> list[QWidget]:
    """What the focus goes through: the canvas, the panels in sight, toolbar, status bar, bars over the canvas."""
    bars = (window.consent, window.notice, window.drawing_bar, window.selector, window.breadcrumbs)
    found = (window.canvas, *(dock.widget() for dock in window.docks.values()), window.toolbar, window.status, *bars)
    return [pane for pane in found if not pane.visibleRegion().isEmpty() and _entry(pane) is not None]


def go(window: "Window", step: int) -> None:
    """Give the focus to the next part (1) or the one before (-1), where it was there last."""
    parts, focus = panes(window), QApplication.focusWidget()
    homes = [dock if isinstance(dock := part.parentWidget(), QDockWidget) else part for part in parts]
    here = next((i for i, home in enumerate(homes) if focus and (home is focus or home.isAncestorOf(focus))), -step)
    entry = _entry(parts[(here + step) % len(parts)])
    if entry:
        entry.setFocus(Qt.FocusReason.TabFocusReason if step > 0 else Qt.FocusReason.BacktabFocusReason)


def tab(window: "Window", step: int) -> bool:
    """Give the focus to the next of `stops` (1) or the one before (-1); False where there is none."""
    found, focus = stops(window), QApplication.focusWidget()
    if not found:
        return False
    around = [i for i, stop in enumerate(found) if focus and (stop is focus or stop.isAncestorOf(focus))]
    reason = Qt.FocusReason.TabFocusReason if step > 0 else Qt.FocusReason.BacktabFocusReason
    if focus and not around:  # it can't have the focus any more: stay in the same part
        part = next((pane for pane in panes(window) if pane.isAncestorOf(focus)), None)
        around = [i - step for i, stop in enumerate(found) if part and part.isAncestorOf(stop)][:1]
    here = max(around, key=lambda i: found[i] is focus, default=0 if step < 0 else -1)
    stop = found[(here + step) % len(found)]
    stop.setFocus(reason)
    for pane in panes(window):
        if isinstance(pane, QScrollArea) and pane.isAncestorOf(stop):
            pane.ensureWidgetVisible(stop)
    return True


def stops(window: "Window") -> list[QWidget]:
    """All that takes the focus, part by part, then the tabs of panels.

    Qt's own chain goes into panels that are behind others, and to tab bars that it keeps off the window once it has no
    use for them; and to ask a widget for the next one there makes Python take this for its child, to go when it goes.
    """
    found: list[QWidget] = []
    for pane in panes(window):
        dock = pane.parentWidget()
        for part in (pane, dock.titleBarWidget()) if isinstance(dock, QDockWidget) else (pane,):
            found += [each for each in (part, *part.findChildren(QWidget)) if _can_take(each)]
    tabs = [bar for bar in window.findChildren(QTabBar, options=DIRECT) if _takes(bar)]
    return found + tabs


def _entry(pane: QWidget) -> QWidget | None:
    """What takes the focus in a part: what had it last, or the first that can have it."""
    last = pane.focusWidget()
    if last and _takes(last):
        return last
    return next((each for each in (pane, *pane.findChildren(QWidget)) if _takes(each)), None)


def _takes(widget: QWidget) -> bool:
    return _can_take(widget) and not widget.visibleRegion().isEmpty()


def _can_take(widget: QWidget) -> bool:
    """Whether it takes the focus now, once it is scrolled into view."""
    wanted = Qt.FocusPolicy.TabFocus
    able = widget.focusPolicy() & wanted == wanted and widget.isEnabled() and widget.isVisible()
    return able and widget.focusProxy() is None


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
