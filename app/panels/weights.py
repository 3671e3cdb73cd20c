"""The part of a page that tells where a node has its weights from, and lets others be chosen."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton

from app import tones
from app.panels.flow import Flow
from app.panels.form import Section
from engine.document.attach import attached
from engine.document.document import Document
from engine.document.keys import sources_of
from engine.document.problems import named
from engine.fitting import summary
from engine.messages import WeightsReport


class WeightsSection(Section):
    """The weights of a frame: its file, how that fits, and what can be done. Of a leaf, where they come from.

    `asked` carries what is wanted ("load", "save" or "report"), and of which node.
    """

    asked = Signal(str, str)

    def __init__(self, document: Document, node: str) -> None:
        super().__init__("Weights")
        self.document = document
        self.node = node
        self.source = QLabel()
        self.fit = QLabel()
        for label in (self.source, self.fit):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self.body.addWidget(label)
        self.fit.hide()
        buttons = Flow()
        self.load = self._button(buttons, "Load…", "Take the weights of all in here from a file")
        self.save = self._button(buttons, "Save…", "Write the weights of all in here to a file, by present paths")
        self.report = self._button(buttons, "Report", "What fits and what does not, tensor by tensor")
        self.remove = self._button(buttons, "Remove", "Take them from no file of its own any more")
        self.body.addLayout(buttons)
        for name, button in (("load", self.load), ("save", self.save), ("report", self.report)):
            button.clicked.connect(lambda _, name=name: self.asked.emit(name, self.node))
        self.remove.clicked.connect(self._remove)
        self.refresh()

    def refresh(self) -> None:
        """Show what the document says."""
        graph = self.document.graph
        node, frame = graph.nodes[self.node], graph.is_frame(self.node)
        owner = next((each for each in (self.node, *graph.ancestors(self.node)) if graph.nodes[each].weights), None)
        file = graph.nodes[owner].weights if owner else None
        tones.wear(self.source, "" if node.weights else "muted")
        if owner is None or file is None:
            text = "none: drawn from the seed"
        elif owner == self.node:
            text = file.path + (f", below {node.key}" if node.key else "")
        else:
            origin = sources_of(graph).get(self.node)
            key = origin.key if origin else node.key
            text = f"{file.path}, that of {named(graph, owner)}" + (f", as {key}" if key else "")
        self.source.setText(text)
        self.load.setVisible(frame)
        self.save.setVisible(frame)
        self.report.setVisible(owner == self.node)
        self.remove.setVisible(owner == self.node)
        if owner != self.node:
            self.fit.hide()

    def show_reports(self, reports: tuple[WeightsReport, ...]) -> None:
        """Show how the node's own file fits."""
        report = next((report for report in reports if report.frame == self.node), None)
        self.fit.setVisible(report is not None)
        if report is not None:
            text = summary(report)
            self.fit.setText(text[:1].upper() + text[1:])
            tone = "error" if report.error else "muted" if report.exact and not report.changed else "warning"
            tones.wear(self.fit, tone)

    def _button(self, row: Flow, text: str, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("tone", "small")
        button.setToolTip(tip)
        row.addWidget(button)
        return button

    def _remove(self) -> None:
        self.document.apply(attached(self.document.graph, self.node, None), "Remove weights")
