"""The default example on a photograph of 512 x 512, through the window: from moving a slider to new pixels on screen.

Two sliders: the strength, which two nodes read by context, and the sigma of the first blur, which everything follows.
Each move waits for the preview to be painted with new pixels before the next one.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).parents[2]))

MOVES = 100
WARM = 10
PATIENCE = 60.0


def main() -> None:
    from PIL import Image
    from PySide6.QtCore import QEvent, QEventLoop, QObject, QSettings, QTimer
    from PySide6.QtWidgets import QApplication, QSlider
    from skimage import data

    from app.examples import EXAMPLES
    from app.panels.graph_page import GraphPage
    from app.panels.node_page import NodePage
    from app.panels.numbers import NumberSlider
    from app.window import Window
    from engine.document.edits import SetInputs
    from engine.document.graph import Input
    from engine.document.sources import ImageSource

    class Painted(QObject):
        """Counts the paints of the preview that show another image."""

        def __init__(self, window: Window) -> None:
            super().__init__()
            self.view = window.preview.picture
            self.key = 0
            self.count = 0
            self.view.installEventFilter(self)

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and self.view.image.cacheKey() != self.key:
                self.key = self.view.image.cacheKey()
                self.count += 1
            return False

    def wait(done: Callable[[], bool]) -> None:
        end = time.perf_counter() + PATIENCE
        while not done():
            app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)  # asleep, as a window is
            if time.perf_counter() > end:
                raise SystemExit("nothing changed on the screen")

    def measure(title: str, slider: QSlider) -> None:
        times: list[float] = []
        for move in range(WARM + MOVES):
            wait(lambda: not (window.link.running or window.link.stale))
            before = painted.count
            start = time.perf_counter()
            slider.setValue(310 + (move * 37) % 380)
            wait(lambda before=before: painted.count > before)
            times.append(1000 * (time.perf_counter() - start))
        ordered = sorted(times[WARM:])
        p50, p95 = ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100]
        print(f"{title:24} p50 {p50:6.1f} ms   p95 {p95:6.1f} ms   ({MOVES} moves, {device})")

    app = QApplication([])
    tick = QTimer()
    tick.start(200)  # so that waiting in vain ends
    with tempfile.TemporaryDirectory() as folder:
        photograph = Path(folder) / "astronaut.png"
        Image.fromarray(data.astronaut()).save(photograph)
        window = Window(QSettings(str(Path(folder) / "settings.ini"), QSettings.Format.IniFormat), "light")
        window.resize(1400, 900)
        window.show()
        painted = Painted(window)
        window.start()
        window.files.open_example(EXAMPLES / "unsharp.catenary")
        window.document.apply(SetInputs((Input("photo", ImageSource(str(photograph))),)), "Use a photograph")
        wait(lambda: painted.count > 0 and not window.link.running)
        device = window.link.configured_as.detail if window.link.configured_as else "?"
        page = window.inspector.page
        assert isinstance(page, GraphPage)
        values = page.contexts.card("unsharp").entries.row("strength").source.values
        slider = values.findChild(NumberSlider) if values else None
        assert isinstance(slider, NumberSlider)
        measure("strength (by context)", slider.slider)
        blur = next(n for n in window.document.graph.walk() if window.document.graph.node(n).kind == "Blur")
        window.canvas.select([blur])
        window.preview.pin_node("root")
        page = window.inspector.page
        assert isinstance(page, NodePage)
        slider = page.fields["sigma"].findChild(NumberSlider)
        assert isinstance(slider, NumberSlider)
        wait(lambda: window.preview.node == "root" and not window.preview.picture.image.isNull())
        measure("sigma of the first blur", slider.slider)
        window.link.close()


if __name__ == "__main__":
    main()
