"""Weights in the window: choosing a file for a frame, with its prefix and its report first; saving; what is told."""

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from PySide6.QtCore import QObject, QSize, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QVBoxLayout,
)

from app.dialogs import DELETE_ON_CLOSE
from app.panels.weights_report import WeightsReportView
from engine.document.edits import EditError, SetWeights
from engine.document.graph import Graph, Weights
from engine.document.problems import named
from engine.document.stack import adapter_of
from engine.fitting import summary
from engine.messages import CHECKPOINTS, Examine, Examined, Loaded, SaveWeights, WeightsReport, WeightsSaved

if TYPE_CHECKING:
    from app.window import Window

OPENED = [f"Weights ({' '.join(f'*{ending}' for ending in CHECKPOINTS)})"]
PRECISIONS = {
    "Weights, float32 (*.safetensors)": "float32",
    "Weights, float16 (*.safetensors)": "float16",
    "Weights, bfloat16 (*.safetensors)": "bfloat16",
}


class LoadDialog(QDialog):
    """How a file would fit a frame: below which prefix, strictly or not, and what is amiss. Nothing is changed before
    it is accepted.

    `asked` carries the prefix that another look is wanted with.
    """

    asked = Signal(object)

    def __init__(self, window: "Window", frame: str, path: str) -> None:
        super().__init__(window)
        self.setObjectName("load-weights")
        self.setAttribute(DELETE_ON_CLOSE)
        self.setWindowTitle("Load weights")
        self.graph: Graph = window.document.graph
        self.frame = frame
        self.path = path
        self.answer: Examined | None = None
        title = QLabel(f"{Path(path).name} for {named(self.graph, frame)}")
        title.setProperty("tone", "title")
        self.prefix = QComboBox()
        self.prefix.setAccessibleName("Prefix")
        self.prefix.setToolTip("Where the frame's weights start in the file, and how many tensors would fit from there")
        self.strict = QCheckBox("All of it or nothing")
        self.strict.setToolTip("Load only if every tensor has its place, and no tensor is missing or holds a NaN")
        form = QFormLayout()
        form.addRow("Prefix in the file", self.prefix)
        form.addRow("Strict", self.strict)
        self.view = WeightsReportView(fixable=False)  # there is nothing to mend before it is loaded
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel, self)
        self.accept_button = self.buttons.addButton("Load", QDialogButtonBox.ButtonRole.AcceptRole)
        self.refusal = QLabel()
        self.refusal.setProperty("tone", "error")
        self.refusal.setWordWrap(True)
        column = QVBoxLayout(self)
        column.addWidget(title)
        column.addLayout(form)
        column.addWidget(self.view, 1)
        column.addWidget(self.refusal)
        column.addWidget(self.buttons)
        self.prefix.activated.connect(lambda: self._look(self.prefix.currentData()))
        self.strict.toggled.connect(self._judge)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        self.resize(QSize(720, 520).boundedTo(window.size()))
        self._wait()

    def show_answer(self, answer: Examined) -> None:
        """Show what looking at the file has come to."""
        self.answer = answer
        self.prefix.clear()
        for prefix in answer.prefixes:
            name = prefix.name or "(none)"
            self.prefix.addItem(f"{name}: {prefix.count} fit" if prefix.count else name, prefix.name)
        self.prefix.setCurrentIndex(self.prefix.findData(answer.report.prefix))
        self.prefix.setEnabled(len(answer.prefixes) > 1)
        self.view.show_report(answer.report, self.graph)
        self._judge()

    def give_up(self, reason: str) -> None:
        """There will be no answer."""
        self.show_answer(Examined(WeightsReport(self.frame, self.path, error=reason)))

    def _look(self, prefix: str) -> None:
        self._wait()
        self.asked.emit(prefix)

    def _wait(self) -> None:
        self.answer = None
        self.prefix.setEnabled(False)
        self.view.show_report(None, None)
        self.view.summary.setText("Reading the file…")
        self._judge()

    def _judge(self) -> None:
        """Whether it can be loaded; strictly, only what fits exactly."""
        answer = self.answer
        refused = answer is not None and self.strict.isChecked() and not answer.report.exact
        none = answer is not None and not answer.report.error and not answer.report.count
        nothing = none and answer is not None and not answer.report.near
        text = "Nothing fits here: choose another prefix." if nothing else ""
        if refused and not nothing:
            text = "Not all of it fits, as the report tells: nothing would be loaded."
        elif none and not nothing:
            text = "Nothing fits by name. Load it to take the near misses, in the report that opens then."
        self.refusal.setText(text)
        self.refusal.setVisible(bool(text) and answer is not None and not answer.report.error)
        self.accept_button.setEnabled(answer is not None and answer.edit is not None and not refused and not nothing)


