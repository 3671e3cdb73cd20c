"""What comes of a loop, shown while it goes on."""

import time
from collections.abc import Callable, Iterable, Mapping

FIRST = 0.04
"""Seconds until something is shown: what comes of the first step, for most models, so that a slider answers at once."""
PAUSE = 0.05
"""Seconds between two looks."""
SHARE = 4
"""A look is followed by a pause of so many times what it took, so that it never slows a run by much."""


class Emerging:
    """Shows some nodes now and then during one run. Called after each step with what tells the values of then."""

    def __init__(self, show: Callable[[Mapping[str, object], Iterable[str]], None], nodes: Iterable[str]) -> None:
        self._show = show
        self._nodes = tuple(nodes)
        self._next = time.perf_counter() + FIRST

    def __call__(self, look: Callable[[], Mapping[str, object]]) -> None:
        started = time.perf_counter()
        if started < self._next or not self._nodes:
            return
        self._show(look(), self._nodes)
        now = time.perf_counter()
        self._next = now + max(PAUSE, SHARE * (now - started))
