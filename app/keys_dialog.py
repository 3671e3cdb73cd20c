"""The list of all commands and their keys, where other keys are chosen; and of what the mouse does on the canvas."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QMessageBox,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app import tones
from app.action import Action, name_of
from app.canvas.guide import GESTURES
from app.dialogs import DELETE_ON_CLOSE
from app.key_field import KeyField
from app.keymap import FIXED, defaults, native

if TYPE_CHECKING:
    from app.window import Window

COMMAND = Qt.ItemDataRole.UserRole
SIZE = QSize(720, 640)
HINT = "Choose a command and press Enter, then the new key"
GESTURE_HINT = "What mouse and keys do on the canvas stays as it is"


class KeysDialog(QDialog):
    """Lists the commands of a window; a chosen key counts at once."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window_ = window
        self.keymap = window.keymap
        self.setObjectName("keys")
        self.setWindowTitle("Keys")
        self.setAttribute(DELETE_ON_CLOSE)
        self._adding = False
        """Whether the next key is one more, or the only one."""
        self._offered = ""
        """The key that could be taken from another command."""
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search commands and keys, such as fold or Ctrl+G")
        self.search.setAccessibleName("Search commands and keys")
        self.search.setClearButtonEnabled(True)
        self.tree = _tree()
        self.told = QLabel()
        self.told.setWordWrap(True)
        self.field = KeyField()
        self.change = _button("Change…", "Give the command another key instead of those it has")
        self.add = _button("Add…", "Give the command one more key")
        self.clear = _button("Remove", "Leave the command without a key")
        self.reset = _button("Reset", "Give the command the keys it had at first")
        self.take = _button("Take it from there", "The other command is without this key then")
        self.leave = _button("Leave it there", "No command changes")
        for button in (self.take, self.leave):
            button.setAutoDefault(True)  # Enter answers as well as Space
        self.reset_all = _button("Reset all…", "Give every command the keys it had at first")
        self._lay_out()
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(self._to_first)
        self.tree.currentItemChanged.connect(lambda: self._show_current())
        self.tree.itemActivated.connect(lambda: self._listen(adding=False))
        self.field.pressed.connect(self._pressed)
        self.field.given_up.connect(self._show_current)
        self.change.clicked.connect(lambda: self._listen(adding=False))
        self.add.clicked.connect(lambda: self._listen(adding=True))
        self.clear.clicked.connect(lambda: self._choose(()))
        self.reset.clicked.connect(lambda: self._command and self.keymap.reset(self._command.id))
        self.take.clicked.connect(lambda: self._give(self._offered))
        self.leave.clicked.connect(self._show_current)
        self.reset_all.clicked.connect(self._ask_reset)
        self.keymap.changed.connect(self._renew)
        self._fill()
        self._renew()

    @property
    def _command(self) -> Action | None:
        """The selected command; None where there is none, or a gesture."""
        item = self.tree.currentItem()
        return self.keymap.actions.get(item.data(0, COMMAND)) if item and not item.isHidden() else None

    def item(self, command: str) -> QTreeWidgetItem:
        """The line of a command."""
        return self._items[command]

    # What is shown

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        for button in (self.change, self.add, self.clear, self.reset, self.take, self.leave):
            row.addWidget(button)
        row.addWidget(self.field, 1)
        row.addStretch()
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, self)
        buttons.addButton(self.reset_all, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.button(QDialogButtonBox.StandardButton.Close).setAutoDefault(False)
        buttons.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.addWidget(self.search)
        whole.addWidget(self.tree, 1)
        whole.addWidget(self.told)
        whole.addLayout(row)
        whole.addWidget(buttons)
        self.resize(SIZE.boundedTo(self.window_.size()))

    def _fill(self) -> None:
        """A line for each command under its menu, and for each gesture."""
        self._items: dict[str, QTreeWidgetItem] = {}
        self._sections: list[tuple[QTreeWidgetItem, list[QTreeWidgetItem]]] = []
        menus: dict[str, list[Action]] = {}
        for action in self.keymap.actions.values():
            menus.setdefault(action.menu.partition("/")[0], []).append(action)
        for menu, actions in menus.items():
            lines = [QTreeWidgetItem([_place(action).removeprefix(f"{menu} > ")]) for action in actions]
            for action, line in zip(actions, lines, strict=True):
                self._show_keys(action.id, line)  # before it is in the tree, which measures all lines at each change
                line.setData(0, COMMAND, action.id)
                line.setToolTip(0, action.tip)
                self._items[action.id] = line
            self._section(menu, lines)
        self._section("On the canvas", [QTreeWidgetItem([what, how]) for what, how in GESTURES])

    def _section(self, title: str, lines: list[QTreeWidgetItem]) -> None:
        item = QTreeWidgetItem(self.tree, [title])
        item.addChildren(lines)
        item.setFlags(Qt.ItemFlag.ItemIsEnabled)
        font = item.font(0)
        font.setBold(True)
        item.setFont(0, font)
        item.setFirstColumnSpanned(True)
        item.setExpanded(True)
        self._sections.append((item, lines))

    def _renew(self) -> None:
        """Show the keys that commands have now."""
        for command, item in self._items.items():
            self._show_keys(command, item)
        self.reset_all.setEnabled(bool(self.keymap.chosen))
        self._filter(self.search.text())

    def _show_keys(self, command: str, line: QTreeWidgetItem) -> None:
        line.setText(1, native(self.keymap.keys_of(command)))
        line.setText(2, "changed" if command in self.keymap.chosen else "")

    def _filter(self, text: str) -> None:
        """Show the lines that have every word of a text."""
        words = text.casefold().split()
        for title, lines in self._sections:
            for line in lines:
                said = " ".join((title.text(0), *(line.text(column) for column in range(3)))).casefold()
                line.setHidden(not all(word in said for word in words))
            title.setHidden(all(line.isHidden() for line in lines))
        self._show_current()

    def _to_first(self) -> None:
        """From the search into what it found."""
        line = next((line for line in self._items.values() if not line.isHidden()), None)
        if line:
            self.tree.setCurrentItem(line)
            self.tree.setFocus()

    def _show_current(self) -> None:
        """Say what the selected command is and which keys it has."""
        command, item = self._command, self.tree.currentItem()
        self.field.stop()
        self._offered = ""
        if command:
            keys = native(self.keymap.keys_of(command.id)) or "no key"
            first = native(defaults(command)) or "no key"
            changed = f" – at first: {first}" if command.id in self.keymap.chosen else ""
            self._say(f"{_place(command)}: {keys}{changed}")
        else:
            self._say(GESTURE_HINT if item and item.parent() and not item.isHidden() else HINT)
        self._show(self.change, self.add, self.clear, self.reset)
        for button in (self.change, self.add, self.clear, self.reset):
            button.setEnabled(command is not None)
        if command:
            self.clear.setEnabled(bool(self.keymap.keys_of(command.id)))
            self.reset.setEnabled(command.id in self.keymap.chosen)

    def _show(self, *shown: QWidget) -> None:
        """Show these parts of the foot, and no others. The focus of one that goes is the list's."""
        for part in (self.field, self.change, self.add, self.clear, self.reset, self.take, self.leave):
            if part.hasFocus() and part not in shown:
                self.tree.setFocus()
            part.setVisible(part in shown)

    def _say(self, text: str, tone: str = "") -> None:
        self.told.setText(text)
        tones.wear(self.told, tone)

    # What the user does

    def _listen(self, adding: bool) -> None:
        """Wait for the new key."""
        command = self._command
        if command:
            self._adding = adding
            one = "one more key" if adding else "the new key"
            self._show(self.field)
            self.field.listen(f"Press {one}; Esc gives up")

    def _pressed(self, key: str) -> None:
        """Give the command the key, unless it is another's."""
        command, other = self._command, self.keymap.holder(key)
        if command is None:
            return
        if key in FIXED:
            self.field.listen(f"{native((key,))} {FIXED[key]}, always: press another key")
        elif other is None or other.id == command.id:
            self._give(key)
        else:
            self.field.stop()
            self._offered = key
            self._say(f"{native((key,))} is the key of {_place(other)}", "warning")
            self._show(self.take, self.leave)
            self.take.setFocus()

    def _give(self, key: str) -> None:
        command = self._command
        if command:
            before = self.keymap.keys_of(command.id) if self._adding else ()
            self._choose((*(each for each in before if each != key), key))

    def _choose(self, keys: tuple[str, ...]) -> None:
        if self._command:
            self.keymap.choose(self._command.id, keys)
            self.tree.setFocus()

    def _ask_reset(self) -> None:
        count = len(self.keymap.chosen)
        what = "the command that has others" if count == 1 else f"all {count} commands that have others"
        box = QMessageBox(QMessageBox.Icon.NoIcon, "Reset all keys", f"Give {what} the keys of at first again?")
        box.setParent(self, box.windowFlags())
        box.setObjectName("reset-keys")
        box.setAttribute(DELETE_ON_CLOSE)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.addButton("Reset", QMessageBox.ButtonRole.AcceptRole)
        box.accepted.connect(self.keymap.reset_all)
        box.open()


def _place(action: Action) -> str:
    return f"{action.menu.replace('/', ' > ')} > {name_of(action)}"


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button


class _Lines(QStyledItemDelegate):
    """Gives lines the height that their words take in the second column: Qt's own takes them for one line."""

    def __init__(self, tree: QTreeWidget) -> None:
        super().__init__(tree)
        self.tree = tree

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        size = super().sizeHint(option, index)
        if index.column() == 1:
            room = QRect(0, 0, self.tree.columnWidth(1) - 8, 1000)
            words = self.tree.fontMetrics().boundingRect(room, Qt.TextFlag.TextWordWrap, index.data() or "")
            size.setHeight(max(size.height(), words.height() + 8))
        return size


def _tree() -> QTreeWidget:
    tree = QTreeWidget()
    tree.setItemDelegate(_Lines(tree))
    tree.setObjectName("commands")
    tree.setAccessibleName("Commands and their keys")
    tree.setColumnCount(3)
    tree.setHeaderLabels(["Command", "Keys", ""])
    tree.setRootIsDecorated(False)
    tree.setWordWrap(True)
    tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    tree.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    header = tree.header()
    header.setStretchLastSection(False)
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    header.setSectionResizeMode(2, QHeaderView.ResizeMode.ResizeToContents)
    header.sectionResized.connect(lambda: tree.scheduleDelayedItemsLayout())
    return tree
