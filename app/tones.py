"""How the window's own parts look: a stylesheet made of a theme, for what carries a `tone`."""

from PySide6.QtGui import QColor

from app.theme import Theme

_SHEET = """
QLabel[tone="title"] {{ font-size: 15px; font-weight: 600; }}
QLabel[tone="heading"] {{ color: {text_dim}; font-weight: 600; }}
QLabel[tone="strong"], QLineEdit[tone="strong"] {{ font-weight: 600; }}
QLabel[tone="muted"] {{ color: {text_dim}; }}
QLabel[tone="error"] {{ color: {error}; }}
QLabel[tone="warning"] {{ color: {warning}; }}
QLabel[tone="info"] {{ color: {info}; }}
QPushButton[tone="small"] {{ padding: 1px 8px; }}
QStatusBar[tone="refused"] {{ color: {error}; }}
QFrame#notice {{ border: none; border-left: 4px solid {warning}; background: {panel}; }}
QFrame#notice[tone="error"] {{ border-left-color: {error}; }}
QFrame#notice[tone="info"] {{ border-left-color: {info}; }}
QFrame#fault {{ border: none; border-left: 4px solid {error}; background: {panel}; }}
QPlainTextEdit#log {{ border: none; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {line}; border-radius: 4px; margin: 1px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {text_dim}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: {window}; }}
"""


def sheet(theme: Theme) -> str:
    """The stylesheet for this theme."""
    return _SHEET.format_map({k: v.name() for k, v in vars(theme).items() if isinstance(v, QColor)})
