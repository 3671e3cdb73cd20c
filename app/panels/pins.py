"""The tabs of the preview: the first follows the selection, each pin adds one that stays."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTabBar

from app.icons import icon
from app.theme import Theme
from engine.document.document import Document
from engine.document.graph import path_of


class Pins(QTabBar):
    """A node for each tab."""

    def __init__(self, document: Document, theme: Theme) -> None:
        super().__init__()
        self.document = document
        self.followed = document.graph.root
        """The node of the first tab."""
        self.pinned: list[str] = []
        self.setExpanding(False)
        self.setDrawBase(False)
        self.setTabsClosable(False)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.addTab("selected")
        self.set_theme(theme)

    @property
    def node(self) -> str:
        """The node of the tab that is open."""
        index = self.currentIndex()
        return self.pinned[index - 1] if 0 < index <= len(self.pinned) else self.followed

    @property
    def nodes(self) -> list[str]:
        """The nodes of all tabs, each once."""
        return list(dict.fromkeys([self.followed, *self.pinned]))

    def pin(self, node: str) -> bool:
        """Open the tab of a node; whether it had none."""
        new = node not in self.pinned
        if new:
            self.pinned.append(node)
            self.addTab(self._icon, title(self.document, node))
        self.setCurrentIndex(self.pinned.index(node) + 1)
        return new

    def unpin(self, node: str) -> None:
        """Take a node's tab away."""
        index = self.pinned.index(node)
        self.pinned.remove(node)
        self.removeTab(index + 1)

    def show_titles(self) -> None:
        """Call the tabs what their nodes are called now."""
        for index, node in enumerate([self.followed, *self.pinned]):
            if node in self.document.graph:
                self.setTabText(index, title(self.document, node))

    def set_theme(self, theme: Theme) -> None:
        self._icon = icon("pin", theme.text_dim.name())
        for index in range(1, self.count()):
            self.setTabIcon(index, self._icon)


def title(document: Document, node: str) -> str:
    """What a tab is called: the last part of the path, which tells siblings apart."""
    return path_of(document.graph, node).rpartition(".")[2] or "result"
