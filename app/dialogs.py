"""Small dialogs of the window. They are opened without blocking and have object names."""

from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMessageBox, QWidget

if TYPE_CHECKING:
    from app.window import Window

Then = Callable[[], object]
DELETE_ON_CLOSE = Qt.WidgetAttribute.WA_DeleteOnClose


def ask_seed(window: "Window") -> None:
    """Ask for the seed of initial weights."""
    dialog = QInputDialog(window)
    dialog.setObjectName("seed")
    dialog.setAttribute(DELETE_ON_CLOSE)
    dialog.setWindowTitle("Seed")
    dialog.setLabelText("Weights that come from no file are drawn from this seed:")
    dialog.setInputMode(QInputDialog.InputMode.IntInput)
    dialog.setIntRange(0, 2**31 - 1)
    dialog.setIntValue(window.link.settings.seed)
    dialog.intValueSelected.connect(lambda seed: window.runs.configure(seed=seed))
    dialog.open()


def ask_room(window: "Window") -> None:
    """Ask how much memory values may take that are kept between runs."""
    used = window.link.configured_as
    dialog = QInputDialog(window)
    dialog.setObjectName("room")
    dialog.setAttribute(DELETE_ON_CLOSE)
    dialog.setWindowTitle("Memory for values")
    dialog.setLabelText(
        "What nodes returned is kept, so that only what follows a change runs again.\n"
        "It may take this much memory, in MiB:"
    )
    dialog.setInputMode(QInputDialog.InputMode.IntInput)
    dialog.setIntRange(0, 1 << 20)
    dialog.setIntValue((used.room if used else 0) >> 20)
    dialog.intValueSelected.connect(lambda mebibytes: window.runs.configure(room=mebibytes << 20))
    dialog.open()


def show_about(window: "Window") -> None:
    """Say what this is."""
    text = f"<h3>Catenary {version('catenary')}</h3><p>An editor for neural networks drawn as Fluxion trees.</p>"
    _tell(window, "about-box", "About Catenary", text)


def _tell(window: "Window", name: str, title: str, text: str) -> None:
    box = QMessageBox(QMessageBox.Icon.NoIcon, title, text, QMessageBox.StandardButton.Close, window)
    box.setObjectName(name)
    box.setTextFormat(Qt.TextFormat.RichText)
    box.setAttribute(DELETE_ON_CLOSE)
    box.open()


def complain(window: QWidget, what: str, error: Exception) -> None:
    """Say that something can't be done with a file, and why."""
    box = QMessageBox(QMessageBox.Icon.Critical, "Catenary", what, QMessageBox.StandardButton.Ok, window)
    box.setObjectName("file-error")
    box.setInformativeText(str(error))
    box.setAttribute(DELETE_ON_CLOSE)
    box.open()


def question(
    window: QWidget,
    name: str,
    text: str,
    detail: str,
    answers: Sequence[tuple[str, QMessageBox.ButtonRole, Then | None]],
) -> QMessageBox:
    """A question with its answers and what each of them does; the first is the default."""
    box = QMessageBox(QMessageBox.Icon.Question, "Catenary", text, parent=window)
    box.setObjectName(name)
    box.setInformativeText(detail)
    box.setAttribute(DELETE_ON_CLOSE)
    actions = {}
    for label, role, then in answers:
        button = box.addButton(label, role)
        button.setObjectName(label.removesuffix("…").lower())
        actions[button] = then
    box.setDefaultButton(next(iter(actions)))
    box.buttonClicked.connect(lambda button: (then := actions[button]) and then())
    return box
