"""Undo and redo stacks. A step is the pair of an edit's inverse and its label; one drag is one step."""

from msgspec import Struct

from engine.document.edits import Batch, Edit


class Step(Struct, frozen=True):
    """One entry: the edit that takes it back (or forth again), what the user calls it, and what it merges with."""

    edit: Edit
    label: str
    merge: str = ""


class History:
    """Two stacks. `revision` names the state reached, so that "saved" is a comparison and undo finds it again."""

    def __init__(self) -> None:
        self.undos: list[Step] = []
        self.redos: list[Step] = []
        self._revisions: list[int] = [0]
        self._redone: list[int] = []
        self._last = 0

    @property
    def revision(self) -> int:
        """The number of the state reached; the same after an undo and a redo."""
        return self._revisions[-1]

    def reached(self, revision: int) -> bool:
        """Whether the present state came of that one: not any more once that is undone."""
        return revision in self._revisions

    def record(self, inverse: Edit, label: str, merge: str = "") -> None:
        """Remember how to take back an edit just applied. The same non-empty `merge` as the step before joins it."""
        self._last += 1
        if merge and self.undos and self.undos[-1].merge == merge and not self.redos:
            top = self.undos.pop()
            inverse = _joined(inverse, top.edit)
            self._revisions.pop()
        self.undos.append(Step(inverse, label, merge))
        self._revisions.append(self._last)
        self.redos.clear()
        self._redone.clear()

    def close(self) -> None:
        """End a drag: what follows starts a step of its own."""
        if self.undos and self.undos[-1].merge:
            top = self.undos.pop()
            self.undos.append(Step(top.edit, top.label))

    def undone(self, inverse: Edit) -> None:
        """The last step was taken back; `inverse` brings it forth again."""
        step = self.undos.pop()
        self.redos.append(Step(inverse, step.label))
        self._redone.append(self._revisions.pop())

    def redone(self, inverse: Edit) -> None:
        """The last undone step was brought forth again; `inverse` takes it back."""
        step = self.redos.pop()
        self.undos.append(Step(inverse, step.label))
        self._revisions.append(self._redone.pop())


def _joined(inverse: Edit, earlier: Edit) -> Edit:
    """One edit that takes back both. Values set over and over need only the first ones."""
    if _target(inverse) == _target(earlier):
        return earlier
    before = earlier.edits if isinstance(earlier, Batch) else (earlier,)
    return Batch((inverse, *before))


def _target(edit: Edit) -> object:
    """What an edit that only sets values sets, whatever the order; unique for edits of any other sort."""
    if isinstance(edit, Batch):
        return frozenset(map(_target, edit.edits))
    if type(edit).__name__.startswith("Set"):
        return type(edit), *(getattr(edit, field, None) for field in ("node", "param"))
    return id(edit)
