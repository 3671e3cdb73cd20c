"""The editor of what a frame provides: its contexts, their keys, and where each key gets its value."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.icons import themed
from app.panels.entries import Entries, NameLine, fresh_name, small_button
from app.panels.form import Editing, Message
from app.theme import Theme
from engine.document.answers import Answer, Refusal
from engine.document.document import Document
from engine.document.edits import Edit, EditError, SetContexts
from engine.document.graph import Contexts, Graph
from engine.document.kinds import Catalogue
from engine.document.providers import hoist, lower
from engine.document.renames import rename_context, rename_key
from engine.document.sources import Source, UnsetSource


class ContextCard(QWidget):
    """One context: its name, its remove button, its keys."""

    def __init__(self, folder: Callable[[], Path], theme: Theme) -> None:
        super().__init__()
        icons = {"add": themed("add", theme), "remove": themed("remove", theme)}
        self.name = NameLine()
        self.name.setAccessibleName("Name of the context")
        self.name.setProperty("tone", "strong")
        self.outward = small_button(themed("up", theme), "Provide it from the frame around this one")
        self.inward = small_button(themed("down", theme), "Provide it from the smallest frame around all who reach it")
        self.remove = small_button(icons["remove"], "Remove this context")
        self.message = Message()
        self.name.restored.connect(lambda: self.message.refuse(""))
        self.entries = Entries(folder, "key", icons)
        head = QHBoxLayout()
        head.setSpacing(4)
        head.addWidget(self.name, 1)
        for button in (self.outward, self.inward, self.remove):
            head.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 6)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.message)
        column.addWidget(self.entries)
        self.entries.setContentsMargins(12, 0, 0, 0)


class ContextsEditor(QWidget):
    """Everything one frame provides. Renaming renames at the leaves that reach it here, too."""

    def __init__(
        self, document: Document, node: str, editing: Editing, folder: Callable[[], Path], theme: Theme
    ) -> None:
        super().__init__()
        self.document = document
        self.node = node
        self.editing = editing
        self._folder = folder
        self._theme = theme
        self.cards: list[ContextCard] = []
        self.add = QPushButton(themed("add", theme), "Add context")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(4)
        foot = QHBoxLayout()
        foot.addWidget(self.add)
        foot.addStretch(1)
        self.column.addLayout(foot)
        self.add.clicked.connect(self._add_context)
        self.refresh()

    @property
    def contexts(self) -> Contexts:
        return self.document.graph.nodes[self.node].contexts

    def refresh(self) -> None:
        """Show what the frame provides now."""
        while len(self.cards) > len(self.contexts):
            self.cards.pop().deleteLater()
        while len(self.cards) < len(self.contexts):
            self.column.insertWidget(len(self.cards), self._card())
        for card, (name, entries) in zip(self.cards, self.contexts.items(), strict=True):
            card.name.show_name(name)
            card.entries.show_entries(entries)

    def card(self, context: str) -> ContextCard:
        """The card of this context. Raises KeyError when there is none."""
        found = next((card for card in self.cards if card.name.name == context), None)
        if found is None:
            raise KeyError(context)
        return found

    def _card(self) -> ContextCard:
        card = ContextCard(self._folder, self._theme)
        card.name.renamed.connect(self._rename_context)
        card.remove.clicked.connect(lambda: self._remove_context(card.name.name))
        card.outward.clicked.connect(lambda: self._move(card, hoist))
        card.inward.clicked.connect(lambda: self._move(card, lower))
        card.entries.edited.connect(lambda key, source: self._set_source(card.name.name, key, source))
        card.entries.finished.connect(self.editing.finish)
        card.entries.renamed.connect(lambda old, new: self._rename_key(card.name.name, old, new))
        card.entries.removed.connect(lambda key: self._remove_key(card.name.name, key))
        card.entries.added.connect(lambda: self._add_key(card.name.name))
        self.cards.append(card)
        return card

    def _apply(self, contexts: Contexts, label: str, merge: str = "") -> None:
        self.editing.apply(SetContexts(self.node, contexts), label, "contexts", merge)

    def _add_context(self) -> None:
        name = fresh_name("context", self.contexts)
        entries: dict[str, Source] = {"value": UnsetSource()}
        self._apply(self.contexts | {name: entries}, f"Add context {name}")

    def _remove_context(self, name: str) -> None:
        left = {context: entries for context, entries in self.contexts.items() if context != name}
        self._apply(left, f"Remove context {name}")

    def _move(self, card: ContextCard, move: Callable[[Graph, Catalogue, str, str], Answer]) -> None:
        """Have another frame provide a context, or say why it can't."""
        graph, catalogue, context = self.document.graph, self.document.catalogue, card.name.name

        def edit() -> Edit:
            answer = move(graph, catalogue, self.node, context)
            if isinstance(answer, Refusal):
                raise EditError(answer.reason)
            return answer

        self.editing.attempt(edit, f"Move context {context}", card.message)

    def _rename_context(self, old: str, new: str) -> None:
        graph, catalogue = self.document.graph, self.document.catalogue
        self.editing.attempt(
            lambda: rename_context(graph, catalogue, self.node, old, new),
            f"Rename context {old}",
            self.card(old).message,
        )

    def _add_key(self, context: str) -> None:
        entries = self.contexts[context]
        key = fresh_name("key", entries)
        self._apply(self.contexts | {context: entries | {key: UnsetSource()}}, f"Add key {context}.{key}")

    def _remove_key(self, context: str, key: str) -> None:
        entries = {name: source for name, source in self.contexts[context].items() if name != key}
        self._apply(self.contexts | {context: entries}, f"Remove key {context}.{key}")

    def _rename_key(self, context: str, old: str, new: str) -> None:
        graph, catalogue = self.document.graph, self.document.catalogue
        self.editing.attempt(
            lambda: rename_key(graph, catalogue, self.node, context, old, new),
            f"Rename key {context}.{old}",
            self.card(context).entries.row(old).message,
        )

    def _set_source(self, context: str, key: str, source: Source) -> None:
        changed = self.contexts | {context: self.contexts[context] | {key: source}}
        self._apply(changed, f"Set {context}.{key}", f"source:{self.node}:{context}:{key}")
