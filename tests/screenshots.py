"""Takes the screenshots: every example in the real window, run by the real worker, in both themes; and the guide's.

QT_QPA_PLATFORM=offscreen .venv/bin/python -m tests.screenshots
"""

import os
import subprocess
import sys
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, QTemporaryDir, QTimer
from PySide6.QtWidgets import QApplication

from app.window import Window

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "resources" / "screenshots"
SIZE = (1500, 940)


def shoot(example: Path, theme: str) -> None:
    """One picture: the example opened, run and settled."""
    scratch = QTemporaryDir()
    window = Window(QSettings(scratch.filePath("settings.ini"), QSettings.Format.IniFormat), theme)
    window.resize(*SIZE)
    window.show()
    loop = QEventLoop()
    window.link.finished.connect(lambda _: QTimer.singleShot(0, loop.quit))
    window.start()
    window.files.open_example(example, window.link.run)
    loop.exec()
    QApplication.processEvents()
    window.canvas.frame_all()
    QApplication.processEvents()
    window.grab().save(str(FOLDER / f"{example.stem}-{theme}.png"))
    window.document.mark_saved()
    window.close()


def follow_guide() -> None:
    """Those of docs/first-adapter.md, taken while its steps are followed."""
    environment = os.environ | {"CATENARY_PICTURES": str(ROOT / "docs" / "pictures")}
    command = [sys.executable, "-m", "pytest", "-q", "tests/app/test_first_adapter.py"]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def main() -> None:
    """All of them."""
    follow_guide()
    app = QApplication([])
    FOLDER.mkdir(exist_ok=True)
    for example in sorted((ROOT / "resources" / "examples").glob("*.catenary")):
        for theme in ("light", "dark"):
            shoot(example, theme)
    app.quit()


if __name__ == "__main__":
    main()
