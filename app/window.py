"""The main window: canvas in the middle, panels around it, and the wires between them."""

from collections.abc import Sequence

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
)
from PySide6.QtWidgets import (
    QApplication,
    QDockWidget,
    QMainWindow,
    QMenu,
)

from app import actions, contexts, layout, node_menu, panes, quick_add, sharing, theme, tones, typing_keys, viewing
from app.adapters import AdapterDesk, own_adapters
from app.breadcrumbs import Breadcrumbs
from app.canvas import travel
from app.canvas.view import Canvas
from app.drawing import DrawingBar, DrawingDesk
from app.examples import DEFAULT_EXAMPLE
from app.exporting import ExportDesk
from app.file_menu import fill_menus
from app.filing import Filing
from app.icons import icon
from app.keymap import Keymap
from app.link import Link
from app.overlays import Overlays
from app.panels.adapters import AdaptersPanel
from app.panels.consent import Consent
from app.panels.inspector import Inspector
from app.panels.log import LogPanel
from app.panels.notice import Notice
from app.panels.opening import OpeningBar
from app.panels.outline import Outline
from app.panels.palette import Palette
from app.panels.preview import PreviewPanel
from app.panels.problems import ProblemsPanel, counted
from app.panels.sweep import SweepPanel
from app.panels.timeline import TimelinePanel
from app.panels.weights_report import WeightsPanel
from app.recovery import LEFT
from app.run_desk import RunDesk
from app.selector_bar import SelectorBar
from app.status import Status
from app.theme import DARK, LIGHT, Theme
from app.toolbar import Toolbar
from app.trust import Trust
from app.typing_keys import TypingKeys
from app.variants import Variants
from app.weights import WeightsDesk
from engine.document.check import Checker
from engine.document.document import Change, Document, new_graph
from engine.document.problems import Fix, Problem
from engine.document.scopes import Key
from engine.faults import problems_of
from nodes import CATALOGUE
from nodes.adapters import ADAPTERS

MANY = 300
"""Problems are found anew after every edit: where there are more, that waits until it is quiet."""
KEYS = "keys"
"""What the notice is about when keys of the settings are left out. That outlasts the opening of graphs."""
TURN = 50
"""Milliseconds after which whatever else there is to do has had its turn."""
QUIET = 200
"""Milliseconds without a change that count as quiet."""


