"""Adapters in the window: applying and comparing them, their files and weights, and drawing new ones."""

from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
from msgspec.structs import replace
from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu

from app.action import Action
from app.canvas.adapting import Haunting
from app.dialogs import DELETE_ON_CLOSE
from app.drawing import blank
from app.panels.colours import COLOURS
from app.weights import OPENED
from engine.document import adapter_files
from engine.document.adapter_files import ENDING
from engine.document.adapters import Adapter
from engine.document.disk import FileError
from engine.document.drawn import by_path
from engine.document.edits import Edit, EditError, SetAdapter
from engine.document.relocate import relocated
from engine.document.stack import adapter_of, added, apart, enabled, file_name, removed, switched
from engine.fitting import summary
from engine.messages import Examine, Examined
from nodes.adapters import ADAPTERS

if TYPE_CHECKING:
    from app.window import Window

PATTERN = f"Catenary adapters (*{ENDING})"


def own_folder() -> Path:
    """Where the palette finds the user's own adapters."""
    return Path(platformdirs.user_data_dir("catenary", appauthor=False)) / "adapters"


def own_adapters() -> list[Adapter]:
    """The user's own adapters, as far as their files can be read."""
    found: list[Adapter] = []
    for path in sorted(own_folder().glob(f"*{ENDING}")):
        try:
            found += adapter_files.load(path)
        except FileError:
            continue
    return found


class AdapterDesk(QObject):
    """What the window does with the stack of its document. Each thing is one edit."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window = window
        self.panel = window.adapters_panel
        self._ejected: frozenset[str] = frozenset()
        """What was in force before all was ejected."""
        self._soloed: tuple[str, frozenset[str]] = "", frozenset()
        """The adapter that is in force alone, and what was before."""
        self._waiting: tuple[Adapter, Path] | None = None
        """The adapter that a file is being looked at for, as it was, and the file."""
        window.link.examined.connect(self._examined)
        self.panel.asked.connect(self.do)
        self.panel.dropped.connect(self._drop)
        self.panel.shown.connect(lambda nodes: window.canvas.select(nodes, reveal=True))
        window.palette_panel.adapter_chosen.connect(self.apply)
        window.canvas.adapter_chosen.connect(self.show)

    def do(self, what: str, adapter: str) -> None:
        """What was asked for in the panel (see `AdaptersPanel.asked`)."""
        graph = self.window.document.graph
        found = adapter_of(graph, adapter)
        match what, found:
            case "compare", _:
                self.compare()
            case "add", _:
                self._offer()
            case "new", _:
                self.new()
            case "solo", Adapter():
                self.solo(adapter)
            case "remove", Adapter(name=name):
                self._apply(removed(graph, adapter), f"Remove {name}")
            case (("up" | "down"), Adapter()):
                index = graph.adapters.index(found)
                self.panel.put(adapter, index - 1 if what == "up" else index + 2)
            case "save", Adapter():
                self.ask_save(found)
            case "weights", Adapter():
                self.ask_weights(adapter)
            case "no-weights", Adapter():
                self._apply(SetAdapter(by_path(replace(found, weights=None))), f"Weights of {found.name}")
            case "report", Adapter():
                self.window.weights.show_report("", adapter)
            case "draw", Adapter():
                self.window.drawing.open(adapter)
            case _:
                pass

    def show(self, adapter: str) -> None:
        """Bring an adapter's card into view."""
        self.window.docks["adapters"].show()
        self.window.docks["adapters"].raise_()
        self.panel.select(adapter)

    def apply(self, adapter: Adapter) -> None:
        """Apply an adapter to what is selected, or wherever it fits."""
        self.window.drawing.leave()
        canvas = self.window.canvas
        haunting = Haunting(self.window.document.graph, self.window.checker.expanded, adapter)
        canvas.inject(haunting.over(canvas.selection))

    def compare(self) -> None:
        """Eject what is in force: the selected adapter, or else all; again: inject it."""
        graph = self.window.document.graph
        now, chosen = enabled(graph), self.panel.current
        if chosen:
            on = now ^ {chosen}
            name = next(each.name for each in graph.adapters if each.id == chosen)
            self._apply(switched(graph, on), f"{'Inject' if chosen in on else 'Eject'} {name}")
        elif now:
            self._ejected = now
            self._apply(switched(graph, ()), "Eject all adapters")
        elif graph.adapters:
            before = self._ejected & {each.id for each in graph.adapters}
            on = before or frozenset(each.id for each in graph.adapters)
            self._apply(switched(graph, on), "Inject the adapters")

    def solo(self, adapter: str) -> None:
        """Have one adapter in force alone; again: those that were before."""
        graph = self.window.document.graph
        now = enabled(graph)
        soloed, before = self._soloed
        if now == {adapter} and soloed == adapter:
            self._apply(switched(graph, before & {each.id for each in graph.adapters}), "End solo")
            self._soloed = "", frozenset()
        else:
            self._soloed = adapter, before if now == {soloed} else now
            self._apply(switched(graph, {adapter}), f"Solo {next(a.name for a in graph.adapters if a.id == adapter)}")

    def new(self) -> None:
        """Put an adapter that is still empty into the stack, and draw it."""
        graph = self.window.document.graph
        self.window.drawing.leave()
        drawn = blank(self.window.canvas.selection, graph, self.window.document.catalogue)
        adapter = apart(graph, drawn, list(COLOURS.values()))
        if self._apply(added(graph, adapter), "New adapter"):
            self.show(adapter.id)
            self.window.drawing.open(adapter.id)

    def ask_add(self) -> None:
        """Let the user choose a file with adapters to add."""
        dialog = self.window.files.chooser("add-adapter", "Add an adapter from a file", [PATTERN])
        dialog.fileSelected.connect(lambda name: self.add_file(Path(name)))
        dialog.open()

    def add_file(self, path: Path) -> None:
        """Apply the adapters of a file, whose paths start where it lies."""
        try:
            found = adapter_files.load(path)
        except FileError as error:
            self.window.notice.tell(f"The adapter can't be added: {error}", "error", about="adapters")
            return
        for adapter in found:
            self.apply(relocated(adapter, path.parent, self.window.files.folder))

    def ask_save(self, adapter: Adapter) -> None:
        """Let the user choose where to save an adapter: in the suggested folder, the palette has it."""
        folder = own_folder()
        folder.mkdir(parents=True, exist_ok=True)
        dialog = self.window.files.saver("save-adapter", "Save the adapter", [PATTERN], f"{file_name(adapter)}{ENDING}")
        dialog.setDirectory(str(folder))
        dialog.fileSelected.connect(lambda name: self.save_file(adapter, Path(name)))
        dialog.open()

    def save_file(self, adapter: Adapter, path: Path) -> None:
        """Write an adapter to a file, to be shared."""
        try:
            adapter_files.save(path, relocated(adapter, self.window.files.folder, path.parent))
        except FileError as error:
            self.window.notice.tell(f"The adapter can't be saved: {error}", "error", about="adapters")
            return
        self.window.say(f"Saved {path.name}")
        self.window.palette_panel.model.refill()
        self.window.palette_panel.tree.expandAll()

    def ask_weights(self, adapter: str) -> None:
        """Let the user choose the weights file of an adapter."""
        dialog = self.window.files.chooser("adapter-weights", "Weights of the adapter", OPENED)
        dialog.fileSelected.connect(lambda name: self.take_weights(adapter, Path(name)))
        dialog.open()

    def take_weights(self, adapter: str, path: Path) -> None:
        """Have an adapter take its weights from a file, once it is known what is in there."""
        found = adapter_of(self.window.document.graph, adapter)
        if found is not None:
            self._waiting = found, path
            self.window.status.hint(f"Reading {path.name}…")
            self.window.link.ask(Examine("", str(path), adapter=adapter))

    def _examined(self, answer: Examined) -> None:
        if self._waiting is None or answer.report.adapter != self._waiting[0].id:
            return
        (asked, path), self._waiting = self._waiting, None
        if answer.edit is None:
            text = f"The weights can't be taken: {answer.report.error}"
            self.window.notice.tell(text, "error", "Choose another…", lambda: self.ask_weights(asked.id), "adapters")
        elif adapter_of(self.window.document.graph, asked.id) != asked:
            self.take_weights(asked.id, path)  # the answer is about an adapter that has changed meanwhile
        elif self._apply(answer.edit, f"Weights of {asked.name}"):
            self.window.say("; ".join((summary(answer.report), *answer.report.notes)))

    def _drop(self, data: bytes, index: int) -> None:
        """Put what was dragged from the palette into the stack, to go wherever it fits."""
        for adapter in adapter_files.parse(data):
            self._add(adapter, index)

    def _add(self, adapter: Adapter, index: int | None = None) -> None:
        graph = self.window.document.graph
        mine = apart(graph, adapter, list(COLOURS.values()))
        if self._apply(added(graph, mine, index), f"Add {mine.name}"):
            self.show(mine.id)

    def _offer(self) -> None:
        """A list of the adapters there are, at the button."""
        menu = QMenu(self.window)
        menu.setObjectName("offered-adapters")
        menu.setAttribute(DELETE_ON_CLOSE)
        menu.setToolTipsVisible(True)
        for adapter in (*ADAPTERS.values(), *own_adapters()):
            menu.addAction(adapter.name, lambda adapter=adapter: self.apply(adapter)).setToolTip(adapter.doc)
        menu.addSeparator()
        menu.addAction("From a file…", self.ask_add)
        button = self.panel.add
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))

    def _apply(self, edit: Edit, label: str) -> bool:
        try:
            self.window.document.apply(edit, label)
        except EditError as error:
            self.window.status.refuse(str(error))
            return False
        return True


