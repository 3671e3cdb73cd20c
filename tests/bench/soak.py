"""Random hands at the SDXL U-Net for some minutes: real mouse and key events in the real window, with its worker up.

QT_QPA_PLATFORM=offscreen python tests/bench/soak.py [MINUTES] [SEED]

No exception and no warning of Qt's is borne, memory may grow by a tenth after the first minute, and undoing everything
has to give the bytes of the file back. Folding leaves no step to undo: frames and repeats are folded as they were.
"""

import ctypes
import gc
import os
import random
import sys
import tempfile
import threading
import traceback
from collections import Counter
from difflib import unified_diff
from pathlib import Path
from time import monotonic

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QPoint, QPointF, QSettings, Qt, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLineEdit, QSpinBox, QWidget

from app.garbage import Collector
from app.window import Window
from engine.document import files, parsing
from engine.document.graph import NO_VIEW
from tests.bench.trees import graph_of

Button, Key, Modifier = Qt.MouseButton, Qt.Key, Qt.KeyboardModifier
NONE = Modifier.NoModifier
IGNORED = ("This plugin does not support", "QStandardPaths: XDG_RUNTIME_DIR")
WORDS = ("silu", "conv", "Linear", "attention", "x", "Residual", "up", "640", "norm")
EVERY = 200
"""Gestures between two looks at the memory."""


class Trouble(Exception):
    """What must not happen has happened."""


class Watch:
    """Collects exceptions of slots and threads, and warnings of Qt's."""

    def __init__(self) -> None:
        self.found: list[str] = []
        sys.excepthook = lambda kind, error, trace: self.found.append(
            "".join(traceback.format_exception(kind, error, trace))
        )
        threading.excepthook = lambda args: self.found.append(f"in a thread: {args.exc_value!r}")
        sys.unraisablehook = lambda args: self.found.append(f"unraisable: {args.exc_value!r} in {args.object!r}")
        qInstallMessageHandler(self._heard)

    def _heard(self, kind: object, context: object, text: str) -> None:
        del kind, context
        if not text.startswith(IGNORED):
            self.found.append(f"Qt: {text}")


class Hands:
    """What one does with mouse and keyboard, at random places. Each gesture is a method called after it."""

    def __init__(self, window: Window, chance: random.Random) -> None:
        self.window = window
        self.canvas = window.canvas
        self.chance = chance
        self.gestures = {
            self.pan: 4,
            self.zoom: 8,
            self.click: 8,
            self.box: 3,
            self.drag: 8,
            self.wire: 8,
            self.cut_wires: 3,
            self.fold: 3,
            self.rename: 3,
            self.quick_add: 4,
            self.param: 4,
            self.find: 2,
            self.outline: 3,
            self.outline_drag: 1,
            self.walk: 4,
            self.command: 14,
            self.undo: 8,
            self.redo: 4,
            self.save: 1,
            self.selector: 1,
            self.minimap: 1,
            self.look_around: 3,
        }

    def do(self) -> str:
        """One gesture at random, to its end; gives what it was."""
        [gesture] = self.chance.choices(list(self.gestures), list(self.gestures.values()))
        gesture()
        self.settle()
        self.put_away()
        return gesture.__name__

    def settle(self) -> None:
        for _ in range(4):
            QApplication.processEvents()

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
        raise Trouble("what has opened does not close with Escape")

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
        QTest.keyClick(widget or self.canvas, key, modifiers)
        self.settle()

    def stroke(self, start: QPoint, end: QPoint, button: Qt.MouseButton, modifiers: Qt.KeyboardModifier = NONE) -> None:
        """Press, move, and release; now and then give it up with Escape."""
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
        if not isinstance(field, QLineEdit):
            return False
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
        modifier = self.chance.choice((NONE, NONE, Modifier.ControlModifier, Modifier.ShiftModifier))
        QTest.mouseMove(self.canvas, at := self.point())
        QTest.mouseClick(self.canvas, Button.LeftButton, modifier, at)

    def box(self) -> None:
        self.stroke(self.point(), self.point(), Button.LeftButton, Modifier.ShiftModifier)

    def drag(self) -> None:
        modifier = self.chance.choice((NONE, NONE, NONE, Modifier.AltModifier))
        self.stroke(self.point(), self.point(), Button.LeftButton, modifier)

    def wire(self) -> None:
        self.stroke(self.port(), self.port(), Button.LeftButton)

    def cut_wires(self) -> None:
        self.stroke(self.point(), self.point(), Button.RightButton, Modifier.ControlModifier)

    def fold(self) -> None:
        QTest.mouseDClick(self.canvas, Button.LeftButton, NONE, self.point())

    def rename(self) -> None:
        self.press(Key.Key_F2)
        if self.write(self.chance.choice(("Renamed", "Block", "Attention", "not a name"))):
            self.press(self.chance.choice((Key.Key_Return, Key.Key_Return, Key.Key_Escape)), widget=self._focus())

    def quick_add(self) -> None:
        self.press(Key.Key_A, Modifier.ShiftModifier)
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
            QTest.keyClick(field, Key.Key_A, Modifier.ControlModifier)
            QTest.keyClicks(field, self.chance.choice(("3", "7", "320", "x", "0.5")))
            self.press(Key.Key_Tab, widget=field)

    def find(self) -> None:
        self.press(Key.Key_F, Modifier.ControlModifier)
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
        self.press(self.chance.choice((Key.Key_Up, Key.Key_Down)), Modifier.AltModifier, self.window.outline)

    def walk(self) -> None:
        keys = (Key.Key_Left, Key.Key_Right, Key.Key_Up, Key.Key_Down, Key.Key_PageUp, Key.Key_PageDown, Key.Key_Return)
        for _ in range(self.chance.randrange(1, 6)):
            self.press(self.chance.choice(keys))

    def command(self) -> None:
        """A key that changes what is selected."""
        control, shift = Modifier.ControlModifier, Modifier.ShiftModifier
        key, modifiers = self.chance.choice(
            (
                (Key.Key_Delete, NONE),
                (Key.Key_D, control),
                (Key.Key_C, control),
                (Key.Key_V, control),
                (Key.Key_V, control | shift),
                (Key.Key_X, control),
                (Key.Key_G, control),
                (Key.Key_G, control | shift),
                (Key.Key_X, control | shift),
                (Key.Key_D, NONE),
                (Key.Key_M, control),
                (Key.Key_H, NONE),
                (Key.Key_H, shift),
                (Key.Key_K, NONE),
                (Key.Key_E, NONE),
                (Key.Key_F12, NONE),
                (Key.Key_D, Modifier.AltModifier),
            )
        )
        self.press(key, modifiers)

    def undo(self) -> None:
        for _ in range(self.chance.randrange(1, 3)):
            self.press(Key.Key_Z, Modifier.ControlModifier)

    def redo(self) -> None:
        self.press(Key.Key_Y, Modifier.ControlModifier)

    def save(self) -> None:
        self.press(Key.Key_S, Modifier.ControlModifier)

    def selector(self) -> None:
        self.press(Key.Key_L, Modifier.ControlModifier)
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
        self.press(self.chance.choice((Key.Key_Home, Key.Key_F, Key.Key_U)))

    def _focus(self) -> QWidget:
        return QApplication.focusWidget() or self.canvas


