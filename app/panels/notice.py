"""A bar across the top of the canvas for news that must not be missed and must not be in the way."""

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton

from app import tones
from app.icons import themed
from app.theme import Theme

Do = Callable[[], object]


class Notice(QFrame):
    """One message, at most two things to do about it, and a button that puts it away."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("notice")
        self.label = QLabel()
        self.label.setWordWrap(True)
        self.button = QPushButton()
        self.other_button = QPushButton()
        self.close_button = QToolButton()
        self.close_button.setIconSize(QSize(12, 12))
        self.close_button.setAutoRaise(True)
        self.close_button.setToolTip("Put away")
        self.close_button.setAccessibleName("Put away")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.addWidget(self.label, 1)
        row.addWidget(self.button)
        row.addWidget(self.other_button)
        row.addWidget(self.close_button)
        self.about = ""
        self._do: Do | None = None
        self._do_other: Do | None = None
        self.button.clicked.connect(lambda: self._act(self._do))
        self.other_button.clicked.connect(lambda: self._act(self._do_other))
        self.close_button.clicked.connect(self.hide)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        self.close_button.setIcon(themed("remove", theme))

    def tell(
        self,
        text: str,
        tone: str = "warning",
        action: str = "",
        do: Do | None = None,
        about: str = "",
        other: tuple[str, Do] | None = None,
    ) -> None:
        """Show a message in a tone (error, warning, info), with a button where there is something to do, or something
        `other` instead.

        What it is `about` lets `settle` put it away.
        """
        self.about = about
        self.label.setText(text)
        tones.wear(self, tone)
        self.button.setText(action)
        self.button.setVisible(bool(action))
        self._do = do
        self.other_button.setText(other[0] if other else "")
        self.other_button.setVisible(other is not None)
        self._do_other = other[1] if other else None
        self.show()

    def settle(self, about: str) -> None:
        """What the message was about is well again."""
        if self.about == about:
            self.hide()

    def _act(self, do: Do | None) -> None:
        self.hide()
        if do:
            do()
