"""What a training tells while it goes on, and the figures at its end."""

import json
import sys
from pathlib import Path

from msgspec import Struct, to_builtins


def note(text: str) -> None:
    """A line on the state of things."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class Figure(Struct, frozen=True):
    """Something measured, and the least or the most that it should be."""

    name: str
    value: float
    least: float | None = None
    most: float | None = None

    @property
    def fine(self) -> bool:
        """Whether it is what it should be."""
        above = self.least is None or self.value >= self.least
        return above and (self.most is None or self.value <= self.most)


def table(figures: list[Figure]) -> str:
    """The figures as a table in Markdown."""
    rows = ["| measured | value | target | |", "|---|---:|---:|---|"]
    for figure in figures:
        bounds = [f">= {figure.least:.4g}"] if figure.least is not None else []
        bounds += [f"<= {figure.most:.4g}"] if figure.most is not None else []
        verdict = ("ok" if figure.fine else "MISSED") if bounds else ""
        rows.append(f"| {figure.name} | {figure.value:.4g} | {', '.join(bounds)} | {verdict} |")
    return "\n".join(rows)


def save(file: Path, figures: list[Figure]) -> None:
    """Write the figures as JSON, one a line."""
    lines = ",\n".join(json.dumps(to_builtins(figure)) for figure in figures)
    file.write_text(f"[\n{lines}\n]\n")
