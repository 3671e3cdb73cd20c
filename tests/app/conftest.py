"""A window of its own for every test, with settings in a temporary folder."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.window import Window
from tests.app.hands import STARTING, Hands


@pytest.fixture(scope="module", autouse=True)
def collecting() -> Iterator[None]:
    """Garbage is collected between tests, never amid a walk of Qt's over all widgets, as `app.garbage` has it."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def window(qtbot: QtBot, settings: QSettings) -> Iterator[Window]:
    """An empty window without a worker."""
    window = Window(settings, "light")
    window.resize(1400, 900)
    with qtbot.waitExposed(window):
        window.show()
    yield window
    window.document.mark_saved()
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)  # no test sees widgets of another one
    gc.collect(1)


@pytest.fixture(scope="module")
def kept(qapp: QApplication, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    """An empty window without a worker, for all tests of a module that leave nothing behind."""
    del qapp
    folder = tmp_path_factory.mktemp("kept")
    window = Window(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat), "light")
    window.resize(1400, 900)
    window.show()
    yield window
    window.document.mark_saved()
    window.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def live(qtbot: QtBot, window: Window) -> Window:
    """The window with its worker up."""
    with qtbot.waitSignal(window.link.ready, timeout=STARTING):
        window.start()
    return window


@pytest.fixture
def hands(qtbot: QtBot, window: Window) -> Hands:
    return Hands(qtbot, window)
