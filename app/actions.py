"""Every command of the window, in one table. Menus, toolbar and the list of keys read it."""

from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from app import dialogs, finding, importing, typing_keys
from app.action import Action
from app.adapters import ADAPTING
from app.editing import EDITING
from app.exporting import ABOUT, TITLES
from app.navigating import NAVIGATING
from app.panels.outline import COMMANDS
from app.sharing import SHARING
from app.viewing import VIEWING
from engine.document import flow
from nodes import CATALOGUE

if TYPE_CHECKING:
    from app.window import Window


def _undo_title(window: "Window") -> str:
    undos = window.document.history.undos
    return f"Undo {undos[-1].label}" if undos else "Undo"


def _redo_title(window: "Window") -> str:
    redos = window.document.history.redos
    return f"Redo {redos[-1].label}" if redos else "Redo"


def _selected(window: "Window") -> bool:
    return bool(window.canvas.selection)


def _one_frame(window: "Window") -> bool:
    chosen = window.canvas.selection
    return len(chosen) == 1 and window.document.graph.is_frame(chosen[0])


def _links(mode: str, title: str, separated: bool = False) -> Action:
    return Action(
        id=f"links-{mode}",
        menu="View/Context links",
        title=title,
        run=lambda w: w.set_links_shown(mode),
        checked=lambda w: w.links_shown == mode,
        group="links",
        separated=separated,
    )


def _theme(mode: str, title: str) -> Action:
    return Action(
        id=f"theme-{mode}",
        menu="View/Theme",
        title=title,
        run=lambda w: w.set_theme_mode(mode),
        checked=lambda w: w.theme_mode == mode,
        group="theme",
    )


def _device(device: Literal["auto", "cpu", "cuda"], title: str) -> Action:
    return Action(
        id=f"device-{device}",
        menu="Run/Device",
        title=title,
        run=lambda w: w.configure(device=device),
        checked=lambda w: w.link.settings.device == device,
        enabled=lambda w: device == "auto" or device in w.devices,
        group="device",
    )


def _dtype(dtype: Literal["float32", "float16", "bfloat16", "float64"]) -> Action:
    return Action(
        id=f"dtype-{dtype}",
        menu="Run/Dtype",
        title=dtype,
        run=lambda w: w.configure(dtype=dtype),
        checked=lambda w: w.link.settings.dtype == dtype,
        group="dtype",
    )


def _panel(name: str, title: str) -> Action:
    return Action(
        id=f"panel-{name}",
        menu="View/Panels",
        title=title,
        run=lambda w: w.toggle_panel(name),
        checked=lambda w: not w.docks[name].isHidden(),
    )


