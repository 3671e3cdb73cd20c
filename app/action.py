"""What a command of the window is."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

if TYPE_CHECKING:
    from app.window import Window

Test = Callable[["Window"], bool]


class Action(Struct, frozen=True, kw_only=True):
    """One command. `menu` is a path such as "View/Theme"; actions of one `group` exclude one another.

    `keys` are those it has until the user chooses others (`app.keymap`). With the scope "canvas", they work only while
    the canvas has the focus, so that single letters can be typed everywhere else; with "view", the preview may have it
    as well. `icon` names a drawing in resources/icons.
    """

    id: str
    menu: str
    title: str | Callable[["Window"], str]
    run: Callable[["Window"], object]
    keys: tuple[str, ...] = ()
    scope: Literal["window", "canvas", "view"] = "window"
    icon: str = ""
    tip: str = ""
    checked: Test | None = None
    enabled: Test | None = None
    group: str = ""
    separated: bool = False
    """Whether a line stands above it in the menu."""


def name_of(action: Action) -> str:
    """What a command is called where no window says what it would do just now."""
    return action.title if isinstance(action.title, str) else action.id.replace("-", " ").capitalize()
