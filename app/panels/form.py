"""What the pages of the inspector are made of: sections, labelled rows with messages, and the one way to edit."""

import re
from collections.abc import Callable, Sequence
from html import escape

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from app import tones
from engine.document.document import Document
from engine.document.edits import Edit, EditError

WAIT = 30
"""Milliseconds between looks at whether a mouse button is still down."""

DOTS = re.compile(r"\.(?=[A-Za-z_])")
"""Those within the path of a node; a sentence ends with a space."""

Problems = Sequence[tuple[str, str]]
"""Severity and message."""


def rich(text: str) -> str:
    """Plain text as rich text that wraps, in long paths after their dots, with what stands in backticks as code."""
    parts = DOTS.sub(".\u200b", escape(text, quote=False)).split("`")
    marked = [f"<code>{part}</code>" if index % 2 else part for index, part in enumerate(parts)]
    return f"<span>{''.join(marked)}</span>"


class Section(QWidget):
    """A titled part of a page. `body` is a column."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(0, 0, 0, 0)
        self.body.setSpacing(6)
        if title:
            heading = QLabel(title)
            heading.setProperty("tone", "heading")
            heading.setIndent(0)
            self.body.addWidget(heading)


class Message(QLabel):
    """A line below a field that says what is wrong with it: a refusal of what was typed, or else the problems found."""

    def __init__(self) -> None:
        super().__init__()
        self.setWordWrap(True)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._refusal = ""
        self._problems: Problems = ()
        self._waiting = QTimer(self)
        self._waiting.setSingleShot(True)
        self._waiting.setInterval(WAIT)
        self._waiting.timeout.connect(self._update)
        self.hide()

    def refuse(self, reason: str) -> None:
        """Say why what was typed is not taken; "" when it is."""
        self._refusal = reason
        self._update()

    def set_problems(self, problems: Problems) -> None:
        self._problems = problems
        self._update()

    def _update(self) -> None:
        if QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._waiting.start()  # nothing may move under a button that is being pressed
            return
        shown: Problems = [("error", f"not taken: {self._refusal}")] if self._refusal else self._problems
        severities = {severity for severity, _ in shown}
        tone = next((s for s in ("error", "warning", "info") if s in severities), "")
        tones.wear(self, tone)
        self.setText(rich("\n".join(message for _, message in shown)).replace("\n", "<br>"))
        self.setVisible(bool(shown))


class Form(QFormLayout):
    """Labels on the left, fields with their messages on the right; all labels of a page are equally wide."""

    LABEL_WIDTH = 92

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(8)
        self.setVerticalSpacing(6)
        self.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)

    def add(self, name: str, field: QWidget, tip: str = "") -> Message:
        """Add a labelled field; gives the message line below it."""
        label = QLabel(name)
        label.setMinimumWidth(self.LABEL_WIDTH)
        label.setFixedHeight(max(label.sizeHint().height(), min(26, field.sizeHint().height())))
        label.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        label.setBuddy(field)
        message = Message()
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addWidget(field)
        column.addWidget(message)
        for widget in (label, field):
            widget.setToolTip(tip)
        self.addRow(label, holder)
        return message


class Editing:
    """How a page edits the document: refusals appear at the field that asked, and nothing is lost."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.messages: dict[str, Message] = {}

    def apply(self, edit: Edit, label: str, field: str | Message, merge: str = "") -> None:
        """Apply one edit for `field`."""
        self.attempt(lambda: edit, label, field, merge)

    def attempt(self, make: Callable[[], Edit], label: str, field: str | Message, merge: str = "") -> None:
        """Make an edit and apply it; either may raise EditError, which is shown at `field`."""
        message = field if isinstance(field, Message) else self.messages.get(field)
        try:
            self.document.apply(make(), label, merge)
        except EditError as error:
            if message is None:
                raise
            message.refuse(str(error))
        else:
            if message:
                message.refuse("")

    def finish(self) -> None:
        """A drag or some typing has ended."""
        self.document.end_gesture()
