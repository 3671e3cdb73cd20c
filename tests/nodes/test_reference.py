"""The reference pages say what the declarations say."""

from pathlib import Path

from engine.document.kinds import NodeKind, Param, catalogue_of
from nodes import CATALOGUE
from nodes.adapters import ADAPTERS
from nodes.reference import adapters_page, page

DOCS = Path(__file__).parents[2] / "docs"


def test_the_pages_are_current() -> None:
    kinds, adapters = ((DOCS / name).read_text(encoding="utf-8") for name in ("kinds.md", "adapters.md"))
    assert kinds == page(CATALOGUE), "run `python -m nodes > docs/kinds.md`"
    assert adapters == adapters_page(ADAPTERS.values()), "run `python -m nodes adapters > docs/adapters.md`"


def test_every_adapter_has_its_section_with_source_and_places() -> None:
    written = adapters_page(ADAPTERS.values())
    for adapter in ADAPTERS.values():
        assert f"\n## {adapter.name}\n" in written
        assert f"From: {adapter.source}." in written
        assert all(f"| `{patch.selector}` |" in written for patch in adapter.patches)
    assert written.count("Linear (ZeroLinear): in_features =rank") == 1


def test_bounds_choices_and_defaults_are_readable() -> None:
    params = (
        Param(name="share", type="float", default=0.5, low=0, high=1, doc="A share.", live=True),
        Param(name="dims", type="ints", default=[0, 2], doc="Dimensions, a | b."),
        Param(name="size", type="ints", length=2, default=1, low=1, doc="Size."),
        Param(name="mode", type="choice", default="a", choices=("a", "b"), doc="How."),
        Param(name="stride", type="int", low=1, high=2**20, optional=True, doc="Step."),
        Param(name="alpha", type="float", default=1.0, low=1e-3, doc="Limit."),
        Param(name="compose", type="expression", default="", doc="`lambda x: x * 2`, or a * b."),
    )
    kind = NodeKind(name="Some", category="New", role="sum", doc="a_b.", params=params, children=(1, 2), source="here")
    written = page(catalogue_of([kind]))
    for line in (
        "- [New](#new): Some",
        "a\\_b.",
        "Children: 1 to 2. From: here.",
        "| `share` | float from 0 to 1 | 0.5 | A share. Live: read at every run. |",
        "| `dims` | ints | 0, 2 | Dimensions, a \\| b. |",
        "| `size` | int or 2 ints ≥ 1 | 1 | Size. |",
        "| `mode` | `a`, `b` | `a` | How. |",
        "| `stride` | int from 1 to 1048576 or empty | empty | Step. |",
        "| `alpha` | float ≥ 0.001 | 1.0 | Limit. |",
        "| `compose` | expression | empty | `lambda x: x * 2`, or a \\* b. |",
    ):
        assert line in written.splitlines()
