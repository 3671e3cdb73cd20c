"""Contrast, computed as WCAG 2 does, of all that is written or drawn on anything, in both themes."""

import re
from itertools import product

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from app import tones
from app.panels.colours import COLOURS
from app.theme import DARK, LIGHT, Theme, Tint, coloured, contrast, faded, ink_on, seen

TEXT, SIGN = 4.5, 3.0
BOTH = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)


def tints(theme: Theme) -> list[Tint]:
    """What nodes are painted with: by family, by adapter, and when they don't run."""
    own = [*theme.leaves.values(), *theme.frames.values(), *theme.providers, theme.pill, theme.unknown]
    worn = [coloured(tint, colour, theme.dark) for tint in own for colour in colours(theme)]
    return own + worn + [faded(tint, theme.dark) for tint in own]


def colours(theme: Theme) -> list[str]:
    """What adapters can wear."""
    return [*COLOURS.values(), theme.selection.name()]


def grounds(theme: Theme) -> list[QColor]:
    """What panels and the free canvas are made of."""
    tinted = QColor(tones.colours(theme)["tinted"])
    return [theme.canvas, *theme.surfaces, theme.window, theme.panel, theme.input, tinted]


@BOTH
def test_words_on_nodes_are_read(theme: Theme) -> None:
    for tint in tints(theme):
        for ink, ground in product((tint.ink, tint.faint), (tint.fill, tint.header)):
            assert contrast(ink, ground) >= TEXT
    for colour in colours(theme):
        for painted in (QColor(colour), seen(colour, theme.dark)):
            assert contrast(ink_on(painted), painted) >= TEXT


@BOTH
def test_outlines_and_signs_are_seen(theme: Theme) -> None:
    around = (theme.canvas, *theme.surfaces)
    own = [*theme.leaves.values(), *theme.frames.values(), *theme.providers, theme.pill, theme.unknown]
    for tint, ground in product(own, around):
        assert contrast(tint.edge, ground) >= SIGN
        assert contrast(tint.edge, tint.fill) >= SIGN
    for colour, ground in product(colours(theme), around):
        assert contrast(seen(colour, theme.dark), ground) >= SIGN
    lines = (theme.wire, theme.wire_strong, theme.selection, theme.target, theme.refusal, theme.running)
    signs = (theme.error, theme.warning, theme.info)
    for line, ground in product((*lines, *signs), around):
        assert contrast(line, ground) >= SIGN


@BOTH
def test_words_in_panels_are_read_and_fields_are_seen(theme: Theme) -> None:
    said = (theme.text, theme.text_dim, theme.error, theme.warning, theme.info)
    for ink, ground in product(said, grounds(theme)):
        assert contrast(ink, ground) >= TEXT
    for sign in (theme.error, theme.warning, theme.info, theme.selection):
        assert contrast(theme.on_sign, sign) >= TEXT
    for ground in (theme.window, theme.panel, theme.input):
        assert contrast(theme.selection, ground) >= TEXT  # links
        assert contrast(theme.border, ground) >= SIGN


@BOTH
def test_every_rule_of_the_stylesheets_that_sets_both_has_contrast(qapp: QApplication, theme: Theme) -> None:
    sheet = tones.sheet(theme)
    pairs = 0
    for selector, body in re.findall(r"([^{}]+)\{([^{}]*)\}", sheet):
        for one, other in (("color", "background"), ("selection-color", "selection-background-color")):
            ink = re.search(rf"(?<![-\w]){one}: (#\w{{6}})", body)
            ground = re.search(rf"(?<![-\w]){other}: (#\w{{6}})", body)
            if ink and ground:
                pairs += 1
                assert contrast(QColor(ink[1]), QColor(ground[1])) >= TEXT, selector.strip()
    assert pairs >= 5
