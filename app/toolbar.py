"""The toolbar: what is needed all the time, and which device and dtype are in use."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QSizePolicy, QToolBar, QToolButton, QWidget

if TYPE_CHECKING:
    from app.window import Window

WITH_TEXT = {"run": "Run", "auto-run": "Auto-run"}


class ActionButton(QToolButton):
    """The button of an action. Qt's own lays out the whole window whenever a title such as "Undo Insert" changes."""

    def __init__(self, action: QAction) -> None:
        super().__init__()
        self.action = action
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCheckable(action.isCheckable())
        self.clicked.connect(self._trigger)
        action.changed.connect(self.follow)
        self.follow()

    def follow(self) -> None:
        """Show the action's icon, and whether it is enabled and checked."""
        if self.icon().cacheKey() != self.action.icon().cacheKey():
            self.setIcon(self.action.icon())
        self.setToolTip(self.action.toolTip())
        self.setAccessibleName(self.action.text())
        self.setEnabled(self.action.isEnabled())
        self.setChecked(self.action.isChecked())

    def _trigger(self) -> None:
        self.action.trigger()
        self.follow()  # a click has checked the button, whatever the action made of it


class Toolbar(QToolBar):
    """Buttons of the window's actions; two that open the menus of device and dtype."""

    def __init__(self, window: "Window") -> None:
        super().__init__("Toolbar")
        self.window_ = window
        self.buttons: dict[str, ActionButton] = {}
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

    def _add(self, name: str) -> None:
        button = self.buttons[name] = ActionButton(self.window_.actions_by_id[name])
        if name in WITH_TEXT:
            button.setText(WITH_TEXT[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIconSize(self.iconSize())
        self.addWidget(button)

    def _chooser(self, menu: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setMenu(self.window_.menus[menu])
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setToolTip(tip)
        button.setMinimumWidth(72)
        self.addWidget(button)
        return button
