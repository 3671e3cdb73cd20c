"""Random hands: what one does with mouse and keyboard in the window, as real events at random places."""

import random
from collections import deque

from PySide6.QtCore import QCoreApplication, QEvent, QKeyCombination, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QHelpEvent, QKeySequence, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QDialog, QLineEdit, QPlainTextEdit, QSpinBox, QWidget

from app.window import Window

Button, Key, Modifier = Qt.MouseButton, Qt.Key, Qt.KeyboardModifier
NONE, CONTROL, SHIFT, ALT = (
    Modifier.NoModifier,
    Modifier.ControlModifier,
    Modifier.ShiftModifier,
    Modifier.AltModifier,
)
WORDS = ("silu", "conv", "Linear", "attention", "x", "Residual", "up", "640", "norm")
COMMANDS = (
    *(
        "Theme > Dark",
        "Theme > Light",
        "Context links > All",
        "Context links > None",
        "links > All while there are few",
    ),
    *("Heat > Parameters", "Heat > Time", "Heat > Memory", "Heat > Mean of values", "Heat > None", "Heat > None"),
    *("Minimap", "Thumbnails", "Thumbnails", "Timeline of contexts", "Panels > Outline", "Panels > Problems"),
    *("Wrap in > Sum", "Wrap in > Residual", "Wrap in > Parallel", "Wrap in > Passthrough", "Wrap in > Concatenate"),
    *("Route through context", "Inline context", "Make its repeats equal to it", "Select in all repeats"),
    *("Select what leads here", "Select what follows", "Unshare", "Provide it farther out", "Provide it farther in"),
)
"""What is looked for in the list of commands, and run: what has no key."""
KEYS = (
    *((Key.Key_Delete, NONE), (Key.Key_D, CONTROL), (Key.Key_D, CONTROL | SHIFT), (Key.Key_C, CONTROL)),
    *((Key.Key_V, CONTROL), (Key.Key_V, CONTROL | SHIFT), (Key.Key_X, CONTROL), (Key.Key_X, CONTROL | SHIFT)),
    *((Key.Key_G, CONTROL), (Key.Key_G, CONTROL | SHIFT), (Key.Key_D, NONE), (Key.Key_M, CONTROL)),
    *((Key.Key_H, NONE), (Key.Key_H, SHIFT), (Key.Key_K, NONE), (Key.Key_E, NONE), (Key.Key_D, ALT)),
)
"""Keys of commands that change what is selected, or how it shows."""
VIEWS = (
    *((Key.Key_Home, NONE), (Key.Key_F, NONE), (Key.Key_U, NONE), (Key.Key_Escape, NONE), (Key.Key_F12, NONE)),
    *((Key.Key_Left, ALT), (Key.Key_Right, ALT), (Key.Key_0, CONTROL), (Key.Key_Plus, CONTROL)),
    *((Key.Key_Minus, CONTROL), (Key.Key_F6, NONE), (Key.Key_F3, NONE), (Key.Key_F3, SHIFT), (Key.Key_M, ALT)),
)
"""Keys of commands that look elsewhere."""
REMEMBERED = 12


class Stuck(Exception):
    """Something that has opened does not close."""