class WeightsDesk(QObject):
    """What the window does about weights files."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window = window
        self.reports: tuple[WeightsReport, ...] = ()
        self._dialog: LoadDialog | None = None
        self._saving = 0
        """The revision of the document that is being saved."""
        link = window.link
        link.loaded.connect(self._loaded)
        link.examined.connect(self._examined)
        link.weights_saved.connect(self._saved)
        link.died.connect(lambda reason, _: self._dialog and self._dialog.give_up(f"the engine stopped: {reason}"))

    def do(self, what: str, node: str) -> None:
        """Do what a page asks for: "load", "save" or "report"."""
        {"load": self.ask_load, "save": self.ask_save, "report": self.show_report}[what](node)

    def ask_load(self, node: str) -> None:
        """Let the user choose a file for a frame, then look at it."""
        dialog = self.window.files.chooser("weights", "Load weights", OPENED)
        dialog.fileSelected.connect(lambda name: self.examine(node, Path(name)))
        dialog.open()

    def examine(self, node: str, path: Path) -> None:
        """Look at a file for a frame, and show how it fits."""
        dialog = self._dialog = LoadDialog(self.window, node, str(path))
        ask = self.window.link.ask
        dialog.asked.connect(lambda prefix: ask(Examine(node, str(path), prefix)))
        dialog.accepted.connect(lambda: self._take(dialog))
        dialog.finished.connect(self._close)
        dialog.open()
        ask(Examine(node, str(path)))

    def ask_save(self, node: str) -> None:
        """Let the user choose where to save the weights of a frame, and in which precision."""
        graph = self.window.document.graph
        name = Path(self.window.files.title).stem if node == graph.root else graph.nodes[node].title
        dialog = self.window.files.saver("save-weights", "Save weights", list(PRECISIONS), f"{name}.safetensors")

        def save(path: str) -> None:
            self._saving = self.window.document.history.revision
            precision = PRECISIONS[dialog.selectedNameFilter()]
            self.window.link.ask(SaveWeights(node, path, precision))  # pyright: ignore[reportArgumentType]
            self.window.status.hint(f"Saving {Path(path).name}…")

        dialog.fileSelected.connect(save)
        dialog.open()

    def show_report(self, node: str, adapter: str = "") -> None:
        """Show how the file of a frame, or of an adapter, fits."""
        self.window.docks["weights"].show()
        self.window.docks["weights"].raise_()
        self.window.weights_panel.show_frame(node, adapter)

    def forget(self) -> None:
        """It is another document."""
        self._show(())

    def refresh(self) -> None:
        """The graph has changed, which the reports name nodes of."""
        self._show(self.reports)

    def _show(self, reports: tuple[WeightsReport, ...]) -> None:
        self.reports = reports
        self.window.weights_panel.show_reports(reports, self.window.document.graph)
        self.window.inspector.set_weights(reports)
        self.window.adapters_panel.show_reports(reports)

    def _loaded(self, message: Loaded) -> None:
        """Show how the files fit, and say so of the one that needs something done."""
        self._show(message.reports)
        self.window.notice.settle("weights")
        worst = next((report for report in message.reports if report.error), None)
        worst = worst or next((report for report in message.reports if report.changed or not self._fits(report)), None)
        if worst is not None:
            self._warn(worst)
        elif message.reports:
            self.window.say("; ".join(map(summary, message.reports)))

    def _fits(self, report: WeightsReport) -> bool:
        """Whether a file is what was asked for: one for more than an adapter was narrowed to is."""
        adapter = adapter_of(self.window.document.graph, report.adapter)
        return (replace(report, unexpected=()) if adapter and adapter.where else report).exact

    def _warn(self, report: WeightsReport) -> None:
        """Say what is wrong with a file, and what can be done about it."""
        tell, text = self.window.notice.tell, summary(report)
        text = text[:1].upper() + text[1:]
        if report.adapter:
            severity = "error" if report.error else "warning"
            tell(text, severity, "Report", lambda: self.show_report("", report.adapter), about="weights")
            return
        choose = ("Choose another…", lambda: self.ask_load(report.frame))
        if report.error:
            tell(text, "error", *choose, about="weights")
        elif report.changed:
            tell(text, "warning", "Use it", lambda: self._accept(report), "weights", choose)
        else:
            tell(text, "warning", "Report", lambda: self.show_report(report.frame), about="weights")

    def _accept(self, report: WeightsReport) -> None:
        """Take a file as it is now for the one that is meant."""
        node = self.window.document.graph.nodes.get(report.frame)
        if node and node.weights and node.weights.path == report.path:
            edit = SetWeights(report.frame, Weights(report.path, report.changed))
            self.window.document.apply(edit, "Use the changed weights")

    def _examined(self, answer: Examined) -> None:
        dialog = self._dialog
        if dialog is not None and answer.report.frame == dialog.frame:
            dialog.show_answer(answer)

    def _take(self, dialog: LoadDialog) -> None:
        if dialog.answer is None or dialog.answer.edit is None:
            return
        try:
            self.window.document.apply(dialog.answer.edit, "Load weights")
        except EditError as error:
            self.window.notice.tell(f"The weights can't be loaded: {error}", "error", about="weights")
            return
        if not dialog.answer.report.count:
            self.show_report(dialog.frame)  # where its near misses are taken

    def _close(self) -> None:
        self._dialog = None

    def _saved(self, message: WeightsSaved) -> None:
        """Have the graph take its weights from the file that was written, unless it is another graph by now."""
        name = Path(message.path).name
        document = self.window.document
        if message.error or message.edit is None:
            self.window.notice.tell(f"The weights are not saved: {message.error}", "error", about="weights")
        elif document.history.revision != self._saving:
            text = f"Saved {name}. The graph has changed meanwhile, so it goes on with the files it names."
            self.window.notice.tell(text, "info", about="weights")
        else:
            document.apply(message.edit, f"Take weights from {name}")
            self.window.say(f"Saved {message.count} tensors to {name}")
