"""Colours of the editor, in a light and a dark theme, and what follows from them for the panels.

Families are named by hue; a `Tint` holds what one thing is painted with. Text keeps a contrast of 4.5:1 or more to
whatever it stands on, lines and signs that mean something 3:1, which the tests compute.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

PROVIDER_HUES = (262, 292, 234, 322, 206)
"""Providers take these hues in turn, so that nested ones can be told apart; all lean to violet."""

_LEAF_HUES = {
    "Convolution": (214, 0.85),
    "Linear": (200, 0.75),
    "Activation": (40, 0.85),
    "Normalisation": (95, 0.5),
    "Attention": (338, 0.7),
    "Arithmetic": (215, 0.12),
    "Shape": (30, 0.2),
    "Image": (168, 0.6),
    "Pooling": (228, 0.45),
    "Padding": (20, 0.14),
    "Recurrent": (312, 0.5),
    "Regularisation": (75, 0.35),
    "Loss": (2, 0.7),
    "Values": (240, 0.14),
    "lambda": (186, 0.6),
}
_FRAME_HUES = {
    "chain": (218, 0.18),
    "residual": (28, 0.85),
    "passthrough": (48, 0.45),
    "sum": (146, 0.6),
    "parallel": (188, 0.65),
    "distribute": (200, 0.6),
    "concatenate": (170, 0.6),
    "matmul": (344, 0.65),
    "sample": (322, 0.5),
}


@dataclass(frozen=True, eq=False)
class Tint:
    """What one family is painted with: body, header (or stronger body), outline, text, text that stands back."""

    fill: QColor
    header: QColor
    edge: QColor
    ink: QColor
    faint: QColor


@dataclass(frozen=True)
class Theme:
    """Everything the canvas paints with, and the colours the panels' palette is made of."""

    name: str
    dark: bool
    canvas: QColor
    dots: QColor
    surfaces: tuple[QColor, QColor]
    wire: QColor
    wire_strong: QColor
    text: QColor
    text_dim: QColor
    selection: QColor
    select_fill: QColor
    target: QColor
    refusal: QColor
    error: QColor
    warning: QColor
    info: QColor
    running: QColor
    on_sign: QColor
    pill: Tint
    unknown: Tint
    leaves: dict[str, Tint] = field(repr=False)
    frames: dict[str, Tint] = field(repr=False)
    providers: tuple[Tint, ...] = field(repr=False)
    window: QColor = field(repr=False)
    panel: QColor = field(repr=False)
    input: QColor = field(repr=False)
    line: QColor = field(repr=False)
    border: QColor = field(repr=False)
    """The outline of what one can type into; `line` only parts one thing from another."""

    def leaf(self, category: str, role: str | None) -> Tint:
        """The tint of a leaf that reaches no provider."""
        if role in ("use", "set"):
            return self.providers[0]
        return self.leaves.get("lambda" if role == "lambda" else category, self.leaves["Arithmetic"])

    def frame(self, role: str | None) -> Tint:
        return self.frames.get(role or "chain", self.frames["chain"])

    def provider(self, index: int) -> Tint:
        """The tint of the index-th provider of a graph."""
        return self.providers[index % len(self.providers)]


def contrast(one: QColor, other: QColor) -> float:
    """The WCAG 2 contrast ratio of two opaque colours, from 1 to 21."""

    def luminance(colour: QColor) -> float:
        parts = (colour.redF(), colour.greenF(), colour.blueF())
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dim + 0.05)


def _hsl(hue: float, saturation: float, lightness: float) -> QColor:
    return QColor.fromHslF(hue / 360, saturation, lightness)


def mixed(one: QColor, other: QColor, share: float) -> QColor:
    """`share` of one colour in the other, opaque."""

    def mix(a: float, b: float) -> float:
        return a * share + b * (1 - share)

    return QColor.fromRgbF(
        mix(one.redF(), other.redF()), mix(one.greenF(), other.greenF()), mix(one.blueF(), other.blueF())
    )


def ink_on(colour: QColor) -> QColor:
    """White or black: what is read better on this colour."""
    white, black = QColor("#ffffff"), QColor("#000000")
    return max(white, black, key=lambda ink: contrast(ink, colour))


@lru_cache
def coloured(tint: Tint, colour: str, dark: bool) -> Tint:
    """A tint with some of a colour in it, and that colour as its outline, as far as it is seen."""
    own, share = QColor(colour), 0.2 if dark else 0.25
    fill, header = mixed(own, tint.fill, share), mixed(own, tint.header, share)
    edge = seen(colour, dark)
    return Tint(fill, header, edge, tint.ink, mixed(tint.ink, header, 0.88))


@lru_cache
def faded(tint: Tint, dark: bool) -> Tint:
    """The tint of what does not run. Its words are still to be read."""
    theme = DARK if dark else LIGHT
    ground, ink = theme.surfaces[0], theme.text_dim
    return Tint(mixed(tint.fill, ground, 0.4), mixed(tint.header, ground, 0.4), mixed(tint.edge, ground, 0.5), ink, ink)


