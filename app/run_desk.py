"""What the window asks of the worker, and what it shows of the worker's answers."""

from typing import TYPE_CHECKING, Any

from msgspec import structs
from PySide6.QtCore import QObject

from app import actions
from app.canvas import travel
from app.reports import death_report
from engine.messages import Fault, Finished, Paused, Progress, Ready, Saved, Shapes

if TYPE_CHECKING:
    from app.window import Window


class RunDesk(QObject):
    """Runs in the window: begun, recorded, stopped, and told of in the panels that are about them."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window = window
        self.devices: tuple[str, ...] = ("cpu",)
        self.faults: tuple[Fault, ...] = ()
        self.shapes = Shapes({}, {})
        link = window.link
        window.preview.watched.connect(link.watch)
        window.preview.pause.resumed.connect(link.resume)
        window.preview.pause.cancelled.connect(self.cancel)
        window.timeline.wanted.connect(lambda: link.run(pauses=True))
        window.timeline.moved.connect(self._show_step)
        window.docks["timeline"].visibilityChanged.connect(self._record)
        link.timeline.connect(window.timeline.show_timeline)
        link.ready.connect(self._ready)
        link.configured.connect(lambda _: window.refresh_soon())
        link.shapes.connect(self._shaped)
        link.in_use.connect(window.adapters_panel.show_in_use)
        link.progress.connect(self._progressed)
        link.logged.connect(window.log.add)
        link.previewed.connect(window.preview.show_preview)
        link.paused.connect(self._paused)
        link.finished.connect(self._finished)
        link.outdated.connect(lambda message: window.canvas.staleness.tell(message.nodes, message.kept))
        link.ready.connect(lambda _: window.canvas.staleness.tell(()))
        link.saved.connect(self._saved)
        link.died.connect(self._died)
        link.state_changed.connect(self.show_state)

    # What is asked

    def set_auto(self, auto: bool) -> None:
        """Run after every change, or not."""
        self.window.settings.setValue("auto", auto)
        self.window.link.set_auto(auto)

    def configure(self, **changes: Any) -> None:
        """Change device, dtype, seed, or the memory for values."""
        link = self.window.link
        link.configure(structs.replace(link.settings, **changes))

    def cancel(self) -> None:
        """Stop the run in progress."""
        if self.window.link.running:
            self.window.status.cancelling()
        self.window.link.cancel()

    def restart(self) -> None:
        """End the worker and start another."""
        self.window.notice.hide()
        self.window.link.restart()

    def _record(self, open: bool) -> None:
        """Record runs while the timeline is open; that of the present graph at once, if it runs by itself."""
        link, timeline = self.window.link, self.window.timeline
        link.records = open
        self._show_step(timeline.node if open else "", False)
        if open and link.auto and link.idle and timeline.run_shown != link.number:
            link.run()

    # What is shown

    def show_state(self) -> None:
        """Show whether the worker runs, has paused, or is behind the document."""
        window, link = self.window, self.window.link
        paused = link.paused_at
        window.timeline.set_stale(link.stale)
        window.preview.set_state(link.stale, link.running and not paused)
        window.preview.pause.show_pause(paused)
        window.canvas.set_paused(paused.node if paused else None)
        window.status.engine(link)
        window.toolbar.show_state()
        actions.refresh(window, "Run")

    def show_shapes(self) -> None:
        """Show what the worker knows of the nodes, where it is they that are shown."""
        window, shapes = self.window, self.shapes
        if window.drawing.drawn is None:
            window.canvas.set_shapes(shapes.returns, shapes.receives)
            window.canvas.set_faults([fault for fault in shapes.faults if fault.code != "untrusted"])
            window.inspector.set_shapes(shapes.returns, shapes.receives)

    def _show_step(self, node: str, follow: bool) -> None:
        """Mark the node of the timeline's present step, and bring it into view."""
        canvas = self.window.canvas
        canvas.mark(node if self.window.link.records else "")
        if follow and node in canvas.document.graph:
            travel.show(canvas, [node])

    # What the worker says

    def _ready(self, message: Ready) -> None:
        self.devices = message.devices
        self.window.refresh_soon()

    def _shaped(self, message: Shapes) -> None:
        self.faults, self.shapes = message.faults, message
        self.show_shapes()
        self.window.refresh_soon()

    def _progressed(self, message: Progress) -> None:
        window = self.window
        window.status.progress(message, window.document)
        if window.status.bar.isVisible():  # marks that come and go at once would only flicker
            window.canvas.set_running(message.node if message.node in window.document.graph else None)

    def _paused(self, message: Paused) -> None:
        window = self.window
        window.canvas.set_running(None)
        window.docks["preview"].show()
        if message.node in window.document.graph:
            window.canvas.reveal(message.node)

    def _finished(self, message: Finished) -> None:
        window = self.window
        if window.link.running:
            return
        window.canvas.set_running(None)
        window.status.finished(message)
        window.preview.show_end(message)
        if message.status == "done":
            window.notice.settle("engine")

    def _saved(self, message: Saved) -> None:
        if message.error:
            self.window.notice.tell(f"{message.path} can't be written: {message.error}", "error")
        else:
            self.window.say(f"Wrote {message.path}")

    def _died(self, reason: str, restarted: bool) -> None:
        window = self.window
        window.canvas.set_running(None)
        window.status.clear()
        text = death_report(reason, restarted)
        if not restarted:
            window.trust.withdraw()  # the code that it imports may be what ended it
            window.notice.tell(text, "error", "Try again", self.restart, about="engine")
        elif window.link.running:
            window.notice.tell(text, "warning", about="engine")
        else:
            window.notice.tell(text, "warning", "Run", window.link.run, about="engine")
