"""The toolbar: what is needed all the time, and which device and dtype are in use."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QSizePolicy, QToolBar, QToolButton, QWidget

if TYPE_CHECKING:
    from app.window import Window

WITH_TEXT = {"run": "Run", "auto-run": "Auto-run"}


class Toolbar(QToolBar):
    """Buttons of the window's actions; two that open the menus of device and dtype."""

    def __init__(self, window: "Window") -> None:
        super().__init__("Toolbar")
        self.window_ = window
        self.setObjectName("toolbar")
        self.setMovable(False)
        self.setIconSize(QSize(18, 18))
        for group in (("new", "open", "save"), ("undo", "redo"), ("run", "continue", "step", "cancel", "auto-run")):
            for name in group:
                self._add(name)
            self.addSeparator()
        self.device = self._chooser("Run/Device", "Device in use: choose another")
        self.dtype = self._chooser("Run/Dtype", "Dtype in use: choose another")
        spring = QWidget()
        spring.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.addWidget(spring)
        self._add("frame-all")

    def show_state(self) -> None:
        """Show the settings in force."""
        used = self.window_.link.configured_as
        asked = self.window_.link.settings
        self.device.setText(used.device.upper() if used else asked.device)
        self.device.setToolTip(f"Device in use: {used.detail or used.device}" if used else "Device")
        self.dtype.setText(used.dtype if used else asked.dtype)

    def button(self, name: str) -> QToolButton:
        """The button of an action."""
        found = self.widgetForAction(self.window_.actions_by_id[name])
        assert isinstance(found, QToolButton)
        return found

    def _add(self, name: str) -> None:
        action = self.window_.actions_by_id[name]
        self.addAction(action)
        self.button(name).setFocusPolicy(Qt.FocusPolicy.TabFocus)
        if name in WITH_TEXT:
            action.setIconText(WITH_TEXT[name])
            self.button(name).setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)

    def _chooser(self, menu: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setMenu(self.window_.menus[menu])
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip(tip)
        button.setMinimumWidth(72)
        self.addWidget(button)
        return button
