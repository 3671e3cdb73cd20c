"""What lies over the canvas: the minimap, heat with its legend, thumbnails; and their commands."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.action import Action
from app.canvas.heat import QUANTITIES, Name, heat_of
from app.canvas.legend import Legend
from app.canvas.minimap import Minimap
from app.canvas.thumbnails import Thumbnails
from app.theme import Theme
from engine.document.document import Change
from engine.messages import Glanced, Measure, Measured, Shapes

if TYPE_CHECKING:
    from app.window import Window


class Overlays(QObject):
    """Has the canvas show what is known of the graph beside itself. An adapter that is drawn has none of it."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.window = window
        self.heat: Name | None = next((name for name in QUANTITIES if name == window.settings.value("heat")), None)
        """What one looks at."""
        self.minimap = Minimap(window.canvas)
        self.legend = Legend(window.canvas)
        self.thumbnails = Thumbnails(window.canvas, self._glance)
        self._measured: dict[str, Measure] = {}
        self._parameters: dict[str, int] = {}
        self._drawing = False
        self.set_minimap(window.settings.value("minimap", True, bool) is True)
        self.set_thumbnails(window.settings.value("thumbnails", True, bool) is True)
        self.legend.closed.connect(lambda: self.look_at(None))
        self.legend.chosen.connect(window.show_node)
        window.document.listeners.append(self._changed)
        window.canvas.arranged.connect(self._follow)
        link = window.link
        link.measures = self._is_measured()
        self._show()
        link.ready.connect(self._forget)
        link.shapes.connect(self._shaped)
        link.measured.connect(self._take)
        link.glanced.connect(self._glanced)
        link.finished.connect(lambda _: self.thumbnails.renew())
        link.state_changed.connect(self._tell)

    def set_minimap(self, shown: bool) -> None:
        """Show all of the graph in a corner, or not."""
        self.window.settings.setValue("minimap", shown)
        self.minimap.set_wanted(shown)

    def set_thumbnails(self, shown: bool) -> None:
        """Show small pictures on nodes, or not."""
        self.window.settings.setValue("thumbnails", shown)
        self.thumbnails.set_wanted(shown)

    def look_at(self, name: Name | None) -> None:
        """Look at a quantity, or at nodes in their own colours. What takes a run is measured in every one from now on,
        and at once if the graph runs after every change and no run is paused."""
        link = self.window.link
        before, self.heat = link.measures, name
        self.window.settings.setValue("heat", name or "")
        link.measures = self._is_measured()
        if link.measures and not before and link.auto and not link.paused_at:
            link.run()
        self._show()
        self.window.refresh_soon()

    def set_theme(self, theme: Theme) -> None:
        """Wear the colours of a theme."""
        self.legend.set_theme(theme)

    def _is_measured(self) -> bool:
        """Whether it takes a run to know what one looks at."""
        return self.heat is not None and QUANTITIES[self.heat].of is not None

    def _show(self) -> None:
        """Show what is known of what one looks at."""
        window, heat = self.window, None
        if self.heat and not self._drawing:
            heat = heat_of(self.heat, window.document.graph.root, self._parameters, self._measured)
        window.canvas.set_heat(heat)
        self.legend.show_heat(heat, self._missing())

    def _tell(self) -> None:
        """Say in the legend what a number is waited for, if that has changed."""
        if self.legend.isVisible() and self.legend.note.text() != self._missing():
            self._show()

    def _missing(self) -> str:
        """Why there are no numbers."""
        if self.heat is None:
            return ""
        if QUANTITIES[self.heat].of is None:
            return "" if self._parameters else "No node has numbers that can be learned"
        if self._measured:
            return ""
        link = self.window.link
        return "Measuring…" if link.running and not link.paused_at else "Not measured yet: run the graph"

    def _changed(self, change: Change) -> None:
        if change.touched is None:
            self._forget()

    def _forget(self, *_: object) -> None:
        """The graph is another, or whoever knew about it is gone."""
        self._measured, self._parameters = {}, {}
        self.thumbnails.forget()
        self._show()

    def _follow(self) -> None:
        """The canvas may show something else now."""
        drawing = self.window.canvas.document is not self.window.document
        if drawing != self._drawing:
            self._drawing = drawing
            self.thumbnails.forget()
            self.thumbnails.renew()
            self._show()

    def _shaped(self, message: Shapes) -> None:
        if message.parameters != self._parameters:
            self._parameters = message.parameters
            if self.heat == "parameters":
                self._show()

    def _take(self, message: Measured) -> None:
        self._measured = message.nodes
        self._show()

    def _glance(self, nodes: tuple[str, ...]) -> bool:
        return not self._drawing and self.window.link.glance(nodes)

    def _glanced(self, message: Glanced) -> None:
        if not self._drawing:
            self.thumbnails.take(message.pictures)


def _heat(name: Name | None, title: str, tip: str) -> Action:
    return Action(
        id=f"heat-{name or 'none'}",
        menu="View/Heat",
        title=title,
        tip=tip,
        run=lambda w: w.overlays.look_at(name),
        checked=lambda w: w.overlays.heat == name,
        group="heat",
    )


OVERLAYS: tuple[Action, ...] = (
    Action(
        id="minimap",
        menu="View",
        title="Minimap",
        keys=("Alt+M",),
        tip="All of the graph in a corner, while not all of it is in view",
        run=lambda w: w.overlays.set_minimap(not w.overlays.minimap.wanted),
        checked=lambda w: w.overlays.minimap.wanted,
        separated=True,
    ),
    Action(
        id="thumbnails",
        menu="View",
        title="Thumbnails",
        tip="Small pictures of what nodes made, on the nodes, from a zoom of 70 % on",
        run=lambda w: w.overlays.set_thumbnails(not w.overlays.thumbnails.wanted),
        checked=lambda w: w.overlays.thumbnails.wanted,
    ),
    _heat(None, "None", "Nodes in their own colours"),
    *(_heat(name, quantity.title, quantity.about) for name, quantity in QUANTITIES.items()),
)
