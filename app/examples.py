"""The examples that come with the program."""

from pathlib import Path

EXAMPLES = Path(__file__).parent.parent / "resources" / "examples"
DEFAULT_EXAMPLE = EXAMPLES / "digits.catenary"
NAMES = {"controlnet": "ControlNet", "lcm": "LCM"}
"""Words in the names of examples that are names."""


def examples() -> list[Path]:
    """The examples that come with the program."""
    return sorted(EXAMPLES.glob("*.catenary"), key=lambda path: path.stem)


def title_of(example: Path) -> str:
    """What an example is called in menus: "Digits LCM" for digits-lcm.catenary."""
    first, *others = example.stem.split("-")
    return " ".join([first.capitalize(), *(NAMES.get(word, word) for word in others)])