ACTIONS: tuple[Action, ...] = (
    Action(id="new", menu="File", title="New", keys=("Ctrl+N",), icon="new", run=lambda w: w.files.new()),
    Action(id="open", menu="File", title="Open…", keys=("Ctrl+O",), icon="open", run=lambda w: w.files.ask_open()),
    Action(
        id="save",
        menu="File",
        title="Save",
        keys=("Ctrl+S",),
        icon="save",
        run=lambda w: w.files.save(),
        separated=True,
    ),
    Action(id="save-as", menu="File", title="Save as…", keys=("Ctrl+Shift+S",), run=lambda w: w.files.save_as()),
    Action(
        id="import-model",
        menu="File/Import",
        title="Refiners or torch model…",
        tip="Make a graph of a model that Python code makes",
        run=lambda w: importing.ask_model(w),
    ),
    Action(
        id="import-structure",
        menu="File/Import",
        title="Structure of a weights file…",
        tip="Guess a tree from the tensors of a .safetensors file",
        run=lambda w: importing.ask_structure(w),
    ),
    Action(
        id="load-weights",
        menu="File",
        title="Load weights…",
        tip="Take the weights of the whole graph from a file, by path",
        run=lambda w: w.weights.ask_load(w.document.graph.root),
        separated=True,
    ),
    Action(
        id="save-weights",
        menu="File",
        title="Save weights…",
        tip="Write the weights of the whole graph to a file, by present paths",
        run=lambda w: w.weights.ask_save(w.document.graph.root),
    ),
    Action(
        id="load-weights-here",
        menu="File",
        title="Load weights for the selected frame…",
        tip="Take the weights of all in it from a file of its own",
        run=lambda w: w.weights.ask_load(w.canvas.selection[0]),
        enabled=_one_frame,
    ),
    Action(
        id="save-weights-here",
        menu="File",
        title="Save weights of the selected frame…",
        tip="Write the weights of all in it to a file, by paths from there",
        run=lambda w: w.weights.ask_save(w.canvas.selection[0]),
        enabled=_one_frame,
    ),
    *(
        Action(
            id=f"export-{to}",
            menu="File/Export",
            title=f"{title}…",
            tip=ABOUT[to],
            run=lambda w, to=to: w.exports.ask(to),
        )
        for to, title in TITLES.items()
    ),
    Action(
        id="export-here",
        menu="File/Export",
        title="Export the selected frame…",
        tip="Write the selected frame as a model of its own",
        run=lambda w: w.exports.ask(frame=w.canvas.selection[0]),
        enabled=_one_frame,
        separated=True,
    ),
    Action(
        id="export-picture",
        menu="File/Export",
        title="Picture of the canvas…",
        separated=True,
        run=lambda w: w.files.ask_picture(),
    ),
    Action(
        id="export-value",
        menu="File/Export",
        title="What the preview shows…",
        tip="As a picture (.png) or as a tensor (.npy, .safetensors)",
        run=lambda w: w.files.ask_value(),
        enabled=lambda w: w.preview.node in w.preview.previews,
    ),
    Action(id="quit", menu="File", title="Quit", keys=("Ctrl+Q",), run=lambda w: w.close(), separated=True),
    Action(
        id="undo",
        menu="Edit",
        title=_undo_title,
        keys=("Ctrl+Z",),
        icon="undo",
        run=lambda w: w.document.undo(),
        enabled=lambda w: bool(w.document.history.undos),
    ),
    Action(
        id="redo",
        menu="Edit",
        title=_redo_title,
        keys=("Ctrl+Y", "Ctrl+Shift+Z"),
        icon="redo",
        run=lambda w: w.document.redo(),
        enabled=lambda w: bool(w.document.history.redos),
    ),
    *EDITING,
    *SHARING,
    *ADAPTING,
    Action(
        id="delete",
        menu="Edit",
        title="Delete",
        keys=("Delete", "Backspace"),
        scope="canvas",
        run=lambda w: w.canvas.delete_selection(),
        enabled=_selected,
    ),
    Action(
        id="select-all",
        menu="Edit",
        title="Select all",
        keys=("Ctrl+A",),
        scope="canvas",
        run=lambda w: w.canvas.select_all(),
    ),
    Action(
        id="select-upstream",
        menu="Edit",
        title="Select what leads here",
        tip="Everything whose result can reach the selected node, through wires or contexts",
        run=lambda w: w.canvas.select(flow.upstream(w.canvas.document.graph, CATALOGUE, w.canvas.selection[0])),
        enabled=lambda w: len(w.canvas.selection) == 1,
    ),
    Action(
        id="select-downstream",
        menu="Edit",
        title="Select what follows",
        tip="Everything that the selected node's result can reach, through wires or contexts",
        run=lambda w: w.canvas.select(flow.downstream(w.canvas.document.graph, CATALOGUE, w.canvas.selection[0])),
        enabled=lambda w: len(w.canvas.selection) == 1,
    ),
    Action(
        id="select-by",
        menu="Edit",
        title="Select by kind, place or params…",
        keys=("Ctrl+L",),
        tip="A line such as Linear in CrossAttention* selects what it takes",
        run=lambda w: w.selector.open(),
    ),
    Action(
        id="find-node",
        menu="Edit",
        title="Find a node…",
        keys=("Ctrl+F",),
        tip="By its name, path or kind",
        run=lambda w: finding.find_node(w),
        separated=True,
    ),
    Action(
        id="find-next",
        menu="Edit",
        title="Find the next",
        keys=("F3",),
        run=lambda w: finding.find_next(w, 1),
        enabled=lambda w: bool(w.sought),
    ),
    Action(
        id="find-previous",
        menu="Edit",
        title="Find the previous",
        keys=("Shift+F3",),
        run=lambda w: finding.find_next(w, -1),
        enabled=lambda w: bool(w.sought),
    ),
    Action(
        id="find-kind",
        menu="Edit",
        title="Search the palette",
        keys=("Ctrl+Shift+F",),
        tip="Type what you look for, Enter adds it",
        run=lambda w: w.find_kind(),
    ),
    Action(
        id="zoom-in",
        menu="View",
        title="Zoom in",
        keys=("Ctrl++", "Ctrl+="),
        run=lambda w: w.canvas.zoom_by(1.25),
    ),
    Action(id="zoom-out", menu="View", title="Zoom out", keys=("Ctrl+-",), run=lambda w: w.canvas.zoom_by(0.8)),
    Action(id="zoom-actual", menu="View", title="100 %", keys=("Ctrl+0",), run=lambda w: w.canvas.set_zoom(1.0)),
    *NAVIGATING,
    Action(
        id="frame-selection",
        menu="View",
        title="Show the selection",
        keys=("F",),
        scope="canvas",
        run=lambda w: w.canvas.frame_selection(),
        enabled=_selected,
    ),
    Action(
        id="collapse",
        menu="View",
        title="Fold or unfold",
        keys=("H",),
        scope="canvas",
        run=lambda w: w.canvas.toggle_collapsed(),
        enabled=lambda w: any(w.canvas.document.graph.is_frame(node) for node in w.canvas.selection),
    ),
    *VIEWING,
    _links("few", "All while there are few", separated=True),
    _links("hover", "Of what is selected or under the pointer"),
    _links("all", "All"),
    _links("none", "None"),
    _theme("system", "As the system"),
    _theme("light", "Light"),
    _theme("dark", "Dark"),
    _panel("palette", "Nodes"),
    _panel("outline", "Outline"),
    _panel("inspector", "Inspector"),
    _panel("adapters", "Adapters"),
    _panel("preview", "Preview"),
    _panel("problems", "Problems"),
    _panel("log", "Log"),
    _panel("weights", "Weights"),
    _panel("strip", "Strip"),
    Action(
        id="run",
        menu="Run",
        title="Run",
        keys=("Ctrl+Return", "F5"),
        icon="run",
        tip="Run the graph once; pauses at Breakpoints",
        run=lambda w: w.link.run(pauses=True),
    ),
    Action(
        id="continue",
        menu="Run",
        title="Continue",
        keys=("F8",),
        icon="continue",
        tip="Go on with the paused run, to the next Breakpoint",
        run=lambda w: w.link.resume(),
        enabled=lambda w: w.link.paused_at is not None,
    ),
    Action(
        id="step",
        menu="Run",
        title="Step",
        keys=("F10",),
        icon="step",
        tip="Go on with the paused run past one more node",
        run=lambda w: w.link.resume(step=True),
        enabled=lambda w: w.link.paused_at is not None,
    ),
    Action(
        id="cancel",
        menu="Run",
        title="Cancel",
        keys=("Ctrl+Alt+Return",),
        icon="stop",
        tip="Stop the run in progress",
        run=lambda w: w.cancel(),
        enabled=lambda w: w.link.busy,
    ),
    Action(
        id="auto-run",
        menu="Run",
        title="Run after every change",
        icon="auto",
        tip="Run again whenever something changes",
        run=lambda w: w.set_auto(not w.link.auto),
        checked=lambda w: w.link.auto,
    ),
    _device("auto", "Automatic"),
    _device("cpu", "CPU"),
    _device("cuda", "CUDA"),
    _dtype("float32"),
    _dtype("float16"),
    _dtype("bfloat16"),
    _dtype("float64"),
    Action(
        id="seed",
        menu="Run",
        title="Seed…",
        tip="What initial weights are drawn from",
        run=lambda w: dialogs.ask_seed(w),
    ),
    Action(
        id="room",
        menu="Run",
        title="Memory for values…",
        tip="How much of what nodes returned is kept for later runs",
        run=lambda w: dialogs.ask_room(w),
        enabled=lambda w: w.link.configured_as is not None,
    ),
    Action(
        id="restart",
        menu="Run",
        title="Restart the engine",
        tip="End the process that runs the graph and start another",
        run=lambda w: w.restart_engine(),
        separated=True,
    ),
    Action(
        id="find-command",
        menu="Help",
        title="Find a command…",
        keys=("Ctrl+Shift+P",),
        run=lambda w: finding.find_command(w),
    ),
    Action(id="keys", menu="Help", title="Keys", keys=("F1",), run=lambda w: dialogs.show_keys(w, key_list())),
    Action(id="about", menu="Help", title="About Catenary", run=lambda w: dialogs.show_about(w)),
)


