"""What a gesture is answered with: an edit, or a refusal that says why not and what could be done instead."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from msgspec import Struct

from engine.document.edits import Edit, EditError
from engine.document.offers import Offer

P = ParamSpec("P")


class Refusal(Struct, frozen=True):
    """Why a gesture means no legal edit, in plain words, and what else could be done.

    `code` is stable: "cycle", "second-input", "crosses-frames", "into-itself", "unchanged", or "refused".
    """

    reason: str
    offers: tuple[Offer, ...] = ()
    code: str = "refused"


Answer = Edit | Refusal


class RefusedError(Exception):
    """A refusal on its way out of the depths of a plan."""

    def __init__(self, code: str, reason: str, offers: tuple[Offer, ...] = ()) -> None:
        super().__init__(reason)
        self.refusal = Refusal(reason, offers, code)


def answering(planned: Callable[P, Edit]) -> Callable[P, Answer]:
    """Make a function that plans an edit answer with a refusal instead of raising."""

    @wraps(planned)
    def answer(*args: P.args, **kwargs: P.kwargs) -> Answer:
        try:
            return planned(*args, **kwargs)
        except RefusedError as refused:
            return refused.refusal
        except EditError as error:
            return Refusal(str(error))

    return answer
