"""Commands of the menu File: graphs, weights and exports; and its menus of models, recent files and examples."""

from typing import TYPE_CHECKING

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu

from app import importing, picturing
from app.action import Action
from app.examples import examples, title_of
from app.exporting import ABOUT, TITLES
from nodes.models import MODELS

if TYPE_CHECKING:
    from app.filing import Filing
    from app.window import Window


def _one_frame(window: "Window") -> bool:
    chosen = window.canvas.selection
    return len(chosen) == 1 and window.document.graph.is_frame(chosen[0])


FILE_MENU: tuple[Action, ...] = (
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
        tip="Of the whole graph or of what is selected, as PNG, SVG or PDF",
        run=lambda w: picturing.ask(w),
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
)


def fill_menus(files: "Filing", menu: QMenu, after: QAction) -> None:
    """Put the menus of models, recent files and examples into the file menu."""
    models, recent, shipped = QMenu("New from model", menu), QMenu("Open recent", menu), QMenu("Examples", menu)
    entries = menu.actions()
    before = entries[entries.index(after) + 1]
    menu.insertMenu(after, models)
    menu.insertMenu(before, recent)
    menu.insertMenu(before, shipped)
    for model in MODELS.values():
        models.addAction(model.title, lambda model=model: files.new_from(model)).setToolTip(model.doc)
    models.setToolTipsVisible(True)
    for path in examples():
        shipped.addAction(title_of(path), lambda path=path: files.open_example(path))

    def fill_recent() -> None:
        recent.clear()
        for path in files.recent:
            recent.addAction(path.name, lambda path=path: files.open(path)).setToolTip(str(path))
        recent.addSeparator()
        recent.addAction("Forget these", lambda: files.settings.setValue("recent", []))

    recent.setToolTipsVisible(True)
    recent.aboutToShow.connect(fill_recent)
    fill_recent()
