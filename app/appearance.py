"""Commands that choose what is shown, and what the wheel does: context links, the theme, panels."""

from typing import TYPE_CHECKING

from app.action import Action

if TYPE_CHECKING:
    from app.window import Window


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


def _wheel(mode: str, title: str) -> Action:
    def take(window: "Window") -> None:
        window.canvas.mouse.wheel_mode = mode
        window.settings.setValue("wheel", mode)

    return Action(
        id=f"wheel-{mode}",
        menu="View/Wheel",
        title=title,
        run=take,
        checked=lambda w: w.canvas.mouse.wheel_mode == mode,
        group="wheel",
    )


def _panel(name: str, title: str) -> Action:
    return Action(
        id=f"panel-{name}",
        menu="View/Panels",
        title=title,
        run=lambda w: w.toggle_panel(name),
        checked=lambda w: not w.docks[name].isHidden(),
    )


APPEARANCE: tuple[Action, ...] = (
    _links("few", "All while there are few", separated=True),
    _links("hover", "Of what is selected or under the pointer"),
    _links("all", "All"),
    _links("none", "None"),
    _theme("system", "As the system"),
    _theme("light", "Light"),
    _theme("dark", "Dark"),
    _wheel("auto", "By the device"),
    _wheel("zoom", "Mouse: the wheel zooms"),
    _wheel("pan", "Touchpad: two fingers pan, Ctrl zooms"),
    _panel("palette", "Nodes"),
    _panel("outline", "Outline"),
    _panel("inspector", "Inspector"),
    _panel("adapters", "Adapters"),
    _panel("preview", "Preview"),
    _panel("problems", "Problems"),
    _panel("log", "Log"),
    _panel("weights", "Weights"),
    _panel("strip", "Strip"),
    _panel("timeline", "Timeline of contexts"),
)
