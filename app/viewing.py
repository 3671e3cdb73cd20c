"""Commands of the preview: comparing what it shows, and how."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.action import Action

if TYPE_CHECKING:
    from app.window import Window


def _with_picture(run: Callable[["Window"], object]) -> Callable[["Window"], object]:
    """A command that needs a picture in the preview, and says so."""

    def checked(window: "Window") -> None:
        if window.preview.picture.picture:
            run(window)
        else:
            window.status.refuse("The preview has no picture to compare: run the graph, or select another node")

    return checked


VIEWING: tuple[Action, ...] = (
    Action(
        id="compare",
        menu="View/Preview",
        title="Compare",
        keys=("M",),
        scope="view",
        tip="Split view, difference, and back: with a variant of the graph or with the picture that is held",
        run=_with_picture(lambda w: w.preview.bar.next_mode()),
    ),
    Action(
        id="compare-swap",
        menu="View/Preview",
        title="Swap A and B",
        keys=("C",),
        scope="view",
        run=_with_picture(lambda w: w.preview.picture.swap()),
    ),
    Action(
        id="compare-hold",
        menu="View/Preview",
        title="Hold the picture to compare with",
        keys=("Shift+M",),
        scope="view",
        tip="The picture shown now is B, whatever the graph makes later",
        run=_with_picture(lambda w: w.preview.bar.hold()),
    ),
    Action(
        id="beside",
        menu="View/Preview",
        title="Pinned nodes side by side",
        run=lambda w: w.preview.beside.toggle(),
        checked=lambda w: w.preview.beside.isChecked(),
        separated=True,
    ),
)
