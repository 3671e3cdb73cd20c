"""What the worker says, as Qt signals."""

from PySide6.QtCore import QObject, Signal

from engine.messages import (
    Code,
    Configured,
    Examined,
    Exported,
    Finished,
    FromWorker,
    Glanced,
    Imported,
    Importing,
    InUse,
    Loaded,
    Log,
    Measured,
    Paused,
    Preview,
    Progress,
    Ready,
    Saved,
    Shapes,
    Stale,
    Timeline,
    Varied,
    WeightsSaved,
)


class Answers(QObject):
    """A signal for each message of the worker but `Stopped`, which its client keeps for itself; each carries the
    message."""

    ready = Signal(object)
    configured = Signal(object)
    shapes = Signal(object)
    progress = Signal(object)
    logged = Signal(object)
    previewed = Signal(object)
    glanced = Signal(object)
    measured = Signal(object)
    timeline = Signal(object)
    varied = Signal(object)
    paused = Signal(object)
    finished = Signal(object)
    outdated = Signal(object)
    in_use = Signal(object)
    loaded = Signal(object)
    saved = Signal(object)
    coded = Signal(object)
    exported = Signal(object)
    importing = Signal(object)
    imported = Signal(object)
    examined = Signal(object)
    weights_saved = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._signals = {
            Ready: self.ready,
            Configured: self.configured,
            Shapes: self.shapes,
            Progress: self.progress,
            Log: self.logged,
            Preview: self.previewed,
            Glanced: self.glanced,
            Measured: self.measured,
            Timeline: self.timeline,
            Varied: self.varied,
            Paused: self.paused,
            Finished: self.finished,
            Stale: self.outdated,
            InUse: self.in_use,
            Loaded: self.loaded,
            Saved: self.saved,
            Code: self.coded,
            Exported: self.exported,
            Importing: self.importing,
            Imported: self.imported,
            Examined: self.examined,
            WeightsSaved: self.weights_saved,
        }

    def tell(self, message: FromWorker) -> None:
        """Pass on what the worker says."""
        self._signals[type(message)].emit(message)