def resident() -> float:
    """Megabytes of memory that this process has, once what it holds of freed memory has gone back to the system."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def opened(folder: Path) -> tuple[Window, Path, bytes]:
    """A window with the model in it, its file and the bytes of that; the worker has taken it in."""
    path = folder / "soak.catenary"
    files.save(graph_of("SDXL"), path, None)
    window = Window(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat), "light")
    window.resize(1920, 1080)
    window.show()
    window.activateWindow()
    window.runs.set_auto(False)
    window.start()
    window.files.open(path)
    began = monotonic()
    while window.files.path != path or not window.link.is_ready or window.link.busy:
        QApplication.processEvents()
        if monotonic() - began > 180:
            raise Trouble("the model does not open")
    return window, path, path.read_bytes()


def taken_back(window: Window, path: Path, before: bytes) -> None:
    """Undo everything, fold as it was, save, and compare."""
    document, views = window.document, parsing.parse(before).views
    steps = len(document.history.undos)
    while document.history.undos:
        QTest.keyClick(window.canvas, Key.Key_Z, Modifier.ControlModifier)
        QApplication.processEvents()
        if len(document.history.undos) >= steps:
            raise Trouble("Ctrl+Z does not undo")
        steps = len(document.history.undos)
    graph = document.graph
    for node in list(graph.children):
        wanted, shown = views.get(node, NO_VIEW), graph.view(node)
        if shown.collapsed != wanted.collapsed:
            window.canvas.toggle_collapsed([node])
        if shown.repeats != wanted.repeats:
            document.fold_repeats([node], wanted.repeats)
    if (after := files.dump(graph)) != before:
        changed = list(unified_diff(before.decode().splitlines(), after.decode().splitlines(), "file", "undone", n=0))
        raise Trouble("undoing everything does not give the bytes of the file back:\n" + "\n".join(changed[:20]))
    QTest.keyClick(window.canvas, Key.Key_S, Modifier.ControlModifier)
    QApplication.processEvents()
    if path.read_bytes() != before:
        raise Trouble("the file saved at the end is another one")


def soak(minutes: float, seed: int) -> None:
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        window, path, before = opened(Path(folder))
        collector = Collector(window.document)
        hands = Hands(window, random.Random(seed))
        done: Counter[str] = Counter()
        began, warm, said, most = monotonic(), 0.0, 0.0, 0
        try:
            while (passed := monotonic() - began) < 60 * minutes:
                done[hands.do()] += 1
                most = max(most, len(window.document.history.undos))
                if watch.found:
                    raise Trouble(f"after {done.total()} gestures: {watch.found[0]}")
                if done.total() % EVERY == 0 and passed > 60:
                    memory = resident()
                    warm = warm or memory
                    if passed > said + 60:
                        said = passed
                        steps = len(window.document.history.undos)
                        print(
                            f"{passed / 60:4.1f} min {done.total():6} gestures {memory:5.0f} MB {steps:4} steps",
                            flush=True,
                        )
            memory = resident()
            print(f"{done.total()} gestures, at most {most} steps to undo: {dict(done)}")
            taken_back(window, path, before)
            print(f"everything undone, the bytes are those of the file; memory {warm:.0f} to {memory:.0f} MB")
            if watch.found:
                raise Trouble(watch.found[0])
            if warm and memory > 1.1 * warm:
                raise Trouble(f"memory has grown from {warm:.0f} to {memory:.0f} MB")
        finally:
            sys.excepthook = sys.__excepthook__
            collector.stop()
            window.document.mark_saved()
            window.close()
            QGuiApplication.processEvents()


if __name__ == "__main__":
    application = QApplication([])
    chosen = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(10**6)
    print(f"seed {chosen}", flush=True)
    try:
        soak(float(sys.argv[1]) if len(sys.argv) > 1 else 10.0, chosen)
    except Trouble as trouble:
        raise SystemExit(f"trouble: {trouble}") from trouble