class Hands:
    """What one does with mouse and keyboard, at random places. Each gesture is a method called after it; `trail` has
    the last ones, with their keys and words."""

    def __init__(self, window: Window, chance: random.Random) -> None:
        self.window = window
        self.canvas = window.canvas
        self.chance = chance
        self.trail: deque[list[str]] = deque(maxlen=REMEMBERED)
        often = (
            *((self.zoom, 8), (self.pan, 4), (self.look_around, 8), (self.minimap, 2), (self.walk, 4), (self.hover, 4)),
            *((self.click, 8), (self.box, 3), (self.everything, 1), (self.selector, 2), (self.find, 2)),
            *((self.outline, 3), (self.outline_drag, 1), (self.drag, 8), (self.shake, 3), (self.put_on_wire, 2)),
            *((self.wire, 8), (self.wire_by_key, 3), (self.cut_wires, 2), (self.cut_by_key, 2), (self.menu, 3)),
            *((self.fold, 3), (self.rename, 3), (self.note, 2), (self.param, 4), (self.problem, 1)),
            *((self.quick_add, 4), (self.replace, 2), (self.from_palette, 2), (self.change, 14), (self.command, 6)),
            *((self.undo, 8), (self.redo, 4), (self.storm, 1), (self.save, 1), (self.resize, 1)),
        )
        self.gestures = dict(often)

    def do(self) -> str:
        """One gesture at random, to its end; gives what it was."""
        [gesture] = self.chance.choices(list(self.gestures), list(self.gestures.values()))
        self.trail.append([gesture.__name__])
        gesture()
        self.settle()
        self.put_away()
        return gesture.__name__

    def told(self) -> str:
        """The last gestures, in words."""
        return "; ".join(" ".join(done) for done in self.trail)

    def settle(self) -> None:
        for _ in range(4):
            QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # a loop that runs does so itself
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # only a loop that runs does so itself

    def put_away(self) -> None:
        """Close what has opened: lists, menus, questions."""
        for _ in range(6):
            dialogs = [each for each in QApplication.topLevelWidgets() if isinstance(each, QDialog)]
            open_now = QApplication.activePopupWidget() or next((each for each in dialogs if each.isVisible()), None)
            if open_now is None:
                self.window.activateWindow()
                return
            QTest.keyClick(open_now, Key.Key_Escape)
            self.settle()
        raise Stuck("what has opened does not close with Escape")

    # Where.

    def point(self) -> QPoint:
        """Some point of the canvas, rather one where something is."""
        items = self.canvas.scene.items
        if items and self.chance.random() < 0.8:
            rect = self.chance.choice(items).rect.intersected(self.canvas.rect().toRectF())
            x, y = self.chance.uniform(rect.left(), rect.right()), self.chance.uniform(rect.top(), rect.bottom())
            return QPoint(round(x), round(y))
        return QPoint(self.chance.randrange(self.canvas.width()), self.chance.randrange(self.canvas.height()))

    def port(self) -> QPoint:
        """Some port, or some point."""
        items = [item for item in self.canvas.scene.items if item.state != "open"]
        if not items or self.canvas.zoom < 0.45:
            return self.point()
        return self.chance.choice(items).port(self.chance.choice(("in", "out"))).toPoint()

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE, widget: QWidget | None = None) -> None:
        self.trail[-1].append(QKeySequence(QKeyCombination(modifiers, key)).toString())
        QTest.keyClick(widget or self.canvas, key, modifiers)
        self.settle()

    def stroke(self, start: QPoint, end: QPoint, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Press, move, and release; now and then give it up with Escape."""
        self.trail[-1].append(f"{start.toTuple()} to {end.toTuple()}")
        QTest.mousePress(self.canvas, button, modifiers, start)
        for step in range(1, 6):
            QTest.mouseMove(self.canvas, start + (end - start) * step / 5)
            QApplication.processEvents()
        if self.chance.random() < 0.08:
            self.press(Key.Key_Escape)
        QTest.mouseRelease(self.canvas, button, modifiers, end)

    def write(self, text: str) -> bool:
        """Type into the field that has the focus, if one has."""
        field = QApplication.focusWidget()
        if not isinstance(field, QLineEdit | QPlainTextEdit):
            return False
        self.trail[-1].append(repr(text))
        field.selectAll()
        QTest.keyClicks(field, text)
        self.settle()
        return True

    # Gestures.

    def pan(self) -> None:
        self.stroke(self.point(), self.point(), Button.MiddleButton)

    def zoom(self) -> None:
        at, turn = QPointF(self.point()), self.chance.choice((-240, -120, 120, 240, 480))
        there = self.canvas.mapToGlobal(at.toPoint()).toPointF()
        for _ in range(3):
            event = QWheelEvent(
                at, there, QPoint(), QPoint(0, turn), Button.NoButton, NONE, Qt.ScrollPhase.NoScrollPhase, False
            )
            QApplication.sendEvent(self.canvas, event)
            self.settle()

    def click(self) -> None:
        modifier = self.chance.choice((NONE, NONE, CONTROL, SHIFT))
        QTest.mouseMove(self.canvas, at := self.point())
        QTest.mouseClick(self.canvas, Button.LeftButton, modifier, at)

    def box(self) -> None:
        self.stroke(self.point(), self.point(), Button.LeftButton, SHIFT)

    def drag(self) -> None:
        modifier = self.chance.choice((NONE, NONE, NONE, ALT))
        self.stroke(self.point(), self.point(), Button.LeftButton, modifier)

    def wire(self) -> None:
        self.stroke(self.port(), self.port(), Button.LeftButton)

    def cut_wires(self) -> None:
        self.stroke(self.point(), self.point(), Button.RightButton, CONTROL)

    def fold(self) -> None:
        QTest.mouseDClick(self.canvas, Button.LeftButton, NONE, self.point())

    def rename(self) -> None:
        self.press(Key.Key_F2)
        if self.write(self.chance.choice(("Renamed", "Block", "Attention", "not a name"))):
            self.press(self.chance.choice((Key.Key_Return, Key.Key_Return, Key.Key_Escape)), widget=self._focus())

    def quick_add(self) -> None:
        self.press(Key.Key_A, SHIFT)
        if self.write(self.chance.choice(WORDS)):
            self.press(Key.Key_Return, widget=self._focus())

    def param(self) -> None:
        fields = [
            each
            for each in QApplication.allWidgets()
            if isinstance(each, QLineEdit | QSpinBox)
            and self.window.inspector.isAncestorOf(each)
            and each.isVisible()
            and each.isEnabled()
        ]
        if fields:
            field = self.chance.choice(fields)
            field.setFocus()
            QTest.keyClick(field, Key.Key_A, CONTROL)
            QTest.keyClicks(field, self.chance.choice(("3", "7", "320", "x", "0.5")))
            self.press(Key.Key_Tab, widget=field)

    def find(self) -> None:
        self.press(Key.Key_F, CONTROL)
        if self.write(self.chance.choice(WORDS)):
            self.press(Key.Key_Return, widget=self._focus())
        self.put_away()
        self.press(Key.Key_F3)

    def outline(self) -> None:
        outline = self.window.outline
        rows = [outline.indexAt(QPoint(40, y)) for y in range(4, outline.viewport().height(), 18)]
        rows = [index for index in rows if index.isValid()]
        if rows:
            at = outline.visualRect(self.chance.choice(rows)).center()
            QTest.mouseClick(outline.viewport(), Button.LeftButton, NONE, at)
            self.press(self.chance.choice((Key.Key_Right, Key.Key_Left, Key.Key_Down)), widget=outline)

    def outline_drag(self) -> None:
        self.press(self.chance.choice((Key.Key_Up, Key.Key_Down)), ALT, self.window.outline)

    def walk(self) -> None:
        keys = (Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down, Key.Key_PageUp, Key.Key_PageDown, Key.Key_Return)
        for _ in range(self.chance.randrange(1, 6)):
            self.press(self.chance.choice(keys))

    def change(self) -> None:
        self.press(*self.chance.choice(KEYS))

    def command(self) -> None:
        self.press(Key.Key_P, CONTROL | SHIFT)
        if self.write(self.chance.choice(COMMANDS)):
            self.press(Key.Key_Return, widget=self._focus())

    def everything(self) -> None:
        self.press(Key.Key_A, CONTROL)

    def hover(self) -> None:
        at = self.point()
        QTest.mouseMove(self.canvas, at)
        QApplication.sendEvent(self.canvas, QHelpEvent(QEvent.Type.ToolTip, at, self.canvas.mapToGlobal(at)))
        self.settle()
        QTest.mouseMove(self.canvas, self.point())

    def menu(self) -> None:
        at = self.point()
        QTest.mouseClick(self.canvas, Button.RightButton, NONE, at)
        QApplication.sendEvent(
            self.canvas, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, self.canvas.mapToGlobal(at))
        )
        self.settle()
        if popup := QApplication.activePopupWidget():
            for _ in range(self.chance.randrange(4)):
                self.press(Key.Key_Down, widget=popup)

    def shake(self) -> None:
        """Press on a node, and shake it."""
        at = self.point()
        self.trail[-1].append(f"at {at.toTuple()}")
        QTest.mousePress(self.canvas, Button.LeftButton, NONE, at)
        for turn in range(8):
            for x in (10, 25, 40) if turn % 2 else (-10, -25, -40):
                QTest.mouseMove(self.canvas, at + QPoint(x, 3 * turn))
            QApplication.processEvents()
        QTest.mouseRelease(self.canvas, Button.LeftButton, NONE, at + QPoint(-40, 21))

    def cut_by_key(self) -> None:
        QTest.keyPress(self.canvas, Key.Key_Y)
        self.stroke(self.point(), self.point(), Button.LeftButton)
        QTest.keyRelease(self.canvas, Key.Key_Y)

    def put_on_wire(self) -> None:
        QTest.mouseClick(self.canvas, Button.LeftButton, ALT, self.point())

    def wire_by_key(self) -> None:
        self.press(Key.Key_W)
        self.walk()
        self.press(self.chance.choice((Key.Key_Return, Key.Key_Return, Key.Key_Escape)))

    def note(self) -> None:
        self.press(Key.Key_P, SHIFT)
        if self.write(self.chance.choice(("to be tried with more heads", "why?", ""))):
            self.press(Key.Key_Return, widget=self._focus())
            self.canvas.setFocus()

    def replace(self) -> None:
        self.press(Key.Key_R, CONTROL)
        if self.write(self.chance.choice(WORDS)):
            self.press(Key.Key_Return, widget=self._focus())

    def from_palette(self) -> None:
        """What the palette has is added where one is; adapters are applied."""
        self._in_list(self.window.palette_panel.tree, twice=True)

    def problem(self) -> None:
        self._in_list(self.window.problems_panel.tree)

    def _in_list(self, tree: QAbstractItemView, twice: bool = False) -> None:
        """Click a line of a list that is in view."""
        places = [
            QPoint(60, y) for y in range(4, tree.viewport().height(), 18) if tree.indexAt(QPoint(60, y)).isValid()
        ]
        if not tree.isVisible() or not places:
            return
        at = self.chance.choice(places)
        self.trail[-1].append(str(tree.indexAt(at).data()))
        QTest.mouseClick(tree.viewport(), Button.LeftButton, NONE, at)
        if twice:
            QTest.mouseDClick(tree.viewport(), Button.LeftButton, NONE, at)

    def storm(self) -> None:
        """Take back much, and bring most of it forth again."""
        steps = self.chance.randrange(10, 60)
        for _ in range(steps):
            self.press(Key.Key_Z, CONTROL)
        for _ in range(steps - self.chance.randrange(3)):
            self.press(Key.Key_Y, CONTROL)

    def resize(self) -> None:
        self.window.resize(*self.chance.choice(((1920, 1080), (1920, 1080), (1280, 720))))

    def undo(self) -> None:
        for _ in range(self.chance.randrange(1, 3)):
            self.press(Key.Key_Z, CONTROL)

    def redo(self) -> None:
        self.press(Key.Key_Y, CONTROL)

    def save(self) -> None:
        self.press(Key.Key_S, CONTROL)

    def selector(self) -> None:
        self.press(Key.Key_L, CONTROL)
        if self.write(self.chance.choice(("Linear in CrossAttention*", "Conv2d & out_channels >= 640", "kind ="))):
            self.press(Key.Key_Return, widget=self._focus())
            self.press(Key.Key_Escape, widget=self._focus())

    def minimap(self) -> None:
        at = QPoint(
            self.canvas.width() - self.chance.randrange(20, 180), self.canvas.height() - self.chance.randrange(20, 100)
        )
        target = self.canvas.childAt(at) or self.canvas
        QTest.mouseClick(
            target, Button.LeftButton, NONE, target.mapFrom(self.canvas, at) if target is not self.canvas else at
        )

    def look_around(self) -> None:
        self.press(*self.chance.choice(VIEWS))

    def _focus(self) -> QWidget:
        return QApplication.focusWidget() or self.canvas