def build(window: "Window") -> dict[str, QAction]:
    """Make the menus of a window from the table; gives its actions by id. `refresh` brings them up to date."""
    menus: dict[str, QMenu] = {}
    groups: dict[str, QActionGroup] = {}
    made: dict[str, QAction] = {}
    for action in ACTIONS:
        menu = _menu(window, menus, action.menu)
        if action.separated:
            menu.addSeparator()
        qt = QAction(window)
        qt.setObjectName(action.id)
        qt.setShortcuts([QKeySequence(key) for key in action.keys])
        qt.setCheckable(action.checked is not None)
        if action.scope != "window":
            qt.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            window.canvas.addAction(qt)
        if action.scope == "view":
            window.preview.addAction(qt)
        if action.id in COMMANDS:
            window.outline.addAction(qt)
        if action.group:
            groups.setdefault(action.group, QActionGroup(window)).addAction(qt)
        qt.triggered.connect(lambda _=False, action=action: _trigger(window, action))
        menu.addAction(qt)
        made[action.id] = qt
    window.menus = menus
    return made


def _trigger(window: "Window", action: Action) -> None:
    typing_keys.commit()
    action.run(window)
    window.refresh_soon()


def refresh(window: "Window", menu: str = "") -> None:
    """Bring titles, marks and availability up to date, of all actions or those of one menu."""
    for action in [each for each in ACTIONS if each.menu.startswith(menu)]:
        qt = window.actions_by_id[action.id]
        title = action.title if isinstance(action.title, str) else action.title(window)
        if qt.text() != title:
            qt.setText(title)
            keys = f" ({qt.shortcut().toString(QKeySequence.SequenceFormat.NativeText)})" if action.keys else ""
            qt.setToolTip((action.tip or title) + keys)
        if action.checked:
            qt.setChecked(action.checked(window))
        if action.enabled:
            qt.setEnabled(action.enabled(window))


def key_list() -> list[tuple[str, str, str]]:
    """Menu, title and keys of every action that has keys."""
    return [
        (
            action.menu,
            action.title if isinstance(action.title, str) else action.id.replace("-", " ").capitalize(),
            ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in action.keys),
        )
        for action in ACTIONS
        if action.keys
    ]


def _menu(window: "Window", menus: dict[str, QMenu], path: str) -> QMenu:
    if path not in menus:
        parent, _, title = path.rpartition("/")
        menus[path] = _menu(window, menus, parent).addMenu(title) if parent else window.menuBar().addMenu(title)
        menus[path].setToolTipsVisible(True)
    return menus[path]