@lru_cache
def seen(colour: str, dark: bool) -> QColor:
    """A colour, darker or lighter if need be: what is painted with it is seen on the canvas and on frames."""
    return _seen(QColor(colour), dark)


def _seen(colour: QColor, dark: bool, *grounds: QColor) -> QColor:
    grounds = (*(_pick(*each, dark) for each in (_CANVAS, *_SURFACES)), *grounds)
    hue, saturation, lightness, _ = cast(tuple[float, float, float, float], colour.getHslF())
    while min(contrast(colour, ground) for ground in grounds) < 3.05:
        lightness += 0.01 if dark else -0.01
        colour = QColor.fromHslF(max(0.0, hue), saturation, lightness)
    return colour


def _tint(hue: float, strength: float, dark: bool) -> Tint:
    if dark:
        fill, header = _hsl(hue, strength * 0.42, 0.205), _hsl(hue, strength * 0.45, 0.245)
        ink = _hsl(hue, strength * 0.5, 0.90)
    else:
        fill, header = _hsl(hue, strength * 0.85, 0.935), _hsl(hue, strength * 0.75, 0.885)
        ink = _hsl(hue, strength * 0.55, 0.15)
    edge = _seen(_hsl(hue, strength * 0.55, 0.46) if dark else _hsl(hue, strength * 0.62, 0.5), dark, fill)
    return Tint(fill, header, edge, ink, mixed(ink, fill, 0.78))


_CANVAS = ("#eef0f3", "#17191d")
_SURFACES = (("#ffffff", "#1e2126"), ("#f6f7f9", "#23262c"))


def _pick(light: str, night: str, dark: bool) -> QColor:
    return QColor(night if dark else light)


def _theme(dark: bool) -> Theme:
    def pick(light: str, night: str) -> QColor:
        return _pick(light, night, dark)

    return Theme(
        name="dark" if dark else "light",
        dark=dark,
        canvas=pick(*_CANVAS),
        dots=pick("#d9dde3", "#24272d"),
        surfaces=(pick(*_SURFACES[0]), pick(*_SURFACES[1])),
        wire=pick("#5b6675", "#8b96a6"),
        wire_strong=pick("#2b3440", "#cfd7e2"),
        text=pick("#1b2027", "#e8ebf0"),
        text_dim=pick("#505965", "#b4bdc9"),
        selection=pick("#1a66dc", "#58a6ff"),
        select_fill=QColor(88, 166, 255, 36) if dark else QColor(26, 102, 220, 28),
        target=pick("#087a42", "#3fd487"),
        refusal=pick("#c4314b", "#ff8c9b"),
        error=pick("#c62b3f", "#ff8a97"),
        warning=pick("#9a5200", "#f2b04c"),
        info=pick("#2a67ac", "#7ab8ff"),
        running=pick("#087a42", "#3fd487"),
        on_sign=pick("#ffffff", "#14161a"),
        pill=_tint(216, 0.3, dark),
        unknown=_tint(0, 0.25, dark),
        leaves={name: _tint(hue, strength, dark) for name, (hue, strength) in _LEAF_HUES.items()},
        frames={role: _tint(hue, strength, dark) for role, (hue, strength) in _FRAME_HUES.items()},
        providers=tuple(_tint(hue, 0.9, dark) for hue in PROVIDER_HUES),
        window=pick("#f3f4f6", "#1b1d21"),
        panel=pick("#ffffff", "#202328"),
        input=pick("#ffffff", "#17191d"),
        line=pick("#d4d8de", "#3d434d"),
        border=pick("#7d8693", "#727b89"),
    )


LIGHT = _theme(dark=False)
DARK = _theme(dark=True)


def system_theme() -> Theme:
    """The theme the desktop asks for; light when it does not say."""
    return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole application the Fusion style and the palette of a theme; `tones` has the stylesheet."""
    if app.style().objectName() != "fusion":
        app.setStyle("Fusion")
    palette = QPalette()
    role = QPalette.ColorRole
    for which, colour in {
        role.Window: theme.window,
        role.WindowText: theme.text,
        role.Base: theme.input,
        role.AlternateBase: theme.surfaces[1],
        role.Text: theme.text,
        role.PlaceholderText: theme.text_dim,
        role.Button: theme.panel,
        role.ButtonText: theme.text,
        role.BrightText: theme.error,
        role.Highlight: theme.selection,
        role.HighlightedText: theme.on_sign,
        role.Link: theme.selection,
        role.ToolTipBase: theme.panel,
        role.ToolTipText: theme.text,
        role.Mid: theme.line,
        role.Midlight: theme.line,
        role.Dark: theme.line,
        role.Accent: theme.selection,
    }.items():
        palette.setColor(which, colour)
    for which in (role.WindowText, role.Text, role.ButtonText):
        faded = QColor(theme.text_dim)
        faded.setAlphaF(0.6)
        palette.setColor(QPalette.ColorGroup.Disabled, which, faded)
    if app.palette() != palette:
        app.setPalette(palette)
