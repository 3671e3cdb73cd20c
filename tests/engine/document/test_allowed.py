"""The listed names."""

import builtins
import functools
import math

import pytest

from engine.document import allowed


def test_listed_names_exist_and_none_of_them_is_private_or_in_place():
    torch = pytest.importorskip("torch")
    roots = {"torch": torch, "math": math}
    for name in allowed.FUNCTIONS | allowed.CONSTANTS:
        root, *members = name.split(".")
        found = functools.reduce(getattr, members, roots[root]) if members else getattr(builtins, name)
        assert callable(found) is (name in allowed.FUNCTIONS), name
    for name in allowed.METHODS | allowed.ATTRIBUTES:
        assert any(hasattr(kind, name) for kind in (torch.Tensor, list, str)), name
    for name in allowed.FUNCTIONS | allowed.METHODS | allowed.ATTRIBUTES:
        assert not any(part.startswith("_") or part.endswith("_") for part in name.split(".")), name
