"""Where the editor remembers its window, theme and recent files."""

from pathlib import Path

import platformdirs
from PySide6.QtCore import QSettings


def settings() -> QSettings:
    """The user's settings, in an .ini file of the platform's folder for them."""
    folder = Path(platformdirs.user_config_dir("catenary", appauthor=False, ensure_exists=True))
    return QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat)