class Window(QMainWindow):
    """One document with everything around it. `start` brings up the worker once the window is shown."""

    def __init__(self, settings: QSettings, theme_mode: str = "") -> None:
        super().__init__()
        self.settings = settings
        self.theme_mode = theme_mode or str(settings.value("theme", "system"))
        self.theme = self._wanted_theme()
        self.document = Document(new_graph(), CATALOGUE)
        self.files = Filing(self, settings)
        self.trust = Trust(self.document, settings, self)
        self.link = Link(self.document, lambda: self.files.folder, lambda: self.trust.names, self)
        self.variants = Variants(self.link)
        self.link.auto = settings.value("auto", True, bool) is True
        self.links_shown = str(settings.value("links", "few"))
        self.sought: str | Key = ""
        """What was last looked for in the graph."""
        self.checker = Checker(self.document.graph, CATALOGUE)
        self.problems: list[Problem] = []
        self.menus: dict[str, QMenu] = {}
        self._closing = False
        # In the turn after the next: what has changed is painted in that one.
        settled = QTimer(self, singleShot=True)
        settled.timeout.connect(self.refresh)
        self._refreshing = QTimer(self, singleShot=True)
        self._refreshing.timeout.connect(settled.start)
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        self._app = app
        self.keymap = Keymap(actions.ACTIONS, settings, self)
        self._keys = TypingKeys(app, self.keymap, self)
        self._build()
        self._connect()
        self._dress()
        layout.restore(self)
        self.refresh()
        self._tell_unread_keys()

    # Construction

    def _build(self) -> None:
        self.setObjectName("catenary")
        self.setAcceptDrops(True)
        self.canvas = Canvas(self.document, self.theme)
        self.canvas.set_links_shown(self.links_shown)
        self.canvas.mouse.wheel_mode = str(self.settings.value("wheel", "auto"))
        self.breadcrumbs = Breadcrumbs(self.canvas)
        self.selector = SelectorBar(self.canvas)
        self.outline = Outline(self.document, self.theme)
        self.consent = Consent()
        self.notice = Notice(self.theme)
        self.opening_bar = OpeningBar(self)
        self.palette_panel = Palette(CATALOGUE, self.theme, lambda: [*ADAPTERS.values(), *own_adapters()])
        self.adapters_panel = AdaptersPanel(self.document, self.theme, lambda: self.files.folder)
        self.drawing_bar = DrawingBar()
        self.inspector = Inspector(self.document, self.theme, lambda: self.files.folder)
        self.preview = PreviewPanel(
            self.document, self.variants, self.theme, lambda: self.files.folder, lambda: self.files.drawings
        )
        self.sweep = SweepPanel(self.document, self.variants, self.theme)
        self.timeline = TimelinePanel(self.theme)
        self.problems_panel = ProblemsPanel(self.theme)
        self.log = LogPanel()
        self.weights_panel = WeightsPanel()
        self.docks: dict[str, QDockWidget] = layout.build(self)
        self.actions_by_id: dict[str, QAction] = actions.build(self)
        self.weights = WeightsDesk(self)
        self.exports = ExportDesk(self)
        self.adapters = AdapterDesk(self)
        self.drawing = DrawingDesk(self, self.drawing_bar)
        self.overlays = Overlays(self)
        fill_menus(self.files, self.menus["File"], self.actions_by_id["open"])
        self.toolbar = Toolbar(self)
        self.addToolBar(self.toolbar)
        self.status = Status(self)
        self.setStatusBar(self.status)
        self.runs = RunDesk(self)
        self.canvas.setFocus()

    def _connect(self) -> None:
        self.document.listeners.append(self._changed)
        self.keymap.changed.connect(lambda: actions.show_keys(self, self.actions_by_id))
        self.files.moved.connect(self._moved)
        self.files.reader.told.connect(self.opening_bar.tell)
        self.files.reader.rested.connect(self.opening_bar.rest)
        self.opening_bar.stopped.connect(self.files.stop_opening)
        self.trust.wanted.connect(lambda references: self.consent.ask(references, self.document.graph))
        self.consent.granted.connect(self._grant)
        self.consent.shown.connect(self._show_nodes)
        self.palette_panel.chosen.connect(self._add_kind)
        self.canvas.selection_changed.connect(self._selected)
        self.canvas.selection_changed.connect(self.outline.show_selection)
        self.outline.chosen.connect(lambda nodes: self.canvas.select(nodes, reveal=True))
        self.outline.entered.connect(self.canvas.activate)
        self.outline.nodes.performed.connect(self.canvas.perform)
        self.breadcrumbs.chosen.connect(lambda frame: travel.enter(self.canvas, frame))
        self.canvas.hint.connect(self.status.hint)
        self.canvas.refused.connect(self.status.refuse)
        self.canvas.activated.connect(self._edit_node)
        self.canvas.picked.connect(lambda _: self.docks["inspector"].isHidden() or self.docks["inspector"].raise_())
        self.canvas.menu_requested.connect(lambda node, at: node_menu.menu(self, node).popup(at))
        self.canvas.chip_menu_requested.connect(lambda at: contexts.menu(self).popup(at))
        self.canvas.pinned_changed.connect(lambda: actions.refresh(self, contexts.MENU))
        self.canvas.place_chosen.connect(lambda at: quick_add.here(self.canvas, at))
        self.canvas.wire_dropped.connect(lambda port, at: quick_add.on_wire(self.canvas, port, at))
        self.preview.activated.connect(self.show_node)
        self.preview.strip.clicked.connect(lambda: viewing.sweep(self))
        self.preview.save.clicked.connect(self.files.ask_value)
        self.sweep.wanted.connect(lambda: self.sweep.start(self.preview.node))
        self.sweep.saved.connect(lambda: viewing.ask_strip(self))
        self.problems_panel.activated.connect(self.show_node)
        self.problems_panel.adapter_activated.connect(self.adapters.show)
        self.problems_panel.fixed.connect(self._fix)
        self.inspector.weights_asked.connect(self.weights.do)
        self.inspector.chosen.connect(lambda node: self._show_nodes([node]))
        self.inspector.unshared.connect(lambda node: sharing.unshare(self, node))
        self.weights_panel.report.activated.connect(self.show_node)
        self.weights_panel.report.fixed.connect(self._fix)
        self.timeline.activated.connect(self.show_node)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._follow_system)

    def start(self) -> None:
        """Bring up the worker. The window can be used in the meantime."""
        self.link.start()
        self.preview.watch()
        self.runs.show_state()

    def open_default(self) -> None:
        """Open the example that the program starts with, and run it: it is ours, and its preview is the welcome."""
        self.files.open_example(DEFAULT_EXAMPLE, self.link.run)

    # What the document goes through

    def _changed(self, change: Change) -> None:
        if change.touched is None:
            self.runs.faults = ()
            self.status.clear()
            if self.notice.about not in (KEYS, LEFT):
                self.notice.hide()
            self.canvas.set_running(None)
            self.weights.forget()
            self.timeline.forget()
            self.checker = change.prepared.checker if change.prepared else Checker(self.document.graph, CATALOGUE)
        else:
            self.checker.touch(change.touched)
        self.files.follow()
        actions.refresh(self, ids=("undo", "redo"))  # at once: that may be the next key
        self.refresh_soon()

    def _moved(self) -> None:
        self.setWindowFilePath(str(self.files.path or ""))
        self.refresh_soon()
        if not self.document.history.undos:
            page = self.docks["adapters" if self.document.graph.adapters else "inspector"]
            if not page.isHidden() and not layout.hides(page, self.docks["preview"]):
                page.raise_()
            QTimer.singleShot(0, self.canvas.frame_all)

    def refresh_soon(self, *_: object) -> None:
        """Bring everything up to date once the events at hand are through."""
        self._refreshing.start(QUIET if len(self.problems) > MANY else 0)

    def refresh(self) -> None:
        """Check the document, and show what follows from its state."""
        found = self.checker.problems()
        self.problems = found + problems_of(self.runs.faults, found, self.document.graph)
        self.trust.look()
        expanded = self.checker.expanded
        self.adapters_panel.show_expanded(expanded, self.problems)
        if self.drawing.drawn is None:
            self.canvas.set_problems(found + [problem for problem in self.problems if problem.code == "untrusted"])
            self.canvas.set_expanded(expanded)
        self.inspector.set_problems(self.problems)
        self.problems_panel.show_problems(self.problems, self.document.graph)
        if self.docks["weights"].isVisible():
            self.weights.refresh()
        layout.count(self, "problems", len(self.problems))
        self.status.problems(counted(self.problems))
        self.setWindowTitle(f"{self.files.title}[*] – Catenary")
        self.setWindowModified(self.document.modified)
        actions.refresh(self)
        self.runs.show_state()

    # What the user does

    def show_node(self, node: str) -> None:
        """Select a node and bring it into view."""
        if node in self.document.graph:
            self.drawing.leave()
            self.canvas.reveal(node)
            self.canvas.setFocus()

    def show_inspector(self) -> None:
        """Bring the inspector to the front, from wherever it was put away."""
        self.docks["inspector"].show()
        self.docks["inspector"].raise_()

    def find_kind(self) -> None:
        self.docks["palette"].show()
        self.docks["palette"].raise_()
        self.palette_panel.search.setFocus()
        self.palette_panel.search.selectAll()

    def toggle_panel(self, name: str) -> None:
        dock = self.docks[name]
        dock.setVisible(dock.isHidden())
        dock.raise_()

    def set_links_shown(self, mode: str) -> None:
        self.links_shown = mode
        self.settings.setValue("links", mode)
        self.canvas.set_links_shown(mode)

    def set_theme_mode(self, mode: str) -> None:
        """Wear the light theme, the dark one, or the system's."""
        self.theme_mode = mode
        self.settings.setValue("theme", mode)
        self._wear(self._wanted_theme())

    def say(self, text: str) -> None:
        """A passing remark in the status bar."""
        self.status.remark(text)

    def _add_kind(self, kind: str) -> None:
        self.canvas.add_kind(kind)
        self.canvas.setFocus()

    def _tell_unread_keys(self) -> None:
        """Say which keys of the settings can't be used."""
        if unread := list(self.keymap.unread.values()):
            text = f"Keys of the settings that are left out: {'; '.join(unread)}"
            self.notice.tell(text, "warning", "Forget them", self.keymap.forget_unread, about=KEYS)

    def _edit_node(self) -> None:
        self.show_inspector()
        self.inspector.focus_first()

    def _grant(self) -> None:
        self.trust.grant()
        self.link.trust()

    def _show_nodes(self, nodes: Sequence[str]) -> None:
        if not all(node in self.canvas.document.graph for node in nodes):
            self.drawing.leave()
        self.canvas.select(nodes, reveal=True)
        self.canvas.setFocus()

    def _fix(self, fix: Fix) -> None:
        if fix.trust:
            self.consent.ask(self.trust.missing, self.document.graph)
            self.consent.trust_button.setFocus()
            return
        self.canvas.perform(fix.edit, fix.label)

    def _selected(self, nodes: Sequence[str]) -> None:
        self.status.selected()
        self.inspector.show_nodes(nodes)
        if self.drawing.drawn is None:
            self.preview.follow(nodes)
        actions.refresh(self)

    # Looks

    def _wanted_theme(self) -> Theme:
        return {"light": LIGHT, "dark": DARK}.get(self.theme_mode) or theme.system_theme()

    def _follow_system(self) -> None:
        if self.theme_mode == "system":
            self._wear(theme.system_theme())

    def _wear(self, worn: Theme) -> None:
        if worn is self.theme:
            return
        typing_keys.commit()  # the panels make their pages anew
        self.theme = worn
        self._dress()
        panels = (self.adapters_panel, self.preview, self.problems_panel, self.sweep, self.timeline)
        for part in (self.canvas, self.selector, self.outline, *panels, self.notice, self.overlays):
            part.set_theme(worn)
        for turn, part in enumerate((self.inspector, self.palette_panel), 1):  # they make many things anew
            QTimer.singleShot(TURN * turn, part, lambda part=part: part.set_theme(self.theme))

    def _dress(self) -> None:
        """Dress what Qt draws itself in the colours of the theme."""
        worn = self.theme
        theme.apply(self._app, worn)
        self.setStyleSheet(tones.sheet(worn))
        self.setWindowIcon(icon("catenary", worn.selection.name()))
        layout.wear(self.docks, worn)
        for action in actions.ACTIONS:
            if action.icon:
                self.actions_by_id[action.id].setIcon(icon(action.icon, worn.text.name(), worn.line.name()))

    # Qt

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self.files.dropped(event.mimeData()):
            _take_copy(event)
        elif event.mimeData().hasUrls():
            self.status.refuse("Only .catenary files open here; pictures go to an input in the inspector")

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if self.files.dropped(event.mimeData()):
            _take_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        path = self.files.dropped(event.mimeData())
        if path:
            _take_copy(event)
            self.files.open(path)

    def focusNextPrevChild(self, forward: bool) -> bool:
        return panes.tab(self, 1 if forward else -1)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not viewing.menu_of(self, self.childAt(event.pos()), event.globalPos()):
            super().contextMenuEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        typing_keys.commit()
        if (self.document.modified or self.files.writer.busy) and not self._closing:
            event.ignore()
            self.files.when_safe(self._close_for_good)
            return
        layout.remember(self)
        self.files.close()
        self.link.close()
        event.accept()

    def _close_for_good(self) -> None:
        self._closing = True
        self.close()


def _take_copy(event: QDropEvent) -> None:
    """Accept a drop as a copy: whoever gives a file away as a move would delete it."""
    event.setDropAction(Qt.DropAction.CopyAction)
    event.accept()
