"""How the panels look: a stylesheet made of a theme, for fields and buttons, and for what carries a `tone`.

It is one sheet, and the window's: with another one for the application Qt would dress every widget several times over.
"""

from PySide6.QtGui import QColor, QFontInfo
from PySide6.QtWidgets import QApplication, QWidget

from app.icons import FOLDER
from app.theme import Theme, mixed

_SHEET = """
QToolTip {{ color: {text}; background: {panel}; border: 1px solid {line}; padding: 4px 6px; }}
QDockWidget {{ titlebar-close-icon: none; font-weight: 600; }}
QDockWidget::title {{ padding: 6px 8px; background: {window}; border-bottom: 1px solid {line}; }}
QMainWindow::separator {{ background: {line}; width: 1px; height: 1px; }}
QStatusBar {{ border-top: 1px solid {line}; }}
QStatusBar::item {{ border: none; }}
QDialogButtonBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QToolBar {{ border: none; border-bottom: 1px solid {line}; padding: 3px; spacing: 3px; }}
QTreeView, QListView, QTableView, QPlainTextEdit {{ border: 1px solid {line}; }}
QTreeView::item, QListView::item {{ padding: 3px 2px; }}
QHeaderView::section {{ background: {window}; color: {text_dim}; border: none;
    border-bottom: 1px solid {line}; padding: 4px; }}
QMenu {{ border: 1px solid {line}; padding: 4px; background: {panel}; menu-scrollable: 1; }}
QMenu::item {{ padding: 5px 24px 5px 12px; border-radius: 4px; }}
QMenu::item:selected {{ background: {selection}; color: {on_sign}; }}
QMenu::item:disabled {{ color: {text_dim}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 4px 6px; }}

QLabel[tone="title"] {{ font-size: {title}px; font-weight: 600; }}
QLabel[tone="heading"] {{ color: {text_dim}; font-weight: 600; }}
QLabel[tone="strong"], QLineEdit[tone="strong"] {{ font-weight: 600; }}
QLabel[tone="muted"] {{ color: {text_dim}; }}
QLabel[tone="error"] {{ color: {error}; }}
QLabel[tone="warning"] {{ color: {warning}; }}
QLabel[tone="info"] {{ color: {info}; }}
QStatusBar[tone="refused"] {{ color: {error}; }}

QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit#field {{
    background: {input}; border: 1px solid {border}; border-radius: 4px; padding: 2px 5px; min-height: 18px;
    selection-background-color: {selection}; selection-color: {on_sign};
}}
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover, QPlainTextEdit#field:hover {{ border-color: {text_dim}; }}
QLineEdit:focus, QComboBox:focus, QPlainTextEdit#field:focus {{ border: 2px solid {selection}; padding: 1px 4px; }}
QAbstractSpinBox:focus {{ border: 2px solid {selection}; }}
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {{
    border: none; padding: 0 0 0 3px; background: transparent; min-height: 14px;
}}
QAbstractSpinBox QLineEdit:focus, QComboBox QLineEdit:focus {{ border: none; padding: 0 0 0 3px; }}
QPlainTextEdit#field {{ padding: 0 0 0 4px; min-height: 0; }}
QPlainTextEdit#field:focus {{ padding: 0 0 0 3px; }}
QComboBox::drop-down {{ border: none; width: 18px; }}
QComboBox::down-arrow {{ image: url("{icons}/down.svg"); width: 12px; height: 12px; }}
QComboBox QAbstractItemView {{ background: {panel}; border: 1px solid {line}; outline: none; }}
QAbstractSpinBox {{ padding: 1px 1px 1px 2px; }}
QAbstractSpinBox:focus {{ padding: 0 0 0 1px; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ border: none; width: 14px; background: transparent; }}
QAbstractSpinBox::up-arrow {{ image: url("{icons}/up.svg"); width: 9px; height: 9px; }}
QAbstractSpinBox::down-arrow {{ image: url("{icons}/down.svg"); width: 9px; height: 9px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; border: 1px solid {text_dim}; border-radius: 3px;
    background: {input}; }}
QCheckBox::indicator:checked {{ background: {selection}; border-color: {selection}; image: url("{icons}/check.svg"); }}
QCheckBox::indicator:indeterminate {{ background: {selection}; border-color: {selection};
    image: url("{icons}/some.svg"); }}
QCheckBox {{ border: 1px solid transparent; border-radius: 4px; padding: 1px; }}
QCheckBox:focus {{ border-color: {selection}; }}

QPushButton {{ background: {panel}; border: 1px solid {line}; border-radius: 4px; padding: 3px 10px;
    min-height: 18px; }}
QPushButton:hover, QPushButton:focus {{ border-color: {selection}; }}
QPushButton:pressed, QPushButton:default {{ background: {tinted}; }}
QPushButton:checked {{ background: {tinted}; border-color: {selection}; }}
QPushButton:flat {{ border: 1px solid transparent; background: transparent; padding: 1px 5px; }}
QPushButton:focus {{ border-color: {selection}; }}
QPushButton:checked:focus {{ border: 2px solid {text}; padding: 2px 9px; }}
QPushButton[tone="small"] {{ padding: 0 8px; min-height: 20px; max-height: 20px; }}
QToolButton {{ border: 1px solid transparent; border-radius: 4px; padding: 3px; background: transparent; }}
QToolButton:hover {{ background: {tinted}; }}
QToolButton:checked {{ background: {tinted}; border-color: {selection}; }}
QToolButton[popupMode="2"] {{ padding-right: 18px; padding-left: 6px; border-color: {line}; }}
QToolButton[tone="narrow"] {{ padding: 1px; border-color: transparent; }}
QToolButton[tone="crumb"] {{ padding: 1px 5px; color: {text_dim}; }}
QToolButton[here="true"] {{ color: {text}; font-weight: 600; }}
QToolButton[tone="narrow"]::menu-indicator {{ image: none; }}
QToolButton[tone="menu"] {{ padding: 3px; border-color: transparent; }}
QToolButton[tone="menu"]::menu-indicator {{ image: none; }}
QToolButton:focus, QToolButton[popupMode="2"]:focus, QToolButton[tone]:focus {{ border-color: {selection}; }}
QToolButton:checked:focus {{ border: 2px solid {text}; padding: 2px; }}
QToolButton::menu-indicator {{ image: url("{icons}/down.svg"); width: 11px; height: 11px;
    subcontrol-origin: padding; subcontrol-position: right center; right: 4px; }}

QMenu::icon {{ padding-left: 4px; }}
QMenu::icon:checked {{ background: {tinted}; border: 1px solid {selection}; border-radius: 3px; }}
QMenu::indicator {{ width: 14px; height: 14px; margin-left: 4px; }}
QMenu::indicator:checked {{ image: url("{icons}/mark.svg"); }}

QSlider::groove:horizontal {{ height: 4px; border-radius: 2px; background: {line}; }}
QSlider::sub-page:horizontal {{ height: 4px; border-radius: 2px; background: {selection}; }}
QSlider::handle:horizontal {{ width: 12px; height: 12px; margin: -5px 0; border-radius: 7px; background: {panel};
    border: 1px solid {selection}; }}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {{ background: {selection}; }}
QProgressBar {{ border: none; border-radius: 3px; background: {line}; }}
QProgressBar::chunk {{ border-radius: 3px; background: {selection}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {line}; border-radius: 4px; margin: 1px; min-height: 28px; min-width: 28px; }}
QScrollBar::handle:hover {{ background: {text_dim}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QScrollArea, QScrollArea > QWidget > QWidget {{ background: {window}; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ padding: 4px 10px; border: none; border-bottom: 2px solid transparent; color: {text_dim}; }}
QTabBar::tab:selected {{ color: {text}; border-bottom-color: {selection}; }}
QTabBar::tab:selected:focus {{ background: {tinted}; border: 1px solid {selection}; border-bottom-width: 2px;
    padding: 3px 9px 4px 9px; }}

QScrollArea {{ border: 1px solid transparent; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QPlainTextEdit#log, QTreeWidget#problems, QTreeView#weights-report {{ border: 1px solid transparent; }}
QTreeView:focus, QListView:focus, QTableView:focus, QPlainTextEdit:focus, QPlainTextEdit#log:focus,
QTreeWidget#problems:focus, QTreeView#weights-report:focus, QScrollArea:focus {{ border: 1px solid {selection}; }}
QFrame#titlebar {{ background: {window}; border: none; border-bottom: 1px solid {line}; }}
QFrame#titlebar QLabel {{ font-weight: 600; }}
QTreeWidget#problems::item {{ padding: 0; }}
QTreeWidget#problems::item:selected {{ background: {tinted}; color: {text}; }}
QFrame#notice {{ border: none; border-left: 4px solid {warning}; background: {panel}; }}
QFrame#notice[tone="error"] {{ border-left-color: {error}; }}
QFrame#notice[tone="info"] {{ border-left-color: {info}; }}
QFrame#pause {{ border: none; border-left: 4px solid {warning}; background: {panel}; }}
QFrame#consent {{ border: none; border-left: 4px solid {warning}; background: {panel}; }}
QFrame#consent QScrollArea, QFrame#consent QScrollArea > QWidget > QWidget {{ background: {panel}; }}
QFrame#fault {{ border: none; border-left: 4px solid {error}; background: {panel}; }}
QFrame#adapter {{ background: {panel}; border: 1px solid {line}; border-radius: 6px; }}
QFrame#adapter[chosen="true"] {{ border-color: {selection}; }}
QFrame#adapter QLineEdit[tone="strong"] {{ border-color: transparent; background: transparent; padding: 2px 2px; }}
QFrame#adapter QLineEdit[tone="strong"]:focus {{ border-color: {selection}; background: {input}; padding: 1px 1px; }}
QFrame#drawing, QFrame#opening {{ border: none; border-left: 4px solid {selection}; background: {panel}; }}
QFrame#breadcrumbs {{ border: none; border-bottom: 1px solid {line}; }}
QFrame#breadcrumbs QLabel {{ color: {text_dim}; padding: 0 3px; }}
QFrame#dropline {{ background: {selection}; border: none; }}
"""


def wear(widget: QWidget, tone: str) -> None:
    """Have a widget wear a tone."""
    mark(widget, "tone", tone)


def mark(widget: QWidget, name: str, value: object) -> None:
    """Give a widget a property that the stylesheet knows. One that it has costs nothing: matching the stylesheet
    is slow."""
    if widget.property(name) != value:
        widget.setProperty(name, value)
        widget.style().polish(widget)


def sheet(theme: Theme) -> str:
    """The stylesheet for this theme."""
    title = round(QFontInfo(QApplication.font()).pixelSize() * 1.25)
    return _SHEET.format_map(colours(theme) | {"icons": FOLDER.as_posix(), "title": str(title)})


def colours(theme: Theme) -> dict[str, str]:
    """What the stylesheet calls the colours of a theme."""
    tinted = mixed(theme.selection, theme.panel, 0.22 if theme.dark else 0.12)
    return {k: v.name() for k, v in vars(theme).items() if isinstance(v, QColor)} | {"tinted": tinted.name()}
