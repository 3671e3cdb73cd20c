"""The keys that commands have: those of the table, or what the user chose instead, kept in the settings.

What the user chose stands first: a command of the table that has the same key is without it. All commands work while
the canvas has the focus, whatever their scope, so that no two of them can have one key.
"""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QSettings, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence

from app.action import Action

Keys = tuple[str, ...]

GROUP = "keys"
_MODIFIERS = (Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr)
PORTABLE, NATIVE = QKeySequence.SequenceFormat.PortableText, QKeySequence.SequenceFormat.NativeText

FIXED: dict[str, str] = {
    "Esc": "gives up what is under way",
    "Return": "goes into a node",
    "Enter": "goes into a node",
    "Space": "held, makes dragging pan",
    "Left": "goes to a neighbour",
    "Right": "goes to a neighbour",
    "Up": "goes to the frame around",
    "Down": "goes to the first child",
    "PgUp": "goes to the leaf before",
    "PgDown": "goes to the leaf after",
    "Y": "held, makes dragging cut wires",
    "B": "held, shows B of a comparison",
}
"""Keys that are no command's, and what they do on the canvas (`app/canvas/keyboard.py`) or in the preview."""


def spelled(key: str) -> str:
    """A key as Qt spells it on every platform, as in "Ctrl+Shift+Z"; empty for what is no key, or several in turn."""
    sequence = QKeySequence(key, PORTABLE)
    return sequence.toString(PORTABLE) if sequence.count() == 1 else ""


def native(keys: Keys) -> str:
    """Keys as this platform writes them, in one line."""
    return " or ".join(QKeySequence(key, PORTABLE).toString(NATIVE) for key in keys)


def key_of(event: QKeyEvent) -> str:
    """What was pressed, spelled as in the table of commands; empty while only Shift or its like are down."""
    key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if key in _MODIFIERS or key == Qt.Key.Key_unknown:
        return ""
    if key == Qt.Key.Key_Backtab:  # what Qt makes of Shift and Tab
        key, modifiers = Qt.Key.Key_Tab, modifiers | Qt.KeyboardModifier.ShiftModifier
    sign = event.text()
    if modifiers == Qt.KeyboardModifier.ShiftModifier and sign.isprintable() and sign.strip() and not sign.isalpha():
        modifiers = Qt.KeyboardModifier.NoModifier  # "?" is typed with Shift on one keyboard, and without on another
    return spelled(QKeySequence(modifiers.value | key.value).toString(PORTABLE))


def defaults(action: Action) -> Keys:
    """The keys that the table gives a command."""
    return tuple(spelled(key) for key in action.keys)


class Keymap(QObject):
    """The keys of every command, by its id. `changed` tells that some have others now.

    `unread` has what the settings hold and nobody can use, as "dup = Ctrl+Blah: no key".
    """

    changed = Signal()

    def __init__(self, actions: Sequence[Action], settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.actions = {action.id: action for action in actions}
        self.settings = settings
        self.chosen: dict[str, Keys] = {}
        """What the user chose, of the commands that have other keys than the table says."""
        self.unread: dict[str, str] = {}
        self._read()

    def keys_of(self, command: str) -> Keys:
        """The keys that a command has now."""
        if command in self.chosen:
            return self.chosen[command]
        taken = {key for keys in self.chosen.values() for key in keys}
        return tuple(key for key in defaults(self.actions[command]) if key not in taken)

    def holder(self, key: str) -> Action | None:
        """The command that has a key now."""
        return next((action for command, action in self.actions.items() if key in self.keys_of(command)), None)

    def choose(self, command: str, keys: Keys) -> None:
        """Give a command these keys; others that have one of them are without it from now on."""
        for other, theirs in list(self.chosen.items()):
            if other != command and not set(keys).isdisjoint(theirs):
                self._keep(other, tuple(key for key in theirs if key not in keys))
        self._keep(command, keys)
        self.changed.emit()

    def reset(self, command: str) -> None:
        """Give a command the keys of the table again, but for those that another one was given."""
        if self.chosen.pop(command, None) is not None:
            self.settings.remove(f"{GROUP}/{command}")
            self.changed.emit()

    def reset_all(self) -> None:
        """Give every command the keys of the table again, and forget what could not be read."""
        self.chosen, self.unread = {}, {}
        self.settings.remove(GROUP)
        self.changed.emit()

    def forget_unread(self) -> None:
        """Remove from the settings what nobody can use."""
        for command in self.unread:
            self.settings.remove(f"{GROUP}/{command}")
        self.unread = {}

    def _keep(self, command: str, keys: Keys) -> None:
        if keys == defaults(self.actions[command]):
            self.chosen.pop(command, None)
            self.settings.remove(f"{GROUP}/{command}")
        else:
            self.chosen[command] = keys
            self.settings.setValue(f"{GROUP}/{command}", "; ".join(keys))

    def _read(self) -> None:
        self.settings.beginGroup(GROUP)
        stored = {command: self.settings.value(command) for command in self.settings.allKeys()}
        self.settings.endGroup()
        for command, text in stored.items():
            keys = tuple(map(spelled, text.split("; "))) if isinstance(text, str) and text else ()
            complaint = self._complaint(command, text, keys)
            if complaint:
                self.unread[command] = f"{command} = {text}: {complaint}"
            else:
                self.chosen[command] = keys

    def _complaint(self, command: str, text: object, keys: Keys) -> str:
        """Why a stored value can't be used; empty if it can."""
        if command not in self.actions:
            return "no command has this name"
        if not isinstance(text, str) or not all(keys):
            return "not a key such as Ctrl+Shift+D, nor several with '; ' between them"
        for key in keys:
            if key in FIXED:
                return f"{key} {FIXED[key]}, always"
            if other := next((other for other, theirs in self.chosen.items() if key in theirs), ""):
                return f"{key} is the key of {other} already"
        return ""
