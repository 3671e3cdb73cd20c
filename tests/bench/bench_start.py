"""Cold start: from the start of the process to an editable window, against `python -c "import torch"` alone.

"Editable" means: shown, first paint done, event loop turning. Five runs each, taken in turn; medians and their ratio.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

RUNS = 5
ROOT = Path(__file__).parents[2]

OPEN = """
import sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
import app.window
from app.canvas.view import Canvas

painted = []
paint = Canvas.paintEvent

def first_paint(self, event):
    paint(self, event)
    if not painted:
        painted.append(True)
        QTimer.singleShot(0, editable)

def editable():
    print("editable", time.time(), flush=True)
    sys.stdin.read(1)
    window = next(w for w in QApplication.topLevelWidgets() if isinstance(w, app.window.Window))
    window.link.close()
    QApplication.exit(0)

Canvas.paintEvent = first_paint
import app.__main__
if __name__ == "__main__":
    app.__main__.main([])
"""


def start_window(folder: Path) -> float:
    """Seconds until the window can be used."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder)}
    environment.setdefault("QT_QPA_PLATFORM", "offscreen")
    began = time.time()
    with subprocess.Popen(
        [sys.executable, "-c", OPEN],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.communicate("q")
    if not line.startswith("editable"):
        raise SystemExit("the window did not come up")
    return float(line.split()[1]) - began


def import_torch() -> float:
    """Seconds that importing torch takes, process start included."""
    began = time.time()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.time() - began


def main() -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        start_window(Path(folder))  # fill the disk's cache, for both alike
        import_torch()
        pairs = [(start_window(Path(folder)), import_torch()) for _ in range(RUNS)]
    window, torch = (statistics.median(times) for times in zip(*pairs, strict=True))
    print(f"editable window: {window:.2f} s (median of {RUNS}; {min(p[0] for p in pairs):.2f} at best)")
    print(f"import torch:    {torch:.2f} s (median of {RUNS}; {min(p[1] for p in pairs):.2f} at best)")
    print(f"ratio:           {window / torch:.2f}")


if __name__ == "__main__":
    main()
