"""Commands of the preview: how it shows things, comparing, and strips."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from app.action import Action
from app.dialogs import DELETE_ON_CLOSE
from app.panels.compare_bar import with_value
from app.panels.fields import Field
from engine.document.dials import Dial, read

if TYPE_CHECKING:
    from app.window import Window


STRIP_HEIGHT = 300
"""Pixels that the strip has when it is called for, enough for its form and a row of pictures."""


def _with_picture(run: Callable[["Window"], object]) -> Callable[["Window"], object]:
    """A command that needs a picture in the preview, and says so."""

    def checked(window: "Window") -> None:
        if window.preview.picture.picture:
            run(window)
        else:
            window.status.refuse("The preview has no picture to compare: run the graph, or select another node")

    return checked


def sweep(window: "Window", dial: Dial | None = None) -> None:
    """Show the strip, about this number, and fill it."""
    dock = window.docks["strip"]
    if dock.isHidden():
        window.resizeDocks([dock], [STRIP_HEIGHT], Qt.Orientation.Vertical)
    dock.show()
    dock.raise_()
    window.sweep.offer(dial)
    if dial:
        window.sweep.start(window.preview.node)


def ask_strip(window: "Window") -> None:
    """Let the user choose where to put the strip as a picture."""
    dialog = window.files.saver("strip", "Save the strip", ["Pictures (*.png)"], "strip.png")

    def write(name: str) -> None:
        if window.sweep.view.image().save(name):
            window.say(f"Wrote {name}")
        else:
            window.notice.tell(f"{name} can't be written: choose another folder or name", "error")

    dialog.fileSelected.connect(write)
    dialog.open()


def menu_of(window: "Window", widget: QWidget | None, at: QPoint) -> bool:
    """The menu of a number's label or field; False where there is none."""
    field = _field_of(widget)
    dial = field.dial if field else None
    reading = read(window.document.graph, window.document.catalogue, dial) if dial else None
    if dial is None or reading is None:
        return False
    choice = with_value(window.document.catalogue, dial, reading)
    menu = QMenu(window)
    menu.setObjectName("number")
    menu.setAttribute(DELETE_ON_CLOSE)
    menu.addAction("Strip of its values", lambda: sweep(window, dial))
    menu.addAction(f"Compare with {reading.value:g}", lambda: window.preview.bar.choose(choice))
    menu.popup(at)
    return True


def _field_of(widget: QWidget | None) -> Field | None:
    """The field that a widget is part of or names."""
    while widget is not None and not isinstance(widget, Field):
        buddy = widget.buddy() if isinstance(widget, QLabel) else None
        widget = buddy if isinstance(buddy, Field) else widget.parentWidget()
    return widget


VIEWING: tuple[Action, ...] = (
    Action(
        id="compare",
        menu="View/Preview",
        title="Compare",
        keys=("M",),
        scope="view",
        tip="Split view, difference, and back: with a variant of the graph or with the picture that is held",
        run=_with_picture(lambda w: w.preview.bar.next_mode()),
    ),
    Action(
        id="compare-swap",
        menu="View/Preview",
        title="Swap A and B",
        keys=("C",),
        scope="view",
        tip="A and B change sides",
        run=_with_picture(lambda w: w.preview.picture.swap()),
    ),
    Action(
        id="compare-hold",
        menu="View/Preview",
        title="Hold the picture to compare with",
        keys=("Shift+M",),
        scope="view",
        tip="The picture shown now is B, whatever the graph makes later",
        run=_with_picture(lambda w: w.preview.bar.hold()),
    ),
    Action(
        id="sweep",
        menu="View/Preview",
        title="Strip of values…",
        tip="What the preview shows for several values of a number, or of two",
        run=lambda w: sweep(w),
        separated=True,
    ),
    Action(
        id="draw",
        menu="View/Preview",
        title="Draw a guide or a mask",
        tip="Draw a picture that the graph takes, with the result below it",
        run=lambda w: w.preview.brush.toggle(),
        checked=lambda w: w.preview.brush.isChecked(),
    ),
    Action(
        id="beside",
        menu="View/Preview",
        title="Pinned nodes side by side",
        run=lambda w: w.preview.beside.toggle(),
        checked=lambda w: w.preview.beside.isChecked(),
    ),
)