def _any(window: "Window") -> bool:
    return bool(window.document.graph.adapters)


ADAPTING: tuple[Action, ...] = (
    Action(
        id="compare-adapters",
        menu="Adapters",
        title="Eject or inject",
        keys=("E",),
        scope="canvas",
        tip="The adapter that is selected in its panel, or all: to see the difference",
        run=lambda w: w.adapters.compare(),
        enabled=_any,
    ),
    Action(
        id="new-adapter",
        menu="Adapters",
        title="New adapter…",
        tip="Draw one of your own: it goes to what is selected",
        run=lambda w: w.adapters.new(),
        separated=True,
    ),
    Action(
        id="add-adapter",
        menu="Adapters",
        title="Add adapter from file…",
        run=lambda w: w.adapters.ask_add(),
    ),
    Action(
        id="save-adapter",
        menu="Adapters",
        title="Save adapter as file…",
        tip="The adapter that is selected in its panel, to be shared",
        run=lambda w: w.adapters.do("save", w.adapters_panel.current),
        enabled=lambda w: bool(w.adapters_panel.current),
    ),
    Action(
        id="draw-adapter",
        menu="Adapters",
        title="Draw the adapter",
        tip="The adapter that is selected in its panel, on the canvas",
        run=lambda w: w.drawing.open(w.adapters_panel.current),
        enabled=lambda w: bool(w.adapters_panel.current),
        separated=True,
    ),
    Action(
        id="leave-adapter",
        menu="Adapters",
        title="Back to the graph",
        run=lambda w: w.drawing.leave(),
        enabled=lambda w: w.drawing.drawn is not None,
    ),
)
