"""Icons are made once for what looks alike: Qt keeps what it paints of them, by the icon."""

import pytest
from PySide6.QtGui import QColor

from app.icons import dot, kind_icon
from app.theme import DARK, LIGHT
from nodes import CATALOGUE

pytestmark = pytest.mark.usefixtures("qapp")


def test_kinds_that_look_alike_have_one_icon():
    first = kind_icon(CATALOGUE["Linear"], LIGHT)
    assert kind_icon(CATALOGUE["Linear"], LIGHT).cacheKey() == first.cacheKey()
    others = (CATALOGUE["Linear"], DARK), (CATALOGUE["Conv2d"], LIGHT), (CATALOGUE["Sum"], LIGHT)
    assert first.cacheKey() not in [kind_icon(*each).cacheKey() for each in others]
    assert len({kind_icon(CATALOGUE[kind], LIGHT).cacheKey() for kind in ("Chain", "Sum", "Parallel")}) == 3


def test_a_colour_has_one_dot():
    assert dot(QColor("#336699")).cacheKey() == dot(QColor("#336699")).cacheKey()
    assert dot(QColor("#336699")).cacheKey() != dot(QColor("#336698")).cacheKey()
    image = dot(QColor("#336699")).pixmap(32, 32).toImage()
    assert image.pixelColor(image.rect().center()) == QColor("#336699")
