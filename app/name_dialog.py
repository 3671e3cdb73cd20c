"""A small dialog that asks for a name, and says while it is typed why one will not do."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.panels.form import Message
from engine.document.edits import Edit, EditError


class NameDialog(QDialog):
    """Asks for another name than `old`. `edit` makes an edit of it or raises EditError; `take` gets a good one."""

    def __init__(
        self,
        parent: QWidget,
        title: str,
        label: str,
        old: str,
        edit: Callable[[str], Edit],
        take: Callable[[str], object],
    ) -> None:
        super().__init__(parent)
        self.setObjectName("name-dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.old = old
        self._edit = edit
        self.line = QLineEdit(old)
        self.line.setAccessibleName(title)
        self.line.selectAll()
        self.message = Message()
        choices = QDialogButtonBox.StandardButton
        self.buttons = QDialogButtonBox(choices.Ok | choices.Cancel, self)
        self.buttons.button(choices.Ok).setText("Rename")
        column = QVBoxLayout(self)
        column.addWidget(QLabel(label))
        column.addWidget(self.line)
        column.addWidget(self.message)
        column.addWidget(self.buttons)
        self.setMinimumWidth(380)
        self.line.textChanged.connect(self._check)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.accepted.connect(lambda: take(self.line.text().strip()))
        self._check(old)

    def _check(self, name: str) -> None:
        reason = ""
        if name.strip() != self.old:
            try:
                self._edit(name.strip())
            except EditError as error:
                reason = str(error)
        self.message.refuse(reason)
        self.buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(not reason and name.strip() != self.old)
