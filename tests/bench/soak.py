"""Random hands at the SDXL U-Net for some minutes: real mouse and key events in the real window, with its worker up.

QT_QPA_PLATFORM=offscreen python tests/bench/soak.py [MINUTES] [SEED] [FILE]

No exception and no warning of Qt's is borne, in ten minutes or more memory may grow by a tenth after the first, and
undoing everything has to give the bytes of the file back. Folding leaves no step to undo: frames and repeats are folded
as they were.
With a FILE (of `resources/examples`), its graph is taken instead, and runs after every change.
"""

import os
import random
import shutil
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

from PySide6.QtCore import QSettings, Qt, QtMsgType, qInstallMessageHandler
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.garbage import Collector
from app.window import Window
from engine.document import files, parsing
from engine.document.graph import NO_VIEW
from tests.bench.hands import Hands, Stuck
from tests.bench.trees import graph_of

IGNORED = ("This plugin does not support", "QStandardPaths: XDG_RUNTIME_DIR")
REST = 1500
"""Milliseconds. Freed memory goes back to the system when there is little to do."""
LONG, GROWTH = 10, 1.1
"""Minutes from which on memory must not have grown by more than that; sooner, it has not yet all that one uses."""


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

    def _heard(self, kind: QtMsgType, context: object, text: str) -> None:
        del context
        if kind == QtMsgType.QtFatalMsg:  # it ends with this
            print(f"fatal: {text}", flush=True)
        if not text.startswith(IGNORED):
            self.found.append(f"Qt: {text}\n" + "".join(traceback.format_stack(limit=8)[:-1]))


def resident() -> float:
    """Megabytes of memory that this process has: that of the window, not that of its worker."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def opened(folder: Path, file: Path | None = None) -> tuple[Window, Path, bytes]:
    """A window with the model in it, or that of a file; its file and the bytes of that. The worker has taken it in."""
    path = folder / "soak.catenary"
    if file:
        shutil.copytree(file.parent, folder, dirs_exist_ok=True)
    files.save(files.load(file)[0] if file else graph_of("SDXL"), path, None)
    window = Window(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat), "light")
    window.resize(1920, 1080)
    window.show()
    window.activateWindow()
    window.runs.set_auto(file is not None)
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
        QTest.keyClick(window.canvas, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
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
    QTest.keyClick(window.canvas, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    QApplication.processEvents()
    if path.read_bytes() != before:
        raise Trouble("the file saved at the end is another one")


def soak(minutes: float, seed: int, file: Path | None) -> None:
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        window, path, before = opened(Path(folder), file)
        collector = Collector(window.document)
        hands = Hands(window, random.Random(seed))
        done: Counter[str] = Counter()
        began, at_minute, most = monotonic(), list[float](), 0

        def look() -> None:
            """Say how much memory there is, after a moment of rest."""
            QTest.qWait(REST)
            at_minute.append(resident())
            document, spent = window.document, (monotonic() - began) / 60
            print(
                f"{spent:4.1f} min {done.total():6} gestures {at_minute[-1]:5.0f} MB"
                f" {len(document.history.undos):4} steps {len(document.graph.nodes):6} nodes",
                flush=True,
            )

        try:
            while (passed := monotonic() - began) < 60 * minutes:
                done[hands.do()] += 1
                most = max(most, len(window.document.history.undos))
                if watch.found:
                    raise Trouble(watch.found[0])
                if passed > 60 * (len(at_minute) + 1):
                    look()
            look()
            print(f"{done.total()} gestures, at most {most} steps to undo: {dict(done)}")
            taken_back(window, path, before)
            if watch.found:
                raise Trouble(watch.found[0])
            first, last = at_minute[0], at_minute[-1]
            print(f"everything undone, the bytes are those of the file; memory {first:.0f} to {last:.0f} MB, and now:")
            look()
            if minutes >= LONG and last > GROWTH * first:
                raise Trouble(f"memory has grown by {last / first - 1:.0%}")
        except (Trouble, Stuck) as trouble:
            raise Trouble(f"{trouble}\nafter {done.total()} gestures, the last of them: {hands.told()}") from trouble
        finally:
            sys.excepthook = sys.__excepthook__
            collector.stop()
            window.document.mark_saved()
            window.close()
            QGuiApplication.processEvents()


if __name__ == "__main__":
    application = QApplication([])
    given = dict(zip(("minutes", "seed", "file"), sys.argv[1:], strict=False))
    chosen = int(given.get("seed", random.SystemRandom().randrange(10**6)))
    print(f"seed {chosen}", flush=True)
    try:
        soak(float(given.get("minutes", 10)), chosen, Path(given["file"]) if "file" in given else None)
    except Trouble as trouble:
        raise SystemExit(f"trouble: {trouble}") from trouble
